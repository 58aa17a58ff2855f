"""The hash chain of stored decisions: an edited, removed or inserted record breaks it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from energy.dataclass_json import JsonObject
from services.control.records import DecisionRecord
from services.errors import Invalid

GENESIS = "0" * 64
"""``previous_hash`` of a system's first decision."""


def next_hash(previous_hash: str, document: JsonObject) -> str:
    """SHA-256 (hex) over ``previous_hash`` and the canonical JSON of ``document``.

    Raises:
        Invalid: The document holds a value that is no JSON, e.g. a number that isn't finite.
    """
    digest = hashlib.sha256(previous_hash.encode())
    digest.update(canonical_text(document).encode())
    return digest.hexdigest()


def canonical_text(document: JsonObject) -> str:
    """JSON with sorted keys and no spaces: the same document gives the same bytes."""
    try:
        return json.dumps(
            document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
    except (TypeError, ValueError) as problem:
        raise Invalid([("document", f"is no JSON: {problem}")]) from problem


def first_broken(
    records: Iterable[DecisionRecord], *, previous: str | None = None
) -> DecisionRecord | None:
    """The first record, oldest first, that does not continue the chain; None when all do.

    ``previous`` is the hash that the first record continues: an anchor's, or ``GENESIS``. Without
    it the first record's own ``previous_hash`` is taken as right.
    """
    for record in records:
        continues = previous is None or record.previous_hash == previous
        if not continues or record.hash != next_hash(record.previous_hash, record.document):
            return record
        previous = record.hash
    return None
