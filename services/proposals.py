"""Where actions begin: proposals of the loop, the owner and the agents; approval and rejection."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from energy.loads import Actor
from energy.preferences import ControlLevel
from energy.safety import BlockCode, Blocked
from services.action_events import publish_action
from services.errors import Conflict, NotFound
from services.judging import Judge
from services.ports import ActionStore, Clock, EventBus, SettingsStore, SiteStore
from services.records import Action, ActionStatus, ControlledLoad

WAITING = frozenset({ActionStatus.PENDING})


class Proposals:
    """Creates actions: pending where the owner must agree, ready to execute otherwise."""

    def __init__(
        self,
        *,
        actions: ActionStore,
        sites: SiteStore,
        settings: SettingsStore,
        judge: Judge,
        clock: Clock,
        events: EventBus,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        """``judge`` validates before anything is stored as executable."""
        self._actions, self._sites, self._settings = actions, sites, settings
        self._judge, self._clock, self._events, self._new_id = judge, clock, events, new_id

    async def propose(
        self,
        system_id: UUID,
        load_id: UUID,
        *,
        target_on: bool,
        actor: Actor,
        requested_by: str,
        reason: str,
        explanation: str,
        urgent: bool = False,
        target_speed: int | None = None,
        decision_id: UUID | None = None,
        idempotency_key: str | None = None,
    ) -> Action:
        """Validate and store a wish to switch a load.

        An agent's always waits for the owner; the loop's does at the level ``approve``. What is
        blocked is stored with every reason and goes no further. A wish that is pending already is
        not repeated.

        Raises:
            NotFound: No such load on this site.
        """
        now = self._clock.now()
        load = await self._load(system_id, load_id)
        preferences = (await self._settings.preferences(system_id)).value
        waits = needs_approval(actor, preferences.control_level, urgent=urgent)
        if waits:
            known = await self._pending(system_id, load_id, target_on=target_on)
            if known is not None:
                return known
        lifetime = timedelta(minutes=preferences.approval_minutes)
        action = Action(
            id=self._new_id(),
            system_id=system_id,
            load_id=load_id,
            target_on=target_on,
            target_speed=target_speed,
            actor=actor,
            requested_by=requested_by,
            reason=reason,
            explanation=explanation,
            status=ActionStatus.PENDING if waits else ActionStatus.PROPOSED,
            urgent=urgent,
            idempotency_key=idempotency_key,
            decision_id=decision_id,
            created_at=now,
            expires_at=now + lifetime,
        )
        verdict = await self._judge.judge(action, load, now, approved=actor is Actor.OWNER or waits)
        if isinstance(verdict, Blocked):
            return await self._store_blocked(action, verdict, now)
        stored = await self._actions.create(action, detail=explanation)
        await publish_action(self._events, stored)
        return stored

    async def approve(self, action_id: UUID, *, by: str) -> Action:
        """The owner agrees: the action is executed next, if safety still allows it then.

        Raises:
            NotFound: No such action.
            Conflict: It is not pending any more; the sentence says what happened to it.
        """
        return await self._decide(action_id, by=by, status=ActionStatus.APPROVED, word="approved")

    async def reject(self, action_id: UUID, *, by: str) -> Action:
        """The owner refuses. Raises as ``approve``."""
        return await self._decide(action_id, by=by, status=ActionStatus.REJECTED, word="rejected")

    async def expire(self, system_id: UUID) -> int:
        """Close pending actions whose time is over; returns how many."""
        now, closed = self._clock.now(), 0
        for action in await self._actions.with_status(system_id, WAITING):
            if action.expires_at is not None and action.expires_at <= now:
                closed += await self._end(
                    action, ActionStatus.EXPIRED, now, "clock", "Nobody answered in time."
                )
        return closed

    async def _decide(self, action_id: UUID, *, by: str, status: ActionStatus, word: str) -> Action:
        action = await self._actions.get(action_id)
        if action is None:
            raise NotFound(kind="action", key=str(action_id))
        now = self._clock.now()
        if (
            action.status is ActionStatus.PENDING
            and action.expires_at is not None
            and action.expires_at <= now
        ):
            await self._end(action, ActionStatus.EXPIRED, now, "clock", "Nobody answered in time.")
        changes = {"finished_at": now, "result": f"{word} by {by}"}
        stored = await self._actions.transition(
            action_id,
            expect=WAITING,
            status=status,
            at=now,
            actor=by,
            detail=f"{word} by {by}",
            changes=changes if status is ActionStatus.REJECTED else None,
        )
        if stored is None:
            latest = await self._actions.get(action_id)
            state = "gone" if latest is None else latest.status.value.replace("_", " ")
            why = "" if latest is None or latest.result is None else f" ({latest.result})"
            raise Conflict(f"This action is {state} already{why}; nothing was done.")
        await publish_action(self._events, stored)
        return stored

    async def _end(
        self, action: Action, status: ActionStatus, at: datetime, actor: str, result: str
    ) -> bool:
        stored = await self._actions.transition(
            action.id,
            expect=WAITING,
            status=status,
            at=at,
            actor=actor,
            detail=result,
            changes={"finished_at": at, "result": result},
        )
        if stored is not None:
            await publish_action(self._events, stored)
        return stored is not None

    async def _load(self, system_id: UUID, load_id: UUID) -> ControlledLoad:
        for load in await self._sites.loads(system_id):
            if load.id == load_id:
                return load
        raise NotFound(kind="controlled load", key=str(load_id))

    async def _pending(self, system_id: UUID, load_id: UUID, *, target_on: bool) -> Action | None:
        for action in await self._actions.with_status(system_id, WAITING):
            if action.load_id == load_id and action.target_on == target_on:
                return action
        return None

    async def _store_blocked(self, action: Action, verdict: Blocked, at: datetime) -> Action:
        """Log it once, not every cycle while the same reason lasts; what is so already, never."""
        sentence = verdict.sentence
        values = {name: getattr(action, name) for name in Action.__slots__}
        blocked = Action(
            **{**values, "status": ActionStatus.BLOCKED, "finished_at": at, "result": sentence}
        )
        if action.actor in {Actor.OWNER, Actor.AGENT}:
            return await self._actions.create(blocked, detail=sentence)
        if verdict.codes == (BlockCode.ALREADY_IN_STATE,):
            return blocked
        last = await self._actions.page(
            action.system_id, before=None, limit=1, load_id=action.load_id
        )
        repeated = (
            bool(last)
            and last[0].status is ActionStatus.BLOCKED
            and last[0].target_on == action.target_on
        )
        return blocked if repeated else await self._actions.create(blocked, detail=sentence)


def needs_approval(actor: Actor, level: ControlLevel, *, urgent: bool) -> bool:
    """Whether an action waits for the owner. Protective stops never do."""
    if actor is Actor.AGENT:
        return True
    automatic = actor in {Actor.ALLOCATOR, Actor.RULE}
    return automatic and level is ControlLevel.APPROVE and not urgent
