"""Actions whose executor died: settled by what the device shows."""

from __future__ import annotations

import pytest

from energy.site.loads import Actor
from services.actions.records import OPEN_STATUSES, ActionStatus
from tests.fakes.scripted_switch import Mode
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import FAN, PRIMARY, ScriptedSite


@pytest.mark.parametrize(
    ("actor", "status"),
    [
        pytest.param(Actor.ALLOCATOR, ActionStatus.EXPIRED, id="an old decision is dropped"),
        pytest.param(Actor.OWNER, ActionStatus.DONE, id="what the owner wants is done"),
    ],
)
async def test_what_was_never_sent(site: ScriptedSite, actor: Actor, status: ActionStatus) -> None:
    action = await site.wish(actor=actor)
    await site.loop.execution.reconcile(SYSTEM_ID)
    await site.loop.open_actions.advance(SYSTEM_ID)
    assert (await site.now(action)).status is status


@pytest.mark.parametrize(
    ("relay", "mode", "status", "result"),
    [
        pytest.param(
            True, Mode.OK, ActionStatus.DONE, "Verified: on, 3 878 W.", id="it took effect"
        ),
        pytest.param(
            False,
            Mode.OK,
            ActionStatus.ROLLED_BACK,
            "Interrupted before it took effect; the device is off as before.",
            id="it did not",
        ),
        pytest.param(
            False,
            Mode.OFFLINE,
            ActionStatus.FAILED,
            "Interrupted, and the device does not answer: state unknown.",
            id="nobody knows",
        ),
    ],
)
async def test_what_was_interrupted_is_settled_by_the_device(
    site: ScriptedSite, mode: Mode, status: ActionStatus, result: str, *, relay: bool
) -> None:
    action = await site.wish()
    await site.stores.actions.transition(
        action.id,
        expect=OPEN_STATUSES,
        status=ActionStatus.EXECUTING,
        at=site.clock.now(),
        actor="control",
        detail="sent",
    )
    site.primary.flip(on=relay)
    site.primary.mode = mode
    assert await site.loop.execution.reconcile(SYSTEM_ID) == 1
    ended = await site.now(action)
    assert (ended.status, ended.result) == (status, result)


async def test_a_change_of_speed_that_was_interrupted_is_settled_by_the_speed(
    site: ScriptedSite,
) -> None:
    fan = site.switches[FAN]
    action = await site.wish(FAN, target_speed=10)
    await site.stores.actions.transition(
        action.id,
        expect=OPEN_STATUSES,
        status=ActionStatus.EXECUTING,
        at=site.clock.now(),
        actor="control",
        detail="sent",
    )
    fan.flip(on=True)
    fan.speed = 4
    await site.loop.execution.reconcile(SYSTEM_ID)
    ended = await site.now(action)
    assert (ended.status, ended.result) == (
        ActionStatus.ROLLED_BACK,
        "Interrupted before it took effect; the device is on at speed 4 as before.",
    )


async def test_an_action_that_somebody_executes_is_left_to_them(site: ScriptedSite) -> None:
    action = await site.wish()
    await site.stores.actions.transition(
        action.id,
        expect=OPEN_STATUSES,
        status=ActionStatus.EXECUTING,
        at=site.clock.now(),
        actor="control",
        detail="sent",
    )
    async with site.stores.locks.hold(PRIMARY):
        await site.loop.open_actions.advance(SYSTEM_ID)
    assert (await site.now(action)).status is ActionStatus.EXECUTING
