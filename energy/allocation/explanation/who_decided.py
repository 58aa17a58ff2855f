"""Who decided a miner's command, and which proposals were outranked; worked out when read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from energy.allocation.decision import Decision, MinerDecision
from energy.allocation.proposals import (
    ALLOCATOR,
    SAFETY,
    Proposal,
    Settled,
    Winner,
    outweighed,
    settle,
)
from energy.allocation.reasons import (
    AskedOff,
    AskedOn,
    ClockStaysBack,
    EmergencyStopped,
    EmergencyVoltage,
    HeatWanted,
    HeldOff,
    HeldOn,
    TelemetryLost,
    VoltageCritical,
)


class WhoDecided(NamedTuple):
    """Who decided a load's command, and the proposals that were outranked, highest rank first."""

    decided_by: Winner
    over: tuple[Proposal, ...] = ()


def who_decided(decision: Decision) -> Iterator[WhoDecided]:
    """Who decided, for each miner in the decision's order."""
    inputs = decision.inputs
    settled = settle(inputs.proposals, inputs.snapshot.at)
    return (_who_decided(miner, settled.get(miner.miner_id)) for miner in decision.miners)


def _who_decided(miner: MinerDecision, settled: Settled | None) -> WhoDecided:
    winner = _winner(miner, settled)
    if settled is None:
        return WhoDecided(winner)
    command = miner.command
    wanted = (settled.winner, *settled.others)
    return WhoDecided(winner, outweighed(wanted, runs=command.runs, moved=command.moves))


def _winner(miner: MinerDecision, settled: Settled | None) -> Winner:
    match miner.reason:
        case (
            EmergencyStopped()
            | TelemetryLost()
            | ClockStaysBack()
            | VoltageCritical()
            | EmergencyVoltage()
        ):
            return SAFETY
        case HeldOff() | HeldOn() | AskedOff() | AskedOn() if settled is not None:
            return Winner(actor=settled.winner.actor, by=settled.winner.by)
        case HeatWanted() if settled is not None and settled.heating is not None:
            return Winner(actor=settled.heating.actor, by=settled.heating.by)
        case _:
            return SAFETY if miner.urgent else ALLOCATOR
