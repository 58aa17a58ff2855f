"""Devices and databases that fail or hang: no other load waits, timers end what nobody watches."""

from __future__ import annotations

import asyncio

import pytest
import structlog

from services.actions.records import ActionStatus
from services.errors import Unavailable
from tests.fakes.scripted_switch import Mode
from tests.fakes.sites.control_cycles import actions, cycles
from tests.fakes.sites.reference_site import SYSTEM_ID, Loop
from tests.fakes.sites.scripted_site import DUMP, FAN, PRIMARY, ScriptedSite
from tests.fakes.unreachable import Switchable
from tests.waiting import HANGS_S, until


async def test_timers_of_what_stays_on_are_refreshed_every_cycle(site: ScriptedSite) -> None:
    await cycles(site, 6)
    await cycles(site, 3, load_w=5_728.0, voltage_v=52.2)
    assert site.primary.commands == [("on", 300.0)] * 4


async def test_one_dead_device_stops_no_other(site: ScriptedSite) -> None:
    site.switches[FAN].mode = Mode.DEAF
    await cycles(site, 6, room_c=41.0)
    assert site.primary.relay
    by_load = {action.load_id: action.status for action in await actions(site)}
    assert by_load[FAN] is ActionStatus.FAILED


async def test_without_the_database_nothing_is_commanded_and_no_timer_refreshed(
    site: ScriptedSite,
) -> None:
    await cycles(site, 6)
    sent, memory = len(site.primary.commands), Switchable(site.stores.memory)
    site.stores.memory = memory  # type: ignore[assignment]  # stands before the fake
    site.loop = Loop(stores=site.stores, clock=site.clock, switches=site.loop.switches)
    memory.away = True
    for _ in range(5):
        with pytest.raises(Unavailable):
            await cycles(site, 1)
    assert len(site.primary.commands) == sent
    assert not site.primary.relay, "the watchdog has run out"


async def test_a_database_that_goes_away_while_a_command_is_under_way(site: ScriptedSite) -> None:
    await cycles(site, 5)
    store = Switchable(site.stores.actions)
    site.stores.actions = store  # type: ignore[assignment]  # stands before the fake
    site.loop = Loop(stores=site.stores, clock=site.clock, switches=site.loop.switches)

    def cut() -> None:
        store.away = True

    site.primary.when_commanded = cut
    with pytest.raises(Unavailable):
        await cycles(site, 1)
    store.away = False
    await site.loop.open_actions.advance(SYSTEM_ID)
    (action,) = await actions(site)
    assert action.status is ActionStatus.DONE, "settled by what the device shows"


async def test_a_device_that_hangs_delays_no_cycle() -> None:
    site = await ScriptedSite(speed=1_000.0).set_up()
    await cycles(site, 5)
    site.primary.answers.clear()
    async with asyncio.timeout(HANGS_S):
        await cycles(site, 3, silent=(PRIMARY,))
    assert await site.stores.decisions.count(SYSTEM_ID) == 8
    assert site.loop.dispatch.under_way >= 1
    (asked, *_) = await actions(site)
    site.primary.answers.set()
    await until(lambda: site.loop.dispatch.under_way == 0)
    done = await site.stores.actions.get(asked.id)
    assert done is not None
    assert done.status in {ActionStatus.DONE, ActionStatus.VERIFYING}
    assert site.primary.commands[0][0] == "on"
    assert len([word for word, _ in site.primary.commands if word == "on"]) == 1


async def test_a_timer_that_hangs_holds_up_no_stop() -> None:
    site = await ScriptedSite(speed=1_000.0).set_up()
    await cycles(site, 6)
    await until(lambda: site.loop.dispatch.under_way == 0)
    assert site.primary.relay
    site.switches[DUMP].flip(on=True)
    site.primary.answers.clear()
    async with asyncio.timeout(HANGS_S):
        await cycles(site, 4, load_w=1_850.0 + 3_878.0 + 3_250.0, silent=(PRIMARY,))
        await until(lambda: not site.switches[DUMP].relay)
    site.primary.answers.set()
    await site.loop.dispatch.close()


async def test_a_timer_that_is_not_refreshed_is_logged(site: ScriptedSite) -> None:
    await cycles(site, 6)
    site.primary.mode = Mode.DEAF
    with structlog.testing.capture_logs() as logged:
        await cycles(site, 1, load_w=1_850.0 + 3_878.0, voltage_v=52.2)
    assert "timer_not_refreshed" in [line["event"] for line in logged]
