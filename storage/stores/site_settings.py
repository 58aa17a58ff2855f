"""Preferences, miner profiles and zones on PostgreSQL, with versions and an audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any, LiteralString, TypeVar, cast
from uuid import UUID

import structlog
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from energy import dataclass_json
from energy.dataclass_json import JsonObject, JsonValue
from energy.site.loads import Zone
from energy.site.miners import MinerProfile
from energy.site.preferences import Preferences
from services.errors import Conflict, Invalid, NotFound
from services.stored import Stored
from storage.connection.builder import built
from storage.connection.pool import Connection, Pool, connected, rows
from storage.connection.queries import queries
from storage.connection.secrets import Secrets

SQL = queries("settings")

log = structlog.get_logger(__name__)

T = TypeVar("T", Preferences, MinerProfile, Zone)
P = TypeVar("P", MinerProfile, Zone)
TABLES: Mapping[type, tuple[str, str]] = {
    Preferences: ("user_preferences", "preferences"),
    MinerProfile: ("miner_profiles", "miner"),
    Zone: ("hvac_zones", "zone"),
}
ORDER = {MinerProfile: ("priority_level", "name", "id"), Zone: ("name", "id")}


class PostgresSettingsStore:
    """``SettingsStore``: the columns are the fields of the domain's dataclasses."""

    def __init__(self, *, pool: Pool, secrets: Secrets) -> None:
        """``secrets`` seals the addresses for messages, which may hold passwords."""
        self._pool, self._secrets = pool, secrets

    async def preferences(self, system_id: UUID) -> Stored[Preferences]:
        """The owner's preferences; stored with the defaults when they are first read."""
        async with connected(self._pool) as connection:
            return await self._preferences(connection, system_id, lock=False)

    async def save_preferences(
        self, system_id: UUID, value: Preferences, *, expected_version: int | None, actor: str
    ) -> Stored[Preferences]:
        """Replace them.

        Raises:
            Conflict: They have changed since ``expected_version``.
        """
        async with connected(self._pool) as connection:
            current = await self._preferences(connection, system_id, lock=True)
            _refuse_lost_update("preferences", current.version, expected_version)
            stored_row = await _one(
                connection,
                built(SQL["save_preferences"], columns=_columns(Preferences)),
                {
                    **_values(value),
                    "notify_urls": self._secrets.encrypt(
                        {"urls": list(value.notify_urls)} if value.notify_urls else {}
                    ),
                    "system_id": system_id,
                },
            )
            await _audit(connection, system_id, actor, "preferences", current.value, value)
        return self._opened(stored_row)

    async def miners(self, system_id: UUID) -> Sequence[Stored[MinerProfile]]:
        """By priority, name, id."""
        return await self._all(MinerProfile, system_id)

    async def save_miner(
        self, system_id: UUID, value: MinerProfile, *, expected_version: int | None, actor: str
    ) -> Stored[MinerProfile]:
        """Insert or update. Raises as ``save_preferences``."""
        return await self._save(system_id, value, expected_version, actor)

    async def delete_miner(self, system_id: UUID, miner_id: str, *, actor: str) -> bool:
        """Delete; whether there was one."""
        return await self._delete(MinerProfile, system_id, miner_id, actor)

    async def zones(self, system_id: UUID) -> Sequence[Stored[Zone]]:
        """By name, id."""
        return await self._all(Zone, system_id)

    async def save_zone(
        self, system_id: UUID, value: Zone, *, expected_version: int | None, actor: str
    ) -> Stored[Zone]:
        """Insert or update. Raises as ``save_preferences``."""
        return await self._save(system_id, value, expected_version, actor)

    async def delete_zone(self, system_id: UUID, zone_id: str, *, actor: str) -> bool:
        """Delete; miners in it lose their zone. Whether there was one."""
        return await self._delete(Zone, system_id, zone_id, actor)

    async def _preferences(
        self, connection: Connection, system_id: UUID, *, lock: bool
    ) -> Stored[Preferences]:
        name = "preferences_locked" if lock else "preferences"
        query = built(SQL[name], columns=_columns(Preferences))
        values = {"system_id": system_id}
        stored_row = await (await connection.execute(query, values)).fetchone()
        if stored_row is None:
            await connection.execute(SQL["add_preferences"], values)
            stored_row = await (await connection.execute(query, values)).fetchone()
        if stored_row is None:
            raise NotFound(kind="site", key=str(system_id))
        return self._opened(stored_row)

    def _opened(self, stored_row: DictRow) -> Stored[Preferences]:
        """The preferences with decrypted addresses. Addresses encrypted with another key are left
        out, so that control goes on.
        """
        try:
            urls = self._secrets.decrypt(stored_row["notify_urls"]).get("urls", [])
        except Invalid as problem:
            log.warning("addresses_lost", detail=str(problem))
            urls = []
        return _stored(Preferences, {**stored_row, "notify_urls": urls})

    async def _all(self, cls: type[T], system_id: UUID) -> list[Stored[T]]:
        query = built(SQL["all"], columns=_columns(cls), table=TABLES[cls][0], order=ORDER[cls])
        stored_rows = await rows(self._pool, query, {"system_id": system_id})
        return [_stored(cls, stored_row) for stored_row in stored_rows]

    async def _save(
        self, system_id: UUID, value: P, expected_version: int | None, actor: str
    ) -> Stored[P]:
        cls = type(value)
        table, word = TABLES[cls]
        values: dict[str, Any] = {**_values(value), "system_id": system_id}
        async with connected(self._pool) as connection:
            query = built(SQL["one_locked"], columns=_columns(cls), table=table)
            cursor = await connection.execute(query, values)
            known = await cursor.fetchone()
            if known is not None and known["system_id"] != system_id:
                raise NotFound(kind=word, key=str(value.id))
            current = None if known is None else _stored(cls, known)
            _refuse_lost_update(
                word, None if current is None else current.version, expected_version
            )
            stored_row = await _one(connection, _saving(cls, table), values)
            before = None if current is None else current.value
            await _audit(connection, system_id, actor, word, before, value)
        return _stored(cls, stored_row)

    async def _delete(self, cls: type[T], system_id: UUID, key: str, actor: str) -> bool:
        table, word = TABLES[cls]
        if not _is_uuid(key):
            return False
        query = built(SQL["delete"], columns=_columns(cls), table=table)
        async with connected(self._pool) as connection:
            cursor = await connection.execute(query, {"id": key, "system_id": system_id})
            gone = await cursor.fetchone()
            if gone is not None:
                await _audit(connection, system_id, actor, word, _stored(cls, gone).value, None)
        return gone is not None


