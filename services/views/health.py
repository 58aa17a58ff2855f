"""The health of every component, with advice. A component that fails never breaks the report."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from energy.wording import duration
from services.actions.ports import TimerFaultStore
from services.clock import Clock
from services.errors import CommandCenterError
from services.sites.ports import SiteStore
from services.sites.records import AdapterConfig
from services.telemetry.ports import TelemetryStore
from services.telemetry.records import PollHealth
from services.views.ports import JobStore, StoreHealth
from services.views.records import CheckAnswer, CycleCount, JobRun

Check = Callable[[], Awaitable[CheckAnswer]]
"""Checks one part; raising or taking too long means that the part is down."""

CHECK_TIMEOUT_S = 2.0
"""Wall seconds for each check."""

SILENT_INTERVALS = 3.0
"""A source that has not answered for this many of its intervals is down."""

JOBS_SILENT_S = 300.0
"""Without any job for this long the scheduler counts as stopped, s."""

SKIPPED_SHARE = 0.1
"""A running program that misses a larger share of its cycles is too slow for its site."""

_SLOW_ADVICE = (
    "Control decides less often than it should: see the load of this machine and of the database."
)

_GRACE_WALL_S = 5.0
"""Wall seconds that a poll or job may be late; multiplied by the speed of a simulated site."""


class PollHabit(TypedDict):
    """How a source is polled; the success rate is 0…1."""

    every_s: float
    success_rate_24h: float | None
    gaps_24h: int


class ComponentShown(TypedDict):
    """A component in the report."""

    name: str
    kind: str
    status: str
    detail: str
    age_s: float | None
    advice: str
    polls: PollHabit | None


class PartsReport(TypedDict):
    """The report: ``status`` is ``ok``, ``degraded`` or ``down``."""

    status: str
    at: str
    components: list[ComponentShown]


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One part: ``status`` is ``ok``, ``degraded`` or ``down``; ``advice`` is empty when ok.
    ``polls`` is set for sources only.
    """

    name: str
    kind: str
    status: str
    detail: str
    age_s: float | None = None
    advice: str = ""
    polls: PollHabit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Registered:
    check: Check
    kind: str
    essential: bool


