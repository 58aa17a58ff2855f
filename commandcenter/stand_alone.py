"""A decision for given readings alone, without live values, memory or learned values.

The same document gives the same decision whether the program runs or not. Settings and miners are
the stored ones where there is a site, else the reference site's; readings that the document lacks
are unknown, and every miner is off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from commandcenter.clock import WallClock
from commandcenter.settings import Settings
from commandcenter.wiring.database import database
from commandcenter.wiring.key import secret_key
from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput, Decision
from energy.site.miners import MinerProfile, MinerState
from energy.site.preferences import Preferences
from energy.site.reference_site import REFERENCE_MINERS
from energy.site.snapshot import Snapshot
from services.control.what_if import checked_question
from storage.all_stores import PostgresStores
from storage.connection.pool import open_pool
from storage.schema import migrations


async def decide(settings: Settings, document: Mapping[str, object]) -> Decision:
    """The decision.

    Raises:
        Invalid: The document breaks rules; every problem is named with its path.
    """
    preferences, miners = await _stored(settings)
    defaults = AllocationInput(
        snapshot=Snapshot(at=WallClock().now()),
        preferences=preferences,
        miners=tuple(miners),
        states=tuple(MinerState(miner_id=miner.id) for miner in miners),
    )
    return allocate(checked_question(document, defaults))


async def _stored(settings: Settings) -> tuple[Preferences, Sequence[MinerProfile]]:
    """The first site's settings, as the API takes it; the documented defaults without a site."""
    if settings.database_url is None and not (settings.home / "postgres").exists():
        return Preferences(), REFERENCE_MINERS
    async with database(settings) as dsn:
        await migrations.migrate(dsn)
        async with open_pool(dsn) as pool:
            stores = PostgresStores(pool=pool, key=secret_key(settings), dsn=dsn)
            systems = await stores.site.systems()
            if not systems:
                return Preferences(), REFERENCE_MINERS
            preferences = (await stores.settings.preferences(systems[0].id)).value
            miners = await stores.settings.miners(systems[0].id)
            return preferences, [miner.value for miner in miners]
