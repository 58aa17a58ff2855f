"""Decisions: chained by hash, stored small, dropped when they are old."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID, uuid5

import psycopg
from psycopg.rows import DictRow

from energy.dataclass_json import JsonObject
from services.control.decision_chain import GENESIS, next_hash
from services.control.records import ChainAnchor, DecisionRecord
from services.memory.records import SiteMemory
from storage.connection.mapping import record
from storage.connection.pool import Connection, Pool, borrowed, connected, row, rows
from storage.connection.queries import queries
from storage.stores.control import SAVE_MEMORY, memory_row
from storage.stores.live_events import NOTIFY, notification
from storage.stores.small_decisions import packed, unpacked

SQL = queries("decisions")


class PostgresDecisionStore:
    """``DecisionStore``: documents are read back exactly as they were hashed, byte for byte."""

    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool

    async def append(
        self, system_id: UUID, at: datetime, document: JsonObject, version: str
    ) -> DecisionRecord:
        """Continue the chain; the same instant again gives the stored record."""
        async with (
            borrowed(self._pool) as connection,
            connection.pipeline() as pipeline,
            connection.transaction(),
        ):
            made, _ = await _continued(connection, pipeline, system_id, at, document, version)
        return made

    async def latest(self, system_id: UUID) -> DecisionRecord | None:
        """The one that was decided last."""
        page = await self.page(system_id, before=None, limit=1)
        return page[0] if page else None

    async def get(self, decision_id: UUID) -> DecisionRecord | None:
        """One by id."""
        stored_row = await row(self._pool, SQL["decision"], {"id": decision_id})
        return None if stored_row is None else _decision(stored_row)

    async def page(
        self, system_id: UUID, *, before: datetime | None, limit: int
    ) -> Sequence[DecisionRecord]:
        """Newest first, in the order of deciding; from the last one before ``before`` on."""
        values = {"system_id": system_id, "before": before, "limit": limit}
        return [
            _decision(stored_row) for stored_row in await rows(self._pool, SQL["decisions"], values)
        ]

    async def count(self, system_id: UUID) -> int:
        """How many are stored."""
        stored_row = await row(self._pool, SQL["count_decisions"], {"system_id": system_id})
        return 0 if stored_row is None else int(stored_row["total"])

    async def oldest(
        self, system_id: UUID, *, before: datetime, now: datetime, limit: int
    ) -> Sequence[DecisionRecord]:
        """The beginning of the chain that is older than ``before``."""
        values = {"system_id": system_id, "before": before, "now": now, "limit": limit}
        return [
            _decision(stored_row)
            for stored_row in await rows(self._pool, SQL["oldest_decisions"], values)
        ]

    async def anchor(self, system_id: UUID) -> ChainAnchor | None:
        """The anchor at which the chain begins after dropped decisions."""
        stored_row = await row(self._pool, SQL["anchor"], {"system_id": system_id})
        return None if stored_row is None else record(ChainAnchor, stored_row)

    async def drop(
        self, system_id: UUID, records: Sequence[DecisionRecord], anchor: ChainAnchor
    ) -> None:
        """Drop ``records``, and keep ``anchor`` for them, in one transaction."""
        ids = [item.id for item in records]
        async with connected(self._pool) as connection:
            await connection.execute(SQL["lock_chain"], {"system_id": system_id})
            await connection.execute(SQL["allow_retention"])
            values = {"system_id": system_id, "ids": ids, **asdict(anchor)}
            for name in ("drop_decisions", "drop_settings", "add_anchor"):
                await connection.execute(SQL[name], values)


class PostgresCycleStore:
    """``CycleStore``: decision, memory and event are sent together and wait for the disk once."""

    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool

    async def keep(
        self, system_id: UUID, at: datetime, document: JsonObject, version: str, memory: SiteMemory
    ) -> DecisionRecord:
        """Store decision and memory in one transaction, then publish the event."""
        async with borrowed(self._pool) as connection, connection.pipeline() as pipeline:
            async with connection.transaction():
                made, is_new = await _continued(
                    connection, pipeline, system_id, at, document, version
                )
                if is_new:
                    await connection.execute(SAVE_MEMORY, memory_row(system_id, memory))
            if is_new:
                news = {"system_id": str(system_id), "id": str(made.id), "at": at.isoformat()}
                await connection.execute(NOTIFY, notification("decision", news))
        return made


async def _continued(
    connection: Connection,
    pipeline: psycopg.AsyncPipeline,
    system_id: UUID,
    at: datetime,
    document: JsonObject,
    version: str,
) -> tuple[DecisionRecord, bool]:
    """The chain's next record and True; the record that is stored for ``at`` and False."""
    key = {"system_id": system_id, "at": at}
    await connection.execute(SQL["lock_chain"], key)
    knowing = await connection.execute(SQL["decision_at"], key)
    ending = await connection.execute(SQL["chain_end"], key)
    # The server answers while we compress.
    small = packed(document)
    await pipeline.sync()
    known, end = await knowing.fetchone(), await ending.fetchone()
    if known is not None:
        return _decision(known), False
    previous = GENESIS if end is None or end["hash"] is None else str(end["hash"])
    made = DecisionRecord(
        id=uuid5(system_id, at.isoformat()),
        system_id=system_id,
        at=at,
        document=document,
        version=version,
        previous_hash=previous,
        hash=next_hash(previous, document),
    )
    values = {
        "id": made.id,
        **key,
        **asdict(small),
        "version": version,
        "previous_hash": previous,
        "hash": made.hash,
    }
    if small.settings_hash is not None:
        await connection.execute(SQL["add_settings"], values)
    await connection.execute(SQL["add_decision"], values)
    return made, True


def _decision(stored_row: DictRow) -> DecisionRecord:
    kept = {name: value for name, value in stored_row.items() if name not in {"body", "settings"}}
    if stored_row["body"] is None:
        document = json.loads(stored_row["document"])
    else:
        document = unpacked(bytes(stored_row["body"]), stored_row["settings"])
    return record(DecisionRecord, {**kept, "document": document})
