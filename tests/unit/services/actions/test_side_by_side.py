"""A device that hangs delays no other one: not in a cycle, not between cycles, not after a crash.

Times here are the wall's: a stop that waits behind a silent device waits in real seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar
from uuid import UUID

import pytest

from commandcenter.wiring import seed
from energy.site.loads import Actor
from energy.site.preferences import ControlLevel
from services.actions.records import ActionStatus
from services.actions.side_by_side import SideBySide
from services.errors import Unavailable
from tests.fakes.clock import EPOCH, SteppingClock
from tests.fakes.scripted_switch import Mode
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import PRIMARY, ScriptedSite
from tests.waiting import HANGS_S, until

T = TypeVar("T")

DUMP, FAN = seed.DUMP.load_id, seed.FAN_1.load_id
PATIENCE_S = 0.3


@pytest.fixture
async def site() -> AsyncIterator[ScriptedSite]:
    made = await ScriptedSite(patience_s=PATIENCE_S).set_up()
    await made.prefer(dead_man_minutes=30.0)
    yield made
    await made.loop.execution.close()


@pytest.fixture
async def patient_site() -> AsyncIterator[ScriptedSite]:
    """A site whose callers wait for a silent device for longer than any test runs."""
    made = await ScriptedSite(patience_s=100 * HANGS_S).set_up()
    await made.prefer(dead_man_minutes=30.0)
    yield made
    await made.loop.execution.close()


async def is_commanded_off(site: ScriptedSite, load_id: UUID, work: Coroutine[Any, Any, T]) -> None:
    """``work`` commands the load off before anybody has given up waiting for another device."""
    told, switch = asyncio.Event(), site.switches[load_id]
    switch.when_commanded = told.set
    going_on = asyncio.create_task(work)
    async with asyncio.timeout(HANGS_S):
        await told.wait()
    assert switch.commands[-1][0] == "off"
    for other in site.switches.values():
        other.answers.set()
    await going_on


@pytest.mark.parametrize("mode", [None, Mode.IGNORES])
async def test_between_cycles_a_healthy_relays_stop_waits_for_nobody(
    patient_site: ScriptedSite, mode: Mode | None
) -> None:
    site = patient_site
    await site.do(DUMP)
    if mode is None:
        site.switches[PRIMARY].answers.clear()
    else:
        site.switches[PRIMARY].mode = mode
    await site.wish(PRIMARY, target_on=False, actor=Actor.SAFETY, urgent=True)
    site.clock.advance(1.0)
    await site.wish(DUMP, target_on=False, actor=Actor.SAFETY, urgent=True)
    await is_commanded_off(site, DUMP, site.loop.execution.advance(SYSTEM_ID))
    assert not site.switches[DUMP].relay


async def test_what_is_verified_of_a_silent_device_holds_up_no_stop(site: ScriptedSite) -> None:
    await site.do(DUMP)
    site.switches[PRIMARY].mode = Mode.NO_WATTS
    verifying = await site.do(PRIMARY)
    assert verifying.status is ActionStatus.VERIFYING
    site.switches[PRIMARY].answers.clear()
    asked_before = site.switches[PRIMARY].questions
    async with asyncio.timeout(HANGS_S):
        await site.loop.execution.advance(SYSTEM_ID)
    assert site.switches[PRIMARY].questions == asked_before + 1


async def test_in_a_cycle_the_stops_come_before_a_silent_devices_timer(
    patient_site: ScriptedSite,
) -> None:
    site = patient_site
    await site.level(ControlLevel.AUTOMATIC)
    await site.do(DUMP)
    await site.do(FAN)
    site.clock.advance(60.0)
    await site.see(voltage_v=44.0)
    site.switches[FAN].answers.clear()
    await is_commanded_off(site, DUMP, site.loop.control.run_cycle(SYSTEM_ID))
    assert not site.switches[DUMP].relay


async def test_a_cycle_does_not_wait_for_a_silent_device(site: ScriptedSite) -> None:
    await site.level(ControlLevel.AUTOMATIC)
    for load_id in (PRIMARY, DUMP):
        await site.do(load_id)
    site.clock.advance(60.0)
    await site.see(voltage_v=44.0)
    site.switches[PRIMARY].answers.clear()
    async with asyncio.timeout(HANGS_S):
        await site.loop.control.run_cycle(SYSTEM_ID)
    assert not site.switches[DUMP].relay


async def test_a_device_that_is_slow_to_answer_has_its_time_and_no_more(site: ScriptedSite) -> None:
    """Fifteen questions of up to ten seconds each are no limit of fifteen seconds."""
    site.switches[PRIMARY].answers.clear()
    action = await site.wish(PRIMARY, target_on=False, actor=Actor.SAFETY, urgent=True)
    ended = await site.loop.execution.execute(action)
    assert ended.status is ActionStatus.FAILED
    assert "no answer within 0.18 s" in (ended.result or "")
    assert site.switches[PRIMARY].questions <= 6


async def test_what_goes_on_alone_is_ended_at_the_end(site: ScriptedSite) -> None:
    site.switches[PRIMARY].answers.clear()
    action = await site.wish(PRIMARY, target_on=False, actor=Actor.SAFETY, urgent=True)
    asked_before = site.switches[PRIMARY].questions
    going_on = asyncio.create_task(site.loop.execution.advance(SYSTEM_ID))
    await until(lambda: site.switches[PRIMARY].questions > asked_before)
    await site.loop.execution.close()
    await asyncio.gather(going_on, return_exceptions=True)
    site.switches[PRIMARY].answers.set()
    await site.loop.execution.reconcile(SYSTEM_ID)
    await site.loop.execution.advance(SYSTEM_ID)
    assert (await site.now(action)).status in {ActionStatus.DONE, ActionStatus.ROLLED_BACK}


async def test_results_in_order_and_the_first_failure() -> None:
    beside = SideBySide(clock=SteppingClock(EPOCH), patience_s=1.0, patience_wall_s=1.0)
    seen: list[str] = []
    patience_is_over = asyncio.Event()

    async def say(word: str, *, after: str | None = None) -> str:
        await until(lambda: after is None or after in seen)
        seen.append(word)
        return word

    async def say_late() -> str:
        await patience_is_over.wait()
        return await say("late")

    async def fail() -> str:
        raise Unavailable(what="The database", detail="gone", advice="Wait.")

    assert await beside.run([say("b", after="a"), say_late(), say("a")]) == ["b", "a"]
    assert await beside.run([]) == []
    with pytest.raises(Unavailable):
        await beside.run([say("c"), fail()])
    patience_is_over.set()
    await until(lambda: "late" in seen)
    assert seen == ["a", "b", "c", "late"]
    await beside.close()


async def test_work_that_never_ends_is_ended() -> None:
    beside = SideBySide(
        clock=SteppingClock(EPOCH), patience_s=0.0, patience_wall_s=0.0, longest_wall_s=0.05
    )
    ended = asyncio.Event()

    async def hang() -> None:
        try:
            await asyncio.sleep(3_600.0)
        finally:
            ended.set()

    assert await beside.run([hang()]) == []
    await asyncio.wait_for(ended.wait(), HANGS_S)
    await beside.close()
