"""What one cycle hands to the next, in memory.

The control loop, the replay and the co-simulation partner step through time with these functions.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from energy.allocation.decision import AllocationInput, Decision
from energy.allocation.situation import measured_of
from energy.allocation.supply.pv_potential import may_hold_back
from energy.battery.learning import LearningState, Observation, learn
from energy.site.miners import ControlMemory, Learned


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleMemory:
    """Everything that one cycle hands to the next.

    Attributes:
        control: What the allocator remembers.
        learned: Values learned of the site: resistance, clear-sky ratio, mean base load.
        learning: The observations they are still being learned from.
    """

    control: ControlMemory = field(default_factory=ControlMemory)
    learned: Learned = field(default_factory=Learned)
    learning: LearningState = field(default_factory=LearningState)


def remembering(question: AllocationInput, memory: CycleMemory) -> AllocationInput:
    """The question with the memory and learned values of the last cycle put in."""
    return replace(question, learned=memory.learned, memory=memory.control)


def after(memory: CycleMemory, decision: Decision) -> CycleMemory:
    """The memory for the cycle after ``decision``."""
    learning, learned = learn(memory.learning, observation_of(decision), memory.learned)
    return CycleMemory(control=decision.memory, learned=learned, learning=learning)


def observation_of(decision: Decision) -> Observation:
    """What can be learned from a decided cycle: measured values only, never substitutes for missing
    ones.
    """
    measured, snapshot = measured_of(decision.inputs), decision.inputs.snapshot
    return Observation(
        at=snapshot.at,
        voltage_v=measured.raw_voltage_v,
        current_a=measured.current_a,
        pv_w=measured.pv_w,
        clear_sky_w=snapshot.sky.clear_sky_w,
        held_back=measured.raw_voltage_v is None
        or may_hold_back(measured, decision.inputs.preferences),
        base_load_w=None if measured.load_w is None else measured.base_load_w,
    )
