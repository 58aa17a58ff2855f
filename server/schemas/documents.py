"""Settings as JSON documents: a partial document over the stored value gives the new value."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

from energy import json_codec
from energy.site.loads import Zone
from energy.site.miners import MinerProfile
from energy.site.preferences import Preferences
from services.errors import Invalid
from services.stored import Json

T = TypeVar("T", Preferences, MinerProfile, Zone)
LONGEST_TEXT = 2_000


def shown(value: object) -> Json:
    """The value as JSON, every field named."""
    return cast(Json, json_codec.to_json(value))


def parsed(kind: type[T], document: Json) -> T:
    """The value that a whole document says.

    Raises:
        Invalid: A field is unknown, missing, or not of its type; all are named.
    """
    required = {f.name for f in fields(kind) if _is_required(f)}
    problems = [(name, "is missing") for name in sorted(required - set(document))]
    for name, value in document.items():
        others = {key: each for key, each in document.items() if key in required}
        problems += _problem(kind, name, value, others)
    if problems:
        raise Invalid(problems)
    return json_codec.from_json(kind, document)


def changed(value: T, document: Json) -> T:
    """``value`` with the fields of ``document`` in place of its own.

    Raises:
        Invalid: As ``parsed``.
    """
    return parsed(type(value), shown(value) | document)


def schema_of(kind: type[Any]) -> Json:
    """The JSON schema, for the description of the API."""
    return TypeAdapter(kind).json_schema(ref_template="#/components/schemas/{model}")


def _is_required(field: Any) -> bool:  # noqa: ANN401 - dataclasses.Field of any type
    return field.default is MISSING and field.default_factory is MISSING


def _problem(kind: type[Any], name: str, value: object, others: Json) -> list[tuple[str, str]]:
    """What is wrong with one field, whatever the others are."""
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return [(name, f"must have at most {LONGEST_TEXT} characters")]
    try:
        json_codec.from_json(kind, {**others, name: value})
    except json_codec.CodecError as error:
        at_fault = error.path == name or error.path.startswith((f"{name}.", f"{name}["))
        return [(error.path, error.rule)] if at_fault else []
    return []
