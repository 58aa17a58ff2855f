"""A lint of our own: no truth test and no ``or``-default on a number that may be missing.

Zero watts is a measurement, missing is None, and ``power_w or 0.0`` confuses the two. Flagged are
names and attributes that are annotated as an optional number anywhere in the tree, or that carry
the suffix of a unit, wherever Python would ask for their truth. Write ``is None`` instead.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (
    "agents",
    "commandcenter",
    "energy",
    "forecasting",
    "integrations",
    "scheduler",
    "server",
    "services",
    "simulator",
    "storage",
    "tools",
)
UNITS = ("_w", "_wh", "_kwh", "_v", "_a", "_c", "_pct", "_s", "_ms", "_ohm")
NUMBERS = {"int", "float"}


def is_optional_number(annotation: ast.expr | None) -> bool:
    """Whether an annotation reads ``float | None`` or ``int | None`` (in any order)."""
    if not (isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr)):
        return False
    words = {ast.unparse(part) for part in (annotation.left, annotation.right)}
    return "None" in words and bool(words & NUMBERS)


def optional_fields(tree: ast.AST) -> set[str]:
    """Names of class attributes annotated as optional numbers."""
    return {
        statement.target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        if isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and is_optional_number(statement.annotation)
    }


def truth_tests(tree: ast.AST) -> Iterator[ast.expr]:
    """Every expression whose truth Python asks for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BoolOp):
            yield from node.values
        elif isinstance(node, ast.If | ast.IfExp | ast.While | ast.Assert):
            yield node.test
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield node.operand
        elif isinstance(node, ast.comprehension):
            yield from node.ifs


def optional_arguments(tree: ast.AST) -> set[str]:
    """Names of arguments and variables annotated as optional numbers."""
    arguments = {
        node.arg
        for node in ast.walk(tree)
        if isinstance(node, ast.arg) and is_optional_number(node.annotation)
    }
    variables = {
        node.target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and is_optional_number(node.annotation)
    }
    return arguments | variables


def offences(source: str, fields: frozenset[str] = frozenset()) -> list[tuple[int, str]]:
    """(line, expression) of every truth test on a number that may be missing."""
    tree = ast.parse(source)
    names = optional_arguments(tree)
    offences_seen = []
    for test in truth_tests(tree):
        if isinstance(test, ast.Name) and (test.id in names or test.id.endswith(UNITS)):
            offences_seen.append((test.lineno, test.id))
        elif isinstance(test, ast.Attribute) and (test.attr in fields or test.attr.endswith(UNITS)):
            offences_seen.append((test.lineno, ast.unparse(test)))
    return sorted(set(offences_seen))


def main() -> int:
    """Check the tree; 1 when anything was found."""
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    sources = {path: path.read_text(encoding="utf-8") for path in paths}
    fields = frozenset().union(*(optional_fields(ast.parse(s)) for s in sources.values()))
    failed = False
    for path, source in sources.items():
        for line, expression in offences(source, fields):
            failed = True
            print(f"{path.relative_to(ROOT)}:{line}: truth of `{expression}`: use `is None`")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
