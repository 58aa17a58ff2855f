"""Rows to records: by field name, enumerations by value, numerics as floats."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast

T = TypeVar("T")


def record(cls: type[T], row: Mapping[str, Any]) -> T:
    """A record of ``cls`` from a row that has a column per field."""
    kinds = _kinds(cast(Any, cls))
    return cls(**{name: _value(kind, row[name]) for name, kind in kinds.items() if name in row})


@cache
def _kinds(cls: Any) -> dict[str, Any]:  # noqa: ANN401 - any record class
    return {name: _plain(kind) for name, kind in typing.get_type_hints(cls).items()}


def _plain(kind: Any) -> Any:  # noqa: ANN401 - an annotation
    if isinstance(kind, types.UnionType):
        options = [option for option in typing.get_args(kind) if option is not type(None)]
        return options[0]
    return kind


def _value(kind: Any, value: Any) -> Any:  # noqa: ANN401 - a column
    if value is None:
        return None
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return float(value) if isinstance(value, Decimal) else value
