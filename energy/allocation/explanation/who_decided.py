"""Who had the say about a miner, and what others wanted instead: told of a decision when read."""

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
    EmergencyStopped,
    EmergencyVoltage,
    HeatWanted,
    HeldOff,
    HeldOn,
    TelemetryLost,
    VoltageCritical,
)


class Say(NamedTuple):
    """Who had the say about a load, and whom it outweighed, the strongest first."""

    decided_by: Winner
    over: tuple[Proposal, ...] = ()


def says(decision: Decision) -> Iterator[Say]:
    """Per miner, in the decision's order."""
    inputs = decision.inputs
    settled = settle(inputs.proposals, inputs.snapshot.at)
    return (_say(miner, settled.get(miner.miner_id)) for miner in decision.miners)


def _say(miner: MinerDecision, settled: Settled | None) -> Say:
    winner = _winner(miner, settled)
    if settled is None:
        return Say(winner)
    command = miner.command
    wanted = (settled.winner, *settled.others)
    return Say(winner, outweighed(wanted, runs=command.runs, moved=command.moves))


def _winner(miner: MinerDecision, settled: Settled | None) -> Winner:
    match miner.reason:
        case EmergencyStopped() | TelemetryLost() | VoltageCritical() | EmergencyVoltage():
            return SAFETY
        case HeldOff() | HeldOn() | AskedOff() | AskedOn() if settled is not None:
            return Winner(actor=settled.winner.actor, by=settled.winner.by)
        case HeatWanted() if settled is not None and settled.heating is not None:
            return Winner(actor=settled.heating.actor, by=settled.heating.by)
        case _:
            return SAFETY if miner.urgent else ALLOCATOR
