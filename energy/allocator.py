"""The allocator: one pure function from a frozen question to a decision.

Order of the rules: emergency stop, bad data, system voltage, each miner's voltages and conditions,
the budget by priority, anti-cycling. The loop, the what-if, the replay and the chat call this.
"""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo

from energy import explanation
from energy.battery import soc_pct
from energy.budget import Purse, base_and_controlled_w, battery_allowance
from energy.decision import AllocationInput, Budget, Command, Decision, MinerDecision, Reason
from energy.gates import (
    Compared,
    Gate,
    Site,
    Verdict,
    in_window,
    judge_off,
    judge_running,
    minimum_on,
)
from energy.miners import ControlMemory, MinerMemory, MinerProfile, MinerState
from energy.potential import factor_now, lowered_factor, potential_of
from energy.quality import Measured, measure
from energy.reserve import reserve_of

ALLOCATOR_VERSION = "1.0.0"

POTENTIAL_MET_WITHIN_S = 180.0
BOOT_SHARE = 0.5
"""Below this share of its draw a running miner counts as booting: it is budgeted with its draw."""


def allocate(question: AllocationInput) -> Decision:
    """Decide, with every sentence filled in."""
    return explanation.explain(decide(question))


def decide(question: AllocationInput) -> Decision:
    """Decide without rendering sentences: the same commands, reasons and numbers."""
    site, budget = _site(question)
    purse = Purse(
        solar_w=budget.solar_surplus_w,
        mean_w=budget.solar_surplus_w if site.mean_surplus_w is None else site.mean_surplus_w,
        measured_w=budget.measured_surplus_w,
        battery_w=budget.battery_allowance_w,
    )
    memory = dict(question.memory.miners)
    states = {state.miner_id: state for state in question.states}
    entries = [
        _entry(profile, states.get(profile.id), memory.get(profile.id))
        for profile in sorted(question.miners, key=lambda p: _order(p, site))
    ]
    _Turns(site, purse, entries).take()
    kept = [entry for entry in entries if entry.kept_w > 0.0]
    return Decision(
        budget=_with_allocated(budget, sum(entry.kept_w for entry in kept)),
        miners=tuple(entry.decision() for entry in entries),
        limits=_limits(site, budget),
        memory=_memory(site, entries),
        inputs=question,
        version=ALLOCATOR_VERSION,
    )


class _Entry:
    """One miner on its way through the rules."""

    __slots__ = (
        "battery_w",
        "command",
        "compared",
        "kept_w",
        "memory",
        "need_w",
        "profile",
        "reason",
        "state",
        "urgent",
        "verdict",
    )

    def __init__(self, profile: MinerProfile, state: MinerState, memory: MinerMemory) -> None:
        self.profile, self.state, self.memory = profile, state, memory
        self.need_w = need_w(profile, state)
        self.verdict: Verdict | None = None
        self.command, self.reason = Command.STAY_OFF, Reason.DEVICE_UNKNOWN
        self.compared: Compared = ()
        self.kept_w = self.battery_w = 0.0
        self.urgent = False

    def settle(
        self, command: Command, reason: Reason, compared: Compared, *, urgent: bool = False
    ) -> None:
        self.command, self.reason, self.compared, self.urgent = command, reason, compared, urgent

    def decision(self) -> MinerDecision:
        return MinerDecision(
            miner_id=self.profile.id,
            name=self.profile.name,
            priority=self.profile.priority_level,
            command=self.command,
            reason=self.reason,
            compared=self.compared,
            power_w=self.kept_w,
            from_battery_w=self.battery_w,
            urgent=self.urgent,
        )


def need_w(profile: MinerProfile, state: MinerState) -> float:
    """Power that a miner is budgeted with, W.

    Its draw while it is off or boots (a booting miner must not lend its watts to another one); its
    measured power once it runs, which may be below the draw when its power is limited.
    """
    measured_w = state.power_w
    if not state.is_on or measured_w is None:
        return profile.power_draw_watts
    if measured_w < BOOT_SHARE * profile.power_draw_watts:
        return profile.power_draw_watts
    return measured_w


