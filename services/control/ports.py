"""Stores of decisions and of a cycle's result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from energy.dataclass_json import JsonObject
from services.control.records import ChainAnchor, DecisionRecord
from services.memory.records import SiteMemory


class DecisionStore(Protocol):
    """Hash-chained decisions."""

    async def append(
        self, system_id: UUID, at: datetime, document: JsonObject, version: str
    ) -> DecisionRecord:
        """Store with the chain's next hash. The same (system, at) again returns the stored
        record.
        """
        ...

    async def latest(self, system_id: UUID) -> DecisionRecord | None:
        """The one that was decided last, whatever the clock said."""
        ...

    async def get(self, decision_id: UUID) -> DecisionRecord | None: ...
    async def page(
        self, system_id: UUID, *, before: datetime | None, limit: int
    ) -> Sequence[DecisionRecord]:
        """Newest first, in the order of deciding, which a jump of the clock does not change.

        With ``before`` the page begins at the decision whose time is the last before it.
        """
        ...

    async def count(self, system_id: UUID) -> int:
        """How many decisions are stored: the total of the paginated list."""
        ...

    async def oldest(
        self, system_id: UUID, *, before: datetime, now: datetime, limit: int
    ) -> Sequence[DecisionRecord]:
        """The beginning of the chain, oldest first: up to the last decision older than ``before``
        that precedes every one of [``before``, ``now``].

        It has no holes: what a wrong clock stamped otherwise goes with what was decided around it.
        """
        ...

    async def anchor(self, system_id: UUID) -> ChainAnchor | None:
        """The newest anchor; None while nothing has been dropped."""
        ...

    async def drop(
        self, system_id: UUID, records: Sequence[DecisionRecord], anchor: ChainAnchor
    ) -> None:
        """Drop the oldest decisions and keep ``anchor`` in their place, both or neither."""
        ...


class CycleStore(Protocol):
    """Stores the result of a control cycle."""

    async def keep(
        self, system_id: UUID, at: datetime, document: JsonObject, version: str, memory: SiteMemory
    ) -> DecisionRecord:
        """Store decision and memory in one transaction, then publish the event ``decision``.

        When it returns, both survive a crash. The same (system, at) again returns the stored record
        and changes nothing. The event may be lost.
        """
        ...
