"""The allocator's question and answer. Both are stored, so that a decision can be explained and
replayed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from energy.allocation.proposals import Proposal, Winner
from energy.allocation.reasons import Reason
from energy.site.loads import LoadKind, OtherLoad
from energy.site.miners import ControlMemory, Learned, MinerProfile, MinerState
from energy.site.preferences import Preferences
from energy.site.snapshot import Snapshot


class Command(StrEnum):
    """What one load is to do."""

    START = "start"
    KEEP_RUNNING = "keep_running"
    STOP = "stop"
    STAY_OFF = "stay_off"

    @property
    def runs(self) -> bool:
        """Whether the load runs after this command."""
        return self is Command.START or self is Command.KEEP_RUNNING

    @property
    def moves(self) -> bool:
        """Whether this command switches the load."""
        return self is Command.START or self is Command.STOP


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationInput:
    """The whole question of one cycle. The order of ``miners`` and ``states`` does not matter.

    Attributes:
        snapshot: The frozen picture.
        preferences: The owner's settings.
        miners: Profiles of all miners of the site.
        states: State per miner; a miner without an entry has an unknown state.
        others: Heaters and fans.
        learned: Resistance, clear-sky ratio, mean base load.
        memory: The ``memory`` of the last decision.
        emergency_stop: Whether the emergency stop is latched.
        conditions_have_held: For a what-if without history: every delay counts as passed.
        proposals: What people, agents and zones want of a miner, heater or fan.
        reserve_wh: A plan's reserve, which may raise tonight's need, never lower it; None without a
            plan.
    """

    snapshot: Snapshot
    preferences: Preferences = field(default_factory=Preferences)
    miners: tuple[MinerProfile, ...] = ()
    states: tuple[MinerState, ...] = ()
    others: tuple[OtherLoad, ...] = ()
    learned: Learned = field(default_factory=Learned)
    memory: ControlMemory = field(default_factory=ControlMemory)
    emergency_stop: bool = False
    conditions_have_held: bool = False
    proposals: tuple[Proposal, ...] = ()
    reserve_wh: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The discretionary budget and the numbers it is made of. Powers W, energies Wh; None where the
    input is missing.

    ``reserve_wh`` is tonight's part and the dark day's; ``reserve_known`` is False where the
    assumed night stands in. ``grid_excess_w`` is imported beyond the owner's limit and is taken out
    of the budget. Heaters and fans take ``other_loads_w`` of it before the miners.
    """

    raw_voltage_v: float | None
    rest_voltage_v: float | None
    voltage_source: str | None
    soc_pct: float | None
    pv_power_w: float | None
    pv_potential_w: float
    throttled: bool
    base_load_w: float
    controlled_load_w: float
    solar_surplus_w: float
    measured_surplus_w: float
    potential_surplus_w: float
    battery_allowance_w: float
    battery_factor: float
    house_deficit_w: float
    usable_wh: float | None
    reserve_wh: float | None
    total_w: float
    allocated_w: float
    other_loads_w: float = 0.0
    tonight_reserve_wh: float | None = None
    dark_day_reserve_wh: float | None = None
    reserve_known: bool = True
    grid_excess_w: float = 0.0


class MinerDecision(NamedTuple):
    """One miner's command with its reason. A tuple for speed: a year's replay makes a million of
    them.

    Attributes:
        reason: Why, with the numbers that were compared.
        power_w: Power budgeted for the miner, W (0 when it does not run).
        from_battery_w: The part of ``power_w`` taken out of the battery allowance, W.
        urgent: A protective stop: ignores minimum times, holds and approval.
    """

    miner_id: str
    name: str
    priority: int
    command: Command
    reason: Reason
    power_w: float = 0.0
    from_battery_w: float = 0.0
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadDecision:
    """What a heater or fan is to do, and whose proposal decided it.

    Attributes:
        load_id: The controlled load.
        name: As shown to the owner.
        kind: Heater or fan.
        command: What it is to do; without a proposal to switch it, it keeps its state.
        speed: Fan speed in tenths of the range; None for plain switches and where it is off.
        power_w: What it takes of the budget, W.
        urgent: A protective stop: ignores holds and approval.
        reason: Machine-readable code of why.
        explanation: Why, as a sentence.
        decided_by: Whose proposal was followed.
        over: Proposals that were outranked, highest rank first.
    """

    load_id: str
    name: str
    kind: LoadKind
    command: Command
    speed: int | None = None
    power_w: float = 0.0
    urgent: bool = False
    reason: str
    explanation: str
    decided_by: Winner
    over: tuple[Proposal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The whole answer, miners in priority order, with the memory for the next cycle.

    Attributes:
        loads: Heaters and fans for which there is a proposal.
        limits: Codes and sentences of the limits that applied to the site as a whole.
        memory: To be passed into the next cycle.
        inputs: The question, as given.
        version: The allocator's version.
    """

    budget: Budget
    miners: tuple[MinerDecision, ...]
    loads: tuple[LoadDecision, ...] = ()
    limits: tuple[str, ...]
    memory: ControlMemory
    inputs: AllocationInput
    version: str
