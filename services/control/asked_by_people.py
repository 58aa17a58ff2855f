"""What people, and agents for them, want of the loads, as proposals for the decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from energy.allocation.proposals import Proposal, Wanted
from energy.measuring.clock_jumps import SET_BACK
from energy.site.loads import Actor
from energy.site.miners import MinerProfile
from energy.site.preferences import Preferences
from services.actions.ports import ActionStore
from services.actions.records import OPEN_STATUSES, Action, ActionStatus


class AskedByPeople:
    """Reads what the owner has switched or asks for, and what agents propose to the owner."""

    def __init__(self, *, actions: ActionStore) -> None:
        """``actions`` is the action log."""
        self._actions = actions

    async def of(
        self,
        system_id: UUID,
        at: datetime,
        preferences: Preferences,
        miners: Sequence[MinerProfile],
    ) -> tuple[Proposal, ...]:
        """Per load a hold by its newest action that was sent, and a proposal for each open
        action. A hold ends when the clock is set back: nobody knows how long it has lasted.
        """
        hold = timedelta(minutes=preferences.manual_hold_minutes)
        asked = [
            action
            for action in await self._actions.asked_since(system_id, at - hold)
            if action.status in OPEN_STATUSES or not _lies_ahead(action, at)
        ]
        driven: dict[str, list[str]] = {}
        for miner in miners:
            if miner.device_id is not None:
                driven.setdefault(miner.device_id, []).append(miner.id)
        return tuple(_proposals(asked, driven, hold))


def _proposals(
    asked: Sequence[Action], miners: Mapping[str, Sequence[str]], hold: timedelta
) -> Iterator[Proposal]:
    sent = {action.load_id: action for action in asked if action.executed_at is not None}
    for action in asked:
        for load_id in miners.get(str(action.load_id), (str(action.load_id),)):
            if action.status in OPEN_STATUSES:
                yield _open(action, load_id, hold)
            elif action.executed_at is not None and sent[action.load_id] is action:
                yield _held(action, load_id, action.executed_at + hold)


def _lies_ahead(action: Action, at: datetime) -> bool:
    return action.executed_at is not None and action.executed_at - at > SET_BACK


def _open(action: Action, load_id: str, hold: timedelta) -> Proposal:
    """The proposal of an open action, counted from when it was asked. One that the owner has
    approved ranks as the owner's.
    """
    waits = action.status is ActionStatus.PENDING
    return Proposal(
        load_id=load_id,
        actor=action.actor if waits else Actor.OWNER,
        by=action.requested_by,
        until=action.created_at + hold,
        wanted=Wanted.ON if action.target_on else Wanted.OFF,
        speed=action.target_speed,
        reason=action.reason,
        explanation=action.explanation,
    )


def _held(action: Action, load_id: str, until: datetime) -> Proposal:
    state = "on" if action.target_on else "off"
    return Proposal(
        load_id=load_id,
        actor=Actor.OWNER,
        by=action.requested_by,
        until=until,
        reason=action.reason,
        explanation=f"Switched {state} by {action.requested_by}.",
    )
