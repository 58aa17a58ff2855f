"""Settings as JSON documents: a partial document over the stored value gives the new value."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError

from energy.loads import Zone
from energy.miners import MinerProfile
from energy.preferences import Preferences
from services.errors import Invalid
from services.records import Json

T = TypeVar("T", Preferences, MinerProfile, Zone)
STRICT = ConfigDict(extra="forbid", allow_inf_nan=False, str_max_length=2_000)


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind, config=STRICT)


def shown(value: object) -> Json:
    """The value as JSON, every field named."""
    return cast(Json, _adapter(type(value)).dump_python(value, mode="json"))


def parsed(kind: type[T], document: Json) -> T:
    """The value that a whole document says.

    Raises:
        Invalid: A field is unknown, missing, or not of its type; all are named.
    """
    try:
        value = _adapter(kind).validate_json(_text(document), strict=True)
    except ValidationError as error:
        raise Invalid([(_path(e["loc"]), e["msg"]) for e in error.errors()]) from None
    return cast(T, value)


def changed(value: T, document: Json) -> T:
    """``value`` with the fields of ``document`` in place of its own.

    Raises:
        Invalid: As ``parsed``.
    """
    return parsed(type(value), shown(value) | document)


def schema_of(kind: type[Any]) -> Json:
    """The JSON schema, for the description of the API."""
    return _adapter(kind).json_schema(ref_template="#/components/schemas/{model}")


def _text(document: Json) -> bytes:
    return TypeAdapter(dict[str, Any]).dump_json(document)


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)
