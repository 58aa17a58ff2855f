"""Open actions of a site: side by side, and others may settle them first."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from services.actions.records import OPEN_STATUSES, Action, ActionStatus
from services.errors import Unavailable
from tests.fakes.scripted_switch import Mode
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import DUMP, PRIMARY, ScriptedSite
from tests.waiting import until


@pytest.mark.parametrize(
    ("overtaken_at", "commands"),
    [
        pytest.param(ActionStatus.EXECUTING, 0, id="before it was sent"),
        pytest.param(ActionStatus.VERIFYING, 1, id="before it was verified"),
    ],
)
async def test_an_action_that_ended_meanwhile(
    site: ScriptedSite, overtaken_at: ActionStatus, commands: int
) -> None:
    action = await site.wish()
    store = site.stores.actions
    transition = store.transition

    async def overtaken(action_id: UUID, **change: Any) -> Action | None:
        if change["status"] is overtaken_at:
            ended = {"status": ActionStatus.EXPIRED, "expect": OPEN_STATUSES, "changes": {}}
            await transition(action_id, **(change | ended))
        return await transition(action_id, **change)

    store.transition = overtaken  # type: ignore[method-assign]  # another process
    ended = await site.loop.execution.execute(action)
    assert (ended.status, len(site.primary.commands)) == (ActionStatus.EXPIRED, commands)


async def test_an_action_that_was_settled_before_the_lock_was_ours(site: ScriptedSite) -> None:
    site.primary.mode = Mode.NO_WATTS
    action = await site.do()
    store = site.stores.actions
    stale = await site.now(action)
    site.primary.mode = Mode.OK
    await site.loop.open_actions.advance(SYSTEM_ID)

    async def with_status(_: UUID, statuses: frozenset[ActionStatus]) -> list[Action]:
        return [stale] if stale.status in statuses else []

    store.with_status = with_status  # type: ignore[method-assign, assignment]  # read earlier
    await site.loop.open_actions.advance(SYSTEM_ID)
    assert (await site.now(action)).status is ActionStatus.DONE


async def test_an_action_that_vanished(site: ScriptedSite) -> None:
    action = await site.wish()

    async def gone(*_: object, **__: object) -> None:
        return None

    site.stores.actions.transition = gone  # type: ignore[method-assign]  # deleted
    site.stores.actions.get = gone  # type: ignore[method-assign]  # deleted
    assert await site.loop.execution.execute(action) == action


async def test_a_device_that_hangs_holds_up_no_other(site: ScriptedSite) -> None:
    hung = await site.wish(PRIMARY)
    other = await site.wish(DUMP)
    site.primary.answers.clear()
    advancing = asyncio.create_task(site.loop.execution.advance(SYSTEM_ID))
    await until(lambda: site.switches[DUMP].relay)
    assert (await site.now(hung)).status is not ActionStatus.DONE
    site.primary.answers.set()
    await advancing
    assert [(await site.now(each)).status for each in (hung, other)] == [ActionStatus.DONE] * 2
    assert site.primary.relay


async def test_a_database_that_is_away_for_one_device_is_said_after_the_others(
    site: ScriptedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.wish(PRIMARY)
    await site.wish(DUMP)
    execute = site.loop.execution.execute

    async def away_for_one(action: Action) -> Action:
        if action.load_id == PRIMARY:
            raise Unavailable(what="The database", detail="gone", advice="wait")
        return await execute(action)

    monkeypatch.setattr(site.loop.execution, "execute", away_for_one)
    with pytest.raises(Unavailable):
        await site.loop.execution.advance(SYSTEM_ID)
    assert site.switches[DUMP].relay


async def test_advancing_a_site_where_nothing_is_open_asks_once(
    site: ScriptedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[frozenset[ActionStatus]] = []
    with_status = site.stores.actions.with_status

    async def counted(system_id: UUID, statuses: frozenset[ActionStatus]) -> Any:
        asked.append(statuses)
        return await with_status(system_id, statuses)

    monkeypatch.setattr(site.stores.actions, "with_status", counted)
    await site.loop.open_actions.advance(SYSTEM_ID)
    assert asked == [OPEN_STATUSES]
    await site.wish()
    await site.loop.open_actions.advance(SYSTEM_ID)
    assert len(asked) > 2
    assert site.primary.relay
