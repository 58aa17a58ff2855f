"""One name, one thing: a class's name tells it from everything else that the product defines."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePath

from tests.architecture.documented import trees

APART = {"tests", "scripts", "docs"}
"""Tests and examples may name what they play after the thing itself."""

CLASS_LIKE = re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")

LITTLE_SAID = frozenset(
    {"calling", "codec", "common", "each", "gates", "helpers", "how", "judging", "kinds"}
    | {"manager", "misc", "needs", "quality", "running", "things", "turns", "utils", "watts"}
)
"""Module names that do not tell what is inside."""


def defined_at_top(tree: ast.Module) -> Iterator[str]:
    """Public type aliases and other capitalised names that a module gives."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if CLASS_LIKE.fullmatch(name):
                    yield name
            case _:
                pass


def places() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Where each public class is defined, and each alias."""
    classes: dict[str, list[str]] = {}
    aliases: dict[str, list[str]] = {}
    for file, tree in trees().items():
        if file.split("/")[0] in APART:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                classes.setdefault(node.name, []).append(f"{file}:{node.lineno}")
        for name in defined_at_top(tree):
            aliases.setdefault(name, []).append(file)
    return classes, aliases


def test_no_public_class_shares_its_name_with_another_thing() -> None:
    classes, aliases = places()
    shared = {
        name: [*where, *aliases.get(name, [])]
        for name, where in classes.items()
        if len(where) > 1 or name in aliases
    }
    assert shared == {}


def test_no_module_has_a_name_that_says_too_little() -> None:
    names = {file.rpartition("/")[2].removesuffix(".py"): file for file in trees()}
    assert {name: file for name, file in names.items() if name in LITTLE_SAID} == {}


def test_no_two_files_of_tests_share_their_name() -> None:
    """A failing test is found again by the name of its file; two ideas have two names."""
    places: dict[str, list[str]] = {}
    for file in trees():
        name = PurePath(file).name
        if name.startswith("test_"):
            places.setdefault(name, []).append(file)
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
