"""What the health view is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NotRequired, TypedDict
from uuid import UUID


class CheckAnswer(TypedDict):
    """What a check says: ``status`` (``ok``, ``degraded`` or ``down``) follows from ``ok`` where it
    is left out, and ``advice`` is what to do about it.
    """

    ok: bool
    status: NotRequired[str]
    detail: NotRequired[str]
    advice: NotRequired[str]


class StoreAnswer(CheckAnswer):
    """What the database says: how long it took, ms, and how much it holds."""

    ms: float
    size_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """How a scheduled job last went.

    Attributes:
        job: Its name.
        system_id: For which site; None for all.
        last_run_at: When it last ran.
        last_ok_at: When it last ran without an error; None when never.
        last_error: What went wrong; None where nothing did.
        ms: How long it took, ms.
    """

    job: str
    system_id: UUID | None
    last_run_at: datetime
    last_ok_at: datetime | None
    last_error: str | None
    ms: float


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
