"""What a control cycle leaves: its decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.stored import Json


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
