"""One press: latched at once, everything off, everybody told, and only released with a reason."""

from __future__ import annotations

import pytest

from energy.site.loads import Actor
from services.actions.records import ActionStatus, EmergencyStop
from services.errors import Invalid, Unavailable
from tests.fakes.scripted_switch import Mode
from tests.fakes.sites.reference_site import SYSTEM_ID, Loop
from tests.fakes.sites.scripted_site import DUMP, FAN, PRIMARY, ScriptedSite
from tests.fakes.unreachable import Switchable


@pytest.fixture
async def site() -> ScriptedSite:
    """Everything runs; the fan was switched on a moment ago and no poll has seen it."""
    made = await ScriptedSite().set_up()
    for switch in made.switches.values():
        switch.flip(on=True)
    return made


async def test_pressing_it(site: ScriptedSite) -> None:
    state = await site.loop.emergency.latch(SYSTEM_ID, by="ann", reason=" smoke ")
    assert state == EmergencyStop(
        latched=True, changed_at=site.clock.now(), changed_by="ann", reason="smoke"
    )
    assert await site.loop.emergency.state(SYSTEM_ID) == state
    assert [switch.relay for switch in site.switches.values()] == [False] * 6
    assert site.loop.announced == [state]
    assert site.stores.events.published[0] == (
        "estop",
        {"system_id": str(SYSTEM_ID), "latched": True, "by": "ann", "reason": "smoke"},
    )


async def test_pressing_it_without_a_reason(site: ScriptedSite) -> None:
    state = await site.loop.emergency.latch(SYSTEM_ID, by="ann", reason=" ")
    assert state.reason == "no reason given"


async def test_pressing_it_again_stops_again(site: ScriptedSite) -> None:
    first = await site.loop.emergency.latch(SYSTEM_ID, by="ann", reason="smoke")
    site.primary.flip(on=True)
    assert await site.loop.emergency.latch(SYSTEM_ID, by="bob", reason="still") == first
    assert not site.primary.relay


async def test_a_device_that_does_not_obey_holds_up_no_other(site: ScriptedSite) -> None:
    site.primary.mode, site.switches[FAN].mode = Mode.DEAF, Mode.IGNORES
    await site.loop.emergency.latch(SYSTEM_ID, by="ann", reason="smoke")
    assert [load for load, switch in site.switches.items() if switch.relay] == [PRIMARY, FAN]
    failed = await site.stores.actions.with_status(SYSTEM_ID, frozenset({ActionStatus.FAILED}))
    assert {action.load_id for action in failed} == {PRIMARY, FAN}


async def test_a_stop_that_is_under_way_already_is_not_doubled(site: ScriptedSite) -> None:
    site.primary.mode = Mode.WELDED
    site.clock.advance(60.0)
    await site.see()
    first = await site.do(target_on=False, urgent=True, actor=Actor.SAFETY)
    await site.loop.emergency.latch(SYSTEM_ID, by="ann", reason="smoke")
    mine = await site.stores.actions.page(SYSTEM_ID, before=None, limit=9, load_id=PRIMARY)
    assert [action.id for action in mine if action.status is not ActionStatus.BLOCKED] == [first.id]


async def test_nothing_starts_until_it_is_released(site: ScriptedSite) -> None:
    await site.loop.emergency.latch(SYSTEM_ID, by="ann", reason="smoke")
    site.clock.advance(60.0)
    await site.see()
    refused = await site.wish(DUMP, actor=Actor.OWNER)
    assert refused.result == (
        "The emergency stop is latched: only stops pass until an admin releases it."
    )
    with pytest.raises(Invalid, match="reason: is needed"):
        await site.loop.emergency.release(SYSTEM_ID, by="ann", reason="  ")
    state = await site.loop.emergency.release(SYSTEM_ID, by="ann", reason="false alarm ")
    assert (state.latched, state.reason) == (False, "false alarm")
    assert (await site.wish(DUMP, actor=Actor.OWNER)).status is ActionStatus.PROPOSED
    assert [each.latched for each in site.loop.announced] == [True, False]


async def test_a_database_that_goes_away_after_the_latch(site: ScriptedSite) -> None:
    store = Switchable(site.stores.actions)
    site.stores.actions = store  # type: ignore[assignment]  # stands before the fake
    loop = Loop(stores=site.stores, clock=site.clock, switches=site.loop.switches)
    store.away = True
    with pytest.raises(Unavailable):
        await loop.emergency.latch(SYSTEM_ID, by="ann", reason="smoke")
    assert (await loop.emergency.state(SYSTEM_ID)).latched
