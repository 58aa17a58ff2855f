"""How many function signatures say nothing of what they take or give: ``Any`` and parsed JSON.

They belong to ``server/schemas`` and to the vendors' edges. The share elsewhere may only fall.
``JsonValue`` and ``JsonObject`` are not among them: mypy has them taken apart before they are used.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.test_folders import ROOT

LOOSE = {"Any", "Json"}
EDGES = ("server/schemas", "integrations", "simulator/vendors")
PACKAGES = (
    "agents",
    "bench",
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

MOST_PCT = 3.5
"""Lower it whenever the share has fallen."""


def signatures(path: Path) -> Iterator[bool]:
    """Per function of a file, whether its signature is loose."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        arguments = node.args
        named = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        starred = [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
        annotations = [each.annotation for each in (*named, *starred)] + [node.returns]
        yield any(_is_loose(each) for each in annotations if each is not None)


def _is_loose(annotation: ast.expr) -> bool:
    names = {each.id for each in ast.walk(annotation) if isinstance(each, ast.Name)}
    return not names.isdisjoint(LOOSE)


def share_pct() -> float:
    """Loose signatures outside the edges, of all signatures, %."""
    loose = total = 0
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            found = list(signatures(path))
            total += len(found)
            if not path.relative_to(ROOT).as_posix().startswith(EDGES):
                loose += sum(found)
    return 100.0 * loose / total


def test_the_share_of_loose_signatures_only_falls() -> None:
    assert share_pct() <= MOST_PCT
