"""A protective stop waits for its device and ends every start of it."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from uuid import UUID

import pytest

from energy.site.loads import Actor
from services.actions.records import Action, ActionStatus
from tests.fakes.scripted_switch import Mode
from tests.fakes.sites.scripted_site import PRIMARY, ScriptedSite
from tests.waiting import until


async def test_a_protective_stop_waits_for_the_device(
    site: ScriptedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.primary.flip(on=True)
    stop = await site.wish(target_on=False, urgent=True, actor=Actor.SAFETY)
    hold, tried = site.stores.locks.hold, list[UUID]()

    def counted(load_id: UUID) -> AbstractAsyncContextManager[bool]:
        tried.append(load_id)
        return hold(load_id)

    monkeypatch.setattr(site.stores.locks, "hold", counted)
    async with hold(PRIMARY):
        stopping = asyncio.create_task(site.loop.execution.execute(stop))
        await until(lambda: len(tried) > 1)
        assert site.primary.relay
    assert (await stopping).status is ActionStatus.DONE
    assert not site.primary.relay


async def test_a_protective_stop_overrules_a_start_that_is_being_tried(site: ScriptedSite) -> None:
    site.primary.mode, commanded = Mode.IGNORES, asyncio.Event()
    site.primary.when_commanded = commanded.set
    starting = asyncio.create_task(site.do())
    await commanded.wait()
    stop = await site.wish(target_on=False, urgent=True, actor=Actor.SAFETY)
    start = await starting
    assert (start.status, start.result) == (
        ActionStatus.ROLLED_BACK,
        "Superseded by a protective stop of the same device.",
    )
    assert len(site.primary.commands) == 1, "no further try"
    assert (await site.loop.execution.execute(stop)).status is ActionStatus.DONE


async def test_a_protective_stop_ends_a_start_whose_watts_are_awaited(site: ScriptedSite) -> None:
    site.primary.mode = Mode.NO_WATTS
    start = await site.do()
    stop = await site.do(target_on=False, urgent=True, actor=Actor.SAFETY)
    assert (stop.status, (await site.now(start)).status) == (
        ActionStatus.DONE,
        ActionStatus.ROLLED_BACK,
    )
    assert not site.primary.relay


async def test_a_protective_stop_in_the_last_moment(site: ScriptedSite) -> None:
    site.primary.mode = Mode.IGNORES
    stops = list[asyncio.Task[Action]]()

    def stop_at_the_third() -> None:
        if len(site.primary.commands) == 3:
            wish = site.wish(target_on=False, urgent=True, actor=Actor.SAFETY)
            stops.append(asyncio.create_task(wish))

    site.primary.when_commanded = stop_at_the_third
    start = await site.do()
    assert start.result == "Superseded by a protective stop of the same device."
    assert site.primary.commands == [("on", 1_800.0)] * 3, "the rollback is the stop's business"
    assert (await stops[0]).status is ActionStatus.PROPOSED
