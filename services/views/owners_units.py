"""Sentences of a JSON document in the owner's units; numbers stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast

from energy.site.display import Display

Document = TypeVar("Document", bound=Mapping[str, object])
SENTENCES = frozenset({"explanation", "would_change", "limits", "reason", "sentence"})


def in_owners_units(document: Document, display: Display) -> Document:
    """The document with the texts of its keys in ``SENTENCES`` in the owner's units."""
    converted = {
        name: _of_sentence(value, display) if name in SENTENCES else _inside(value, display)
        for name, value in document.items()
    }
    return cast(Document, converted)


def _of_sentence(value: object, display: Display) -> object:
    match value:
        case str():
            return display.sentence(value)
        case list():
            return [_of_sentence(line, display) for line in value]
        case _:
            return value


def _inside(value: object, display: Display) -> object:
    match value:
        case dict():
            return in_owners_units(value, display)
        case list():
            return [_inside(part, display) for part in value]
        case _:
            return value
