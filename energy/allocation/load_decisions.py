"""Decisions on heaters and fans, from the proposals for them; made before the miners' budget."""

from __future__ import annotations

from collections.abc import Mapping

from energy.allocation.budget import other_w
from energy.allocation.decision import Command, LoadDecision
from energy.allocation.proposals import (
    ALLOCATOR,
    SAFETY,
    Proposal,
    Settled,
    Wanted,
    Winner,
    outweighed,
)
from energy.allocation.reasons import ReasonCode
from energy.site.loads import Actor, OtherLoad

WAITS_FOR_APPROVAL = "waits_for_approval"


def load_decisions(
    others: tuple[OtherLoad, ...], settled: Mapping[str, Settled], *, emergency_stop: bool
) -> tuple[LoadDecision, ...]:
    """A decision for every heater and fan that has a proposal, sorted by name, then id."""
    wanted = [(load, settled[load.id]) for load in others if load.id in settled]
    wanted.sort(key=lambda pair: (pair[0].name, pair[0].id))
    return tuple(
        _decided(load, _stopped(load, outcome) if emergency_stop else outcome)
        for load, outcome in wanted
    )


def _stopped(load: OtherLoad, outcome: Settled) -> Settled:
    """The emergency stop outranks every other proposal."""
    stop = Proposal(
        load_id=load.id,
        actor=SAFETY.actor,
        by=SAFETY.by,
        wanted=Wanted.OFF,
        reason=ReasonCode.EMERGENCY_STOP.value,
        explanation="The emergency stop is latched.",
    )
    return Settled(winner=stop, others=(outcome.winner, *outcome.others))


def _decided(load: OtherLoad, outcome: Settled) -> LoadDecision:
    winner = outcome.winner
    if winner.actor is Actor.AGENT:
        return _waiting(load, outcome)
    command = _command(load, winner.wanted)
    runs = command.runs
    return LoadDecision(
        load_id=load.id,
        name=load.name,
        kind=load.kind,
        command=command,
        speed=winner.speed if runs else None,
        power_w=other_w(load, runs=runs),
        urgent=winner.actor is Actor.SAFETY,
        reason=winner.reason,
        explanation=winner.explanation,
        decided_by=Winner(actor=winner.actor, by=winner.by),
        over=outweighed(outcome.others, runs=runs, moved=command.moves),
    )


def _waiting(load: OtherLoad, outcome: Settled) -> LoadDecision:
    """An agent's proposal is not carried out before the owner approves it."""
    command = _command(load, Wanted.AS_IT_IS)
    return LoadDecision(
        load_id=load.id,
        name=load.name,
        kind=load.kind,
        command=command,
        power_w=other_w(load, runs=command.runs),
        reason=WAITS_FOR_APPROVAL,
        explanation=f"What {outcome.winner.by} wants waits for the owner's approval.",
        decided_by=ALLOCATOR,
        over=outweighed((outcome.winner, *outcome.others), runs=command.runs, moved=False),
    )


def _command(load: OtherLoad, wanted: Wanted) -> Command:
    if wanted is Wanted.AS_IT_IS:
        return Command.KEEP_RUNNING if load.is_on else Command.STAY_OFF
    if wanted is Wanted.ON:
        return Command.KEEP_RUNNING if load.is_on else Command.START
    return Command.STAY_OFF if load.is_on is False else Command.STOP
