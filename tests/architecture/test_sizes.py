"""Folders hold one idea and files one part of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.architecture.test_folders import ROOT, packages

MODULES = 15
MODULES_OF = {
    "server/routes": 20,
}
LINES = 400
LONGER = {
    "agents/builtin/intents.py": "the table of phrases belongs together",
    "energy/allocation/reasons.py": "the closed union of reasons, each with its numbers",
    "energy/climate/zones.py": "one controller, its reasons beside it",
    "energy/safety/validator.py": "every safety check in one list",
}
"""Modules over the limit, each with its reason."""


def modules() -> list[Path]:
    return [
        path.relative_to(ROOT)
        for folder in sorted(packages())
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]


def lines(path: Path) -> int:
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


def test_no_folder_holds_too_many_modules() -> None:
    counted = Counter(str(path.parent) for path in modules() if path.name != "__init__.py")
    over = {
        folder: number
        for folder, number in counted.items()
        if number > MODULES_OF.get(folder, MODULES)
    }
    assert over == {}


def test_no_module_is_too_long_without_a_reason() -> None:
    over = {str(path): lines(path) for path in modules() if lines(path) > LINES}
    assert {name: number for name, number in over.items() if name not in LONGER} == {}
