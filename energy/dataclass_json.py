"""Domain values to JSON and back, by their dataclass fields; and the canonical text for hashes.

Datetimes are written as ISO 8601 with offset, enumerations by value, tuples as lists.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from math import isfinite
from typing import TypeAlias, TypeVar

T = TypeVar("T")

JsonValue: TypeAlias = (
    "str | int | float | bool | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
)
"""Any JSON value; ``from_json`` turns it into a typed one."""

JsonObject: TypeAlias = dict[str, JsonValue]
"""A JSON object to be written."""

NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
"""How numbers that are not finite are written, since JSON has none."""

YEARS = range(1970, 2200)
"""Accepted years: near the ends of the calendar, converting the time zone would overflow."""

_NOT_FINITE_TEXT = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


class CodecError(ValueError):
    """JSON that does not fit the wanted value. ``path`` says where, ``rule`` what was wanted."""

    def __init__(self, path: str, rule: str) -> None:
        """Name the place and the rule."""
        super().__init__(f"{path or 'document'}: {rule}")
        self.path, self.rule = path, rule


def to_json(value: object) -> JsonValue:
    """Plain JSON of a dataclass, enum, datetime, tuple, number, text, bool or None.

    JSON has no numbers that are not finite: they are written as the texts ``NaN``, ``Infinity`` and
    ``-Infinity``, so that a decision on a broken sensor's values can be stored and replayed.
    """
    if isinstance(value, float) and not isfinite(value):
        return _NOT_FINITE_TEXT[repr(value)]
    if value is None or isinstance(value, bool | int | float) or type(value) is str:
        return value
    if isinstance(value, Enum | datetime):
        return value.value if isinstance(value, Enum) else value.isoformat()
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    return object_json(value)


def object_json(value: object) -> JsonObject:
    """A dataclass as a JSON object."""
    return {name: to_json(getattr(value, name)) for name in _hints(type(value))}


def from_json(cls: type[T], data: object, path: str = "") -> T:
    """Rebuild a domain value from parsed JSON.

    Raises:
        CodecError: An unknown key, a missing field or a wrong type; the path says where.
    """
    return typing.cast("T", _decode(cls, data, path))


def canonical(data: JsonValue) -> str:
    """One text per JSON value: sorted keys, no spaces, no NaN."""
    return json.dumps(
        data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def _hints(kind: type) -> dict[str, object]:
    return _hints_of(typing.cast("Hashable", kind))


@lru_cache(maxsize=128)
def _hints_of(kind: Hashable) -> dict[str, object]:
    return typing.get_type_hints(kind)


def _decode(kind: object, data: object, path: str) -> object:
    origin = typing.get_origin(kind)
    if origin is types.UnionType or origin is typing.Union:
        return _decode_union(kind, data, path)
    if origin is tuple:
        return _decode_tuple(kind, data, path)
    if is_dataclass(kind):
        return _decode_dataclass(typing.cast("type", kind), data, path)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _decode_enum(kind, data, path)
    if kind is datetime:
        return _decode_datetime(data, path)
    return _decode_plain(kind, data, path)


def _decode_union(kind: object, data: object, path: str) -> object:
    options = typing.get_args(kind)
    if data is None and type(None) in options:
        return None
    errors = []
    for option in options:
        if option is type(None):
            continue
        try:
            return _decode(option, data, path)
        except CodecError as error:
            errors.append(error)
    raise errors[0]


def _decode_tuple(kind: object, data: object, path: str) -> tuple[object, ...]:
    if not isinstance(data, list | tuple):
        raise CodecError(path, f"must be a list, got {data!r}")
    options = typing.get_args(kind)
    if options[-1] is Ellipsis:
        return tuple(_decode(options[0], item, f"{path}[{i}]") for i, item in enumerate(data))
    if len(options) != len(data):
        raise CodecError(path, f"must have {len(options)} entries, got {len(data)}")
    pairs = zip(options, data, strict=True)
    return tuple(_decode(option, item, f"{path}[{i}]") for i, (option, item) in enumerate(pairs))


def _decode_dataclass(kind: type, data: object, path: str) -> object:
    if not isinstance(data, dict):
        raise CodecError(path, f"must be an object, got {data!r}")
    hints = _hints(kind)
    for key in data:
        if key not in hints:
            raise CodecError(_below(path, str(key)), "is not a known field")
    for field in fields(kind):
        optional = field.default is not MISSING or field.default_factory is not MISSING
        if field.name not in data and not optional:
            raise CodecError(_below(path, field.name), "is missing")
    return kind(
        **{key: _decode(hints[key], value, _below(path, key)) for key, value in data.items()}
    )


def _decode_enum(kind: type[Enum], data: object, path: str) -> Enum:
    try:
        return kind(data)
    except ValueError:
        allowed = ", ".join(str(member.value) for member in kind)
        raise CodecError(path, f"must be one of {allowed}; got {data!r}") from None


def _decode_datetime(data: object, path: str) -> datetime:
    try:
        at = datetime.fromisoformat(data if isinstance(data, str) else "")
    except ValueError:
        raise CodecError(path, f"must be an ISO 8601 time, got {data!r}") from None
    if at.tzinfo is None:
        raise CodecError(path, f"must have an offset (such as Z or -07:00), got {data!r}")
    if at.year not in YEARS:
        raise CodecError(path, f"must be in the years 1970 to 2199, got {data!r}")
    return at


def _decode_plain(kind: object, data: object, path: str) -> object:
    origin = typing.get_origin(kind)
    if origin is dict and isinstance(data, dict):
        return data
    if kind is float and isinstance(data, str) and data in NOT_FINITE:
        return NOT_FINITE[data]
    if kind is float and isinstance(data, int | float) and not isinstance(data, bool):
        return _finite_number(data, path)
    if kind is int and isinstance(data, float) and data.is_integer():
        return int(data)
    if isinstance(kind, type) and isinstance(data, kind):
        if kind is int and isinstance(data, bool):
            raise CodecError(path, f"must be a whole number, got {data!r}")
        return data
    names: dict[object, str] = {
        float: "a number",
        int: "a whole number",
        str: "text",
        bool: "true or false",
    }
    raise CodecError(path, f"must be {names.get(kind, str(kind))}, got {data!r}")


def _finite_number(data: float, path: str) -> float:
    try:
        number = float(data)
    except OverflowError:  # a whole number of JSON may have any length
        raise CodecError(path, "must be a finite number, got one beyond 1e308") from None
    if not isfinite(number):
        raise CodecError(path, f"must be a finite number, got {data!r}")
    return number


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
