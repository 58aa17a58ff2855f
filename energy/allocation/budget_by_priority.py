"""Each miner's turn at the budget, from the highest priority down, with its minimum times."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from energy.allocation.budget import Purse
from energy.allocation.conditions import Compared, in_window, runs_on_sun_alone
from energy.allocation.decision import Command, Reason
from energy.allocation.eligibility import (
    NOTHING_REMEMBERED,
    Gate,
    Verdict,
    held,
    judge_off,
    judge_running,
    minimum_on,
    safety_stop,
)
from energy.allocation.site_state import Site
from energy.measuring.base_load import metered_w
from energy.site.miners import MinerMemory, MinerProfile, MinerState
from energy.site.snapshot import Snapshot

POTENTIAL_MET_WITHIN_S = 180.0
"""Measured PV must meet a start on potential within this time, s."""

BOOT_S = 480.0
"""A miner boots for up to eight minutes after its switch went on, s."""

BOOT_SHARE = 0.5
"""Below this share of its draw a running miner counts as booting, however long it has run."""


class Entry:
    """One miner on its way through the rules; mutable only while its decision is being made."""

    __slots__ = (
        "command",
        "compared",
        "from_battery_w",
        "memory",
        "need_w",
        "power_w",
        "profile",
        "reason",
        "state",
        "urgent",
    )

    def __init__(
        self, profile: MinerProfile, state: MinerState, memory: MinerMemory, *, at: datetime
    ) -> None:
        """A miner that nothing has been decided of yet."""
        self.profile, self.state, self.memory = profile, state, memory
        self.need_w = need_w(profile, state, at=at)
        self.command, self.reason = Command.STAY_OFF, Reason.DEVICE_UNKNOWN
        self.compared: Compared = ()
        self.power_w = self.from_battery_w = 0.0
        self.urgent = False

    def settle(
        self, command: Command, reason: Reason, compared: Compared, *, urgent: bool = False
    ) -> None:
        """Give the miner its command."""
        self.command, self.reason, self.compared, self.urgent = command, reason, compared, urgent


def need_w(profile: MinerProfile, state: MinerState, *, at: datetime) -> float:
    """Power that a miner is budgeted with, W.

    Its draw while it is off, and at least its draw while it boots, so that a booting miner does not
    lend its watts to another one; its measured power once it runs, which may be below the draw
    when its power is limited.
    """
    draw_w = profile.power_draw_watts
    if not state.is_on:
        return draw_w
    measured_w = metered_w(state.power_w)
    if measured_w is None or measured_w < BOOT_SHARE * draw_w:
        return draw_w
    if measured_w < draw_w and state.since is not None:
        booting = (at - state.since).total_seconds() < BOOT_S
        return draw_w if booting else measured_w
    return measured_w


def turn_order(entry: Entry, site: Site) -> int:
    """Rank of a turn; among equals the order by name and id stays.

    Within a priority: inside its preferred window first, then what runs already, because a restart
    costs minutes without hashing.
    """
    profile = entry.profile
    preferred = (
        profile.allow_outside_schedule
        and profile.prefer_time_start is not None
        and in_window(profile, site.local_hour)
    )
    waits = 0 if entry.state.is_on else 1
    return profile.priority_level * 4 + (0 if preferred else 2) + waits


class Turns:
    """The budget goes round."""

    def __init__(self, site: Site, purse: Purse, entries: list[Entry]) -> None:
        """``entries`` in the order of their turns."""
        self._site, self._purse, self._entries = site, purse, entries
        self._starts = site.question.preferences.max_starts_per_cycle
        self._tolerance_w = site.question.preferences.budget_tolerance_w
        self._held_w = sum(entry.need_w for entry in entries if self._too_young(entry))
        self._started_above = False

    def take(self) -> None:
        """Settle every entry."""
        for entry in self._entries:
            if entry.state.is_on is None:
                self._take_unknown(entry)
            elif entry.state.is_on:
                self._take_running(entry)
            else:
                self._take_off(entry)

    def _too_young(self, entry: Entry) -> bool:
        if not entry.state.is_on or entry.state.since is None:
            return False
        return minimum_on(entry.profile, entry.state, self._site) is not None

    def _take_unknown(self, entry: Entry) -> None:
        """A device that doesn't answer is never started; protective stops are sent all the same."""
        stop = safety_stop(entry.profile, self._site)
        if stop is not None:
            self._stop_now(entry, stop.reason, stop.compared)
            return
        before = entry.memory
        entry.memory = MinerMemory(
            stop_voltage_since=before.stop_voltage_since,
            condition_failed_since=before.condition_failed_since,
            potential_started_at=before.potential_started_at,
            potential_drawn_since=before.potential_drawn_since,
        )
        entry.settle(Command.STAY_OFF, Reason.DEVICE_UNKNOWN, ())

    def _take_running(self, entry: Entry) -> None:
        before = entry.memory
        verdict = judge_running(
            entry.profile, entry.state, before, entry.need_w, self._purse, self._site
        )
        entry.memory = verdict.memory
        young = minimum_on(entry.profile, entry.state, self._site)
        if young is not None:
            self._held_w -= entry.need_w
        if verdict.gate is Gate.STOP_NOW:
            self._stop_now(entry, verdict.reason, verdict.compared)
        elif before.potential_started_at is not None and self._potential_failed(entry):
            self._stop_now(entry, Reason.POTENTIAL_NOT_MET, self._potential_numbers(entry))
        elif verdict.gate is Gate.STOP:
            self._stop_or_wait(entry, verdict.reason, verdict.compared, young)
        else:
            self._keep_or_shed(entry, verdict, young)

    def _keep_or_shed(self, entry: Entry, verdict: Verdict, young: Compared | None) -> None:
        left_w = self._purse.total_w
        short_w = entry.need_w - left_w
        if short_w > self._tolerance_w:
            self._shed_or_lend(entry, young)
            return
        if entry.memory.budget_short_since is not None:
            entry.memory = _forgetting(entry.memory, budget_short_since=None)
        reason, compared = verdict.reason, verdict.compared
        if short_w > 0.0 and reason is Reason.RUNNING:
            reason = Reason.BUDGET_TOLERANCE
            compared = (*compared, ("needed_w", entry.need_w), ("budget_left_w", left_w))
        self._keep(entry, Command.KEEP_RUNNING, reason, compared)

    def _shed_or_lend(self, entry: Entry, young: Compared | None) -> None:
        """A miner above that starts takes the power at once; a cloud only after the delay, while
        the battery may lend the difference.
        """
        left_w = max(0.0, self._purse.total_w)
        numbers: Compared = (("needed_w", entry.need_w), ("budget_left_w", left_w))
        if self._started_above:
            self._stop_or_wait(entry, Reason.SHED, numbers, young)
            return
        before = entry.memory.budget_short_since
        since = self._site.at if before is None else before
        entry.memory = replace(entry.memory, budget_short_since=since)
        delay_min = self._site.question.preferences.budget_delay_minutes
        if self._purse.may_lend(entry.need_w) and not held(since, delay_min, self._site):
            short_s = (self._site.at - since).total_seconds()
            numbers = (*numbers, ("short_for_s", short_s), ("budget_delay_s", delay_min * 60.0))
            self._keep(entry, Command.KEEP_RUNNING, Reason.BUDGET_DELAY, numbers)
            return
        self._stop_or_wait(entry, Reason.BUDGET, numbers, young)

    def _stop_or_wait(
        self, entry: Entry, reason: Reason, compared: Compared, young: Compared | None
    ) -> None:
        if young is None:
            entry.memory = NOTHING_REMEMBERED
            entry.settle(Command.STOP, reason, compared)
        else:
            numbers = (*young, ("held_against", reason.value))
            self._keep(entry, Command.KEEP_RUNNING, Reason.MINIMUM_ON_TIME, numbers)

    def _stop_now(self, entry: Entry, reason: Reason, compared: Compared) -> None:
        """Minimum times don't protect a miner from what protects the battery."""
        entry.memory = NOTHING_REMEMBERED
        entry.settle(Command.STOP, reason, compared, urgent=True)

    def _take_off(self, entry: Entry) -> None:
        verdict = judge_off(
            entry.profile, entry.state, entry.memory, entry.need_w, self._purse, self._site
        )
        entry.memory = verdict.memory
        if verdict.gate is not Gate.MAY_START:
            # Latched stop and lost telemetry command every miner, whatever its switch seems to be.
            every = verdict.reason in EVERY_MINER
            command = Command.STOP if every else Command.STAY_OFF
            entry.settle(command, verdict.reason, verdict.compared, urgent=every)
            return
        left_w = self._purse.total_w
        if entry.need_w > left_w:
            numbers = (("needed_w", entry.need_w), ("budget_left_w", max(0.0, left_w)))
            entry.settle(Command.STAY_OFF, Reason.BUDGET, numbers)
        elif entry.need_w > left_w - self._held_w:
            numbers = (("needed_w", entry.need_w), ("held_by_others_w", self._held_w))
            entry.settle(Command.STAY_OFF, Reason.WAITS_FOR_MINIMUM_ON, numbers)
        elif self._starts <= 0:
            entry.settle(Command.STAY_OFF, Reason.ONE_START_PER_CYCLE, verdict.compared)
        else:
            self._start(entry, verdict)

    def _start(self, entry: Entry, verdict: Verdict) -> None:
        self._starts -= 1
        self._started_above = True
        reason = Reason.HEAT_WANTED if entry.state.heat_wanted else Reason.ELIGIBLE
        entry.memory = NOTHING_REMEMBERED
        if self._on_potential(entry):
            entry.memory = MinerMemory(potential_started_at=self._site.at)
        self._keep(entry, Command.START, reason, verdict.compared)

    def _keep(self, entry: Entry, command: Command, reason: Reason, compared: Compared) -> None:
        entry.settle(command, reason, compared)
        entry.power_w = entry.need_w
        entry.from_battery_w = self._purse.spend(entry.need_w)

    def _on_potential(self, entry: Entry) -> bool:
        """Whether the sun that is measured, with the battery where it may help, isn't enough."""
        measured_w = self._site.measured.pv_w
        pv_w = 0.0 if measured_w is None else measured_w
        return (
            entry.need_w > self._measured_left_w(entry)
            or pv_w < entry.profile.minimum_solar_production_watts
        )

    def _measured_left_w(self, entry: Entry) -> float:
        if runs_on_sun_alone(entry.profile):
            return self._purse.measured_w
        return self._purse.measured_w + self._purse.battery_w

    def _potential_failed(self, entry: Entry) -> bool:
        """Three minutes after it began to draw, the battery pays for a start on potential.

        Judged by readings that were taken then, however late they come. Otherwise the start is met
        and forgotten.
        """
        measured, at = self._site.measured, self._site.at
        if not _draws(entry):
            return False
        drawn_since = entry.memory.potential_drawn_since
        if drawn_since is None:
            drawn_since = at
            entry.memory = replace(entry.memory, potential_drawn_since=at)
        read_at = oldest_of(self._site.question.snapshot)
        if read_at is None or measured.current_a is None or measured.raw_voltage_v is None:
            return False
        if (read_at - drawn_since).total_seconds() < POTENTIAL_MET_WITHIN_S:
            return False
        battery_w = measured.current_a * measured.raw_voltage_v
        short_w = entry.need_w - self._measured_left_w(entry)
        if battery_w < -self._tolerance_w and short_w > self._tolerance_w:
            return True
        entry.memory = _forgetting(
            entry.memory, potential_started_at=None, potential_drawn_since=None
        )
        return False

    def _potential_numbers(self, entry: Entry) -> Compared:
        return (
            ("needed_w", entry.need_w),
            ("measured_surplus_w", self._purse.measured_w),
            ("pv_power_w", self._site.measured.pv_w),
        )


EVERY_MINER = (Reason.EMERGENCY_STOP, Reason.TELEMETRY_LOST)
"""With these each miner gets ``stop``, not only those that run."""


def _forgetting(memory: MinerMemory, **gone: None) -> MinerMemory:
    """The memory without some of it, so that nothing remembered is one value."""
    kept = replace(memory, **gone)
    return NOTHING_REMEMBERED if kept == NOTHING_REMEMBERED else kept


def oldest_of(snapshot: Snapshot) -> datetime | None:
    """When the oldest of the readings was taken that say who pays for a load; None without one."""
    readings = (snapshot.battery_current_a, snapshot.pv_power_w, snapshot.load_power_w)
    ages_s = [reading.age_s for reading in readings if reading is not None]
    if len(ages_s) < len(readings):
        return None
    return snapshot.at - timedelta(seconds=max(ages_s))


def _draws(entry: Entry) -> bool:
    measured_w = metered_w(entry.state.power_w)
    return measured_w is None or measured_w >= BOOT_SHARE * entry.profile.power_draw_watts
