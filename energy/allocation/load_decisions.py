"""Heaters and fans: what the proposals for each of them come to, before the miners' budget."""

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
    """Every heater and fan of which somebody wants something, by name, then id."""
    wanted = [(load, settled[load.id]) for load in others if load.id in settled]
    wanted.sort(key=lambda each: (each[0].name, each[0].id))
    return tuple(
        _decided(load, _stopped(load, said) if emergency_stop else said) for load, said in wanted
    )


def _stopped(load: OtherLoad, said: Settled) -> Settled:
    """The emergency stop outweighs everybody."""
    stop = Proposal(
        load_id=load.id,
        actor=SAFETY.actor,
        by=SAFETY.by,
        wanted=Wanted.OFF,
        reason=ReasonCode.EMERGENCY_STOP.value,
        explanation="The emergency stop is latched.",
    )
    return Settled(winner=stop, others=(said.winner, *said.others))


def _decided(load: OtherLoad, said: Settled) -> LoadDecision:
    winner = said.winner
    if winner.actor is Actor.AGENT:
        return _waiting(load, said)
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
        over=outweighed(said.others, runs=runs, moved=command.moves),
    )


def _waiting(load: OtherLoad, said: Settled) -> LoadDecision:
    """What an agent wants happens when the owner agrees, not before."""
    command = _command(load, Wanted.AS_IT_IS)
    return LoadDecision(
        load_id=load.id,
        name=load.name,
        kind=load.kind,
        command=command,
        power_w=other_w(load, runs=command.runs),
        reason=WAITS_FOR_APPROVAL,
        explanation=f"What {said.winner.by} wants waits for the owner's approval.",
        decided_by=ALLOCATOR,
        over=outweighed((said.winner, *said.others), runs=command.runs, moved=False),
    )


def _command(load: OtherLoad, wanted: Wanted) -> Command:
    if wanted is Wanted.AS_IT_IS:
        return Command.KEEP_RUNNING if load.is_on else Command.STAY_OFF
    if wanted is Wanted.ON:
        return Command.KEEP_RUNNING if load.is_on else Command.START
    return Command.STAY_OFF if load.is_on is False else Command.STOP
