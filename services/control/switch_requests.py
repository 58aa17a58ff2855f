"""From a decision to the switches it wants: which loads go on, off, or keep running. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from energy.allocation.decision import Command, Decision
from energy.allocation.explanation.sentences import Explanations
from energy.climate.zones import ZoneDecisions
from energy.site.loads import Actor
from services.actions.records import Action, ActionStatus, SwitchProposal
from services.sites.records import ControlledLoad
from services.telemetry.snapshots import BuiltSnapshot, LoadState

NOT_SENT = frozenset(
    {ActionStatus.PENDING, ActionStatus.BLOCKED, ActionStatus.REJECTED, ActionStatus.EXPIRED}
)


def idempotency_key(system_id: UUID, cycle_at: datetime, proposal: SwitchProposal) -> str:
    """(site, cycle, device): a cycle that is run again sends nothing twice.

    A protective stop has a key of its own: no earlier command of the cycle stands in its way.
    """
    key = f"{system_id}/{cycle_at.isoformat(timespec='seconds')}/{proposal.load_id}"
    return f"{key}/protective" if proposal.urgent else key


def proposals_of(
    decision: Decision, zones: ZoneDecisions, built: BuiltSnapshot
) -> list[SwitchProposal]:
    """What has to be switched, stops first: a stop frees the power that a start needs."""
    if decision.inputs.emergency_stop:
        return stop_everything(built.loads, built.load_states)
    proposals = _miner_proposals(decision, built) + _zone_proposals(zones, built)
    return sorted(
        proposals,
        key=lambda proposal: (proposal.target_on, not proposal.urgent, str(proposal.load_id)),
    )


def stop_everything(
    loads: Mapping[UUID, ControlledLoad], states: Mapping[UUID, LoadState]
) -> list[SwitchProposal]:
    """Every controlled load that is not known to be off."""
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
        if states[load_id].is_on is not False
    ]


def staying_on(
    built: BuiltSnapshot, proposals: Sequence[SwitchProposal], actions: Sequence[Action]
) -> list[ControlledLoad]:
    """Loads with a hardware timer that are on and stay on: their timers are to be refreshed.

    A stop that waits for the owner or is blocked does not end a load; its timer must not do it
    instead. A protective stop does, even where it could not be sent.
    """
    ending = {
        proposal.load_id
        for proposal, action in zip(proposals, actions, strict=True)
        if not proposal.target_on and (proposal.urgent or action.status not in NOT_SENT)
    }
    return [
        load
        for load_id, load in built.loads.items()
        if load.has_timer and built.load_states[load_id].is_on is True and load_id not in ending
    ]


def _miner_proposals(decision: Decision, built: BuiltSnapshot) -> list[SwitchProposal]:
    profiles = {profile.id: profile for profile in built.miners}
    explanations, proposals = Explanations(decision), []
    for miner in decision.miners:
        device_id = profiles[miner.miner_id].device_id
        if device_id is None or UUID(device_id) not in built.loads:
            continue
        if miner.command not in {Command.START, Command.STOP}:
            continue
        target_on = miner.command is Command.START
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
                explanation=explanations.why(miner),
                urgent=miner.urgent,
            )
        )
    return proposals


def _zone_proposals(zones: ZoneDecisions, built: BuiltSnapshot) -> list[SwitchProposal]:
    proposals = []
    for zone in zones.zones:
        targets = (
            (zone.fan_device_id, zone.fan_on, zone.fan_speed, ""),
            (zone.heater_device_id, zone.heater_on, None, zone.heater_stop_protects),
        )
        for device_id, wanted_on, speed, protects in targets:
            if device_id is None or wanted_on is None or UUID(device_id) not in built.loads:
                continue
            state = built.load_states[UUID(device_id)]
            if _is_so(state, built, wanted_on=wanted_on, speed=speed):
                continue
            proposals.append(
                SwitchProposal(
                    load_id=UUID(device_id),
                    target_on=wanted_on,
                    actor=Actor.SAFETY if protects else Actor.ALLOCATOR,
                    requested_by=f"climate of {zone.name}",
                    reason=zone.reason.value,
                    explanation=protects or zone.explanation,
                    urgent=bool(protects),
                    target_speed=speed if wanted_on else None,
                )
            )
    return proposals


def _is_so(state: LoadState, built: BuiltSnapshot, *, wanted_on: bool, speed: int | None) -> bool:
    """Whether a load is on or off as wanted, a running fan at the wanted speed.

    Before the first readings one of unknown state counts as off: nothing is stopped then.
    """
    if state.is_on is not wanted_on:
        return state.is_on is None and not wanted_on and built.measured.waiting
    return not wanted_on or speed is None or state.speed in {None, speed}
