"""Figures for a monitoring system, in Prometheus' text format (version 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from services.clock import Clock
from services.sites.ports import SiteStore
from services.views.ports import JobStore
from services.views.records import CycleCount, JobRun

_Sample = tuple[dict[str, str], float]


class Metrics:
    """Metrics from the database, so that every process gives those of all processes."""

    def __init__(self, *, sites: SiteStore, jobs: JobStore, clock: Clock) -> None:
        self._sites, self._jobs, self._clock = sites, jobs, clock

    async def text(self) -> str:
        """All figures.

        Raises:
            Unavailable: The database is away.
        """
        now = self._clock.now()
        names = {system.id: system.name for system in await self._sites.systems()}
        counts, board = await self._jobs.cycles(now=now), await self._jobs.all()
        return "".join([*_cycles(counts, names), *_jobs(board, names, now)])


def _cycles(counts: Sequence[CycleCount], names: dict[UUID, str]) -> list[str]:
    return [
        _family(
            "commandcenter_cycles_24h",
            "Control cycles that ran in the last 24 h.",
            (({"site": _name(names, count.system_id)}, count.runs_24h) for count in counts),
        ),
        _family(
            "commandcenter_cycles_missed_24h",
            "Cycles that were due in the last 24 h and did not run.",
            (({"site": _name(names, count.system_id)}, count.missed_24h) for count in counts),
        ),
    ]


def _jobs(board: Sequence[JobRun], names: dict[UUID, str], now: datetime) -> list[str]:
    labels = [{"job": row.job, "site": _name(names, row.system_id)} for row in board]
    rows = list(zip(labels, board, strict=True))
    return [
        _family(
            "commandcenter_job_seconds",
            "How long the last run of a job took.",
            ((label, row.ms / 1_000.0) for label, row in rows),
        ),
        _family(
            "commandcenter_job_age_seconds",
            "Site time since the last run of a job.",
            ((label, (now - row.last_run_at).total_seconds()) for label, row in rows),
        ),
        _family(
            "commandcenter_job_failed",
            "1 where the last run of a job failed.",
            ((label, float(row.last_error is not None)) for label, row in rows),
        ),
    ]


def _family(name: str, words: str, samples: Iterable[_Sample]) -> str:
    lines = [f"# HELP {name} {words}", f"# TYPE {name} gauge"]
    for labels, value in samples:
        pairs = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        lines.append(f"{name}{{{pairs}}} {value:.10g}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _name(names: dict[UUID, str], system_id: UUID | None) -> str:
    return "" if system_id is None else names.get(system_id, str(system_id))
