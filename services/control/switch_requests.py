"""Switching proposals from a decision: which loads go on, off, or stay on. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from energy.allocation.decision import Decision
from energy.allocation.explanation.decision_codec import explained_miners
from energy.allocation.proposals import Winner
from energy.measuring.base_load import is_controlled
from energy.site.loads import Actor
from services.actions.records import Action, ActionStatus, SwitchProposal
from services.sites.records import ControlledLoad
from services.telemetry.load_states import LoadState
from services.telemetry.snapshots import BuiltSnapshot

NOT_SENT = frozenset(
    {ActionStatus.PENDING, ActionStatus.BLOCKED, ActionStatus.REJECTED, ActionStatus.EXPIRED}
)


def idempotency_key(system_id: UUID, cycle_at: datetime, proposal: SwitchProposal) -> str:
    """(site, cycle, device): a cycle that is run again sends nothing twice.

    A protective stop has a key of its own, so that an earlier command of the cycle cannot suppress
    it.
    """
    key = f"{system_id}/{cycle_at.isoformat(timespec='seconds')}/{proposal.load_id}"
    return f"{key}/protective" if proposal.urgent else key


def proposals_of(decision: Decision, built: BuiltSnapshot) -> list[SwitchProposal]:
    """The loads to switch, stops first, because a stop frees the power that a start needs."""
    if decision.inputs.emergency_stop:
        return stop_everything(built.loads, built.load_states)
    proposals = _miner_proposals(decision, built) + _load_proposals(decision, built)
    return sorted(
        proposals,
        key=lambda proposal: (proposal.target_on, not proposal.urgent, str(proposal.load_id)),
    )


def stop_everything(
    loads: Mapping[UUID, ControlledLoad], states: Mapping[UUID, LoadState]
) -> list[SwitchProposal]:
    """Every controlled load that is not known to be off, by its switch and by its meter."""
    return [
        SwitchProposal(
            load_id=load_id,
            target_on=False,
            actor=Actor.SAFETY,
            requested_by="emergency stop",
            reason="emergency_stop",
            explanation="The emergency stop is latched.",
            urgent=True,
        )
        for load_id in loads
        if not states[load_id].is_stopped
    ]


def staying_on(
    built: BuiltSnapshot, proposals: Sequence[SwitchProposal], actions: Sequence[Action]
) -> list[ControlledLoad]:
    """Loads with a hardware timer that are on and stay on: their timers are to be refreshed.

    A load whose stop waits for the owner or is blocked keeps running, so its timer is refreshed. A
    load with a protective stop gets no refresh, even where the stop could not be sent: its timer
    then ends it.
    """
    ending = {
        proposal.load_id
        for proposal, action in zip(proposals, actions, strict=True)
        if not proposal.target_on and (proposal.urgent or action.status not in NOT_SENT)
    }
    left_alone = {miner.device_id for miner in built.miners if not is_controlled(miner)}
    return [
        load
        for load_id, load in built.loads.items()
        if load.has_timer
        and built.load_states[load_id].is_on is True
        and load_id not in ending
        and str(load_id) not in left_alone
    ]


def _miner_proposals(decision: Decision, built: BuiltSnapshot) -> list[SwitchProposal]:
    profiles = {profile.id: profile for profile in built.miners}
    proposals = []
    for miner, sentences, decided in explained_miners(decision):
        device_id = profiles[miner.miner_id].device_id
        if device_id is None or UUID(device_id) not in built.loads or _of_owner(decided.decided_by):
            continue
        if not miner.command.moves:
            continue
        target_on = miner.command.runs
        state = built.load_states[UUID(device_id)]
        if _is_so(state, built, wanted_on=target_on, speed=None):
            continue
        proposals.append(
            SwitchProposal(
                load_id=UUID(device_id),
                target_on=target_on,
                actor=Actor.SAFETY if miner.urgent else Actor.ALLOCATOR,
                requested_by="allocator",
                reason=miner.reason.code.value,
                explanation=sentences.explanation,
                urgent=miner.urgent,
            )
        )
    return proposals


def _load_proposals(decision: Decision, built: BuiltSnapshot) -> list[SwitchProposal]:
    """Heaters and fans that move, and running fans that change their speed."""
    proposals = []
    for load in decision.loads:
        moves = load.command.moves or load.speed is not None
        if not moves or _of_owner(load.decided_by):
            continue
        target_on, state = load.command.runs, built.load_states[UUID(load.load_id)]
        if _is_so(state, built, wanted_on=target_on, speed=load.speed):
            continue
        proposals.append(
            SwitchProposal(
                load_id=UUID(load.load_id),
                target_on=target_on,
                actor=load.decided_by.actor,
                requested_by=load.decided_by.by,
                reason=load.reason,
                explanation=load.explanation,
                urgent=load.urgent,
                target_speed=load.speed,
            )
        )
    return proposals


def _of_owner(winner: Winner) -> bool:
    """Whether a person decided: their own action carries that out, so the loop sends none."""
    return winner.actor is Actor.OWNER


def _is_so(state: LoadState, built: BuiltSnapshot, *, wanted_on: bool, speed: int | None) -> bool:
    """Whether a load is already on or off as wanted, and a running fan at the wanted speed.

    Before the first readings a load of unknown state counts as off, so that nothing is stopped
    then.
    """
    if not wanted_on and state.draws_though_off:
        return False
    if state.is_on is not wanted_on:
        return state.is_on is None and not wanted_on and built.measured.waiting
    return not wanted_on or speed is None or state.speed in {None, speed}
