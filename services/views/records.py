"""Records of the health view."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NotRequired, TypedDict
from uuid import UUID


class CheckAnswer(TypedDict):
    """Answer of a check. Without ``status`` (``ok``, ``degraded`` or ``down``) it follows from
    ``ok``. ``advice`` says what to do.
    """

    ok: bool
    status: NotRequired[str]
    detail: NotRequired[str]
    advice: NotRequired[str]


class StoreAnswer(CheckAnswer):
    """Answer of the database check: duration in ms, and size of the data in bytes."""

    ms: float
    size_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """The last run of a scheduled job.

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
    """Control cycles of a site that ran and that did not.

    Attributes:
        system_id: The site.
        runs_24h: Cycles that ran in the last 24 h.
        missed_24h: Cycles that were due in the last 24 h and did not run, for any reason.
        runs_lately: Cycles that ran in this hour and the one before.
        skipped_lately: Cycles missed in these two hours although the program ran.
    """

    system_id: UUID
    runs_24h: int = 0
    missed_24h: int = 0
    runs_lately: int = 0
    skipped_lately: int = 0