class _Turns:
    """Each miner's turn at the budget, from the highest priority down."""

    def __init__(self, site: Site, purse: Purse, entries: list[_Entry]) -> None:
        self._site, self._purse, self._entries = site, purse, entries
        self._starts = site.question.preferences.max_starts_per_cycle
        self._tolerance_w = site.question.preferences.budget_tolerance_w
        self._locked_w = sum(
            entry.need_w
            for entry in entries
            if entry.state.is_on and minimum_on(entry.profile, entry.state, site) is not None
        )
        self._started_above = False

    def take(self) -> None:
        for entry in self._entries:
            if entry.state.is_on is None:
                self._take_unknown(entry)
            elif entry.state.is_on:
                self._take_running(entry)
            else:
                self._take_off(entry)

    def _take_unknown(self, entry: _Entry) -> None:
        """A device that doesn't answer is never started; protective stops are sent all the same."""
        verdict = judge_running(
            entry.profile, entry.state, entry.memory, entry.need_w, self._purse.sun(), self._site
        )
        entry.verdict = verdict
        if verdict.gate is Gate.STOP_NOW:
            entry.settle(Command.STOP, verdict.reason, verdict.compared, urgent=True)
        else:
            entry.settle(Command.STAY_OFF, Reason.DEVICE_UNKNOWN, ())

    def _take_running(self, entry: _Entry) -> None:
        verdict = judge_running(
            entry.profile, entry.state, entry.memory, entry.need_w, self._purse.sun(), self._site
        )
        entry.verdict = verdict
        young = minimum_on(entry.profile, entry.state, self._site)
        if young is not None:
            self._locked_w -= entry.need_w
        if verdict.gate is Gate.STOP_NOW:
            entry.settle(Command.STOP, verdict.reason, verdict.compared, urgent=True)
        elif self._potential_failed(entry):
            entry.settle(Command.STOP, Reason.POTENTIAL_NOT_MET, self._potential_numbers(entry))
        elif verdict.gate is Gate.STOP:
            self._stop_or_wait(entry, verdict.reason, verdict.compared, young)
        else:
            self._keep_or_shed(entry, verdict, young)

    def _keep_or_shed(self, entry: _Entry, verdict: Verdict, young: Compared | None) -> None:
        short_w = entry.need_w - self._purse.total_w
        if short_w > self._tolerance_w:
            numbers = (("needed_w", entry.need_w), ("budget_left_w", max(0.0, self._purse.total_w)))
            reason = Reason.SHED if self._started_above else Reason.BUDGET
            self._stop_or_wait(entry, reason, numbers, young)
            return
        reason = verdict.reason
        if short_w > 0.0 and reason is Reason.RUNNING:
            reason = Reason.BUDGET_TOLERANCE
        self._keep(entry, Command.KEEP_RUNNING, reason, verdict.compared)

    def _stop_or_wait(
        self, entry: _Entry, reason: Reason, compared: Compared, young: Compared | None
    ) -> None:
        if young is None:
            entry.settle(Command.STOP, reason, compared)
        else:
            held = (*young, ("held_against", reason.value))
            self._keep(entry, Command.KEEP_RUNNING, Reason.MINIMUM_ON_TIME, held)

    def _take_off(self, entry: _Entry) -> None:
        verdict = judge_off(
            entry.profile, entry.state, entry.memory, entry.need_w, self._purse.sun(), self._site
        )
        entry.verdict = verdict
        if verdict.gate is not Gate.MAY_START:
            entry.settle(Command.STAY_OFF, verdict.reason, verdict.compared)
            return
        left_w = self._purse.total_w
        if entry.need_w > left_w:
            numbers = (("needed_w", entry.need_w), ("budget_left_w", max(0.0, left_w)))
            entry.settle(Command.STAY_OFF, Reason.BUDGET, numbers)
        elif entry.need_w > left_w - self._locked_w:
            entry.settle(
                Command.STAY_OFF,
                Reason.WAITS_FOR_MINIMUM_ON,
                (("needed_w", entry.need_w), ("held_by_others_w", self._locked_w)),
            )
        elif self._starts <= 0:
            entry.settle(Command.STAY_OFF, Reason.ONE_START_PER_CYCLE, ())
        else:
            self._starts -= 1
            self._started_above = True
            wanted = entry.state.heat_wanted
            reason = Reason.HEAT_WANTED if wanted else Reason.ELIGIBLE
            on_potential = entry.need_w > self._purse.measured_total_w
            self._keep(entry, Command.START, reason, verdict.compared)
            started = self._site.at if on_potential else None
            entry.memory = MinerMemory(potential_started_at=started)

    def _keep(self, entry: _Entry, command: Command, reason: Reason, compared: Compared) -> None:
        entry.settle(command, reason, compared)
        entry.kept_w = entry.need_w
        entry.battery_w = self._purse.spend(entry.need_w)

    def _potential_failed(self, entry: _Entry) -> bool:
        """Started on potential, and after three minutes the battery pays for it."""
        started, measured = entry.memory.potential_started_at, self._site.measured
        if started is None or measured.current_a is None or measured.raw_voltage_v is None:
            return False
        age_s = (self._site.at - started).total_seconds()
        if age_s < POTENTIAL_MET_WITHIN_S or not _draws(entry):
            return False
        battery_w = measured.current_a * measured.raw_voltage_v
        return battery_w < -self._tolerance_w and entry.need_w > self._purse.measured_total_w

    def _potential_numbers(self, entry: _Entry) -> Compared:
        return (
            ("needed_w", entry.need_w),
            ("pv_power_w", self._site.measured.pv_w),
            ("pv_potential_w", self._site.potential.potential_w),
        )


def _draws(entry: _Entry) -> bool:
    power_w = entry.state.power_w
    return power_w is None or power_w >= BOOT_SHARE * entry.profile.power_draw_watts


