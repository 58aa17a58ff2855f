"""One miner on its way through the rules of a cycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from energy.allocation.conditions import in_window
from energy.allocation.decision import AllocationInput, Command, MinerDecision
from energy.allocation.eligibility import NOTHING_REMEMBERED
from energy.allocation.proposals import Proposal, Settled, Wanted
from energy.allocation.reasons import DeviceUnknown, DrawsThoughOff, Reason
from energy.measuring.base_load import is_controlled, metered_w
from energy.site.loads import draws_though_off
from energy.site.miners import MinerMemory, MinerProfile, MinerState

BOOT_S = 480.0
"""A miner boots for up to 8 min after its switch goes on, s."""

BOOT_SHARE = 0.5
"""Below this share of its rated draw a running miner counts as booting, however long it has run."""

_UNKNOWN = DeviceUnknown()


class Candidate:
    """One miner; mutable only while its decision is being made."""

    __slots__ = (
        "asked_off",
        "asked_on",
        "binding",
        "command",
        "from_battery_w",
        "in_minimum_on",
        "keeps",
        "memory",
        "need_w",
        "on_s",
        "power_w",
        "profile",
        "reason",
        "state",
        "unknown",
        "urgent",
    )

    def __init__(
        self,
        profile: MinerProfile,
        state: MinerState,
        memory: MinerMemory,
        at: datetime,
        *,
        binding: Proposal | None = None,
    ) -> None:
        """A miner that is not decided yet.

        ``binding`` is a proposal that outranks the allocator: the miner is switched on or off for
        it, or kept as it is. ``in_minimum_on``: it runs and its minimum on time has not passed.
        ``on_s`` is how long it has run, s, 0 where that is not known. ``keeps``: only a protective
        stop may end its run now. ``unknown``: why its state is not known; None where it is.
        """
        self.profile, self.state, self.memory, self.binding = profile, state, memory, binding
        wanted, is_on = None if binding is None else binding.wanted, state.is_on
        self.unknown = _unknown(profile, state)
        answers = is_controlled(profile) and self.unknown is None
        self.asked_on = wanted is Wanted.ON and is_on is False and answers
        self.asked_off = wanted is Wanted.OFF and is_on is True
        self.on_s, self.in_minimum_on = 0.0, False
        if state.is_on and state.since is not None:
            self.on_s = (at - state.since).total_seconds()
            self.in_minimum_on = self.on_s < profile.minimum_on_minutes * 60.0
        kept = binding is not None and is_on is True and not self.asked_off
        self.keeps = is_controlled(profile) and (self.in_minimum_on or kept or self.asked_on)
        self.need_w = _need_w(profile, state, self.on_s)
        self.command, self.reason = Command.STAY_OFF, _UNKNOWN
        self.power_w = self.from_battery_w = 0.0
        self.urgent = False

    reason: Reason

    @property
    def draws(self) -> bool:
        """Whether the miner draws its power already: a booting one does not. Without a meter it
        does.
        """
        measured_w = metered_w(self.state.power_w)
        return measured_w is None or measured_w >= BOOT_SHARE * self.profile.power_draw_watts

    def decided(self) -> MinerDecision:
        """The decision on this miner."""
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
    """All miners by priority, ties by name, then id; ``settled`` has the proposals per load id."""
    memory, at = dict(question.memory.miners), question.snapshot.at
    states = {state.miner_id: state for state in question.states}
    profiles = sorted(question.miners, key=lambda p: (p.priority_level, p.name, p.id))
    return [
        Candidate(
            profile,
            _state(profile, states, settled),
            memory.get(profile.id, NOTHING_REMEMBERED),
            at,
            binding=_binding(profile.id, settled),
        )
        for profile in profiles
    ]


def turn_order(candidate: Candidate, local_hour: int) -> int:
    """Sort key for the order in which miners are decided; equal keys keep the order by name and id.

    Within a priority, miners inside their preferred window come first, then those that run already,
    because a restart costs minutes without hashing.
    """
    profile = candidate.profile
    preferred = (
        profile.allow_outside_schedule
        and profile.prefer_time_start is not None
        and in_window(profile, local_hour)
    )
    waits = 0 if candidate.state.is_on else 1
    return profile.priority_level * 4 + (0 if preferred else 2) + waits


def _unknown(profile: MinerProfile, state: MinerState) -> DeviceUnknown | DrawsThoughOff | None:
    """Why its state is not known: it does not answer, or its state and watts contradict."""
    if state.is_on is None:
        return _UNKNOWN
    now_w, draw_w = metered_w(state.power_w), profile.power_draw_watts
    if now_w is None or not draws_though_off(is_on=state.is_on, power_w=now_w, rated_w=draw_w):
        return None
    return DrawsThoughOff(power_w=now_w)


def _binding(miner_id: str, settled: Mapping[str, Settled]) -> Proposal | None:
    """The proposal for a miner that outranks the allocator; None without one."""
    outcome = settled.get(miner_id)
    return outcome.winner if outcome is not None and outcome.winner.binds else None


def _state(
    profile: MinerProfile, states: Mapping[str, MinerState], settled: Mapping[str, Settled]
) -> MinerState:
    known = states.get(profile.id)
    if known is None:
        return MinerState(miner_id=profile.id, is_on=None)
    outcome = settled.get(profile.id)
    return known if outcome is None or not outcome.wants_heat else replace(known, heat_wanted=True)


def _need_w(profile: MinerProfile, state: MinerState, on_s: float) -> float:
    """Power that is budgeted for a miner, W.

    Its rated draw while it is off or boots, so that no other miner starts on the watts it will soon
    take; its measured power once it runs, which may be below the rated draw when its power is
    limited.
    """
    draw_w = profile.power_draw_watts
    if not state.is_on:
        return draw_w
    measured_w = metered_w(state.power_w)
    if measured_w is None or measured_w < BOOT_SHARE * draw_w:
        return draw_w
    booting = state.since is not None and on_s < BOOT_S
    return draw_w if booting and measured_w < draw_w else measured_w
