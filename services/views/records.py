"""What the health view is made of."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleCount:
    """How many control cycles of a site ran.

    Attributes:
        system_id: Of which site.
        runs_24h: Cycles of the last 24 h.
        missed_24h: Cycles that were due in that time and did not run, for whatever reason.
        runs_lately: Cycles of this hour and the one before.
        skipped_lately: Cycles of that time that were missed although the program ran.
    """

    system_id: UUID
    runs_24h: int = 0
    missed_24h: int = 0
    runs_lately: int = 0
    skipped_lately: int = 0
