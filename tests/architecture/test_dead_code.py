"""What nobody calls goes: functions, constants, settings that nothing of the product reads."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from functools import cache

import pytest

from commandcenter.settings import Settings
from energy.site.loads import Zone
from energy.site.miners import MinerProfile
from energy.site.preferences import Preferences
from tests.architecture.documented import FOLDERS, trees

CALLED_BY_OTHERS = {
    "apply_one": "the migration library",
    "capture_signals": "uvicorn",
    "complete": "the crew's models, by the chain",
    "get_context_window_size": "CrewAI",
    "get_delegation_tools": "CrewAI",
    "get_input_tokens_count": "CrewAI",
    "get_log_data": "the migration library",
    "handle_DATA": "aiosmtpd",
    "list_tables": "the migration library",
    "main": "the console script",
    "openapi": "FastAPI",
    "rollback_one": "the migration library",
    "supports_function_calling": "CrewAI",
    "supports_stop_words": "CrewAI",
}
"""Methods that a library calls."""

NOT_YET_CALLED = {
    "stats": "VRM's recorded series, checked with recorded answers: for the import of history",
}
"""What is finished at an edge and waits for the use case that calls it."""

DEFINED_IN = {
    "commandcenter/settings.py",
    "energy/site/loads.py",
    "energy/site/miners.py",
    "energy/site/preference_rules.py",
    "energy/site/preferences.py",
    "energy/site/reference_site.py",
    "server/schemas/examples.py",
}
"""Where settings are defined, checked and shown by example: that is no use of them."""


@cache
def product() -> dict[str, ast.Module]:
    """The files of the product, its benchmarks left out."""
    apart = {"tests", "bench", "scripts", "docs", "setup.py"}
    return {name: tree for name, tree in trees().items() if name.split("/")[0] not in apart}


def named(node: ast.AST) -> Iterator[str]:
    """Names that a node uses."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name, ctx=ast.Load()):
            yield name
        case ast.ImportFrom():
            yield from (alias.name for alias in node.names)
        case ast.Constant(value=str() as text) if text.isidentifier():
            yield text


@cache
def used() -> Counter[str]:
    """How often each name is used by the product's code or a benchmark."""
    files = [tree for name, tree in trees().items() if name in product() or "bench/" in name[:6]]
    return Counter(name for tree in files for node in ast.walk(tree) for name in named(node))


def definitions() -> Iterator[tuple[str, str]]:
    """Functions, methods and constants with their places; what is decorated is called by name."""
    for file, tree in product().items():
        for node in ast.walk(tree):
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef() if not node.decorator_list:
                    yield node.name, f"{file}:{node.lineno}"
                case ast.ClassDef() if not node.decorator_list:
                    yield node.name, f"{file}:{node.lineno}"
        for node in tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    if isinstance(target, ast.Name):
                        yield target.id, f"{file}:{node.lineno}"


def test_everything_that_is_defined_is_used() -> None:
    dead = [
        f"{place} {name}"
        for name, place in definitions()
        if not name.startswith("__")
        and not name.startswith("visit_")
        and name not in CALLED_BY_OTHERS | NOT_YET_CALLED
        and not used()[name]
    ]
    assert dead == []


def test_no_exception_is_left_over() -> None:
    defined = {name for name, _ in definitions()} | {
        node.name
        for tree in product().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert set(CALLED_BY_OTHERS | NOT_YET_CALLED) <= defined
    assert not [name for name in NOT_YET_CALLED if used()[name]]


@cache
def readers() -> dict[str, set[str]]:
    """In which files an attribute of a name is read."""
    found: dict[str, set[str]] = {}
    for file, tree in product().items():
        if file in DEFINED_IN:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                found.setdefault(node.attr, set()).add(file)
    return found


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_of_the_program_is_read(name: str) -> None:
    assert readers().get(name)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param(kind, field.name, id=f"{kind.__name__}.{field.name}")
        for kind in (Preferences, MinerProfile, Zone)
        for field in fields(kind)
    ],
)
def test_every_setting_of_a_site_is_read(kind: type, name: str) -> None:
    """By its name alone; that it changes something: ``tests.unit.test_settings_effects``."""
    assert readers().get(name), f"nothing reads {kind.__name__}.{name}"


def test_the_folders_of_the_product_are_looked_at() -> None:
    assert {name.split("/")[0] for name in product()} <= set(FOLDERS)
