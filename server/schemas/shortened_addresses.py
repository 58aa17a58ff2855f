"""Addresses for messages hold passwords and tokens, so the API never answers a whole one.

They are answered shortened and numbered. A shortened address in a PUT means the stored one, so that
a client can send back the answer of a GET with changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from energy.site.preferences import Preferences
from services.alerting.notifications import without_secrets
from services.errors import Invalid
from services.stored import Json

MARK = "…"
_FIELD = "notify_urls"
_ADDRESSES = (_FIELD, "notify_email", "notify_phone")


def with_shortened(value: Preferences) -> Preferences:
    """The preferences as they are answered."""
    return replace(value, notify_urls=tuple(_shortened(value.notify_urls)))


def with_whole(document: Json, stored: Preferences) -> Json:
    """A document with the stored addresses in place of their shortened forms.

    Raises:
        Invalid: A shortened address is none of those that are stored.
    """
    given = document.get(_FIELD)
    if not isinstance(given, list):
        return document
    known = _shortened(stored.notify_urls)
    unknown = [
        (f"{_FIELD}[{index}]", f"{address!r} shortens no stored address: give it whole")
        for index, address in enumerate(given)
        if isinstance(address, str) and MARK in address and address not in known
    ]
    if unknown:
        raise Invalid(unknown)
    return {**document, _FIELD: [_whole(address, known) for address in given]}


def without_stored(allocation: Json) -> Json:
    """A stored allocation without addresses: decisions of earlier releases hold them."""
    inputs = allocation.get("inputs", {})
    preferences = inputs.get("preferences", {})
    emptied: Json = {
        name: [] if name == _FIELD else None for name in _ADDRESSES if name in preferences
    }
    return {**allocation, "inputs": {**inputs, "preferences": {**preferences, **emptied}}}


def _whole(given: object, known: Mapping[str, str]) -> object:
    return known.get(given, given) if isinstance(given, str) else given


def _shortened(addresses: Sequence[str]) -> dict[str, str]:
    """The addresses by their shortened forms, in order."""
    return {_short(address, number): address for number, address in enumerate(addresses, start=1)}


def _short(address: str, number: int) -> str:
    return f"{without_secrets(address).removesuffix(MARK)}{MARK}#{number}"