class Health:
    """Checks all parts in parallel and collects the answers in one report."""

    def __init__(
        self,
        *,
        store_health: StoreHealth,
        sites: SiteStore,
        telemetry: TelemetryStore,
        jobs: JobStore,
        timer_faults: TimerFaultStore,
        clock: Clock,
        timeout_s: float = CHECK_TIMEOUT_S,
    ) -> None:
        """``timeout_s`` is wall time."""
        self._store_health, self._sites, self._telemetry = store_health, sites, telemetry
        self._jobs, self._clock, self._timeout_s = jobs, clock, timeout_s
        self._timer_faults = timer_faults
        self._checks: dict[str, _Registered] = {}

    def add(self, name: str, check: Check, *, kind: str = "part", essential: bool = False) -> None:
        """Add a check. While an ``essential`` part is down, so is the whole."""
        self._checks[name] = _Registered(check=check, kind=kind, essential=essential)

    async def report(self) -> PartsReport:
        """``{status, at, components: [{name, kind, status, detail, age_s, advice, polls}]}``.

        ``down`` when the database or an essential part is, ``degraded`` when anything is not ok.
        """
        now = self._clock.now()
        database, *added = await asyncio.gather(
            self._database(), *(self._ask(name, part) for name, part in self._checks.items())
        )
        components = [database, *added]
        if database.status == "ok":
            components += await self._stored(now)
        essential = {name for name, part in self._checks.items() if part.essential}
        essential.add(database.name)
        return {
            "status": _overall(components, essential),
            "at": now.isoformat(),
            "components": [_shown(component) for component in components],
        }

    async def _database(self) -> Component:
        advice = (
            "Nothing new is commanded until it is back; running loads switch themselves off by "
            "their timers. See that PostgreSQL runs and the disk has space."
        )
        registered = _Registered(check=self._store_health.check, kind="store", essential=True)
        component = await self._ask("database", registered)
        return component if component.status == "ok" else _with_advice(component, advice)

    async def _ask(self, name: str, part: _Registered) -> Component:
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await part.check()
        except TimeoutError:
            answer = CheckAnswer(ok=False, detail=f"no answer within {self._timeout_s:g} s")
        except Exception as error:  # noqa: BLE001 - the edge of a check: whatever broke is the answer
            answer = CheckAnswer(ok=False, detail=str(error) or type(error).__name__)
        ok = answer["ok"]
        status = answer.get("status", "ok" if ok else "down")
        return Component(
            name=name,
            kind=part.kind,
            status=status,
            detail=answer.get("detail", "answers" if ok else "does not answer"),
            advice=answer.get("advice", "") if status != "ok" else "",
        )

    async def _stored(self, now: datetime) -> list[Component]:
        """Sources and jobs, from what is stored about them."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return [*await self._sources(now), *await self._board(now)]
        except (CommandCenterError, TimeoutError) as error:
            detail = str(error) or f"no answer within {self._timeout_s:g} s"
            return [
                Component(
                    name="polls and jobs",
                    kind="store",
                    status="degraded",
                    detail=detail,
                    advice="The database is slow: see its load and its disk.",
                )
            ]

    async def _sources(self, now: datetime) -> list[Component]:
        grace_s = _GRACE_WALL_S * self._clock.speed
        sources: list[Component] = []
        for system in await self._sites.systems():
            adapters = {adapter.id: adapter for adapter in await self._sites.adapters(system.id)}
            polls = await self._telemetry.poll_health(system.id, now=now)
            warned = await self._timers_of(system.id)
            sources += [
                _source(_warning(poll, warned), now, grace_s)
                for poll in polls
                if _enabled(poll, adapters)
            ]
        return sources

    async def _timers_of(self, system_id: UUID) -> dict[UUID, list[str]]:
        """By adapter: which of its loads' switches do not keep their dead-man timer."""
        loads = {load.id: load for load in await self._sites.loads(system_id) if load.has_timer}
        warned: dict[UUID, list[str]] = {}
        for fault in await self._timer_faults.faults(system_id):
            if fault.load_id in loads:
                load = loads[fault.load_id]
                warned.setdefault(load.adapter_id, []).append(f"{load.name} {fault.clause}")
        return warned

    async def _board(self, now: datetime) -> list[Component]:
        jobs = _jobs(await self._jobs.all(), now, _GRACE_WALL_S * self._clock.speed)
        names = {system.id: system.name for system in await self._sites.systems()}
        counts = await self._jobs.cycles(now=now)
        return jobs + [_cycles(count, names, alone=len(names) <= 1) for count in counts]


def _shown(component: Component) -> ComponentShown:
    return {
        "name": component.name,
        "kind": component.kind,
        "status": component.status,
        "detail": component.detail,
        "age_s": component.age_s,
        "advice": component.advice,
        "polls": component.polls,
    }


def _warning(poll: PollHealth, warned: Mapping[UUID, Sequence[str]]) -> PollHealth:
    """A source that also warns of its loads' timers."""
    own = () if poll.caution is None else (poll.caution,)
    cautions = (*own, *warned.get(poll.adapter_id, ()))
    return replace(poll, caution="; ".join(cautions) or None)


def _enabled(poll: PollHealth, adapters: dict[UUID, AdapterConfig]) -> bool:
    adapter = adapters.get(poll.adapter_id)
    return adapter is None or adapter.enabled


