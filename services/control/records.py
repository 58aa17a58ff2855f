"""What a control cycle leaves: its decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.stored import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainAnchor:
    """Where a site's chain of decisions goes on after old ones were dropped.

    Attributes:
        at: Time of the newest dropped decision.
        hash: Its hash: the oldest kept decision continues it.
        dropped: How many went with this anchor.
        intact: Whether their chain was whole, from the anchor before on.
        anchored_at: When they were dropped.
    """

    at: datetime
    hash: str
    dropped: int
    intact: bool
    anchored_at: datetime


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
