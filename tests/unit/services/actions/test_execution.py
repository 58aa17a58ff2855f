"""Commands to devices that obey, lie, sulk or die; and what the log says of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from commandcenter.wiring import seed
from energy.site.loads import Actor
from services.actions.records import OPEN_STATUSES, Action, ActionStatus
from services.errors import Unavailable
from services.telemetry.records import EnergySample
from tests.fakes.scripted_switch import Mode
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import DUMP, FAN, HEATER, PRIMARY, ScriptedSite

DONE, FAILED, BLOCKED = ActionStatus.DONE, ActionStatus.FAILED, ActionStatus.BLOCKED
ROLLED_BACK, VERIFYING = ActionStatus.ROLLED_BACK, ActionStatus.VERIFYING


@pytest.fixture
async def site() -> ScriptedSite:
    """Nobody refreshes timers here: they are long enough for the longest boot."""
    made = await ScriptedSite().set_up()
    await made.prefer(dead_man_minutes=30.0)
    return made


@pytest.mark.parametrize(
    ("mode", "status", "result", "relay"),
    [
        pytest.param(Mode.OK, DONE, "Verified: on, 3 878 W.", True, id="obeys"),
        pytest.param(Mode.SLOW, DONE, "Verified: on, 3 878 W.", True, id="takes three seconds"),
        pytest.param(
            Mode.IGNORES,
            ROLLED_BACK,
            "After 3 tries: the switch did not show on within 15 s. Restored: off.",
            False,
            id="ignores",
        ),
        pytest.param(
            Mode.LIES,
            ROLLED_BACK,
            "After 3 tries: the switch did not show on within 15 s. Restored: off.",
            False,
            id="lies: the relay is open again although it never said that it was closed",
        ),
        pytest.param(Mode.OFFLINE, BLOCKED, "Primary S21+ does not answer.", False, id="offline"),
        pytest.param(
            Mode.DEAF,
            FAILED,
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
        pytest.param(Mode.OK, False, DONE, "Verified: off, 0 W.", id="obeys"),
        pytest.param(
            Mode.IGNORES,
            False,
            ROLLED_BACK,
            "After 3 tries: the switch did not show off within 15 s. Restored: on.",
            id="ignores: it is on as before",
        ),
        pytest.param(
            Mode.IGNORES,
            True,
            FAILED,
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
    assert (action.status, action.tries) == (DONE, 2)
    assert await site.log(action) == [
        ActionStatus.PROPOSED,
        ActionStatus.EXECUTING,
        ActionStatus.EXECUTING,
        VERIFYING,
        DONE,
    ]


async def test_the_timer_is_armed_with_every_start(site: ScriptedSite) -> None:
    await site.prefer(dead_man_minutes=7.0)
    await site.do()
    assert site.primary.commands == [("on", 420.0)]


async def test_a_load_without_a_timer_gets_none(site: ScriptedSite) -> None:
    for load in await site.stores.site.loads(SYSTEM_ID):
        await site.stores.site.save_load(replace(load, has_timer=False))
    await site.do()
    assert site.primary.commands == [("on", None)]


@pytest.mark.parametrize(
    ("load_id", "boot", "rows"),
    [
        pytest.param(
            PRIMARY,
            Mode.NO_WATTS,
            [(60, VERIFYING), (659, VERIFYING), (660, DONE)],
            id="a miner boots for eleven minutes",
        ),
        pytest.param(
            PRIMARY,
            None,
            [(719, VERIFYING), (720, ROLLED_BACK)],
            id="a miner that never hashes is switched off after twelve",
        ),
        pytest.param(
            HEATER, None, [(59, VERIFYING), (60, ROLLED_BACK)], id="a heater is quick or broken"
        ),
    ],
)
async def test_relay_on_is_not_yet_hashing(
    site: ScriptedSite,
    load_id: object,
    boot: Mode | None,
    rows: list[tuple[int, ActionStatus]],
) -> None:
    switch = site.switches[load_id]  # type: ignore[index]  # a UUID
    switch.mode = Mode.NO_WATTS
    action = await site.do(load_id)  # type: ignore[arg-type]  # a UUID
    assert action.status is VERIFYING
    started = site.clock.now()
    for seconds, expected in rows:
        site.clock.set(started + timedelta(seconds=seconds))
        if boot is not None and (seconds, expected) == rows[-1]:
            switch.mode = Mode.OK
        await site.loop.open_actions.advance(SYSTEM_ID)
        assert (seconds, (await site.now(action)).status) == (seconds, expected)
    assert switch.relay is (rows[-1][1] is DONE)


async def test_a_welded_relay_is_a_failure(site: ScriptedSite) -> None:
    heater = site.switches[HEATER]
    heater.flip(on=True)
    await site.pass_minutes(1)
    heater.mode = Mode.WELDED
    action = await site.do(HEATER, target_on=False)
    site.clock.advance(60.0)
    await site.loop.open_actions.advance(SYSTEM_ID)
    ended = await site.now(action)
    assert (ended.status, ended.result) == (
        FAILED,
        "The watts did not follow: 1 500 W after 1 min.",
    )


@pytest.mark.parametrize(
    ("target_on", "status", "result"),
    [
        pytest.param(
            True, ROLLED_BACK, "The switch went back to off before it was verified.", id="start"
        ),
        pytest.param(
            False, FAILED, "The switch went back to on before it was verified.", id="stop"
        ),
    ],
)
async def test_somebody_presses_the_button_before_the_watts_were_seen(
    site: ScriptedSite, *, target_on: bool, status: ActionStatus, result: str
) -> None:
    site.primary.flip(on=not target_on)
    await site.pass_minutes(20)
    site.primary.mode = Mode.NO_WATTS if target_on else Mode.WELDED
    action = await site.do(target_on=target_on)
    assert action.status is VERIFYING
    site.primary.flip(on=not target_on)
    await site.loop.open_actions.advance(SYSTEM_ID)
    ended = await site.now(action)
    assert (ended.status, ended.result) == (status, result)


async def test_a_device_that_falls_silent_while_verifying(site: ScriptedSite) -> None:
    site.primary.mode = Mode.NO_WATTS
    action = await site.do()
    site.primary.mode = Mode.OFFLINE
    site.clock.advance(719.0)
    await site.loop.open_actions.advance(SYSTEM_ID)
    assert (await site.now(action)).status is VERIFYING
    site.clock.advance(1.0)
    await site.loop.open_actions.advance(SYSTEM_ID)
    ended = await site.now(action)
    assert (ended.status, ended.result) == (FAILED, "The switch does not answer any more.")


async def test_an_earlier_state_that_does_not_come_back_is_a_failure(site: ScriptedSite) -> None:
    site.primary.mode = Mode.NO_WATTS
    action = await site.do()
    site.primary.mode = Mode.IGNORES
    site.primary.watts = 0.0
    site.clock.advance(720.0)
    await site.loop.open_actions.advance(SYSTEM_ID)
    ended = await site.now(action)
    assert ended.status is FAILED
    assert ended.result == (
        "The watts did not follow: 0 W after 12 min. The earlier state could not be verified."
    )


@pytest.mark.parametrize(
    ("load_after_w", "later_s", "status", "result"),
    [
        pytest.param(5_700.0, 60, DONE, "Verified: on, no meter.", id="the site's load rose"),
        pytest.param(None, 719, VERIFYING, None, id="nothing is known of the load yet"),
        pytest.param(None, 720, DONE, "Verified: on, no meter.", id="nothing will be known"),
        pytest.param(1_900.0, 719, VERIFYING, None, id="it did not rise yet"),
        pytest.param(
            1_900.0,
            720,
            ROLLED_BACK,
            "The watts did not follow: no meter after 12 min. Restored: off.",
            id="it did not rise",
        ),
    ],
)
async def test_without_a_meter_the_step_in_the_sites_load_tells(
    site: ScriptedSite,
    load_after_w: float | None,
    later_s: int,
    status: ActionStatus,
    result: str | None,
) -> None:
    site.primary.mode = Mode.NO_METER
    action = await site.do()
    assert action.status is VERIFYING
    site.clock.advance(later_s)
    if load_after_w is not None:
        at = site.clock.now() - timedelta(seconds=10)
        sample = EnergySample(device_id=seed.INVERTER, at=at, load_power_w=load_after_w)
        await site.stores.telemetry.append([sample])
    await site.loop.open_actions.advance(SYSTEM_ID)
    ended = await site.now(action)
    assert (ended.status, ended.result) == (status, result)


async def test_a_small_load_without_a_meter_is_believed(site: ScriptedSite) -> None:
    site.switches[FAN].mode = Mode.NO_METER
    assert (await site.do(FAN)).status is DONE


async def test_a_busy_device_is_left_for_later(site: ScriptedSite) -> None:
    action = await site.wish()
    async with site.stores.locks.hold(PRIMARY):
        assert (await site.loop.execution.execute(action)).status is ActionStatus.PROPOSED
    await site.loop.open_actions.advance(SYSTEM_ID)
    assert (await site.now(action)).status is DONE


async def test_an_action_is_executed_once_only(site: ScriptedSite) -> None:
    action = await site.do()
    assert await site.loop.execution.execute(action) == await site.now(action)
    assert site.primary.commands == [("on", 1_800.0)]


async def test_a_protective_stop_waits_for_the_device(site: ScriptedSite) -> None:
    site.primary.flip(on=True)
    stop = await site.wish(target_on=False, urgent=True, actor=Actor.SAFETY)
    async with site.stores.locks.hold(PRIMARY):
        stopping = asyncio.create_task(site.loop.execution.execute(stop))
        await asyncio.sleep(0.06)
        assert site.primary.relay
    assert (await stopping).status is DONE
    assert not site.primary.relay


async def test_a_protective_stop_overrules_a_start_that_is_being_tried(site: ScriptedSite) -> None:
    site.primary.mode, commanded = Mode.IGNORES, asyncio.Event()
    site.primary.when_commanded = commanded.set
    starting = asyncio.create_task(site.do())
    await commanded.wait()
    stop = await site.wish(target_on=False, urgent=True, actor=Actor.SAFETY)
    start = await starting
    assert (start.status, start.result) == (
        ROLLED_BACK,
        "Superseded by a protective stop of the same device.",
    )
    assert len(site.primary.commands) == 1, "no further try"
    assert (await site.loop.execution.execute(stop)).status is DONE


async def test_a_protective_stop_ends_a_start_whose_watts_are_awaited(site: ScriptedSite) -> None:
    site.primary.mode = Mode.NO_WATTS
    start = await site.do()
    stop = await site.do(target_on=False, urgent=True, actor=Actor.SAFETY)
    assert (stop.status, (await site.now(start)).status) == (DONE, ROLLED_BACK)
    assert not site.primary.relay


async def test_a_load_that_is_gone(site: ScriptedSite) -> None:
    action = await site.wish()
    site.stores.site._loads.clear()
    ended = await site.loop.execution.execute(action)
    assert (ended.status, ended.result) == (FAILED, "Its load is not configured any more.")


async def test_a_load_that_is_gone_while_it_was_verified(site: ScriptedSite) -> None:
    site.primary.mode = Mode.NO_WATTS
    action = await site.do()
    site.stores.site._loads.clear()
    await site.loop.open_actions.advance(SYSTEM_ID)
    ended = await site.now(action)
    assert ended.result == "Its load is not configured any more: state unknown."


async def test_a_load_whose_switch_is_gone_does_not_answer(site: ScriptedSite) -> None:
    action = await site.wish()
    del site.switches[PRIMARY]
    ended = await site.loop.execution.execute(action)
    assert (ended.status, ended.result) == (BLOCKED, "Primary S21+ does not answer.")


async def test_stopping_what_is_off_is_done_without_a_command(site: ScriptedSite) -> None:
    stop = await site.do(target_on=False, urgent=True, actor=Actor.SAFETY)
    assert (stop.status, stop.result) == (DONE, "Primary S21+ is off already.")
    assert site.primary.commands == []


# --- timers


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


# --- after a crash


@pytest.mark.parametrize(
    ("actor", "status"),
    [
        pytest.param(Actor.ALLOCATOR, ActionStatus.EXPIRED, id="an old decision is dropped"),
        pytest.param(Actor.OWNER, DONE, id="what the owner wants is done"),
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
        pytest.param(True, Mode.OK, DONE, "Verified: on, 3 878 W.", id="it took effect"),
        pytest.param(
            False,
            Mode.OK,
            ROLLED_BACK,
            "Interrupted before it took effect; the device is off as before.",
            id="it did not",
        ),
        pytest.param(
            False,
            Mode.OFFLINE,
            FAILED,
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


async def test_a_speed_that_was_not_reached_is_put_back(site: ScriptedSite) -> None:
    fan = site.switches[FAN]
    fan.flip(on=True)
    fan.speed, fan.highest_speed = 4, 7
    action = await site.do(FAN, target_speed=10)
    assert (action.status, action.previous_speed, fan.relay, fan.speed) == (ROLLED_BACK, 4, True, 4)
    assert action.result == (
        "After 3 tries: the switch did not show on at speed 10 within 15 s. Restored: on at"
        " speed 4."
    )


async def test_a_fan_that_was_off_is_put_back_to_off(site: ScriptedSite) -> None:
    fan = site.switches[FAN]
    fan.speed, fan.highest_speed = 4, 7
    action = await site.do(FAN, target_speed=10)
    assert (action.status, fan.relay) == (ROLLED_BACK, False)
    assert (action.result or "").endswith("Restored: off.")


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
        ROLLED_BACK,
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


# --- somebody else was quicker


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


@pytest.mark.parametrize(
    ("overtaken_at", "commands"),
    [
        pytest.param(ActionStatus.EXECUTING, 0, id="before it was sent"),
        pytest.param(VERIFYING, 1, id="before it was verified"),
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
    assert (await site.now(action)).status is DONE


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
    for _ in range(200):
        if site.switches[DUMP].relay:
            break
        await asyncio.sleep(0)
    assert site.switches[DUMP].relay
    site.primary.answers.set()
    await advancing
    assert site.primary.relay
    assert hung.id != other.id


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