def _source(poll: PollHealth, now: datetime, grace_s: float) -> Component:
    """A source is degraded as soon as a poll fails and down when it has been silent for long."""
    age_s = None
    if poll.last_success_at is not None:
        age_s = max((now - poll.last_success_at).total_seconds(), 0.0)
    limit_s = SILENT_INTERVALS * poll.interval_s + grace_s
    status, detail = "ok", "answers"
    if age_s is not None and age_s > limit_s:
        status, detail = "down", f"silent for {duration(age_s)}"
    elif poll.last_error is not None:
        status, detail = ("down" if age_s is None else "degraded"), "the last poll failed"
    elif age_s is None:
        status, detail = "degraded", "not polled yet"
    elif poll.caution is not None:
        status, detail = "degraded", f"answers, but {poll.caution}"
    if poll.last_error is not None:
        detail = f"{detail}: {poll.last_error}"
    rate = poll.success_rate_24h
    return Component(
        name=poll.name,
        kind="source",
        status=status,
        detail=f"{detail}; {_habit(poll)}",
        age_s=age_s,
        advice=_advice(status, poll),
        polls={
            "every_s": poll.interval_s,
            "success_rate_24h": None if rate is None else round(rate, 4),
            "gaps_24h": poll.gaps_24h,
        },
    )


def _advice(status: str, poll: PollHealth) -> str:
    if status == "ok":
        return ""
    cautioned = status == "degraded" and poll.last_error is None and poll.caution is not None
    return _CAUTION_ADVICE if cautioned else _SOURCE_ADVICE


def _habit(poll: PollHealth) -> str:
    """``read every 3 min, 99.8 % in 24 h, 2 gaps``."""
    words = [f"read every {duration(poll.interval_s)}"]
    if poll.success_rate_24h is not None:
        # Rounded down, so that 100 % is only shown where no poll failed.
        words.append(f"{math.floor(poll.success_rate_24h * 1_000.0) / 10.0:g} % in 24 h")
    if poll.gaps_24h > 0:
        words.append(f"{poll.gaps_24h} gap{'' if poll.gaps_24h == 1 else 's'}")
    return ", ".join(words)


_CAUTION_ADVICE = (
    "Its readings are used. What it warns of is changed in the device or at the vendor, not here."
)
_SOURCE_ADVICE = (
    "It is tried again by itself. If it stays away, see that the device has power and network, and "
    "that its address and credentials in the settings are right."
)


def _jobs(board: Sequence[JobRun], now: datetime, grace_s: float) -> list[Component]:
    jobs: list[Component] = []
    for row in board:
        age_s = _age_s(row.last_run_at, now)
        error = row.last_error
        jobs.append(
            Component(
                name=row.job,
                kind="job",
                status="ok" if error is None else "degraded",
                detail="ran" if error is None else f"failed: {error}",
                age_s=age_s,
                advice="" if error is None else "It is tried again by itself; the log has more.",
            )
        )
    youngest_s = min(
        (component.age_s for component in jobs if component.age_s is not None), default=None
    )
    if youngest_s is not None and youngest_s > JOBS_SILENT_S + grace_s:
        jobs.append(
            Component(
                name="scheduler",
                kind="part",
                status="down",
                detail=f"no job has run for {duration(youngest_s)}",
                age_s=youngest_s,
                advice="Nothing is decided and loads switch themselves off: start the scheduler.",
            )
        )
    return jobs


def _cycles(count: CycleCount, names: Mapping[UUID, str], *, alone: bool) -> Component:
    """Cycles that ran and were missed; degraded where the program is too slow for them."""
    slow = count.skipped_lately > SKIPPED_SHARE * (count.runs_lately + count.skipped_lately)
    due = count.runs_24h + count.missed_24h
    return Component(
        name="cycles" if alone else f"cycles of {names.get(count.system_id, count.system_id)}",
        kind="job",
        status="degraded" if slow else "ok",
        detail=f"{count.missed_24h} of {due} missed in 24 h",
        advice=_SLOW_ADVICE if slow else "",
    )


def _age_s(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else max((now - at).total_seconds(), 0.0)


def _with_advice(component: Component, advice: str) -> Component:
    return Component(
        name=component.name,
        kind=component.kind,
        status=component.status,
        detail=component.detail,
        age_s=component.age_s,
        advice=component.advice or advice,
    )


def _overall(components: Sequence[Component], essential: set[str]) -> str:
    if any(component.status == "down" and component.name in essential for component in components):
        return "down"
    return "ok" if all(component.status == "ok" for component in components) else "degraded"
