"""Replay: the allocator over measured sun and load, with a simulated battery and miners.

The PV of the series counts as PV potential; a full battery throttles it. The same sun and house are
also replayed without miners, to show what the miners cost the house.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from energy.allocation.allocator import allocate
from energy.allocation.cycle import CycleMemory, after, remembering
from energy.allocation.decision import AllocationInput, Command
from energy.battery.calibration import voltage_v
from energy.site.miners import MinerProfile
from energy.site.preferences import Preferences
from energy.site.reference_site import REFERENCE_MINERS
from energy.site.snapshot import Reading, Snapshot
from services.errors import Invalid
from services.telemetry.ports import SkyModel
from services.telemetry.sky import Outlook, outlook_of, sky_now
from simulator.physics.battery import Battery
from simulator.physics.inverter import Inverter
from simulator.physics.site_plan import BatteryPlan
from simulator.replay.day import DaySums
from simulator.replay.outcome import Gap, ReplayDay, ReplayResult, Threshold
from simulator.replay.replayed_miner import ReplayedMiner
from simulator.replay.series import Series
from simulator.replay.without_miners import UNSERVED_FROM_W, SiteWithoutMiners

_OUTLOOK_EVERY_S = 1_800.0
_STEP_RANGE_S = (1.0, 3_600.0)
_SOC_RANGE_PCT = (0.0, 100.0)
_SCALE_RANGE = (0.0, 1_000.0)
_PEAK_RANGE_W = (1.0, 1e7)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOptions:
    """Options of a replay.

    Attributes:
        pv_peak_w: Scale the series so that its highest PV is this, W; None leaves it.
        load_scale: Factor on the series' load.
        step_s: Length of a cycle, s.
        start_soc_pct: State of charge at the start, %.
        preferences: The owner's settings, with capacity, curve and time zone.
        miners: The miner profiles.
        seed: Draws the miners' boot times.
        self_use_w: The inverter's own use, W.
    """

    pv_peak_w: float | None = None
    load_scale: float = 1.0
    step_s: float = 300.0
    start_soc_pct: float = 60.0
    preferences: Preferences = field(default_factory=Preferences)
    miners: tuple[MinerProfile, ...] = REFERENCE_MINERS
    seed: int = 1
    self_use_w: float = 250.0


def replay(
    series: Series,
    options: ReplayOptions,
    *,
    sky: SkyModel | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ReplayResult:
    """Replay ``series``; ``progress`` is called with (steps done, all steps) once per simulated
    day.

    Raises:
        Invalid: An option is out of its range.
    """
    _check(options, series)
    run = _Run(series, options, sky)
    start_s, end_s = series.at_s[0], series.at_s[-1] + series.interval_s
    steps = int((end_s - start_s) // options.step_s)
    index, last = 0, len(series.at_s) - 1
    for number in range(steps):
        at_s = start_s + number * options.step_s
        while index < last and series.at_s[index + 1] <= at_s:
            index += 1
        row = series.row_for(index, at_s)
        if run.step(at_s, series.pv_w[row], series.load_w[row]) and progress is not None:
            progress(number, steps)
    if progress is not None:
        progress(steps, steps)
    return run.result(start_s + steps * options.step_s, steps)


def _check(options: ReplayOptions, series: Series) -> None:
    peak_w = options.pv_peak_w
    limits = (
        ("step_s", options.step_s, _STEP_RANGE_S),
        ("start_soc_pct", options.start_soc_pct, _SOC_RANGE_PCT),
        ("load_scale", options.load_scale, _SCALE_RANGE),
        ("pv_peak_w", _PEAK_RANGE_W[1] if peak_w is None else peak_w, _PEAK_RANGE_W),
    )
    problems = [
        (name, f"{value:g} is not within {low:g}…{high:g}")
        for name, value, (low, high) in limits
        if not low <= value <= high
    ]
    if options.pv_peak_w is not None and max(series.pv_w) <= 0.0:
        problems.append(("pv_peak_w", f"{series.name} has no PV that could be scaled"))
    if problems:
        raise Invalid(problems)


class _Run:
    """The state of one replay."""

    def __init__(self, series: Series, options: ReplayOptions, sky: SkyModel | None) -> None:
        settings = options.preferences
        self.options, self.preferences, self.sky = options, settings, sky
        peak_w = max(series.pv_w)
        self.scale = 1.0 if options.pv_peak_w is None else options.pv_peak_w / peak_w
        curve = tuple((voltage_v(soc, settings), soc) for soc in _knots(settings))
        plan = BatteryPlan(capacity_wh=settings.battery_capacity_wh, curve=curve)
        self.plan = plan
        self.battery = Battery(plan, soc=options.start_soc_pct / 100.0)
        self.inverter = Inverter(self.battery, self_use_w=options.self_use_w)
        self.without_miners = SiteWithoutMiners(
            plan, soc=options.start_soc_pct / 100.0, self_use_w=options.self_use_w
        )
        self.miners = [ReplayedMiner(profile, options.seed) for profile in options.miners]
        self.memory = CycleMemory()
        self.zone = ZoneInfo(settings.timezone)
        self.start_s, self.name = series.at_s[0], series.name
        self.gaps = series.gaps()
        self.days: list[ReplayDay] = []
        self.day = DaySums(self.start_s, self.zone)
        self.outlook: Outlook | None = None
        self.outlook_due_s = self.start_s
        self.house_wh = self.unserved_wh = self.unserved_s = 0.0
        self.lowest_v = self.battery.voltage_v
        self.lowest_soc = self.battery.soc
        self.load_w = 0.0

    def step(self, at_s: float, pv_w: float, load_w: float) -> bool:
        """Simulate one cycle; returns whether a day ended."""
        ended = at_s >= self.day.ends_s
        if ended:
            self.days.append(self.day.close())
            self.day = DaySums(at_s, self.zone)
            for miner in self.miners:
                miner.start_day()
        dt_s = self.options.step_s
        house_w = load_w * self.options.load_scale
        # The output may have just been cut off: then no miner draws power in this cycle.
        self.inverter.follow_cutoff()
        powered = self.inverter.output_on
        miners_w = sum(miner.step(dt_s, powered=powered) for miner in self.miners)
        available_w = pv_w * self.scale
        flow = self.inverter.step(available_w=available_w, load_w=house_w + miners_w, dt_s=dt_s)
        self.load_w = flow.load_w
        served_w = max(0.0, flow.load_w - miners_w)
        self._note(flow.pv_w, served_w, miners_w, flow.curtailed_w)
        self._note_unserved(available_w, house_w, served_w)
        at = datetime.fromtimestamp(at_s + dt_s, UTC)
        self._control(at, flow.pv_w, flow.battery_w)
        return ended

    def _note(self, pv_w: float, house_w: float, miners_w: float, curtailed_w: float) -> None:
        battery, hours = self.battery, self.options.step_s / 3_600.0
        self.house_wh += house_w * hours
        self.lowest_v = min(self.lowest_v, battery.voltage_v)
        self.lowest_soc = min(self.lowest_soc, battery.soc)
        day = self.day
        day.pv_wh += pv_w * hours
        day.load_wh += house_w * hours
        day.miners_wh += miners_w * hours
        day.curtailed_wh += curtailed_w * hours
        day.lowest_v = min(day.lowest_v, battery.voltage_v)
        day.lowest_soc = min(day.lowest_soc, battery.soc)
        day.highest_soc = max(day.highest_soc, battery.soc)

    def _note_unserved(self, available_w: float, house_w: float, served_w: float) -> None:
        """Count the house's unserved energy, here and on the same site without miners."""
        dt_s, day, without = self.options.step_s, self.day, self.without_miners
        if house_w - served_w > UNSERVED_FROM_W:
            unserved_wh = (house_w - served_w) * dt_s / 3_600.0
            self.unserved_wh += unserved_wh
            self.unserved_s += dt_s
            day.unserved_wh += unserved_wh
        day.unserved_without_miners_wh += without.step(available_w, house_w, dt_s)
        day.lowest_soc_without_miners = min(day.lowest_soc_without_miners, without.soc)

    def _control(self, at: datetime, pv_w: float, battery_w: float) -> None:
        snapshot = self._with_sky(self._snapshot(at, pv_w, battery_w), pv_w)
        question = AllocationInput(
            snapshot=snapshot,
            preferences=self.preferences,
            miners=self.options.miners,
            states=tuple(miner.state() for miner in self.miners),
        )
        decision = allocate(remembering(question, self.memory))
        self.memory = after(self.memory, decision)
        commands = {miner.miner_id: miner for miner in decision.miners}
        for miner in self.miners:
            given = commands[miner.profile.id]
            if given.command is Command.START:
                miner.switch(at, on=True)
            elif given.command is Command.STOP:
                miner.switch(at, on=False, urgent=given.urgent)

    def _snapshot(self, at: datetime, pv_w: float, battery_w: float) -> Snapshot:
        return Snapshot(
            at=at,
            battery_voltage_v=Reading(value=self.battery.voltage_v),
            battery_current_a=Reading(value=self.battery.current_a),
            battery_power_w=Reading(value=battery_w),
            pv_power_w=Reading(value=pv_w),
            load_power_w=Reading(value=self.load_w),
            grid_power_w=Reading(value=0.0),
        )

    def _with_sky(self, snapshot: Snapshot, pv_w: float) -> Snapshot:
        """The snapshot with its sky. The outlook is computed every half an hour only, because it
        takes as long as the rest of a cycle.
        """
        learned = self.memory.learned
        base_w, ratio = learned.mean_base_load_w, learned.clear_sky_ratio
        at_s = snapshot.at.timestamp()
        if self.sky is not None and base_w is not None and at_s >= self.outlook_due_s:
            factor = 1.0 if ratio is None else ratio
            self.outlook = outlook_of(self.sky, snapshot.at, base_w, factor)
            self.outlook_due_s = at_s + _OUTLOOK_EVERY_S
        sky = sky_now(
            self.sky,
            learned,
            snapshot.at,
            pv_w=pv_w,
            voltage_v=self.battery.voltage_v,
            full_v=self.preferences.voltage_float,
            outlook=self.outlook,
        )
        return replace(snapshot, sky=sky)

    def result(self, end_s: float, steps: int) -> ReplayResult:
        """The outcome so far."""
        self.days.append(self.day.close())
        for miner in self.miners:
            miner.start_day()
        totals = self.inverter.totals
        return ReplayResult(
            series=self.name,
            timezone=self.preferences.timezone,
            start=datetime.fromtimestamp(self.start_s, UTC),
            end=datetime.fromtimestamp(end_s, UTC),
            steps=steps,
            pv_kwh=totals.pv_wh / 1_000.0,
            available_kwh=totals.available_wh / 1_000.0,
            curtailed_kwh=totals.curtailed_wh / 1_000.0,
            load_kwh=self.house_wh / 1_000.0,
            miners_kwh=sum(miner.result.energy_wh for miner in self.miners) / 1_000.0,
            charged_kwh=totals.charged_wh / 1_000.0,
            discharged_kwh=totals.discharged_wh / 1_000.0,
            unserved_kwh=self.unserved_wh / 1_000.0,
            unserved_s=self.unserved_s,
            lowest_voltage_v=self.lowest_v,
            lowest_soc_pct=self.lowest_soc * 100.0,
            end_soc_pct=self.battery.soc * 100.0,
            cutoff_v=self.plan.cutoff_v,
            reconnect_v=self.plan.reconnect_v,
            without_miners=self.without_miners.result(),
            miners=tuple(miner.result for miner in self.miners),
            days=tuple(self.days),
            gaps=tuple(
                Gap(start=datetime.fromtimestamp(start, UTC), end=datetime.fromtimestamp(end, UTC))
                for start, end in self.gaps
            ),
            thresholds=_thresholds(self.options, self.plan),
        )


def _thresholds(options: ReplayOptions, plan: BatteryPlan) -> tuple[Threshold, ...]:
    settings = options.preferences
    stops = [(f"{miner.name}: stop", miner.stop_voltage) for miner in options.miners]
    named = [
        *stops,
        ("low voltage", settings.voltage_low),
        ("critical voltage", settings.voltage_critical_low),
        ("inverter's cut-off", plan.cutoff_v),
    ]
    return tuple(Threshold(name=name, voltage_v=voltage) for name, voltage in named)


def _knots(settings: Preferences) -> tuple[float, ...]:
    curve = settings.voltage_curve
    return (0.0, 100.0) if curve is None else tuple(soc for _, soc in curve)
