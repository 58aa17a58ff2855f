"""The budget by priority: each miner in turn takes its power; minimum times are respected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from energy.allocation.budget import RemainingBudget
from energy.allocation.candidates import Candidate
from energy.allocation.conditions import runs_on_sun_alone
from energy.allocation.decision import Command
from energy.allocation.eligibility import (
    NOTHING_REMEMBERED,
    RunningVerdict,
    held,
    judge_off,
    judge_running,
    safety_stop,
    why_running,
)
from energy.allocation.proposals import Proposal
from energy.allocation.reasons import (
    AskedOff,
    AskedOn,
    BatteryLends,
    BudgetShort,
    DeviceUnknown,
    DrawsThoughOff,
    Eligible,
    EmergencyStopped,
    HeatWanted,
    HeldOff,
    HeldOn,
    MinimumOn,
    NotControlled,
    OneStartPerCycle,
    PotentialNotMet,
    Shed,
    TelemetryLost,
    WaitsForMinimumOn,
    WhyRunning,
    WhyStarted,
    WhyStopped,
    WithinTolerance,
)
from energy.allocation.situation import Situation
from energy.measuring.base_load import is_controlled
from energy.site.miners import MinerMemory

POTENTIAL_MET_WITHIN_S = 180.0
"""A start on PV potential fails when measured PV does not carry the miner after this time, s."""


class BudgetByPriority:
    """Decides the command of every candidate, from the highest priority down."""

    def __init__(
        self,
        site: Situation,
        left: RemainingBudget,
        candidates: Sequence[Candidate],
        *,
        max_starts: int,
    ) -> None:
        """``candidates`` in the order in which they are decided; ``left`` is spent on the way."""
        self._site, self._left, self._candidates = site, left, candidates
        self._starts = max_starts - sum(candidate.asked_on for candidate in candidates)
        self._held_w = sum(candidate.need_w for candidate in candidates if candidate.keeps)
        self._started_above = False

    def decide(self) -> None:
        """Give every candidate its command, reason, power and memory."""
        for candidate in self._candidates:
            if not is_controlled(candidate.profile):
                _leave_alone(candidate)
            elif candidate.unknown is not None:
                self._decide_unknown(candidate, candidate.unknown)
            elif candidate.state.is_on:
                self._decide_running(candidate)
            else:
                self._decide_off(candidate)

    def _decide_unknown(
        self, candidate: Candidate, unknown: DeviceUnknown | DrawsThoughOff
    ) -> None:
        """A device that doesn't answer, or whose state and watts contradict each other, is never
        started; protective stops are sent all the same.
        """
        stop = safety_stop(candidate.profile, self._site)
        if stop is not None:
            _stop_at_once(candidate, stop)
            return
        candidate.memory = _forgetting(candidate.memory, start_since=None, budget_short_since=None)
        candidate.reason = unknown

    def _decide_running(self, candidate: Candidate) -> None:
        before = candidate.memory
        verdict = judge_running(
            candidate.profile, candidate.state, before, candidate.need_w, self._left, self._site
        )
        candidate.memory = verdict.memory
        if candidate.keeps:
            self._held_w -= candidate.need_w
        stop = verdict.stop
        if stop is not None and verdict.at_once:
            _stop_at_once(candidate, stop)
        elif before.potential_started_at is not None and self._potential_failed(candidate):
            _stop_at_once(candidate, self._potential_not_met(candidate))
        elif candidate.asked_off and candidate.binding is not None:
            _stop(candidate, self._asked_off(candidate.binding))
        elif stop is not None:
            self._stop_or_wait(candidate, stop)
        else:
            self._keep_or_shed(candidate, verdict)

    def _keep_or_shed(self, candidate: Candidate, verdict: RunningVerdict) -> None:
        site, need_w, left_w = self._site, candidate.need_w, self._left.total_w
        short_w = need_w - left_w
        if short_w > site.tolerance_w:
            self._shed_or_lend(candidate)
            return
        if candidate.memory.budget_short_since is not None:
            candidate.memory = _forgetting(candidate.memory, budget_short_since=None)
        if verdict.lasting is not None:
            self._keep(candidate, verdict.lasting)
        elif short_w > 0.0:
            within = WithinTolerance(
                rest_voltage_v=site.rest_v,
                raw_voltage_v=site.raw_v,
                stop_voltage_v=candidate.profile.stop_voltage,
                needed_w=need_w,
                budget_left_w=left_w,
            )
            self._keep(candidate, within)
        else:
            self._keep(candidate, why_running(candidate.profile, site))

    def _shed_or_lend(self, candidate: Candidate) -> None:
        """The budget is short of a running miner.

        It stops at once where a miner of higher priority starts on its power. Otherwise it stops
        after the budget's delay, and until then the battery lends the difference, if it may.
        """
        site, need_w, left_w = self._site, candidate.need_w, max(0.0, self._left.total_w)
        if self._started_above:
            self._stop_or_wait(candidate, Shed(needed_w=need_w, budget_left_w=left_w))
            return
        before = candidate.memory.budget_short_since
        since = site.at if before is None else before
        candidate.memory = replace(candidate.memory, budget_short_since=since)
        if self._left.may_lend(need_w) and not held(since, site.budget_delay_min, site):
            lends = BatteryLends(
                needed_w=need_w,
                budget_left_w=left_w,
                short_for_s=(site.at - since).total_seconds(),
                budget_delay_s=site.budget_delay_min * 60.0,
            )
            self._keep(candidate, lends)
            return
        self._stop_or_wait(candidate, BudgetShort(needed_w=need_w, budget_left_w=left_w))

    def _stop_or_wait(self, candidate: Candidate, reason: WhyStopped) -> None:
        binding = candidate.binding
        if binding is not None:
            on = HeldOn(
                held_by=binding.by, held_until=self._until(binding), held_against=reason.code
            )
            self._keep(candidate, on)
            return
        if not candidate.in_minimum_on:
            _stop(candidate, reason)
            return
        minimum_s = candidate.profile.minimum_on_minutes * 60.0
        against = MinimumOn(
            on_for_s=candidate.on_s, minimum_on_s=minimum_s, held_against=reason.code
        )
        self._keep(candidate, against)

    def _decide_off(self, candidate: Candidate) -> None:
        if candidate.asked_on and candidate.binding is not None:
            self._asked_on(candidate, candidate.binding)
            return
        verdict = judge_off(
            candidate.profile,
            candidate.state,
            candidate.memory,
            candidate.need_w,
            self._left,
            self._site,
        )
        candidate.memory = verdict.memory
        refusal = verdict.reason or self._refusal(candidate)
        if refusal is None:
            self._start(candidate)
        elif isinstance(refusal, EmergencyStopped | TelemetryLost):
            # Sent even to a miner that is off: its last known switch state may be wrong.
            _stop_at_once(candidate, refusal)
        else:
            candidate.reason = refusal

    def _asked_on(self, candidate: Candidate, binding: Proposal) -> None:
        """Start a miner for somebody who outranks the allocator.

        Only a safety stop prevents it; the miner's own start voltage and the budget do not.
        """
        self._held_w -= candidate.need_w
        stop = safety_stop(candidate.profile, self._site)
        candidate.memory = NOTHING_REMEMBERED
        if stop is None:
            self._started_above = True
            why = AskedOn(asked_by=binding.by, asked_until=self._until(binding))
            self._run(candidate, Command.START, why)
        elif isinstance(stop, EmergencyStopped | TelemetryLost):
            _stop_at_once(candidate, stop)
        else:
            candidate.reason = stop

    def _asked_off(self, binding: Proposal) -> AskedOff:
        return AskedOff(asked_by=binding.by, asked_until=self._until(binding))

    def _until(self, binding: Proposal) -> datetime:
        """End of a proposal in the site's time zone; now for one that is made anew each cycle."""
        until = self._site.at if binding.until is None else binding.until
        return until.astimezone(self._site.zone)

    def _refusal(
        self, candidate: Candidate
    ) -> HeldOff | BudgetShort | WaitsForMinimumOn | OneStartPerCycle | None:
        """Why a miner whose own conditions hold still does not start; None when it starts."""
        binding = candidate.binding
        if binding is not None:
            return HeldOff(held_by=binding.by, held_until=self._until(binding))
        need_w, left_w = candidate.need_w, self._left.total_w
        if need_w > left_w:
            return BudgetShort(needed_w=need_w, budget_left_w=max(0.0, left_w))
        waits = WaitsForMinimumOn(needed_w=need_w, held_by_others_w=self._held_w)
        if need_w > left_w - self._held_w:
            return waits
        if self._starts <= 0:
            return OneStartPerCycle(
                rest_voltage_v=self._site.rest_v,
                raw_voltage_v=self._site.raw_v,
                start_voltage_v=candidate.profile.start_voltage,
            )
        return waits if self._held_w > 0.0 and not self._has_room_for(candidate) else None

    def _has_room_for(self, candidate: Candidate) -> bool:
        """Whether a start leaves enough for all that then runs on.

        Loads of lower priority that fit are kept in their turn, before those that may not be
        stopped yet: together they must fit as well.
        """
        left_w = self._left.total_w - candidate.need_w
        tolerance_w = self._site.tolerance_w
        later = self._candidates[self._candidates.index(candidate) + 1 :]
        for other in later:
            runs = other.state.is_on and other.unknown is None and is_controlled(other.profile)
            if other.keeps or (runs and other.need_w <= left_w + tolerance_w):
                left_w -= other.need_w
        return left_w >= -tolerance_w

    def _start(self, candidate: Candidate) -> None:
        self._starts -= 1
        self._started_above = True
        site = self._site
        candidate.memory = NOTHING_REMEMBERED
        if self._on_potential(candidate):
            candidate.memory = MinerMemory(potential_started_at=site.at)
        kind = HeatWanted if candidate.state.heat_wanted else Eligible
        why = kind(
            rest_voltage_v=site.rest_v,
            raw_voltage_v=site.raw_v,
            start_voltage_v=candidate.profile.start_voltage,
        )
        self._run(candidate, Command.START, why)

    def _keep(self, candidate: Candidate, reason: WhyRunning) -> None:
        self._run(candidate, Command.KEEP_RUNNING, reason)

    def _run(self, candidate: Candidate, command: Command, reason: WhyRunning | WhyStarted) -> None:
        candidate.command, candidate.reason = command, reason
        candidate.power_w = candidate.need_w
        candidate.from_battery_w = self._left.spend(candidate.need_w)

    def _on_potential(self, candidate: Candidate) -> bool:
        """Whether the miner starts on PV potential: measured sun, with the battery allowance where
        the miner may use it, is not enough.
        """
        measured_w = self._site.pv_w
        pv_w = 0.0 if measured_w is None else measured_w
        return (
            candidate.need_w > self._measured_left_w(candidate)
            or pv_w < candidate.profile.minimum_solar_production_watts
        )

    def _measured_left_w(self, candidate: Candidate) -> float:
        if runs_on_sun_alone(candidate.profile):
            return self._left.measured_w
        return self._left.measured_w + self._left.battery_w

    def _potential_failed(self, candidate: Candidate) -> bool:
        """Whether a start on potential failed: 3 min after the miner began to draw, the battery
        discharges.

        Judged only by readings taken at least 3 min after it began to draw, however late they
        arrive. Where PV carries the miner by then, the start is remembered no longer.
        """
        site = self._site
        if not candidate.draws:
            return False
        drawn_since = candidate.memory.potential_drawn_since
        if drawn_since is None:
            drawn_since = site.at
            candidate.memory = replace(candidate.memory, potential_drawn_since=drawn_since)
        if site.supply_age_s is None or site.battery_w is None:
            return False
        drawn_s = (site.at - drawn_since).total_seconds() - site.supply_age_s
        if drawn_s < POTENTIAL_MET_WITHIN_S:
            return False
        short_w = candidate.need_w - self._measured_left_w(candidate)
        if site.battery_w < -site.tolerance_w and short_w > site.tolerance_w:
            return True
        candidate.memory = _forgetting(
            candidate.memory, potential_started_at=None, potential_drawn_since=None
        )
        return False

    def _potential_not_met(self, candidate: Candidate) -> PotentialNotMet:
        return PotentialNotMet(
            needed_w=candidate.need_w,
            measured_surplus_w=self._left.measured_w,
            pv_power_w=self._site.pv_w,
        )


def _leave_alone(candidate: Candidate) -> None:
    """Not ours to switch, whatever happens; its watts are in the base load."""
    candidate.memory, candidate.reason = NOTHING_REMEMBERED, NotControlled()
    if candidate.state.is_on:
        candidate.command = Command.KEEP_RUNNING


def _stop(candidate: Candidate, reason: WhyStopped) -> None:
    candidate.memory = NOTHING_REMEMBERED
    candidate.command, candidate.reason = Command.STOP, reason


def _stop_at_once(candidate: Candidate, reason: WhyStopped) -> None:
    """Stop without regard to minimum times, because the stop protects the battery."""
    _stop(candidate, reason)
    candidate.urgent = True


def _forgetting(memory: MinerMemory, **gone: None) -> MinerMemory:
    """The memory without the given fields; an empty one is always ``NOTHING_REMEMBERED`` itself."""
    kept = replace(memory, **gone)
    return NOTHING_REMEMBERED if kept == NOTHING_REMEMBERED else kept
