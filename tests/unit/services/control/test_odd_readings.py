"""Readings that are impossible, late or restless, through the loop: from samples to relays."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from commandcenter.wiring import seed
from services.control.decided import decided
from services.telemetry.records import BatterySample, EnergySample
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import PRIMARY, ScriptedSite

HOUSE_W, DRAW_W = 1_850.0, 3_878.0


@pytest.fixture
async def site() -> ScriptedSite:
    return await ScriptedSite().set_up()


def load_w(site: ScriptedSite) -> float:
    """What the house and every relay that is on take."""
    return HOUSE_W + sum(s.watts for s in site.switches.values() if s.relay)


async def minutes(site: ScriptedSite, count: int, **seen: Any) -> None:
    for _ in range(count):
        site.clock.advance(60.0)
        await site.see(**{"load_w": load_w(site), **seen})
        await site.loop.control.run_cycle(SYSTEM_ID)


async def switches_of_primary(site: ScriptedSite) -> list[bool]:
    page = await site.stores.actions.page(SYSTEM_ID, before=None, limit=99, load_id=PRIMARY)
    return [action.target_on for action in page[::-1] if action.executed_at is not None]


IMPOSSIBLE = [1e308, -1e308, 9e11, -9e11, math.nan, math.inf, -math.inf]
UNKNOWN_STARTS_NOTHING = ("voltage_v", "load_w")
FIELDS = ("voltage_v", "current_a", "pv_w", "load_w", "grid_w", "room_c")


@pytest.mark.parametrize("value", IMPOSSIBLE, ids=str)
@pytest.mark.parametrize("field", FIELDS)
async def test_an_impossible_value_in_any_field(
    site: ScriptedSite, field: str, value: float
) -> None:
    """Every cycle decides, its record is JSON of finite numbers, and without a voltage or a load
    that can be believed nothing starts.
    """
    site.clock.advance(86_400.0)  # the good values of the beginning are gone
    await minutes(site, 12, **{field: value})
    records = await site.stores.decisions.page(SYSTEM_ID, before=None, limit=99)
    assert len(records) == 12
    assert all(json.dumps(record.document, allow_nan=False) for record in records)
    budget = decided(records[0]).decision.budget
    assert 0.0 <= budget.total_w < 1e6
    if field in UNKNOWN_STARTS_NOTHING:
        assert await switches_of_primary(site) == []


@pytest.mark.parametrize("value", IMPOSSIBLE, ids=str)
@pytest.mark.parametrize("field", FIELDS)
async def test_one_impossible_value_switches_nothing_off(
    site: ScriptedSite, field: str, value: float
) -> None:
    await minutes(site, 26)
    assert await switches_of_primary(site) == [True]
    await minutes(site, 1, **{field: value})
    await minutes(site, 10)
    assert await switches_of_primary(site) == [True]


async def test_a_voltage_that_flaps_starts_nothing(site: ScriptedSite) -> None:
    for minute in range(60):
        await minutes(site, 1, voltage_v=54.0 if minute % 2 else 48.5)
    assert await switches_of_primary(site) == []


async def test_a_state_of_charge_that_flaps_changes_nothing(site: ScriptedSite) -> None:
    """It is the voltage that decides; the vendors' own estimate is only shown."""
    for minute in range(60):
        site.clock.advance(60.0)
        at, soc_pct = site.clock.now(), 100.0 * (minute % 2)
        await site.stores.telemetry.append(
            [
                BatterySample(
                    device_id=seed.BATTERY_PACK,
                    at=at,
                    voltage_v=52.3,
                    current_a=0.0,
                    soc_pct=soc_pct,
                )
            ]
        )
        await site.see(load_w=load_w(site))
        await site.loop.control.run_cycle(SYSTEM_ID)
    assert await switches_of_primary(site) == [True]


async def test_an_hour_of_polls_that_take_29_s_each(site: ScriptedSite) -> None:
    """What was measured when the poll began is half a minute old when it is decided on."""
    for _ in range(60):
        await site.see(load_w=load_w(site))
        site.clock.advance(29.0)
        await site.loop.control.run_cycle(SYSTEM_ID)
        site.clock.advance(31.0)
    assert await switches_of_primary(site) == [True]


@pytest.mark.parametrize("every_min", [2, 5, 9])
async def test_powers_that_come_minutes_after_the_voltage(
    site: ScriptedSite, every_min: int
) -> None:
    """Between two uploads of the inverter the miner has started: its watts are not in the load yet.
    It is started once and left alone.
    """
    for minute in range(90):
        site.clock.advance(60.0)
        watts = load_w(site)
        await site.see(load_w=watts)
        if minute % every_min:
            forget_newest_of_inverter(site)
        await site.loop.control.run_cycle(SYSTEM_ID)
    assert await switches_of_primary(site) == [True]


def forget_newest_of_inverter(site: ScriptedSite) -> None:
    """As if the inverter had not uploaded this minute."""
    telemetry = site.stores.telemetry
    track = telemetry._tracks["energy", seed.INVERTER]
    kept = [each for each in track.samples if each.at < site.clock.now()]
    del telemetry._tracks["energy", seed.INVERTER]
    for sample in kept:
        assert isinstance(sample, EnergySample)
        again = replace(sample)
        telemetry._track(again).add(again, numbers_of(again))


def numbers_of(sample: EnergySample) -> dict[str, float]:
    powers = {
        "pv_power_w": sample.pv_power_w,
        "load_power_w": sample.load_power_w,
        "grid_power_w": sample.grid_power_w,
    }
    return {name: watts for name, watts in powers.items() if watts is not None}
