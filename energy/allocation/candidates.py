"""One miner on its way through the rules of a cycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from energy.allocation.conditions import in_window
from energy.allocation.decision import AllocationInput, Command, MinerDecision
from energy.allocation.eligibility import NOTHING_REMEMBERED
from energy.allocation.proposals import Proposal, Settled, Wanted
from energy.allocation.reasons import DeviceUnknown, Reason
from energy.measuring.base_load import metered_w
from energy.site.miners import MinerMemory, MinerProfile, MinerState

BOOT_S = 480.0
"""A miner boots for up to eight minutes after its switch went on, s."""

BOOT_SHARE = 0.5
"""Below this share of its draw a running miner counts as booting, however long it has run."""

_UNKNOWN = DeviceUnknown()


class Candidate:
    """One miner; mutable only while its decision is being made."""

    __slots__ = (
        "asked_off",
        "asked_on",
        "bound",
        "command",
        "from_battery_w",
        "keeps",
        "memory",
        "need_w",
        "on_s",
        "power_w",
        "profile",
        "reason",
        "state",
        "urgent",
        "young",
    )

    def __init__(
        self,
        profile: MinerProfile,
        state: MinerState,
        memory: MinerMemory,
        at: datetime,
        *,
        bound: Proposal | None = None,
    ) -> None:
        """A miner that nothing has been decided of yet; ``bound`` is what somebody who outranks the
        allocator wants of it: it is switched on or off for him, or kept as it is.

        ``young``: it runs and its minimum on time has not passed; ``on_s`` is how long it has run,
        s, 0 where that is not known. ``keeps``: nothing but a protective stop ends it now.
        """
        self.profile, self.state, self.memory, self.bound = profile, state, memory, bound
        wanted, is_on = None if bound is None else bound.wanted, state.is_on
        self.asked_on = wanted is Wanted.ON and is_on is False
        self.asked_off = wanted is Wanted.OFF and is_on is True
        self.on_s, self.young = 0.0, False
        if state.is_on and state.since is not None:
            self.on_s = (at - state.since).total_seconds()
            self.young = self.on_s < profile.minimum_on_minutes * 60.0
        kept = bound is not None and is_on is True and not self.asked_off
        self.keeps = self.young or kept or self.asked_on
        self.need_w = _need_w(profile, state, self.on_s)
        self.command, self.reason = Command.STAY_OFF, _UNKNOWN
        self.power_w = self.from_battery_w = 0.0
        self.urgent = False

    reason: Reason

    @property
    def draws(self) -> bool:
        """Whether it takes its power: a booting miner does not yet."""
        measured_w = metered_w(self.state.power_w)
        return measured_w is None or measured_w >= BOOT_SHARE * self.profile.power_draw_watts

    def decided(self) -> MinerDecision:
        """What has been decided of it."""
        profile = self.profile
        return MinerDecision(
            miner_id=profile.id,
            name=profile.name,
            priority=profile.priority_level,
            command=self.command,
            reason=self.reason,
            power_w=self.power_w,
            from_battery_w=self.from_battery_w,
            urgent=self.urgent,
        )


def candidates_of(question: AllocationInput, settled: Mapping[str, Settled]) -> list[Candidate]:
    """All miners by priority, ties by name, then id; ``settled``: what is wanted of them."""
    memory, at = dict(question.memory.miners), question.snapshot.at
    states = {state.miner_id: state for state in question.states}
    profiles = sorted(question.miners, key=lambda p: (p.priority_level, p.name, p.id))
    return [
        Candidate(
            profile,
            _state(profile, states, settled),
            memory.get(profile.id, NOTHING_REMEMBERED),
            at,
            bound=_bound(profile.id, settled),
        )
        for profile in profiles
    ]


def turn_order(candidate: Candidate, local_hour: int) -> int:
    """Rank of a turn; among equals the order by name and id stays.

    Within a priority: inside its preferred window first, then what runs already, because a restart
    costs minutes without hashing.
    """
    profile = candidate.profile
    preferred = (
        profile.allow_outside_schedule
        and profile.prefer_time_start is not None
        and in_window(profile, local_hour)
    )
    waits = 0 if candidate.state.is_on else 1
    return profile.priority_level * 4 + (0 if preferred else 2) + waits


def _bound(miner_id: str, settled: Mapping[str, Settled]) -> Proposal | None:
    """What somebody who outranks the allocator wants of a miner."""
    said = settled.get(miner_id)
    return said.winner if said is not None and said.winner.binds else None


def _state(
    profile: MinerProfile, states: Mapping[str, MinerState], settled: Mapping[str, Settled]
) -> MinerState:
    known = states.get(profile.id)
    if known is None:
        return MinerState(miner_id=profile.id, is_on=None)
    said = settled.get(profile.id)
    return known if said is None or not said.wants_heat else replace(known, heat_wanted=True)


def _need_w(profile: MinerProfile, state: MinerState, on_s: float) -> float:
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
    booting = state.since is not None and on_s < BOOT_S
    return draw_w if booting and measured_w < draw_w else measured_w
