"""Control has database connections of its own: nothing that people do can take them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from commandcenter.clock import WallClock
from commandcenter.settings import Settings
from commandcenter.wiring.composition import compose
from commandcenter.wiring.plant import SimulatedPlant
from storage.connection.pool import Pool, connected

PEOPLES = 8
"""Connections that pages and chat share."""


async def test_a_cycle_is_decided_while_pages_and_chat_hold_every_connection(
    database: str, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, site="none", _env_file=None)  # type: ignore[call-arg]
    plant = SimulatedPlant(clock=WallClock())
    async with compose(settings, dsn=database, plant=plant) as site, AsyncExitStack() as held:
        pool: Pool = site.stores.conversations._pool
        for _ in range(PEOPLES):
            await held.enter_async_context(connected(pool))
        assert pool.get_stats()["pool_available"] == 0
        async with asyncio.timeout(30.0):  # who finds no connection is refused after 3 s
            await site.work.control(site.system_id, None)
        await held.aclose()
        assert await site.stores.decisions.latest(site.system_id) is not None
