"""How the wheel is laid out: everything beneath ``commandcenter``.

The repository's folders keep their short names; installed as they are, ``tools`` or ``server``
would stand beside everybody else's packages. So the wheel carries them as
``commandcenter/parts/tools``
and so on, and importing ``commandcenter`` makes them importable by their names, in that process
alone (decision record 0007).
"""

from __future__ import annotations

from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
PARTS = "commandcenter.parts"
APART = {"bench", "commandcenter", "docs", "requirements", "scripts", "tests"}
"""Top-level folders that are no part: the package itself, and what only the repository needs."""

folders = sorted(
    path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name not in APART
)
parts = [*folders, "migrations"]
inner = find_packages(str(ROOT), include=[f"{name}*" for name in folders])

setup(
    packages=[
        *find_packages(str(ROOT), include=["commandcenter", "commandcenter.*"]),
        *(f"{PARTS}.{name}" for name in (*inner, "migrations")),
    ],
    package_dir={
        "commandcenter": "commandcenter",
        **{f"{PARTS}.{name}": name for name in parts},
    },
    package_data={"": ["*.sql", "*.sh", "sql/*.sql", "static/**/*", "templates/**/*"]},
)
