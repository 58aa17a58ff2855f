"""Systems, adapters, devices and controlled loads on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from uuid import UUID, uuid5

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from energy import dataclass_json
from energy.site.pv_array import PvArray
from services.errors import Invalid
from services.sites.records import (
    AdapterConfig,
    ControlledLoad,
    System,
    VendorPause,
    channel_taken,
)
from services.stored import Json
from storage.connection.mapping import record
from storage.connection.pool import Pool, connected, row, rows
from storage.connection.queries import queries
from storage.connection.secrets import Secrets
from storage.connection.together import ReadsTogether

SQL = queries("sites")
KINDS = {
    "inverter": ("add_array", "save_inverter"),
    "battery_pack": ("add_battery_array", "save_battery_pack"),
}


class PostgresPauseStore:
    """``PauseStore``: a row per adapter."""

    def __init__(self, *, pool: Pool, reads: ReadsTogether) -> None:
        self._pool, self._reads = pool, reads

    async def pause(self, adapter_id: UUID) -> VendorPause | None:
        """As stored."""
        stored_row = await self._reads.row(SQL["vendor_pause"], {"adapter_id": adapter_id})
        return None if stored_row is None else record(VendorPause, stored_row)

    async def keep(self, adapter_id: UUID, pause: VendorPause) -> None:
        """Replace it."""
        values = {"adapter_id": adapter_id, **asdict(pause)}
        await rows(self._pool, SQL["keep_vendor_pause"], values)


class PostgresSiteStore:
    """``SiteStore``: adapters' secrets are stored encrypted."""

    def __init__(self, *, pool: Pool, secrets: Secrets) -> None:
        self._pool, self._secrets = pool, secrets

    async def systems(self) -> Sequence[System]:
        """All systems by name."""
        return [_system(stored_row) for stored_row in await rows(self._pool, SQL["systems"])]

    async def system(self, system_id: UUID) -> System | None:
        """One by id."""
        stored_row = await row(self._pool, SQL["system"], {"id": system_id})
        return None if stored_row is None else _system(stored_row)

    async def save_system(self, system: System) -> None:
        """Insert or update."""
        values = {field.name: getattr(system, field.name) for field in fields(System)}
        values["pv_arrays"] = Jsonb(dataclass_json.to_json(system.pv_arrays))
        await rows(self._pool, SQL["save_system"], values)

    async def adapters(self, system_id: UUID) -> Sequence[AdapterConfig]:
        """A system's adapters by name, with their secrets decrypted."""
        stored_rows = await rows(self._pool, SQL["adapters"], {"system_id": system_id})
        return [
            record(
                AdapterConfig,
                {**stored_row, "secrets": self._secrets.decrypt(stored_row["secrets"])},
            )
            for stored_row in stored_rows
        ]

    async def save_adapter(self, adapter: AdapterConfig) -> None:
        """Insert or update."""
        values = {field.name: getattr(adapter, field.name) for field in fields(AdapterConfig)}
        values["settings"] = Jsonb(adapter.settings)
        values["secrets"] = self._secrets.encrypt(adapter.secrets)
        await rows(self._pool, SQL["save_adapter"], values)

    async def remember_identity(self, adapter: AdapterConfig, identity: str) -> None:
        """Store the device's identity, unless one is stored already."""
        values = {"id": adapter.id, "identity": identity}
        await rows(self._pool, SQL["remember_identity"], values)

    async def loads(self, system_id: UUID) -> Sequence[ControlledLoad]:
        """A system's controlled loads by name."""
        stored_rows = await rows(self._pool, SQL["loads"], {"system_id": system_id})
        return [record(ControlledLoad, stored_row) for stored_row in stored_rows]

    async def save_load(self, load: ControlledLoad) -> None:
        """Insert or update; a relay that switches another load already is refused."""
        values = {field.name: getattr(load, field.name) for field in fields(ControlledLoad)}
        other = await row(self._pool, SQL["load_of_channel"], values)
        if other is not None:
            raise Invalid([channel_taken(load, other["adapter"], other["name"])])
        await rows(self._pool, SQL["save_load"], values)

    async def devices(self, system_id: UUID) -> Sequence[Json]:
        """Inverters and battery packs."""
        stored_rows = await rows(self._pool, SQL["devices"], {"system_id": system_id})
        return [dict(stored_row) for stored_row in stored_rows]

    async def save_device(
        self,
        *,
        device_id: UUID,
        system_id: UUID,
        kind: str,
        name: str,
        adapter_id: UUID,
        external_id: str,
    ) -> None:
        """Insert or update, in the system's first array."""
        if kind not in KINDS:
            raise Invalid([("kind", f"must be one of {', '.join(KINDS)}; got {kind!r}")])
        add_array, save = KINDS[kind]
        values = {
            "id": device_id,
            "system_id": system_id,
            "array_id": uuid5(system_id, add_array),
            "adapter_id": adapter_id,
            "name": name,
            "external_id": external_id,
        }
        async with connected(self._pool) as connection:
            await connection.execute(SQL[add_array], values)
            await connection.execute(SQL[save], values)


def _system(stored_row: DictRow) -> System:
    arrays = tuple(dataclass_json.from_json(PvArray, array) for array in stored_row["pv_arrays"])
    return record(System, {**stored_row, "pv_arrays": arrays})
