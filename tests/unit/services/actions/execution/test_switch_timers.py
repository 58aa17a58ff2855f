"""The timer in the switch: armed with a start, refreshed while the load is on."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.scripted_switch import Mode
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import FAN, PRIMARY, ScriptedSite


async def test_the_timer_is_armed_with_every_start(site: ScriptedSite) -> None:
    await site.prefer(dead_man_minutes=7.0)
    await site.do()
    assert site.primary.commands == [("on", 420.0)]


async def test_a_load_without_a_timer_gets_none(site: ScriptedSite) -> None:
    for load in await site.stores.site.loads(SYSTEM_ID):
        await site.stores.site.save_load(replace(load, has_timer=False))
    await site.do()
    assert site.primary.commands == [("on", None)]


async def test_timers_are_refreshed_where_the_load_is_on(site: ScriptedSite) -> None:
    loads = [load for load in await site.stores.site.loads(SYSTEM_ID) if load.id in {PRIMARY, FAN}]
    site.primary.flip(on=True)
    assert await site.loop.execution.refresh_timers(loads, 300.0) == []
    assert site.primary.commands == [("on", 300.0)]
    assert site.switches[FAN].commands == []


async def test_a_timer_is_not_refreshed_while_somebody_is_at_the_device(site: ScriptedSite) -> None:
    """Otherwise a refresh that was begun before a stop would switch the load on after it."""
    loads = await site.stores.site.loads(SYSTEM_ID)
    site.primary.flip(on=True)
    async with site.stores.locks.hold(PRIMARY):
        await site.loop.execution.refresh_timers(loads, 300.0)
    assert site.primary.commands == []


async def test_timers_that_could_not_be_refreshed_are_named(site: ScriptedSite) -> None:
    loads = [load for load in await site.stores.site.loads(SYSTEM_ID) if load.id in {PRIMARY, FAN}]
    site.primary.flip(on=True)
    site.primary.mode, site.switches[FAN].mode = Mode.DEAF, Mode.OFFLINE
    assert await site.loop.execution.refresh_timers(loads, 300.0) == [
        "Heat Room fan does not answer: its timer was not refreshed.",
        "The timer of Primary S21+ was not refreshed: Scripted: rpc: no answer",
    ]
