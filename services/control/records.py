"""Records of stored decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.stored import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainAnchor:
    """The point at which a site's chain of decisions continues after old ones were dropped.

    Attributes:
        at: Time of the newest dropped decision.
        hash: Its hash: the oldest kept decision continues it.
        dropped: How many decisions were dropped with this anchor.
        intact: Whether their hash chain was intact, from the anchor before.
    """

    at: datetime
    hash: str
    dropped: int
    intact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """One stored decision.

    ``document`` is the canonical JSON of ``energy.allocation.decision.Decision`` with the zones'
    decisions beside it.

    ``hash`` = SHA-256 over ``previous_hash`` and the canonical JSON, so that the history can't be
    edited unseen.
    """

    id: UUID
    system_id: UUID
    at: datetime
    document: Json
    version: str
    previous_hash: str
    hash: str
