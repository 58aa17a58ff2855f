"""Vendors send numbers as numbers, texts, null, false, or not at all; unknown is never zero."""

from __future__ import annotations

import math

import pytest

from integrations.lenient import flag, number, text


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        pytest.param(0, 0.0, id="zero is a number"),
        pytest.param(-4.1, -4.1, id="float"),
        pytest.param("53.05", 53.05, id="text"),
        pytest.param(" 7 ", 7.0, id="text with blanks"),
        pytest.param("", None, id="blank"),
        pytest.param("n/a", None, id="words"),
        pytest.param(None, None, id="null"),
        pytest.param(False, None, id="false is no zero"),
        pytest.param(True, None, id="true is no one"),
        pytest.param(math.nan, None, id="nan"),
        pytest.param("inf", None, id="infinity"),
        pytest.param(10**400, None, id="too large"),
        pytest.param([1], None, id="list"),
        pytest.param({}, None, id="object"),
    ],
)
def test_number(sent: object, read: float | None) -> None:
    assert number(sent) == read


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (True, True),
        (0, False),
        (1, True),
        ("true", True),
        ("0", False),
        (1.0, True),
        (2, None),
        (None, None),
        ("maybe", None),
        ([], None),
    ],
)
def test_flag(sent: object, read: bool | None) -> None:
    assert flag(sent) is read


@pytest.mark.parametrize(
    ("sent", "read"), [("a ", "a"), (5, "5"), ("", None), (None, None), (False, None), ({}, None)]
)
def test_text(sent: object, read: str | None) -> None:
    assert text(sent) == read
