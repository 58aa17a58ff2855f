"""The lint of our own catches what it is for, and lets the rest be."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def lint() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "optional_numbers", ROOT / "scripts" / "optional_numbers.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("source", "found"),
    [
        pytest.param("x = power_w or 0.0", [(1, "power_w")], id="or-default by unit"),
        pytest.param(
            "def f(limit: float | None):\n    return limit or 1", [(2, "limit")], id="argument"
        ),
        pytest.param("if sample.voltage_v:\n    pass", [(1, "sample.voltage_v")], id="if"),
        pytest.param("y = not soc_pct", [(1, "soc_pct")], id="not"),
        pytest.param("z = [a for a in b if a.age_s]", [(1, "a.age_s")], id="comprehension"),
        pytest.param("x = 0.0 if power_w is None else power_w", [], id="is None is right"),
        pytest.param("def f(name: str | None):\n    return name or ''", [], id="not a number"),
    ],
)
def test_truth_tests(lint: ModuleType, source: str, found: list[tuple[int, str]]) -> None:
    assert lint.offences(source) == found


def test_optional_fields_are_known_across_files(lint: ModuleType) -> None:
    assert lint.offences("x = m.hours or 1", frozenset({"hours"})) == [(1, "m.hours")]
