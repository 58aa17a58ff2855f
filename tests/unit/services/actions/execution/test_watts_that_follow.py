"""A command is done when its watts follow: boots, welded relays, loads without a meter."""

from __future__ import annotations

from datetime import timedelta

import pytest

from commandcenter.wiring import seed
from services.actions.records import ActionStatus
from services.telemetry.records import EnergySample
from tests.fakes.scripted_switch import Mode
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import FAN, HEATER, PRIMARY, ScriptedSite


@pytest.mark.parametrize(
    ("load_id", "boot", "rows"),
    [
        pytest.param(
            PRIMARY,
            Mode.NO_WATTS,
            [(60, ActionStatus.VERIFYING), (659, ActionStatus.VERIFYING), (660, ActionStatus.DONE)],
            id="a miner boots for eleven minutes",
        ),
        pytest.param(
            PRIMARY,
            None,
            [(719, ActionStatus.VERIFYING), (720, ActionStatus.ROLLED_BACK)],
            id="a miner that never hashes is switched off after twelve",
        ),
        pytest.param(
            HEATER,
            None,
            [(59, ActionStatus.VERIFYING), (60, ActionStatus.ROLLED_BACK)],
            id="a heater is quick or broken",
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
    assert action.status is ActionStatus.VERIFYING
    started = site.clock.now()
    for seconds, expected in rows:
        site.clock.set(started + timedelta(seconds=seconds))
        if boot is not None and (seconds, expected) == rows[-1]:
            switch.mode = Mode.OK
        await site.loop.open_actions.advance(SYSTEM_ID)
        assert (seconds, (await site.now(action)).status) == (seconds, expected)
    assert switch.relay is (rows[-1][1] is ActionStatus.DONE)


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
        ActionStatus.FAILED,
        "The watts did not follow: 1 500 W after 1 min.",
    )


@pytest.mark.parametrize(
    ("target_on", "status", "result"),
    [
        pytest.param(
            True,
            ActionStatus.ROLLED_BACK,
            "The switch went back to off before it was verified.",
            id="start",
        ),
        pytest.param(
            False,
            ActionStatus.FAILED,
            "The switch went back to on before it was verified.",
            id="stop",
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
    assert action.status is ActionStatus.VERIFYING
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
    assert (await site.now(action)).status is ActionStatus.VERIFYING
    site.clock.advance(1.0)
    await site.loop.open_actions.advance(SYSTEM_ID)
    ended = await site.now(action)
    assert (ended.status, ended.result) == (
        ActionStatus.FAILED,
        "The switch does not answer any more.",
    )


async def test_an_earlier_state_that_does_not_come_back_is_a_failure(site: ScriptedSite) -> None:
    site.primary.mode = Mode.NO_WATTS
    action = await site.do()
    site.primary.mode = Mode.IGNORES
    site.primary.watts = 0.0
    site.clock.advance(720.0)
    await site.loop.open_actions.advance(SYSTEM_ID)
    ended = await site.now(action)
    assert ended.status is ActionStatus.FAILED
    assert ended.result == (
        "The watts did not follow: 0 W after 12 min. The earlier state could not be verified."
    )


@pytest.mark.parametrize(
    ("load_after_w", "later_s", "status", "result"),
    [
        pytest.param(
            5_700.0, 60, ActionStatus.DONE, "Verified: on, no meter.", id="the site's load rose"
        ),
        pytest.param(
            None, 719, ActionStatus.VERIFYING, None, id="nothing is known of the load yet"
        ),
        pytest.param(
            None, 720, ActionStatus.DONE, "Verified: on, no meter.", id="nothing will be known"
        ),
        pytest.param(1_900.0, 719, ActionStatus.VERIFYING, None, id="it did not rise yet"),
        pytest.param(
            1_900.0,
            720,
            ActionStatus.ROLLED_BACK,
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
    assert action.status is ActionStatus.VERIFYING
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
    assert (await site.do(FAN)).status is ActionStatus.DONE


async def test_a_load_that_is_gone_while_it_was_verified(site: ScriptedSite) -> None:
    site.primary.mode = Mode.NO_WATTS
    action = await site.do()
    site.stores.site._loads.clear()
    await site.loop.open_actions.advance(SYSTEM_ID)
    ended = await site.now(action)
    assert ended.result == "Its load is not configured any more: state unknown."
