"""A site for the allocator's stories: the reference site, and a run through time.

Times are seconds since the start of the story.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput, Command, Decision, MinerDecision
from energy.allocation.explanation.sentences import Explanations, Sentences
from energy.site.miners import ControlMemory, Learned, MinerProfile, MinerState
from energy.site.preferences import Preferences
from energy.site.reference_site import REFERENCE_MINERS
from energy.site.snapshot import Reading, Sky, Snapshot

NOON = datetime(2026, 6, 21, 19, 0, tzinfo=UTC)
"""Noon in the reference site's time zone."""

PRIMARY, DUMP = REFERENCE_MINERS

WITHOUT_RESERVE = Preferences(night_reserve_enabled=False)
"""The voltage thresholds alone rule: stories of the reserve switch it on."""


def snapshot(
    *,
    at: datetime = NOON,
    voltage_v: float | None = 52.3,
    current_a: float | None = None,
    pv_w: float | None = 8_450.0,
    load_w: float | None = 1_850.0,
    mean_pv_w: float | None = None,
    sky: Sky | None = None,
) -> Snapshot:
    """A fresh picture; by default that of the worked example."""

    def reading(value: float | None) -> Reading | None:
        return None if value is None else Reading(value=value)

    return Snapshot(
        at=at,
        battery_voltage_v=reading(voltage_v),
        battery_current_a=reading(current_a),
        pv_power_w=reading(pv_w),
        load_power_w=reading(load_w),
        pv_mean_10min_w=mean_pv_w,
        sky=Sky() if sky is None else sky,
    )


def off(profile: MinerProfile) -> MinerState:
    """It is off, and has been for who knows how long."""
    return MinerState(miner_id=profile.id, is_on=False, power_w=0.0)


def running(profile: MinerProfile, *, power_w: float | None = None) -> MinerState:
    """It runs at its draw (or at ``power_w``), and has for who knows how long."""
    watts = profile.power_draw_watts if power_w is None else power_w
    return MinerState(miner_id=profile.id, is_on=True, power_w=watts)


def of(decision: Decision, profile: MinerProfile) -> MinerDecision:
    """The decision on one miner."""
    return next(miner for miner in decision.miners if miner.miner_id == profile.id)


@dataclass(slots=True, kw_only=True)
class Story:
    """One miner through time: each step decides, hands the memory on and carries the command out.

    The miner draws its full power from the step after its start on, and is inside the load.
    """

    profile: MinerProfile
    preferences: Preferences = WITHOUT_RESERVE
    learned: Learned = field(default_factory=Learned)
    state: MinerState | None = None
    memory: ControlMemory = field(default_factory=ControlMemory)
    house_w: float = 1_000.0

    def step(self, second: float, picture: Snapshot) -> tuple[str, str]:
        """(command, reason) at ``second``; the picture's load is the house plus the miner."""
        state = off(self.profile) if self.state is None else self.state
        at = NOON + timedelta(seconds=second)
        miner_w = 0.0 if state.power_w is None or not state.is_on else state.power_w
        picture = replace(picture, at=at, load_power_w=Reading(value=self.house_w + miner_w))
        decision = allocate(
            AllocationInput(
                snapshot=picture,
                preferences=self.preferences,
                miners=(self.profile,),
                states=(state,),
                learned=self.learned,
                memory=self.memory,
            )
        )
        self.memory = decision.memory
        miner = decision.miners[0]
        self.state = _after(state, miner, at)
        return miner.command.value, miner.reason.code.value


def _after(state: MinerState, miner: MinerDecision, at: datetime) -> MinerState:
    if miner.command is Command.START:
        return replace(state, is_on=True, power_w=miner.power_w, since=at)
    if miner.command is Command.STOP and state.is_on:
        return replace(state, is_on=False, power_w=0.0, since=at)
    return state


SUNNY = Sky(sunny=True)


def ask(**changes: Any) -> AllocationInput:
    """The worked example without a reserve, with changes; its conditions have held long enough."""
    question = AllocationInput(
        snapshot=snapshot(),
        miners=(PRIMARY, DUMP),
        states=(off(PRIMARY), off(DUMP)),
        preferences=WITHOUT_RESERVE,
        conditions_have_held=True,
    )
    return replace(question, **changes)


def sentences_of(decision: Decision, index: int = 0) -> Sentences:
    """The sentences of one miner of a decision."""
    return Explanations(decision).of(decision.miners[index])


def outcomes(decision: Decision) -> list[tuple[str, str]]:
    """(command, reason) of each miner, in the decision's order."""
    return [(miner.command.value, miner.reason.code.value) for miner in decision.miners]


MINER = MinerProfile(
    id="m",
    name="Miner",
    power_draw_watts=3_000.0,
    start_voltage=52.0,
    stop_voltage=50.0,
    emergency_stop_voltage=46.0,
)
PLAIN = MinerProfile(
    id="plain",
    name="Plain",
    power_draw_watts=3_000.0,
    start_voltage=50.0,
    stop_voltage=48.0,
    emergency_stop_voltage=46.0,
)


def plain(
    *,
    state: MinerState | None = None,
    picture: Any = None,
    preferences: Preferences = WITHOUT_RESERVE,
    **changes: Any,
) -> Decision:
    """One miner with ``changes`` to its profile."""
    profile = replace(PLAIN, **changes)
    return allocate(
        ask(
            snapshot=snapshot() if picture is None else picture,
            miners=(profile,),
            states=(off(profile) if state is None else state,),
            preferences=preferences,
        )
    )
