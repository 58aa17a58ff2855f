"""One miner on its way through the rules of a cycle."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from energy.allocation.conditions import in_window
from energy.allocation.decision import AllocationInput, Command, MinerDecision
from energy.allocation.eligibility import NOTHING_REMEMBERED
from energy.allocation.proposals import Proposal, strongest
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
        "command",
        "from_battery_w",
        "held",
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
        held: Proposal | None = None,
    ) -> None:
        """A miner that nothing has been decided of yet; ``held`` keeps automation off it.

        ``young``: it runs and its minimum on time has not passed; ``on_s`` is how long it has run,
        s, 0 where that is not known. ``keeps``: nothing but a protective stop ends it now.
        """
        self.profile, self.state, self.memory, self.held = profile, state, memory, held
        self.on_s, self.young = 0.0, False
        if state.is_on and state.since is not None:
            self.on_s = (at - state.since).total_seconds()
            self.young = self.on_s < profile.minimum_on_minutes * 60.0
        self.keeps = self.young or (held is not None and state.is_on is True)
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


def candidates_of(question: AllocationInput) -> list[Candidate]:
    """All miners by priority, ties by name, then id."""
    memory, at = dict(question.memory.miners), question.snapshot.at
    states = {state.miner_id: state for state in question.states}
    holds = strongest(question.proposals, at)
    profiles = sorted(question.miners, key=lambda p: (p.priority_level, p.name, p.id))
    return [
        Candidate(
            profile,
            _state(profile, states),
            memory.get(profile.id, NOTHING_REMEMBERED),
            at,
            held=holds.get(profile.id),
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


def _state(profile: MinerProfile, states: Mapping[str, MinerState]) -> MinerState:
    known = states.get(profile.id)
    return MinerState(miner_id=profile.id, is_on=None) if known is None else known


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
