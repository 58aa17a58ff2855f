"""Fans and heaters in the cycle: they follow the zones and are in the budget."""

from __future__ import annotations

from dataclasses import replace

from commandcenter.wiring import seed
from energy.allocation.proposals import Wanted
from services.actions.records import ActionStatus
from tests.fakes.sites.control_cycles import actions, cycles, decided_of, miner
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import FAN, HEATER, ScriptedSite


async def test_fan_and_heater_follow_the_zones(site: ScriptedSite) -> None:
    await cycles(site, 1, room_c=40.0)
    assert site.switches[FAN].relay
    fan = (await actions(site))[0]
    assert (fan.target_speed, fan.requested_by, fan.reason) == (
        None,
        "climate of Heat Room",
        "too_hot",
    )
    await cycles(site, 2, room_c=45.0)
    assert len(await actions(site)) == 1, "a relay has no speed that could be changed"
    await cycles(site, 1, room_c=35.0)
    assert not site.switches[FAN].relay


async def test_a_fan_whose_speed_can_be_set_follows_the_temperature(site: ScriptedSite) -> None:
    fan = site.switches[FAN]
    fan.speed = 1
    story = []
    for room_c in (39.0, 40.0, 40.2, 45.0, 45.0, 37.0, 35.0):
        await cycles(site, 1, room_c=room_c)
        record = await site.stores.decisions.latest(SYSTEM_ID)
        assert record is not None
        zones = record.document["zones"]["zones"]
        zone = next(each for each in zones if each["name"] == "Heat Room")
        story.append((room_c, fan.relay, zone["fan_speed"], fan.speed))
    assert story == [
        (39.0, False, None, 1),
        (40.0, True, 6, 6),
        (40.2, True, 6, 6),
        (45.0, True, 10, 10),
        (45.0, True, 10, 10),
        (37.0, True, 3, 3),
        (35.0, False, None, 3),
    ]
    mine = [each for each in await actions(site) if each.load_id == FAN]
    sent = [(each.target_on, each.target_speed, each.status) for each in mine]
    assert sent == [
        (True, 6, ActionStatus.DONE),
        (True, 10, ActionStatus.DONE),
        (True, 3, ActionStatus.DONE),
        (False, None, ActionStatus.DONE),
    ]
    shown = (await site.loop.live.now(SYSTEM_ID))["zones"]
    assert [zone["fan_speed"] for zone in shown] == [None, None]


async def test_a_speed_that_is_not_taken_over_is_tried_again_and_told(site: ScriptedSite) -> None:
    fan = site.switches[FAN]
    fan.speed, fan.keeps_speed = 1, True
    await cycles(site, 1, room_c=45.0)
    (action,) = await actions(site)
    assert action.status is ActionStatus.ROLLED_BACK
    assert "did not show on at speed 10 within 15 s" in (action.result or "")


async def test_a_cold_room_asks_for_a_miners_heat_first(site: ScriptedSite) -> None:
    await cycles(site, 1, room_c=-1.0)
    record = await site.stores.decisions.latest(SYSTEM_ID)
    assert record is not None
    asked = [
        each
        for each in record.document["allocation"]["inputs"]["proposals"]
        if each["reason"] == "heat_wanted"
    ]
    assert [(each["load_id"], each["by"]) for each in asked] == [
        (miner(record.document)["miner_id"], "climate of Heat Room")
    ]
    assert not site.switches[HEATER].relay
    for _ in range(12):
        heater_w = 1_500.0 if site.switches[HEATER].relay else 0.0
        await cycles(site, 1, room_c=-1.0, voltage_v=49.0, load_w=1_850.0 + heater_w)
    assert site.switches[HEATER].relay, "the miner may not start: the heater helps"


async def test_a_zone_whose_devices_are_gone(site: ScriptedSite) -> None:
    loads = site.stores.site._loads
    for load_id in (FAN, HEATER):
        del loads[load_id]
    site.clock.advance(60.0)
    await site.stores.telemetry.append([])
    record = await site.loop.control.run_cycle(SYSTEM_ID)
    assert record.at == site.clock.now()
    assert await actions(site) == []


async def test_what_a_zone_wants_is_in_the_budget_of_the_same_cycle(site: ScriptedSite) -> None:
    """The fan goes on now: its watts are taken before the miners', next minute by its meter."""
    await cycles(site, 1, room_c=41.0)
    (first,) = await site.stores.decisions.page(SYSTEM_ID, before=None, limit=1)
    assert first.document["allocation"]["budget"]["other_loads_w"] == seed.FAN_1.rated_w
    assert site.switches[FAN].relay
    await cycles(site, 1, room_c=41.0, load_w=1_850.0 + seed.FAN_1.rated_w)
    (second,) = await site.stores.decisions.page(SYSTEM_ID, before=None, limit=1)
    budget = second.document["allocation"]["budget"]
    assert (budget["other_loads_w"], budget["base_load_w"]) == (seed.FAN_1.rated_w, 1_850.0)


async def test_a_room_without_a_heater_wants_its_fan_alone(site: ScriptedSite) -> None:
    for stored in await site.stores.settings.zones(SYSTEM_ID):
        await site.stores.settings.save_zone(
            SYSTEM_ID,
            replace(stored.value, heating_enabled=False, heater_device_id=None),
            expected_version=None,
            actor="test",
        )
    await cycles(site, 1, room_c=41.0)
    (first,) = await site.stores.decisions.page(SYSTEM_ID, before=None, limit=1)
    assert first.document["allocation"]["budget"]["other_loads_w"] == seed.FAN_1.rated_w


async def test_two_zones_with_one_fan_do_not_switch_it_against_each_other(
    site: ScriptedSite,
) -> None:
    for stored in await site.stores.settings.zones(SYSTEM_ID):
        shared = replace(
            stored.value,
            exhaust_fan_enabled=True,
            exhaust_fan_device_id=str(FAN),
            temp_too_hot=40.0,
        )
        await site.stores.settings.save_zone(SYSTEM_ID, shared, expected_version=None, actor="test")
    await cycles(site, 3, room_c=41.0)
    assert [each.target_on for each in await actions(site) if each.load_id == FAN] == [True]
    assert site.switches[FAN].relay
    (fan,) = [each for each in (await decided_of(site)).loads if each.load_id == str(FAN)]
    assert fan.decided_by.by == "climate of Heat Room"
    assert [(each.by, each.wanted) for each in fan.over] == [("climate of Main Room", Wanted.OFF)]


async def test_without_a_sun_reading_nothing_is_heated_by_sun(site: ScriptedSite) -> None:
    await site.pass_minutes(1, room_c=-1.0)
    site.clock.advance(700.0)
    record = await site.loop.control.run_cycle(SYSTEM_ID)
    assert record.document["allocation"]["budget"]["pv_power_w"] is None
    zone = next(z for z in record.document["zones"]["zones"] if z["name"] == "Heat Room")
    assert zone["explanation"].endswith(
        "is not heated: there is no PV reading and heating needs 4 000 W of sun."
    )
    assert not site.switches[HEATER].relay