def _entry(profile: MinerProfile, state: MinerState | None, memory: MinerMemory | None) -> _Entry:
    known = MinerState(miner_id=profile.id, is_on=None) if state is None else state
    return _Entry(profile, known, MinerMemory() if memory is None else memory)


def _order(profile: MinerProfile, site: Site) -> tuple[int, bool, str, str]:
    """Priority; inside its preferred window ahead of its equals; then name, then id."""
    preferred = profile.prefer_time_start is not None and in_window(profile, site.local_hour)
    return (profile.priority_level, not preferred, profile.name, profile.id)


@lru_cache(maxsize=16)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _site(question: AllocationInput) -> tuple[Site, Budget]:
    preferences, at = question.preferences, question.snapshot.at
    measured = measure(question)
    potential = potential_of(question, measured)
    zone = _zone(preferences.timezone)
    lockout = _lockout(question, measured)
    reserve = reserve_of(question, measured, throttled=potential.throttled)
    base_w, controlled_w = base_and_controlled_w(question, measured)
    surplus_w = 0.0 if measured.load_w is None else max(0.0, potential.potential_w - base_w)
    pv_w = 0.0 if measured.pv_w is None else measured.pv_w
    measured_surplus_w = min(surplus_w, max(0.0, pv_w - base_w))
    deficit_w = max(0.0, base_w - potential.potential_w)
    allowance_w, factor = battery_allowance(
        preferences, measured, lockout=lockout, house_deficit_w=deficit_w
    )
    site = Site(
        at=at,
        zone=zone,
        local_hour=at.astimezone(zone).hour,
        question=question,
        measured=measured,
        potential=potential,
        reserve=reserve,
        lockout=lockout,
        mean_surplus_w=_mean_surplus_w(question, base_w, surplus_w, throttled=potential.throttled),
    )
    rest_v = measured.rest_voltage_v
    budget = Budget(
        raw_voltage_v=measured.raw_voltage_v,
        rest_voltage_v=rest_v,
        voltage_source=measured.voltage_source,
        soc_pct=None if rest_v is None else soc_pct(rest_v, preferences),
        pv_power_w=measured.pv_w,
        pv_potential_w=potential.potential_w,
        throttled=potential.throttled,
        base_load_w=base_w,
        controlled_load_w=controlled_w,
        solar_surplus_w=surplus_w,
        measured_surplus_w=measured_surplus_w,
        potential_surplus_w=surplus_w - measured_surplus_w,
        battery_allowance_w=allowance_w,
        battery_factor=factor,
        house_deficit_w=deficit_w,
        usable_wh=reserve.usable_wh,
        reserve_wh=reserve.reserve_wh,
        total_w=surplus_w + allowance_w,
        allocated_w=0.0,
    )
    return site, budget


def _mean_surplus_w(
    question: AllocationInput, base_w: float, surplus_w: float, *, throttled: bool
) -> float | None:
    mean_w = question.snapshot.pv_mean_10min_w
    if mean_w is None or throttled:
        return None
    return min(surplus_w, max(0.0, mean_w - base_w))


def _lockout(question: AllocationInput, measured: Measured) -> bool:
    rest_v = measured.rest_voltage_v
    if rest_v is None:
        return question.memory.lockout
    if rest_v <= question.preferences.voltage_low:
        return True
    return question.memory.lockout and rest_v < question.preferences.voltage_restart


def _with_allocated(budget: Budget, allocated_w: float) -> Budget:
    values = {name: getattr(budget, name) for name in Budget.__slots__}
    return Budget(**{**values, "allocated_w": allocated_w})


def _limits(site: Site, budget: Budget) -> tuple[str, ...]:
    return (*explanation.site_limits(site, budget), *site.measured.notes)


def _memory(site: Site, entries: list[_Entry]) -> ControlMemory:
    before, failed = site.question.memory, False
    miners = []
    for entry in sorted(entries, key=lambda e: e.profile.id):
        failed = failed or entry.reason is Reason.POTENTIAL_NOT_MET
        miners.append((entry.profile.id, _miner_memory(entry, site)))
    factor = factor_now(before, site.at)
    return ControlMemory(
        lockout=site.lockout,
        miners=tuple(miners),
        potential_factor=lowered_factor(site.potential, site.measured, factor)
        if failed
        else before.potential_factor,
        potential_lowered_at=site.at if failed else before.potential_lowered_at,
        voltage_implausible_since=site.measured.implausible_since,
    )


def _miner_memory(entry: _Entry, site: Site) -> MinerMemory:
    if entry.command is Command.START:
        return entry.memory
    if entry.command is Command.STOP or entry.verdict is None:
        return MinerMemory()
    kept = entry.verdict.memory
    started = kept.potential_started_at
    if started is None:
        return kept
    met = (site.at - started).total_seconds() >= POTENTIAL_MET_WITHIN_S and _draws(entry)
    return MinerMemory(
        start_since=kept.start_since,
        stop_voltage_since=kept.stop_voltage_since,
        condition_failed_since=kept.condition_failed_since,
        potential_started_at=None if met else started,
    )
