"""Strict reading of clients' JSON.

Python's reader accepts ``NaN``, numbers that overflow to infinity, and text that the database
cannot store; each would cause a server error later.
"""

from __future__ import annotations

import json
import math

DEEPEST = 40
LONGEST_NUMBER = 400


class BadJson(ValueError):
    """Not JSON as RFC 8259 has it, or not storable. The message says what and where."""


def read_json(body: bytes) -> object:
    """The value.

    Raises:
        BadJson: The text is not strict JSON.
    """
    try:
        text = body.decode("utf-8")
        value = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_int=_parse_int,
            object_pairs_hook=_without_repeats,
        )
    except UnicodeDecodeError as error:
        raise BadJson(f"the body is not UTF-8 text (byte {error.start})") from None
    except json.JSONDecodeError as error:
        detail = f"{error.msg} in line {error.lineno}, column {error.colno}"
        raise BadJson(f"the body is not JSON: {detail}") from None
    except RecursionError:
        raise BadJson(f"the body is nested deeper than {DEEPEST} levels") from None
    _check(value, "", 0)
    return value


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a name that is given twice, because it is not known which value was meant."""
    value: dict[str, object] = {}
    for name, item in pairs:
        if name in value:
            raise BadJson(f"{name!a} is given more than once in one object")
        value[name] = item
    return value


def _refuse_constant(name: str) -> object:
    raise BadJson(f"{name} is not a number of JSON")


def _parse_int(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise BadJson(f"a number has more than {LONGEST_NUMBER} digits")
    number = int(digits)
    try:
        float(number)
    except OverflowError:
        raise BadJson("a number is too large") from None
    return number


def _check(value: object, path: str, depth: int) -> None:
    if depth > DEEPEST:
        raise BadJson(f"the body is nested deeper than {DEEPEST} levels")
    if isinstance(value, dict):
        for key, item in value.items():
            _check_text(key, path)
            _check(item, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check(item, f"{path}[{index}]", depth + 1)
    elif isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, float) and not math.isfinite(value):
        raise BadJson(f"{path or 'the body'}: the number is too large")


def _check_text(text: str, path: str) -> None:
    where = path or "the body"
    if "\x00" in text:
        raise BadJson(f"{where}: text with a NUL character can't be stored")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise BadJson(f"{where}: text with half a surrogate pair is not Unicode")
