"""Changes of an action's state, each written to the append-only log and published."""

from __future__ import annotations

from services.actions.action_events import publish_action
from services.actions.ports import ActionStore
from services.actions.records import Action, ActionChanges, ActionStatus
from services.clock import Clock
from services.events import EventBus


class ActionLog:
    """Atomic changes of state: of two callers the second gets None and changes nothing."""

    def __init__(self, *, actions: ActionStore, clock: Clock, events: EventBus) -> None:
        """The store makes each change atomic across processes."""
        self._actions, self._clock, self._events = actions, clock, events

    async def move(
        self,
        action: Action,
        expect: frozenset[ActionStatus],
        status: ActionStatus,
        detail: str,
        changes: ActionChanges,
        *,
        actor: str = "control",
    ) -> Action | None:
        """Move an action to ``status``; None when its state was not in ``expect`` any more."""
        moved = await self._actions.transition(
            action.id,
            expect=expect,
            status=status,
            at=self._clock.now(),
            actor=actor,
            detail=detail,
            changes=changes,
        )
        if moved is not None:
            await publish_action(self._events, moved)
        return moved

    async def finish(
        self,
        action: Action,
        expect: frozenset[ActionStatus],
        status: ActionStatus,
        result: str,
        *,
        measured_w: float | None = None,
        actor: str = "control",
    ) -> Action:
        """End an action with ``result`` (a sentence); returns the stored action, also where another
        caller ended it first.
        """
        changes: ActionChanges = {"finished_at": self._clock.now(), "result": result}
        if measured_w is not None:
            changes["measured_w"] = measured_w
        moved = await self.move(action, expect, status, result, changes, actor=actor)
        return await self.latest(action) if moved is None else moved

    async def latest(self, action: Action) -> Action:
        """The action as it is stored now."""
        stored = await self._actions.get(action.id)
        return action if stored is None else stored
