"""Settings as JSON documents: a partial document over the stored value gives the new value."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

from energy import dataclass_json
from energy.site.loads import Zone
from energy.site.miners import MinerProfile
from energy.site.preferences import Preferences
from server.schemas.shortened_addresses import with_shortened
from services.errors import Invalid
from services.stored import Json, Stored

SETTING = TypeVar("SETTING", Preferences, MinerProfile, Zone)
LONGEST_TEXT = 2_000
OF_A_VERSION = frozenset({"version", "updated_at"})
"""Keys that an answer adds; ignored in a document that is sent back."""

_LEFT_OUT = "is missing: PUT replaces the whole, PATCH changes single fields"


def shown(value: object) -> Json:
    """The value as JSON, every field named."""
    return cast(Json, dataclass_json.to_json(value))


def with_version(stored: Stored[SETTING]) -> Json:
    """A stored value as JSON, with its version; addresses for messages are shortened."""
    version = {"version": stored.version, "updated_at": stored.updated_at.isoformat()}
    return shown(_shareable(stored.value)) | version


def _shareable(value: Preferences | MinerProfile | Zone) -> object:
    return with_shortened(value) if isinstance(value, Preferences) else value


def replaced(kind: type[SETTING], document: Json, **fixed: str) -> SETTING:
    """The value that a document says in place of the stored one: every field has to be named.

    Args:
        kind: What it is.
        document: Must name every field, because a field left out by mistake would get its default.
        fixed: Fields that the address gives, so that the document may leave them out.

    Raises:
        Invalid: As ``parsed``, or a field is left out.
    """
    given = fixed | without_version(document)
    left_out = [field.name for field in fields(kind) if field.name not in given]
    if left_out:
        raise Invalid([(name, _LEFT_OUT) for name in left_out])
    return parsed(kind, given)


def made(kind: type[SETTING], document: Json, *, new_id: str) -> SETTING:
    """A new value with the id that the server gives it; what is left out gets its default.

    Raises:
        Invalid: As ``parsed``, or the document brings an id.
    """
    if "id" in document:
        raise Invalid([("id", "is made by the server; leave it out")])
    return parsed(kind, without_version(document) | {"id": new_id})


def without_version(document: Json) -> Json:
    """The document without the keys that a GET adds."""
    return {key: value for key, value in document.items() if key not in OF_A_VERSION}


def parsed(kind: type[SETTING], document: Json) -> SETTING:
    """The value that a whole document says.

    Raises:
        Invalid: A field is unknown, missing, or not of its type; all are named.
    """
    required = {f.name for f in fields(kind) if _is_required(f)}
    problems = [(name, "is missing") for name in sorted(required - set(document))]
    for name, value in document.items():
        others = {key: given for key, given in document.items() if key in required}
        problems += _problem(kind, name, value, others)
    if problems:
        raise Invalid(problems)
    return dataclass_json.from_json(kind, document)


def changed(value: SETTING, document: Json) -> SETTING:
    """``value`` with the fields of ``document`` in place of its own.

    Raises:
        Invalid: As ``parsed``.
    """
    return parsed(type(value), shown(value) | without_version(document))


def described_new(kind: type[Any], example: Json) -> Json:
    """OpenAPI's description of a body that creates: fields with a default may be left out."""
    schema = schema_of(kind)
    needed = [name for name in schema.get("required", []) if name != "id"]
    fields_given = {name: part for name, part in schema["properties"].items() if name != "id"}
    return _body({**schema, "properties": fields_given, "required": needed}, example)


def described_whole(kind: type[Any], example: Json) -> Json:
    """The same for a body that replaces: every field but the id, which the address gives."""
    schema = schema_of(kind)
    return _body({**schema, "required": [n for n in schema["properties"] if n != "id"]}, example)


def described_change(kind: type[Any], example: Json) -> Json:
    """The same for a body that changes: any field may be left out."""
    return _body({**schema_of(kind), "required": []}, example)


def _body(schema: Json, example: Json) -> Json:
    content = {"schema": schema, "example": example}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


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
        dataclass_json.from_json(kind, {**others, name: value})
    except dataclass_json.CodecError as error:
        at_fault = error.path == name or error.path.startswith((f"{name}.", f"{name}["))
        return [(error.path, error.rule)] if at_fault else []
    return []
