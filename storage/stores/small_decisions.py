"""Compact storage of a decision: its settings by reference, the rest compressed.

Settings change rarely, but decisions are made each minute. A preset dictionary has the names of the
fields, which are most of the rest. Unpacked, the document is the same as before, byte for byte.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass

from energy.dataclass_json import JsonObject
from services.control.decision_chain import canonical_text
from storage.stores.decision_words import WORDS

SETTINGS = ("preferences", "miners")
"""Parts of the allocator's inputs that are stored once per change."""

LEVEL = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallDecision:
    """A document as it is stored.

    Attributes:
        settings_hash: SHA-256 (hex) of ``settings``; None where the document has none.
        settings: Canonical JSON of the settings.
        body: Number of the dictionary (one byte), then the compressed rest.
    """

    settings_hash: str | None
    settings: str | None
    body: bytes


def packed(document: JsonObject) -> SmallDecision:
    """The compact form of a document.

    Raises:
        Invalid: The document holds a value that is no JSON.
    """
    settings, rest = _parted(document)
    number = max(WORDS)
    press = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zdict=WORDS[number])
    body = press.compress(canonical_text(rest).encode()) + press.flush()
    text = None if settings is None else canonical_text(settings)
    return SmallDecision(
        settings_hash=None if text is None else hashlib.sha256(text.encode()).hexdigest(),
        settings=text,
        body=bytes([number]) + body,
    )


def unpacked(body: bytes, settings: str | None) -> JsonObject:
    """The document of its compact form."""
    opened = zlib.decompressobj(-zlib.MAX_WBITS, zdict=WORDS[body[0]])
    document: JsonObject = json.loads(opened.decompress(body[1:]) + opened.flush())
    allocation = document.get("allocation")
    inputs = allocation.get("inputs") if isinstance(allocation, dict) else None
    if settings is not None and isinstance(inputs, dict):
        inputs |= json.loads(settings)
    return document


def _parted(document: JsonObject) -> tuple[JsonObject | None, JsonObject]:
    allocation = document.get("allocation")
    inputs = allocation.get("inputs") if isinstance(allocation, dict) else None
    if not isinstance(allocation, dict) or not isinstance(inputs, dict):
        return None, document
    settings = {name: inputs[name] for name in SETTINGS if name in inputs}
    rest = {name: value for name, value in inputs.items() if name not in SETTINGS}
    return settings, {**document, "allocation": {**allocation, "inputs": rest}}
