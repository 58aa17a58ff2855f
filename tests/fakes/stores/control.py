"""Memory, decisions, actions, device locks and the emergency stop, in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid5

from energy.site.loads import Actor
from services.actions.records import (
    OPEN_STATUSES,
    Action,
    ActionChanges,
    ActionEvent,
    ActionStatus,
    EmergencyStop,
    TimerFault,
)
from services.control.decision_chain import GENESIS, next_hash
from services.control.records import ChainAnchor, DecisionRecord
from services.errors import Invalid, NotFound
from services.events import EventBus
from services.memory.records import SiteMemory
from services.stored import Json
from tests.fakes.site import InMemorySiteStore

CHANGEABLE = frozenset(
    {"executed_at", "finished_at", "previous_on", "previous_speed", "tries", "measured_w", "result"}
)


class InMemoryMemoryStore:
    """``MemoryStore`` in a dictionary."""

    def __init__(self) -> None:
        self._memories: dict[UUID, SiteMemory] = {}

    async def load(self, system_id: UUID) -> SiteMemory:
        return self._memories.get(system_id, SiteMemory())

    async def save(self, system_id: UUID, memory: SiteMemory) -> None:
        self._memories[system_id] = memory


class InMemoryDecisionStore:
    """``DecisionStore`` in a list, chained by hash."""

    def __init__(self, *, keep: int | None = None) -> None:
        """``keep`` bounds how many decisions per system are remembered; all by default."""
        self._keep = keep
        self._chains: dict[UUID, dict[datetime, DecisionRecord]] = {}
        self._last: dict[UUID, DecisionRecord] = {}
        self._by_id: dict[UUID, DecisionRecord] = {}
        self._anchors: dict[UUID, ChainAnchor] = {}

    async def append(
        self, system_id: UUID, at: datetime, document: Json, version: str
    ) -> DecisionRecord:
        chain = self._chains.setdefault(system_id, {})
        if at in chain:
            return chain[at]
        last = self._last.get(system_id)
        previous = GENESIS if last is None else last.hash
        record = DecisionRecord(
            id=uuid5(system_id, at.isoformat()),
            system_id=system_id,
            at=at,
            document=document,
            version=version,
            previous_hash=previous,
            hash=next_hash(previous, document),
        )
        chain[at] = self._last[system_id] = self._by_id[record.id] = record
        if self._keep is not None and len(chain) > self._keep:
            del self._by_id[chain.pop(next(iter(chain))).id]
        return record

    async def latest(self, system_id: UUID) -> DecisionRecord | None:
        page = await self.page(system_id, before=None, limit=1)
        return page[0] if page else None

    async def get(self, decision_id: UUID) -> DecisionRecord | None:
        return self._by_id.get(decision_id)

    async def page(
        self, system_id: UUID, *, before: datetime | None, limit: int
    ) -> Sequence[DecisionRecord]:
        mine = list(self._chains.get(system_id, {}).values())
        if before is not None:
            earlier = [record.at for record in mine if record.at < before]
            times = [record.at for record in mine]
            mine = mine[: times.index(max(earlier)) + 1] if earlier else []
        return mine[::-1][:limit]

    async def count(self, system_id: UUID) -> int:
        return len(self._chains.get(system_id, {}))

    async def oldest(
        self, system_id: UUID, *, before: datetime, now: datetime, limit: int
    ) -> Sequence[DecisionRecord]:
        chain = list(self._chains.get(system_id, {}).values())
        kept = [place for place, record in enumerate(chain) if before <= record.at <= now]
        beginning = chain[: min(kept, default=len(chain))]
        old = [place for place, record in enumerate(beginning) if record.at < before]
        return beginning[: max(old, default=-1) + 1][:limit]

    async def anchor(self, system_id: UUID) -> ChainAnchor | None:
        return self._anchors.get(system_id)

    async def drop(
        self, system_id: UUID, records: Sequence[DecisionRecord], anchor: ChainAnchor
    ) -> None:
        for record in records:
            del self._by_id[self._chains[system_id].pop(record.at).id]
        self._anchors[system_id] = anchor


class InMemoryCycleStore:
    """``CycleStore`` on the stores of decisions and of memory."""

    def __init__(
        self, *, decisions: InMemoryDecisionStore, memory: InMemoryMemoryStore, events: EventBus
    ) -> None:
        self._decisions, self._memory, self._events = decisions, memory, events

    async def keep(
        self, system_id: UUID, at: datetime, document: Json, version: str, memory: SiteMemory
    ) -> DecisionRecord:
        before = await self._decisions.latest(system_id)
        record = await self._decisions.append(system_id, at, document, version)
        if before is None or record.previous_hash == before.hash:  # it is new
            await self._memory.save(system_id, memory)
            news = {"system_id": str(system_id), "id": str(record.id), "at": at.isoformat()}
            await self._events.publish("decision", news)
        return record


class InMemoryActionStore:
    """``ActionStore`` in a dictionary with a list of events."""

    def __init__(self) -> None:
        self._actions: dict[UUID, Action] = {}
        self._events: list[ActionEvent] = []

    async def create(self, action: Action, *, detail: str) -> Action:
        if action.idempotency_key is not None:
            for known in self._actions.values():
                if known.idempotency_key == action.idempotency_key:
                    return known
        self._actions[action.id] = action
        self._log(action, at=action.created_at, actor=action.requested_by, detail=detail)
        return action

    async def transition(
        self,
        action_id: UUID,
        *,
        expect: frozenset[ActionStatus],
        status: ActionStatus,
        at: datetime,
        actor: str,
        detail: str,
        changes: ActionChanges | None = None,
    ) -> Action | None:
        _refuse_unknown(changes)
        current = self._actions.get(action_id)
        if current is None:
            raise NotFound(kind="action", key=str(action_id))
        if current.status not in expect:
            return None
        moved = replace(current, status=status, **(changes or {}))
        self._actions[action_id] = moved
        self._log(moved, at=at, actor=actor, detail=detail)
        return moved

    async def get(self, action_id: UUID) -> Action | None:
        return self._actions.get(action_id)

    async def events(self, action_id: UUID) -> Sequence[ActionEvent]:
        return [event for event in self._events if event.action_id == action_id]

    async def page(
        self, system_id: UUID, *, before: datetime | None, limit: int, load_id: UUID | None = None
    ) -> Sequence[Action]:
        mine = [
            action
            for action in self._actions.values()
            if action.system_id == system_id
            and (before is None or action.created_at < before)
            and (load_id is None or action.load_id == load_id)
        ]
        return sorted(mine, key=lambda a: (a.created_at, a.id), reverse=True)[:limit]

    async def count(self, system_id: UUID, *, load_id: UUID | None = None) -> int:
        return sum(
            action.system_id == system_id and (load_id is None or action.load_id == load_id)
            for action in self._actions.values()
        )

    async def with_status(
        self, system_id: UUID, statuses: frozenset[ActionStatus]
    ) -> Sequence[Action]:
        mine = [
            action
            for action in self._actions.values()
            if action.system_id == system_id and action.status in statuses
        ]
        return sorted(mine, key=lambda action: (action.created_at, action.id))

    async def open_sites(self) -> frozenset[UUID]:
        return frozenset(
            action.system_id for action in self._actions.values() if action.status in OPEN_STATUSES
        )

    async def asked_since(self, system_id: UUID, at: datetime) -> Sequence[Action]:
        latest = datetime.max.replace(tzinfo=UTC)
        asked = [
            (latest if action.executed_at is None else action.executed_at, action)
            for action in self._actions.values()
            if action.system_id == system_id and action.actor in {Actor.OWNER, Actor.AGENT}
        ]
        wanted = [
            (sent_at, action)
            for sent_at, action in asked
            if action.status in OPEN_STATUSES or (action.executed_at is not None and sent_at >= at)
        ]
        wanted.sort(key=lambda entry: (entry[0], entry[1].created_at, entry[1].id))
        return [action for _, action in wanted]

    async def since(self, load_id: UUID, at: datetime) -> Sequence[Action]:
        sent = [
            (action.executed_at, action.id, action)
            for action in self._actions.values()
            if action.load_id == load_id
            and action.executed_at is not None
            and action.executed_at >= at
        ]
        return [action for *_, action in sorted(sent, key=lambda entry: entry[:2])]

    def _log(self, action: Action, *, at: datetime, actor: str, detail: str) -> None:
        self._events.append(
            ActionEvent(
                action_id=action.id, at=at, status=action.status, actor=actor, detail=detail
            )
        )


class InMemoryTimerFaultStore:
    """``TimerFaultStore`` in a dictionary."""

    def __init__(self, *, site: InMemorySiteStore) -> None:
        self._site, self._faults = site, dict[UUID, TimerFault]()

    async def faults(self, system_id: UUID) -> Sequence[TimerFault]:
        loads = {load.id for load in await self._site.loads(system_id)}
        return [self._faults[load_id] for load_id in sorted(loads & self._faults.keys())]

    async def keep(self, fault: TimerFault) -> None:
        if self._site.owner_of(fault.load_id) is not None:
            self._faults[fault.load_id] = fault

    async def clear(self, load_id: UUID) -> None:
        self._faults.pop(load_id, None)


class InMemoryDeviceLocks:
    """``DeviceLocks`` of one process."""

    def __init__(self) -> None:
        self.held: set[UUID] = set()

    def hold(self, load_id: UUID) -> AbstractAsyncContextManager[bool]:
        return self._hold(load_id)

    @asynccontextmanager
    async def _hold(self, load_id: UUID) -> AsyncIterator[bool]:
        if load_id in self.held:
            yield False
            return
        self.held.add(load_id)
        try:
            yield True
        finally:
            self.held.discard(load_id)


class InMemoryEmergencyStopStore:
    """``EmergencyStopStore`` in a dictionary; ``history`` has every change."""

    def __init__(self) -> None:
        self._states: dict[UUID, EmergencyStop] = {}
        self.history: list[tuple[UUID, EmergencyStop]] = []

    async def state(self, system_id: UUID) -> EmergencyStop:
        return self._states.get(system_id, EmergencyStop(latched=False))

    async def latch(self, system_id: UUID, *, at: datetime, by: str, reason: str) -> EmergencyStop:
        return await self._change(system_id, latched=True, at=at, by=by, reason=reason)

    async def release(
        self, system_id: UUID, *, at: datetime, by: str, reason: str
    ) -> EmergencyStop:
        return await self._change(system_id, latched=False, at=at, by=by, reason=reason)

    async def _change(
        self, system_id: UUID, *, latched: bool, at: datetime, by: str, reason: str
    ) -> EmergencyStop:
        before = await self.state(system_id)
        if before.latched == latched:
            return before
        after = EmergencyStop(latched=latched, changed_at=at, changed_by=by, reason=reason)
        self._states[system_id] = after
        self.history.append((system_id, after))
        return after


def _refuse_unknown(changes: ActionChanges | None) -> None:
    unknown = sorted(set(changes or {}) - CHANGEABLE)
    if unknown:
        raise Invalid([(name, "can't be changed by a transition") for name in unknown])
