"""What isn't used isn't installed."""

from __future__ import annotations

import ast
import importlib.metadata
import re
from pathlib import Path

import pytest

from tests.architecture.test_folders import ROOT, packages

INDIRECT = {
    "python-multipart": "FastAPI reads the sign-in form with it",
    "tzdata": "zoneinfo reads it where the system has no time zones",
    "openai": "LiteLLM speaks to providers with it",
}


def requirements() -> list[str]:
    lines = (ROOT / "requirements" / "runtime.in").read_text(encoding="utf-8").splitlines()
    names = [re.match(r"[A-Za-z0-9._-]+", line) for line in lines]
    return [found[0].lower() for found in names if found is not None]


def imported(path: Path) -> set[str]:
    """Top-level names that a module imports, lazily or by name too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None and not node.level:
            names.add(node.module.split(".")[0])
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
            ("import_module", "find_spec")
        ):
            names |= {
                str(argument.value).split(".")[0]
                for argument in node.args
                if isinstance(argument, ast.Constant)
            }
    return names


@pytest.fixture(scope="module")
def used() -> set[str]:
    files = [path for folder in packages() for path in (ROOT / folder).rglob("*.py")]
    return set().union(*(imported(path) for path in files))


def modules_of(requirement: str) -> set[str]:
    """The top-level names that a distribution brings."""
    return {
        name
        for name, owners in importlib.metadata.packages_distributions().items()
        if requirement in {owner.lower().replace("_", "-") for owner in owners}
    }


@pytest.mark.parametrize("requirement", sorted(set(requirements()) - set(INDIRECT)))
def test_the_program_imports_what_it_requires(requirement: str, used: set[str]) -> None:
    assert modules_of(requirement) & used


@pytest.mark.parametrize("requirement", sorted(INDIRECT))
def test_what_is_used_without_an_import_is_an_exception_with_a_reason(
    requirement: str, used: set[str]
) -> None:
    assert requirement in requirements()
    assert not modules_of(requirement) & used
