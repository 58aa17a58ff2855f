"""A simulated week of the reference site under its control loop, and its figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from commandcenter.wiring.seed import DUMP, PRIMARY
from services.actions.records import Action
from simulator.physics.measurements import Measurements
from tests.fakes.sites.reference_site import SYSTEM_ID, ReferenceSite

ZONE = ZoneInfo("America/Los_Angeles")
MONDAY = datetime(2026, 6, 15, 5, 0, tzinfo=ZONE).astimezone(UTC)
WEATHER = ("clear", "broken", "clear", "overcast", "broken", "clear", "clear")
MINERS = {"primary": PRIMARY.load_id, "dump": DUMP.load_id}
DAYS = 7
RETAINED_H = 48.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One stretch for which a miner's relay was closed. ``stopped_for`` is its stop's reason."""

    miner: str
    started_at: datetime
    stopped_at: datetime | None
    stopped_for: str | None = None
    urgent: bool = False

    @property
    def minutes(self) -> float | None:
        return (
            None
            if self.stopped_at is None
            else (self.stopped_at - self.started_at).total_seconds() / 60.0
        )


@dataclass(slots=True)
class Week:
    """What a week showed."""

    switches: dict[tuple[str, str], int] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    lowest_v: float = 99.0
    lowest_soc_pct: float = 100.0
    pv_kwh: float = 0.0
    curtailed_kwh: float = 0.0
    hashing_h: dict[str, float] = field(default_factory=dict)
    actions: list[Action] = field(default_factory=list)
    without_miner_min: list[float] = field(default_factory=list)

    @property
    def most_switches_a_day(self) -> int:
        return max(self.switches.values(), default=0)

    @property
    def shortest_run_min(self) -> float | None:
        """Of the runs that no safety stop ended."""
        known = [run.minutes for run in self.runs if run.minutes is not None and not run.urgent]
        return min(known, default=None)


async def live_week(*, start: datetime = MONDAY, weather: Sequence[str] = WEATHER) -> Week:
    """Live through seven days, one cycle a minute."""
    site = ReferenceSite(start=start, cloud_plan=weather)
    await site.set_up()
    week = Week()
    on_since: dict[str, datetime] = {}
    for minute in range(DAYS * 24 * 60):
        await site.minute()
        now = site.physics.measure()
        _note(week, now)
        _note_relays(week, now, on_since, site.clock.now())
        if minute % 720 == 0:
            await site.stores.telemetry.apply_retention(now=site.clock.now(), raw_hours=RETAINED_H)
    count = await site.stores.actions.count(SYSTEM_ID)
    page = await site.stores.actions.page(SYSTEM_ID, before=None, limit=count)
    week.actions = list(reversed(page))
    week.runs = [_with_reason(run, week.actions) for run in week.runs]
    return week


def _note(week: Week, now: Measurements) -> None:
    week.lowest_v = min(week.lowest_v, now.battery_v)
    week.lowest_soc_pct = min(week.lowest_soc_pct, now.soc_pct)
    week.pv_kwh += now.pv_w / 60_000.0
    week.curtailed_kwh += max(0.0, now.potential_w - now.pv_w) / 60_000.0
    for miner in MINERS:
        if now.devices[miner].power_w > 1_000.0:
            week.hashing_h[miner] = week.hashing_h.get(miner, 0.0) + 1.0 / 60.0


def _note_relays(
    week: Week, now: Measurements, on_since: dict[str, datetime], at: datetime
) -> None:
    for miner in MINERS:
        is_on = now.devices[miner].is_on
        if is_on is (miner in on_since):
            continue
        day = (miner, at.astimezone(ZONE).date().isoformat())
        week.switches[day] = week.switches.get(day, 0) + 1
        if is_on:
            on_since[miner] = at
        else:
            week.runs.append(Run(miner=miner, started_at=on_since.pop(miner), stopped_at=at))


def _with_reason(run: Run, actions: Sequence[Action]) -> Run:
    """The run with the action that ended it; without one where the relay opened by itself."""
    for action in actions:
        at, ended = action.executed_at, run.stopped_at
        if action.load_id != MINERS[run.miner] or action.target_on or at is None or ended is None:
            continue
        if abs(at - ended) <= timedelta(minutes=1):
            return replace(run, stopped_for=action.reason, urgent=action.urgent)
    return run
