"""Creates actions from proposals of loop, owner and agents; approval, rejection, expiry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from energy.measuring.clock_jumps import SET_BACK
from energy.safety.validator import BlockCode, Blocked
from energy.site.loads import Actor
from energy.site.preferences import ControlLevel, Preferences
from services.actions.action_events import publish_action
from services.actions.ports import ActionStore
from services.actions.records import Action, ActionChanges, ActionStatus, SwitchProposal
from services.actions.safety_check import Judge
from services.clock import Clock
from services.errors import Conflict, NotFound
from services.events import EventBus
from services.settings.ports import SettingsStore
from services.sites.ports import SiteStore
from services.sites.records import ControlledLoad

WAITING = frozenset({ActionStatus.PENDING})
OPEN_BEFORE_COMMAND = frozenset(
    {ActionStatus.PROPOSED, ActionStatus.PENDING, ActionStatus.APPROVED}
)
AUTOMATIC = frozenset({Actor.ALLOCATOR, Actor.RULE, Actor.SAFETY})
APPROVED_FOR = timedelta(minutes=1)
UNANSWERED = "Nobody answered in time."


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

    async def propose(self, system_id: UUID, proposal: SwitchProposal) -> Action:
        """Check and store a proposal as an action.

        An agent's proposal always waits for the owner; the loop's does at the level ``approve``. A
        blocked one is stored with every reason and not executed. Where the same action is open
        already, or the owner has rejected it within the hold time, that action is returned instead
        of a new one.

        Raises:
            NotFound: No such load on this site.
        """
        load = await self._load(system_id, proposal.load_id)
        preferences = (await self._settings.preferences(system_id)).value
        action = self._action_of(system_id, proposal, preferences)
        hold = timedelta(minutes=preferences.manual_hold_minutes)
        known = await self._known(action, hold)
        if known is not None:
            return known
        verdict = await self._judge.judge(action, load, action.created_at, approved=False)
        if isinstance(verdict, Blocked):
            return await self._store_blocked(action, verdict)
        stored = await self._actions.create(action, detail=action.explanation)
        await publish_action(self._events, stored)
        return stored

    async def approve(self, action_id: UUID, *, by: str) -> Action:
        """The owner agrees: the action is executed next, if safety still allows it then.

        Raises:
            NotFound: No such action.
            Conflict: It is not pending any more; the sentence says what happened to it.
        """
        return await self._decide(action_id, by=by, status=ActionStatus.APPROVED, word="approved")

    async def confirmed(self, action: Action, *, by: str) -> Action:
        """An agent's action that a person with the right to switch has asked for explicitly.

        Approved at once where ``require_confirmation`` asks for no further confirmation; ``by`` is
        that person. Otherwise returned unchanged.
        """
        wanted = (await self._settings.preferences(action.system_id)).value.require_confirmation
        if action.status is not ActionStatus.PENDING or not is_enough(wanted, action):
            return action
        return await self.approve(action.id, by=f"{by} (confirmation: {wanted})")

    async def reject(self, action_id: UUID, *, by: str) -> Action:
        """The owner rejects the action. Raises as ``approve``."""
        return await self._decide(action_id, by=by, status=ActionStatus.REJECTED, word="rejected")

    async def expire(self, system_id: UUID) -> int:
        """Expire actions that were not executed in their time; returns how many.

        An approved action gets one more minute of wall time, so that an approval in the last moment
        is still executed.
        """
        now, closed = self._clock.now(), 0
        for action in await self._actions.with_status(system_id, OPEN_BEFORE_COMMAND):
            approved = action.status is ActionStatus.APPROVED
            grace = APPROVED_FOR * self._clock.speed if approved else timedelta(0)
            if _is_over(action, now, grace):
                why = UNANSWERED if action.status in WAITING else "It was not executed in time."
                closed += await self._end(action, action.status, now, why)
        return closed

    def _action_of(
        self, system_id: UUID, proposal: SwitchProposal, preferences: Preferences
    ) -> Action:
        """The action at its beginning: it waits for the owner, or is ready to be executed."""
        now = self._clock.now()
        waits = needs_approval(proposal.actor, preferences.control_level, urgent=proposal.urgent)
        return Action(
            id=self._new_id(),
            system_id=system_id,
            load_id=proposal.load_id,
            target_on=proposal.target_on,
            target_speed=proposal.target_speed,
            actor=proposal.actor,
            requested_by=proposal.requested_by,
            reason=proposal.reason,
            explanation=proposal.explanation,
            status=ActionStatus.PENDING if waits else ActionStatus.PROPOSED,
            urgent=proposal.urgent,
            idempotency_key=proposal.idempotency_key,
            decision_id=proposal.decision_id,
            created_at=now,
            expires_at=now + self._lifetime(preferences.approval_minutes, waits=waits),
        )

    def _lifetime(self, minutes: float, *, waits: bool) -> timedelta:
        """Lifetime of an action in site time. One that waits for a person lasts ``minutes`` of wall
        time, however fast a simulated site's clock runs.
        """
        return timedelta(minutes=minutes) * (self._clock.speed if waits else 1.0)

    async def _decide(self, action_id: UUID, *, by: str, status: ActionStatus, word: str) -> Action:
        action = await self._actions.get(action_id)
        if action is None:
            raise NotFound(kind="action", key=str(action_id))
        now = self._clock.now()
        if action.status is ActionStatus.PENDING and _is_over(action, now):
            await self._end(action, ActionStatus.PENDING, now, UNANSWERED)
        changes: ActionChanges = {"finished_at": now, "result": f"{word} by {by}"}
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

    async def _end(self, action: Action, expect: ActionStatus, at: datetime, result: str) -> bool:
        stored = await self._actions.transition(
            action.id,
            expect=frozenset({expect}),
            status=ActionStatus.EXPIRED,
            at=at,
            actor="clock",
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

    async def _known(self, wish: Action, hold: timedelta) -> Action | None:
        """The open action that wants the same already, or the owner's recent answer to it."""
        for action in await self._actions.with_status(wish.system_id, OPEN_BEFORE_COMMAND):
            same = action.load_id == wish.load_id and action.target_on == wish.target_on
            # A pending action must not keep an equal one from being executed that needs no
            # approval.
            if same and (action.status is wish.status or action.status is not ActionStatus.PENDING):
                return action if action.urgent == wish.urgent else None
        if wish.actor not in AUTOMATIC or wish.urgent:
            return None
        last = await self._last(wish)
        if last is None or last.target_on is not wish.target_on or last.finished_at is None:
            return None
        since = wish.created_at - last.finished_at
        refused = last.status is ActionStatus.REJECTED and since < hold
        return last if refused else None

    async def _last(self, wish: Action) -> Action | None:
        page = await self._actions.page(wish.system_id, before=None, limit=1, load_id=wish.load_id)
        return page[0] if page else None

    async def _store_blocked(self, action: Action, verdict: Blocked) -> Action:
        """Store a blocked action; an automatic one only once while it stays blocked, not every
        cycle, and never where the load already has the wanted state.
        """
        blocked = replace(
            action,
            status=ActionStatus.BLOCKED,
            finished_at=action.created_at,
            result=verdict.sentence,
        )
        if action.actor in AUTOMATIC:
            last = await self._last(action)
            repeated = (
                last is not None
                and last.status is ActionStatus.BLOCKED
                and last.target_on is action.target_on
            )
            if repeated or verdict.codes == (BlockCode.ALREADY_IN_STATE,):
                return blocked
        return await self._actions.create(blocked, detail=verdict.sentence)


def _is_over(action: Action, now: datetime, grace: timedelta = timedelta(0)) -> bool:
    """Whether an action's time is over; also where the clock was set back since it was asked for,
    because nobody knows how long ago that was.
    """
    if action.expires_at is None:
        return False
    return action.expires_at + grace <= now or action.created_at - now > SET_BACK


def is_enough(require_confirmation: str, action: Action) -> bool:
    """Whether asking is enough without a further confirmation: ``never`` always, ``sometimes`` for
    stops.
    """
    return require_confirmation == "never" or (
        require_confirmation == "sometimes" and not action.target_on
    )


def needs_approval(actor: Actor, level: ControlLevel, *, urgent: bool) -> bool:
    """Whether an action waits for the owner. Protective stops never do."""
    if actor is Actor.AGENT:
        return True
    automatic = actor in {Actor.ALLOCATOR, Actor.RULE}
    return automatic and level is ControlLevel.APPROVE and not urgent
