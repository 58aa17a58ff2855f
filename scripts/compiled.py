"""Import everything that the program may load, once, so that Python keeps it compiled.

A start then reads bytecode instead of compiling some two thousand files; this holds where the
environment tells Python not to write bytecode, too.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

from optional_numbers import FOLDERS

from commandcenter.offline import keep_libraries_offline

LOADED_LATE = (
    "litellm",
    "matplotlib.backends.backend_agg",
    "matplotlib.figure",
    "openai",
    "yoyo",
)


def modules() -> list[str]:
    """The names of all modules of the program, then of the libraries that it loads late."""
    own = [
        module.name
        for package in FOLDERS
        for module in pkgutil.walk_packages(
            importlib.import_module(package).__path__, prefix=f"{package}."
        )
    ]
    return [*own, *LOADED_LATE]


if __name__ == "__main__":
    sys.dont_write_bytecode = False
    keep_libraries_offline()
    for name in modules():
        importlib.import_module(name)
