"""A manual switch keeps automation off a load for a time: as proposals to the decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from energy.allocation.proposals import Proposal
from energy.site.loads import Actor
from energy.site.miners import MinerProfile
from energy.site.preferences import Preferences
from services.actions.ports import ActionStore
from services.actions.records import Action


class Holds:
    """Finds the owner's holds of a site."""

    def __init__(self, *, actions: ActionStore) -> None:
        """``actions`` is the log of what was switched."""
        self._actions = actions

    async def of(
        self,
        system_id: UUID,
        at: datetime,
        preferences: Preferences,
        miners: Sequence[MinerProfile],
    ) -> tuple[Proposal, ...]:
        """One proposal per miner that the owner has switched within the hold."""
        hold = timedelta(minutes=preferences.manual_hold_minutes)
        sent = await self._actions.owners_since(system_id, at - hold)
        newest = {action.load_id: action for action in sent}
        found = [_held(miner.id, miner.device_id, newest, hold) for miner in miners]
        return tuple(each for each in found if each is not None)


def _held(
    miner_id: str, device_id: str | None, newest: Mapping[UUID, Action], hold: timedelta
) -> Proposal | None:
    action = None if device_id is None else newest.get(UUID(device_id))
    if action is None or action.executed_at is None:
        return None
    return Proposal(
        miner_id=miner_id,
        actor=Actor.OWNER,
        by=action.requested_by,
        until=action.executed_at + hold,
    )
