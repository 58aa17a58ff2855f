"""A site on PostgreSQL whose program starts again and again with a wrong clock."""

from __future__ import annotations

from datetime import timedelta

from commandcenter.wiring import seed
from energy.site.loads import Actor
from services.control.decision_chain import GENESIS, first_broken
from services.control.decision_retention import DecisionRetention
from services.telemetry.rollup import DAILY, Rollup
from storage.all_stores import PostgresStores
from storage.connection.pool import Pool
from tests.contract.conftest import KEY
from tests.fakes.clock import EPOCH
from tests.fakes.scripted_switch import ScriptedSwitches
from tests.fakes.sites.reference_site import SYSTEM_ID, Loop
from tests.fakes.sites.scripted_site import ScriptedSite

RIGHT = timedelta(0)
IN_2100, IN_1970 = timedelta(days=74 * 365), timedelta(days=-56 * 365)
STARTS = (RIGHT, IN_2100, RIGHT, IN_1970, IN_2100, RIGHT)
MINUTES = 6


def started(stores: PostgresStores, at_s: timedelta) -> ScriptedSite:
    """The program as it starts: nothing is known but what is stored."""
    site = ScriptedSite()
    site.clock.set(EPOCH + at_s)
    site.stores = stores  # type: ignore[assignment]  # the same ports on PostgreSQL
    site.loop = Loop(stores=stores, clock=site.clock, switches=ScriptedSwitches(site.switches))
    return site


async def keep_house(site: ScriptedSite) -> None:
    """The jobs that drop and add up."""
    stores, now = site.stores, site.clock.now()
    await stores.telemetry.apply_retention(now=now, raw_hours=72.0)
    retention = DecisionRetention(
        sites=stores.site, decisions=stores.decisions, keep=timedelta(days=365)
    )
    assert await retention.apply(now) == []
    rollup = Rollup(
        sites=stores.site,
        telemetry=stores.telemetry,
        settings=stores.settings,
        memory=stores.memory,
        clock=site.clock,
    )
    await rollup.roll_recent(SYSTEM_ID)


async def test_it_decides_and_keeps_what_it_has_whatever_the_clock_says(
    pool: Pool, database: str
) -> None:
    stores = PostgresStores(pool=pool, dsn=database, key=KEY)
    await seed.seed_owner(stores.accounts, email="owner@example.com", at=EPOCH)
    await started(stores, RIGHT).set_up(seen=False)
    for number, offset in enumerate(STARTS):
        site = started(stores, offset + timedelta(hours=number))
        await keep_house(site)
        for _ in range(MINUTES):
            site.clock.advance(60.0)
            await site.see()
            record = await site.loop.control.run_cycle(SYSTEM_ID)
            assert await stores.decisions.latest(SYSTEM_ID) == record
        await site.wish(actor=Actor.AGENT)
        await site.loop.open_actions.advance(SYSTEM_ID)
        assert (await site.loop.live.now(SYSTEM_ID))["decision"] is not None
        await keep_house(site)
    chain = await stores.decisions.page(SYSTEM_ID, before=None, limit=99)
    assert len(chain) == len(STARTS) * MINUTES
    assert first_broken(chain[::-1], previous=GENESIS) is None
    for number, offset in enumerate(STARTS):
        start = EPOCH + offset + timedelta(hours=number)
        end = start + timedelta(hours=1)
        kept = await stores.telemetry.series(
            SYSTEM_ID, "pv_power_w", start=start, end=end, step_s=None
        )
        assert len(kept) == MINUTES
    day = {"start": EPOCH - timedelta(days=1), "end": EPOCH + timedelta(days=1)}
    assert await stores.telemetry.rollup(DAILY, SYSTEM_ID, **day)
    await stores.stop()
