"""Commands to devices that obey, lie, sulk or die: what becomes of the action, and the relay."""

from __future__ import annotations

import pytest

from energy.site.loads import Actor
from services.actions.records import ActionStatus
from tests.fakes.scripted_switch import Mode
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import FAN, PRIMARY, ScriptedSite


@pytest.mark.parametrize(
    ("mode", "status", "result", "relay"),
    [
        pytest.param(Mode.OK, ActionStatus.DONE, "Verified: on, 3 878 W.", True, id="obeys"),
        pytest.param(
            Mode.SLOW, ActionStatus.DONE, "Verified: on, 3 878 W.", True, id="takes three seconds"
        ),
        pytest.param(
            Mode.IGNORES,
            ActionStatus.ROLLED_BACK,
            "After 3 tries: the switch did not show on within 15 s. Restored: off.",
            False,
            id="ignores",
        ),
        pytest.param(
            Mode.LIES,
            ActionStatus.ROLLED_BACK,
            "After 3 tries: the switch did not show on within 15 s. Restored: off.",
            False,
            id="lies: the relay is open again although it never said that it was closed",
        ),
        pytest.param(
            Mode.OFFLINE, ActionStatus.BLOCKED, "Primary S21+ does not answer.", False, id="offline"
        ),
        pytest.param(
            Mode.DEAF,
            ActionStatus.FAILED,
            "After 3 tries: Scripted: rpc: no answer. The earlier state could not be restored: "
            "Scripted: rpc: no answer.",
            False,
            id="refuses commands",
        ),
    ],
)
async def test_starting(
    site: ScriptedSite, mode: Mode, status: ActionStatus, result: str, *, relay: bool
) -> None:
    site.primary.mode = mode
    action = await site.do()
    assert (action.status, action.result, site.primary.relay) == (status, result, relay)


@pytest.mark.parametrize(
    ("mode", "urgent", "status", "result"),
    [
        pytest.param(Mode.OK, False, ActionStatus.DONE, "Verified: off, 0 W.", id="obeys"),
        pytest.param(
            Mode.IGNORES,
            False,
            ActionStatus.ROLLED_BACK,
            "After 3 tries: the switch did not show off within 15 s. Restored: on.",
            id="ignores: it is on as before",
        ),
        pytest.param(
            Mode.IGNORES,
            True,
            ActionStatus.FAILED,
            "After 3 tries: the switch did not show off within 15 s. A protective stop is not "
            "undone.",
            id="a protective stop is never undone",
        ),
    ],
)
async def test_stopping(
    site: ScriptedSite, mode: Mode, *, urgent: bool, status: ActionStatus, result: str
) -> None:
    site.primary.flip(on=True)
    await site.pass_minutes(20)
    site.primary.mode = mode
    action = await site.do(target_on=False, urgent=urgent)
    assert (action.status, action.result) == (status, result)


async def test_a_first_command_that_is_lost_is_sent_again_and_logged(site: ScriptedSite) -> None:
    def obey_the_second() -> None:
        site.primary.mode = Mode.IGNORES if len(site.primary.commands) < 2 else Mode.OK

    site.primary.when_commanded = obey_the_second
    action = await site.do()
    assert (action.status, action.tries) == (ActionStatus.DONE, 2)
    assert await site.log(action) == [
        ActionStatus.PROPOSED,
        ActionStatus.EXECUTING,
        ActionStatus.EXECUTING,
        ActionStatus.VERIFYING,
        ActionStatus.DONE,
    ]


async def test_a_busy_device_is_left_for_later(site: ScriptedSite) -> None:
    action = await site.wish()
    async with site.stores.locks.hold(PRIMARY):
        assert (await site.loop.execution.execute(action)).status is ActionStatus.PROPOSED
    await site.loop.open_actions.advance(SYSTEM_ID)
    assert (await site.now(action)).status is ActionStatus.DONE


async def test_an_action_is_executed_once_only(site: ScriptedSite) -> None:
    action = await site.do()
    assert await site.loop.execution.execute(action) == await site.now(action)
    assert site.primary.commands == [("on", 1_800.0)]


async def test_a_load_that_is_gone(site: ScriptedSite) -> None:
    action = await site.wish()
    site.stores.site._loads.clear()
    ended = await site.loop.execution.execute(action)
    assert (ended.status, ended.result) == (
        ActionStatus.FAILED,
        "Its load is not configured any more.",
    )


async def test_a_load_whose_switch_is_gone_does_not_answer(site: ScriptedSite) -> None:
    action = await site.wish()
    del site.switches[PRIMARY]
    ended = await site.loop.execution.execute(action)
    assert (ended.status, ended.result) == (ActionStatus.BLOCKED, "Primary S21+ does not answer.")


async def test_stopping_what_is_off_is_done_without_a_command(site: ScriptedSite) -> None:
    stop = await site.do(target_on=False, urgent=True, actor=Actor.SAFETY)
    assert (stop.status, stop.result) == (ActionStatus.DONE, "Primary S21+ is off already.")
    assert site.primary.commands == []


async def test_a_speed_that_was_not_reached_is_put_back(site: ScriptedSite) -> None:
    fan = site.switches[FAN]
    fan.flip(on=True)
    fan.speed, fan.highest_speed = 4, 7
    action = await site.do(FAN, target_speed=10)
    assert (action.status, action.previous_speed, fan.relay, fan.speed) == (
        ActionStatus.ROLLED_BACK,
        4,
        True,
        4,
    )
    assert action.result == (
        "After 3 tries: the switch did not show on at speed 10 within 15 s. Restored: on at"
        " speed 4."
    )


async def test_a_fan_that_was_off_is_put_back_to_off(site: ScriptedSite) -> None:
    fan = site.switches[FAN]
    fan.speed, fan.highest_speed = 4, 7
    action = await site.do(FAN, target_speed=10)
    assert (action.status, fan.relay) == (ActionStatus.ROLLED_BACK, False)
    assert (action.result or "").endswith("Restored: off.")