async def _one(
    connection: Connection, query: LiteralString, values: Mapping[str, object]
) -> DictRow:
    stored_row = await (await connection.execute(query, values)).fetchone()
    if stored_row is None:
        raise NotFound(kind="row", key=str(values.get("id", values["system_id"])))
    return stored_row


async def _audit(
    connection: Connection,
    system_id: UUID,
    actor: str,
    what: str,
    before: Preferences | MinerProfile | Zone | None,
    after: Preferences | MinerProfile | Zone | None,
) -> None:
    changed = after if after is not None else before
    await connection.execute(
        SQL["audit"],
        {
            "system_id": system_id,
            "actor": actor,
            "what": what,
            "key": str(getattr(changed, "id", what)),
            "before": None if before is None else Jsonb(_logged(before)),
            "after": None if after is None else Jsonb(_logged(after)),
        },
    )


def _logged(value: Preferences | MinerProfile | Zone) -> JsonObject:
    """The value for the audit log; of an address only its scheme."""
    document = dataclass_json.object_json(value)
    if isinstance(value, Preferences):
        document["notify_urls"] = [url.partition(":")[0] for url in value.notify_urls]
    return document


def _columns(cls: type) -> list[str]:
    return [field.name for field in fields(cls)]


def _saving(cls: type, table: str) -> LiteralString:
    columns = _columns(cls)
    changing = [name for name in columns if name != "id"]
    return built(SQL["save"], table=table, columns=columns, changing=changing)


def _values(value: Preferences | MinerProfile | Zone) -> dict[str, JsonValue | Jsonb]:
    values = dataclass_json.object_json(value)
    return {name: Jsonb(item) if isinstance(item, list) else item for name, item in values.items()}


def _stored(cls: type[T], stored_row: DictRow) -> Stored[T]:
    names = (field.name for field in fields(cast("Any", cls)))
    data = {name: _plain(stored_row[name]) for name in names if name in stored_row}
    return Stored(
        value=dataclass_json.from_json(cls, data),
        version=stored_row["version"],
        updated_at=stored_row["updated_at"],
    )


def _plain(value: object) -> object:
    """A column's value as in JSON."""
    if isinstance(value, UUID):
        return str(value)
    return float(value) if isinstance(value, Decimal) else value


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _refuse_lost_update(what: str, current: int | None, expected: int | None) -> None:
    if expected is None or expected == current:
        return
    if current is None:
        raise Conflict(f"the {what} has been deleted since you read version {expected}")
    raise Conflict(
        f"the {what} has changed since you read version {expected} (now {current}): read it again"
    )
