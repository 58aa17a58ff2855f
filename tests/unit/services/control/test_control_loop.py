"""One control cycle from the snapshot to the switches, and what it remembers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import structlog

from commandcenter.wiring import seed
from energy.allocation.decision import Command, Decision
from energy.allocation.proposals import Wanted, Winner
from energy.site.loads import Actor
from energy.site.preferences import ControlLevel
from services.actions.records import Action, ActionStatus
from services.control.decided import decided
from services.control.decision_chain import first_broken
from services.errors import Unavailable
from services.stored import Json
from services.telemetry.records import LoadSample
from tests.fakes.scripted_switch import Mode
from tests.fakes.sites.reference_site import SYSTEM_ID, Loop
from tests.fakes.sites.scripted_site import DUMP, FAN, HEATER, PRIMARY, ScriptedSite
from tests.fakes.unreachable import Switchable
from tests.waiting import HANGS_S, until


@pytest.fixture
async def site() -> ScriptedSite:
    return await ScriptedSite().set_up()


async def cycles(site: ScriptedSite, minutes: int, **seen: Any) -> None:
    """Minutes with a poll and a cycle each."""
    for _ in range(minutes):
        site.clock.advance(60.0)
        await site.see(**seen)
        await site.loop.control.run_cycle(SYSTEM_ID)


async def actions(site: ScriptedSite) -> list[Action]:
    return list(reversed(await site.stores.actions.page(SYSTEM_ID, before=None, limit=50)))


def miner(document: Json, index: int = 0) -> Json:
    found: Json = document["allocation"]["miners"][index]
    return found


async def test_the_worked_example_starts_the_primary_after_five_minutes(site: ScriptedSite) -> None:
    await cycles(site, 5)
    relays = [site.primary.relay]
    await cycles(site, 1)
    assert [*relays, site.primary.relay] == [False, True]
    record = await site.stores.decisions.latest(SYSTEM_ID)
    assert record is not None
    assert record.document["allocation"]["budget"]["total_w"] == 11_600.0
    assert [miner(record.document, i)["command"] for i in (0, 1)] == ["start", "stay_off"]
    action = (await actions(site))[0]
    assert (action.load_id, action.actor, action.reason, action.status) == (
        PRIMARY,
        Actor.ALLOCATOR,
        "eligible",
        ActionStatus.DONE,
    )
    assert (action.decision_id, action.idempotency_key) == (
        record.id,
        f"{SYSTEM_ID}/{record.at.isoformat(timespec='seconds')}/{PRIMARY}",
    )
    assert action.explanation == miner(record.document)["explanation"]


async def test_a_running_miner_keeps_running_inside_its_own_load(site: ScriptedSite) -> None:
    await cycles(site, 6)
    await cycles(site, 60, load_w=1_850.0 + 3_878.0, voltage_v=52.2)
    assert [action.target_on for action in await actions(site)] == [True]
    record = await site.stores.decisions.latest(SYSTEM_ID)
    assert record is not None
    assert record.document["allocation"]["budget"]["base_load_w"] == 1_850.0


async def test_decisions_are_chained(site: ScriptedSite) -> None:
    await cycles(site, 8)
    page = await site.stores.decisions.page(SYSTEM_ID, before=None, limit=10)
    assert len(page) == 8
    assert first_broken(list(reversed(page))) is None


async def test_a_repeated_cycle_sends_nothing_twice(site: ScriptedSite) -> None:
    await cycles(site, 6)
    sent = list(site.primary.commands)
    first = await site.stores.decisions.latest(SYSTEM_ID)
    again = await site.loop.control.run_cycle(SYSTEM_ID)
    assert again == first
    assert len(await actions(site)) == 1
    assert site.primary.commands == sent


async def test_a_cycle_that_is_run_again_sends_nothing_twice(site: ScriptedSite) -> None:
    """A worker died after its command; another takes the same cycle over, seconds later."""
    await cycles(site, 5)
    site.clock.advance(60.0)
    await site.see()
    due_at = site.clock.now()
    await site.loop.control.run_cycle(SYSTEM_ID, due_at=due_at)
    sent = list(site.primary.commands)
    await site.primary.turn_off()
    site.clock.advance(0.25)
    await site.see()
    await site.loop.control.run_cycle(SYSTEM_ID, due_at=due_at)
    assert site.primary.commands == [*sent, ("off", None)]
    assert len(await actions(site)) == 1


async def test_a_protective_stop_is_sent_although_the_cycle_has_started_the_load(
    site: ScriptedSite,
) -> None:
    await cycles(site, 5)
    site.clock.advance(60.0)
    await site.see()
    due_at = site.clock.now()
    await site.loop.control.run_cycle(SYSTEM_ID, due_at=due_at)
    site.clock.advance(1.0)
    await site.see(voltage_v=44.9, load_w=5_728.0)
    await site.loop.control.run_cycle(SYSTEM_ID, due_at=due_at)
    assert not site.primary.relay


async def test_observing_sends_nothing(site: ScriptedSite) -> None:
    await site.level(ControlLevel.OBSERVE)
    await cycles(site, 10)
    assert await actions(site) == []
    assert all(switch.commands == [] for switch in site.switches.values())
    assert await site.stores.decisions.count(SYSTEM_ID) == 10


async def test_observing_arms_no_timer_anew(site: ScriptedSite) -> None:
    """The owner's own two hours, set at the device, stay two hours."""
    await site.level(ControlLevel.OBSERVE)
    await site.primary.turn_on(auto_off_s=7_200.0)
    sent = list(site.primary.commands)
    await cycles(site, 20)
    assert site.primary.commands == sent
    status = await site.primary.status()
    assert status.auto_off_in_s == 7_200.0 - 20 * 60.0


async def test_what_the_owner_starts_while_observing_has_no_timer_that_nobody_refreshes(
    site: ScriptedSite,
) -> None:
    await site.level(ControlLevel.OBSERVE)
    await site.do(actor=Actor.OWNER)
    await cycles(site, 20)
    assert site.primary.commands == [("on", None)]
    assert site.primary.relay


async def test_asking_for_approval(site: ScriptedSite) -> None:
    await site.level(ControlLevel.APPROVE)
    await cycles(site, 8)
    (pending,) = await actions(site)
    assert (pending.status, pending.load_id) == (ActionStatus.PENDING, PRIMARY)
    assert site.primary.commands == []


async def disable_primary(site: ScriptedSite) -> None:
    stored = (await site.stores.settings.miners(SYSTEM_ID))[0]
    await site.stores.settings.save_miner(
        SYSTEM_ID, replace(stored.value, enabled=False), expected_version=None, actor="owner"
    )


async def test_a_stop_that_waits_for_approval_is_not_made_by_the_timer(site: ScriptedSite) -> None:
    await cycles(site, 6)
    await site.level(ControlLevel.APPROVE)
    await disable_primary(site)
    await cycles(site, 20, load_w=5_728.0)
    stop = (await actions(site))[-1]
    assert (stop.target_on, stop.status) == (False, ActionStatus.PENDING)
    assert site.primary.relay


async def test_a_stop_that_a_manual_hold_blocks_is_not_made_by_the_timer(
    site: ScriptedSite,
) -> None:
    """The decision itself says who holds it; nothing is proposed that safety has to block."""
    await site.do(actor=Actor.OWNER)
    until = site.clock.now() + timedelta(minutes=60)
    await disable_primary(site)
    await cycles(site, 30, load_w=5_728.0)
    assert len(await actions(site)) == 1
    assert site.primary.relay
    record = await site.stores.decisions.latest(SYSTEM_ID)
    assert record is not None
    held = miner(record.document)
    local = until.astimezone(ZoneInfo("America/Los_Angeles"))
    assert (held["command"], held["reason"]) == ("keep_running", "held")
    assert held["explanation"] == (
        f"Keeps running: held by owner until {local:%H:%M}, against: disabled."
    )
    await cycles(site, 30, load_w=5_728.0)
    assert not site.primary.relay, "after the hold the loop stops it"


async def test_what_the_owner_switched_off_stays_off_and_the_decision_says_why(
    site: ScriptedSite,
) -> None:
    await cycles(site, 6)
    await cycles(site, 20, load_w=5_728.0)
    await site.do(target_on=False, actor=Actor.OWNER)
    await cycles(site, 59)
    record = await site.stores.decisions.latest(SYSTEM_ID)
    assert record is not None
    held = miner(record.document)
    assert (held["command"], held["reason"]) == ("stay_off", "held")
    assert held["explanation"].startswith("Off: held by owner until ")
    told = await site.loop.what_if.allocate(SYSTEM_ID, {})
    assert told.miners[0].reason.code.value == "held", "a what-if knows it as well"
    assert not site.primary.relay
    await cycles(site, 1)
    assert site.primary.relay


@pytest.mark.parametrize("level", [ControlLevel.AUTOMATIC, ControlLevel.APPROVE])
async def test_a_miner_below_its_stop_voltage_is_not_held_asked_about_or_delayed(
    site: ScriptedSite, level: ControlLevel
) -> None:
    """Started by hand a moment ago: the hold and the minimum on time would keep it running."""
    await site.level(level)
    await site.do(actor=Actor.OWNER)
    await cycles(site, 2, pv_w=0.0, load_w=5_728.0, voltage_v=46.9)
    assert site.primary.relay, "for two minutes it may be a dip"
    await cycles(site, 1, pv_w=0.0, load_w=5_728.0, voltage_v=46.9)
    stop = (await actions(site))[-1]
    assert (stop.actor, stop.reason, stop.urgent, stop.status) == (
        Actor.SAFETY,
        "below_stop_voltage",
        True,
        ActionStatus.DONE,
    )
    assert not site.primary.relay


@pytest.mark.parametrize("level", [ControlLevel.AUTOMATIC, ControlLevel.APPROVE])
@pytest.mark.parametrize("room_c", [20.0, -1.0], ids=["comfortable", "cold"])
async def test_a_heater_at_critical_voltage_is_not_held_asked_about_or_delayed(
    site: ScriptedSite, level: ControlLevel, room_c: float
) -> None:
    await site.level(level)
    await site.do(HEATER, actor=Actor.OWNER)
    await cycles(site, 1, voltage_v=45.0, room_c=room_c)
    stop = (await actions(site))[-1]
    assert (stop.load_id, stop.actor, stop.urgent, stop.status) == (
        HEATER,
        Actor.SAFETY,
        True,
        ActionStatus.DONE,
    )
    assert not site.switches[HEATER].relay


async def test_critical_voltage_stops_at_once_whatever_holds(site: ScriptedSite) -> None:
    await site.level(ControlLevel.APPROVE)
    await site.do(actor=Actor.OWNER)
    await cycles(site, 1, voltage_v=45.0, load_w=5_728.0)
    assert not site.primary.relay
    stop = (await actions(site))[-1]
    assert (stop.actor, stop.reason, stop.urgent, stop.status) == (
        Actor.SAFETY,
        "voltage_critical",
        True,
        ActionStatus.DONE,
    )


async def test_a_protective_stop_that_fails_is_left_to_the_timer(site: ScriptedSite) -> None:
    await cycles(site, 6)
    site.primary.mode = Mode.DEAF
    await cycles(site, 3, voltage_v=44.0, load_w=5_728.0)
    assert [a.status for a in await actions(site)][1:] == [ActionStatus.FAILED] * 3
    assert site.primary.relay
    site.clock.advance(180.0)
    assert not site.primary.relay


async def test_timers_of_what_stays_on_are_refreshed_every_cycle(site: ScriptedSite) -> None:
    await cycles(site, 6)
    await cycles(site, 3, load_w=5_728.0, voltage_v=52.2)
    assert site.primary.commands == [("on", 300.0)] * 4


async def test_the_emergency_stop_ends_everything_even_when_observing(site: ScriptedSite) -> None:
    await site.level(ControlLevel.OBSERVE)
    for load_id in (PRIMARY, FAN, HEATER):
        site.switches[load_id].flip(on=True)
    await site.stores.emergency_stops.latch(
        SYSTEM_ID, at=site.clock.now(), by="owner", reason="smoke"
    )
    await cycles(site, 1)
    assert [switch.relay for switch in site.switches.values()] == [False] * 6
    assert {action.reason for action in await actions(site)} == {"emergency_stop"}
    assert len(await actions(site)) == 3, "what is off is left alone"


async def test_one_dead_device_stops_no_other(site: ScriptedSite) -> None:
    site.switches[FAN].mode = Mode.DEAF
    await cycles(site, 6, room_c=41.0)
    assert site.primary.relay
    by_load = {action.load_id: action.status for action in await actions(site)}
    assert by_load[FAN] is ActionStatus.FAILED


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


async def test_without_a_sun_reading_nothing_is_heated_by_sun(site: ScriptedSite) -> None:
    site.clock.advance(700.0)
    await site.stores.telemetry.append([])
    record = await site.loop.control.run_cycle(SYSTEM_ID)
    assert record.document["allocation"]["budget"]["pv_power_w"] is None


async def test_what_is_remembered(site: ScriptedSite) -> None:
    await cycles(site, 6)
    await cycles(site, 84, load_w=5_728.0)
    memory = await site.stores.memory.load(SYSTEM_ID)
    assert memory.learned.mean_base_load_w == pytest.approx(1_850.0)
    assert memory.hvac["zones"][0][1]["last_reading_at"] == site.clock.now().isoformat()
    assert memory.learning["last_voltage_v"] == 52.3


async def test_without_the_database_nothing_is_commanded_and_no_timer_refreshed(
    site: ScriptedSite,
) -> None:
    await cycles(site, 6)
    sent, memory = len(site.primary.commands), Switchable(site.stores.memory)
    site.stores.memory = memory  # type: ignore[assignment]  # stands before the fake
    site.loop = Loop(stores=site.stores, clock=site.clock, switches=site.loop.switches)
    memory.away = True
    for _ in range(5):
        with pytest.raises(Unavailable):
            await cycles(site, 1)
    assert len(site.primary.commands) == sent
    assert not site.primary.relay, "the watchdog has run out"


async def test_a_database_that_goes_away_while_a_command_is_under_way(site: ScriptedSite) -> None:
    await cycles(site, 5)
    store = Switchable(site.stores.actions)
    site.stores.actions = store  # type: ignore[assignment]  # stands before the fake
    site.loop = Loop(stores=site.stores, clock=site.clock, switches=site.loop.switches)

    def cut() -> None:
        store.away = True

    site.primary.when_commanded = cut
    with pytest.raises(Unavailable):
        await cycles(site, 1)
    store.away = False
    await site.loop.open_actions.advance(SYSTEM_ID)
    (action,) = await actions(site)
    assert action.status is ActionStatus.DONE, "settled by what the device shows"


async def test_events_tell_whoever_listens(site: ScriptedSite) -> None:
    await cycles(site, 6)
    topics = [topic for topic, _ in site.stores.events.published]
    assert topics.count("decision") == 6
    statuses = [p["status"] for topic, p in site.stores.events.published if topic == "action"]
    assert statuses == ["proposed", "executing", "verifying", "done"]


async def test_a_miner_without_a_switch_is_decided_on_and_left_alone(site: ScriptedSite) -> None:
    stored = (await site.stores.settings.miners(SYSTEM_ID))[0]
    for device_id in (None, str(UUID(int=9))):
        await site.stores.settings.save_miner(
            SYSTEM_ID,
            replace(stored.value, device_id=device_id),
            expected_version=None,
            actor="owner",
        )
        await cycles(site, 7)
    assert await actions(site) == []


async def test_a_stop_of_a_miner_that_is_off_is_not_sent(site: ScriptedSite) -> None:
    """At critical voltage every miner is to stop, those that are off as well."""
    await cycles(site, 1, voltage_v=44.5)
    record = await site.stores.decisions.latest(SYSTEM_ID)
    assert record is not None
    assert await actions(site) == []


async def test_a_zone_whose_devices_are_gone(site: ScriptedSite) -> None:
    loads = site.stores.site._loads
    for load_id in (FAN, HEATER):
        del loads[load_id]
    site.clock.advance(60.0)
    await site.stores.telemetry.append([])
    record = await site.loop.control.run_cycle(SYSTEM_ID)
    assert record.at == site.clock.now()
    assert await actions(site) == []


async def test_a_device_that_hangs_delays_no_cycle() -> None:
    site = await ScriptedSite(speed=1_000.0).set_up()
    await cycles(site, 5)
    site.primary.answers.clear()
    async with asyncio.timeout(HANGS_S):
        await cycles(site, 3, silent=(PRIMARY,))
    assert await site.stores.decisions.count(SYSTEM_ID) == 8
    assert site.loop.dispatch.under_way >= 1
    (asked, *_) = await actions(site)
    site.primary.answers.set()
    await until(lambda: site.loop.dispatch.under_way == 0)
    done = await site.stores.actions.get(asked.id)
    assert done is not None
    assert done.status in {ActionStatus.DONE, ActionStatus.VERIFYING}
    assert site.primary.commands[0][0] == "on"
    assert len([word for word, _ in site.primary.commands if word == "on"]) == 1


async def test_a_timer_that_hangs_holds_up_no_stop() -> None:
    site = await ScriptedSite(speed=1_000.0).set_up()
    await cycles(site, 6)
    await until(lambda: site.loop.dispatch.under_way == 0)
    assert site.primary.relay
    site.switches[DUMP].flip(on=True)
    site.primary.answers.clear()
    async with asyncio.timeout(HANGS_S):
        await cycles(site, 4, load_w=1_850.0 + 3_878.0 + 3_250.0, silent=(PRIMARY,))
        await until(lambda: not site.switches[DUMP].relay)
    site.primary.answers.set()
    await site.loop.dispatch.close()


async def test_a_timer_that_is_not_refreshed_is_logged(site: ScriptedSite) -> None:
    await cycles(site, 6)
    site.primary.mode = Mode.DEAF
    with structlog.testing.capture_logs() as logged:
        await cycles(site, 1, load_w=1_850.0 + 3_878.0, voltage_v=52.2)
    assert "timer_not_refreshed" in [line["event"] for line in logged]


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


async def test_what_is_off_is_not_stopped_again(site: ScriptedSite) -> None:
    """Telemetry is lost, and every relay says that it is off: nothing is sent."""
    for _ in range(33):
        site.clock.advance(60.0)
        await site.stores.telemetry.append(
            [
                LoadSample(device_id=load.load_id, at=site.clock.now(), is_on=False, power_w=0.0)
                for load in seed.LOADS
            ]
        )
        await site.loop.control.run_cycle(SYSTEM_ID)
    (last,) = await site.stores.decisions.page(SYSTEM_ID, before=None, limit=1)
    assert last.document["allocation"]["budget"]["raw_voltage_v"] == 52.3
    assert "Telemetry is lost: every miner is stopped." in last.document["allocation"]["limits"]
    stops = [each for each in await actions(site) if not each.target_on]
    assert {PRIMARY, DUMP}.isdisjoint(each.load_id for each in stops)


async def decided_of(site: ScriptedSite) -> Decision:
    """What the last cycle decided."""
    record = await site.stores.decisions.latest(SYSTEM_ID)
    assert record is not None
    return decided(record).decision


async def test_a_fan_that_the_owner_keeps_off_takes_nothing_of_the_budget(
    site: ScriptedSite,
) -> None:
    """The decision says who keeps it off, and proposes nothing that safety has to block."""
    await site.do(FAN, actor=Actor.OWNER)
    await site.pass_minutes(1)
    await site.do(FAN, target_on=False, actor=Actor.OWNER)
    sent = len(await actions(site))
    await cycles(site, 1, room_c=41.0)
    decision = await decided_of(site)
    (fan,) = [each for each in decision.loads if each.load_id == str(FAN)]
    assert (fan.command, fan.decided_by) == (
        Command.STAY_OFF,
        Winner(actor=Actor.OWNER, by="owner"),
    )
    assert fan.explanation == "Switched off by owner."
    assert [(each.by, each.wanted) for each in fan.over] == [("climate of Heat Room", Wanted.ON)]
    assert decision.budget.other_loads_w == 0.0
    assert len(await actions(site)) == sent
    assert not site.switches[FAN].relay
    zones = (await site.loop.live.now(SYSTEM_ID))["zones"]
    shown = next(each for each in zones if each["name"] == "Heat Room")
    assert shown["fan_on"] is False
    assert shown["explanation"].endswith(f"{fan.name} is to be off: Switched off by owner.")


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


async def test_what_an_agent_asks_for_is_told_and_waits_for_the_owner(site: ScriptedSite) -> None:
    asked = await site.wish(DUMP, actor=Actor.AGENT)
    await cycles(site, 1)
    dump = (await decided_of(site)).miners[1]
    assert (dump.command, dump.reason.code.value) == ("stay_off", "below_start_voltage")
    record = await site.stores.decisions.latest(SYSTEM_ID)
    assert record is not None
    told = miner(record.document, 1)
    assert told["decided_by"] == {"actor": "allocator", "by": "allocator"}
    assert [(each["actor"], each["wanted"]) for each in told["over"]] == [("agent", "on")]
    assert (await site.now(asked)).status is ActionStatus.PENDING


async def test_what_the_owner_agreed_to_is_the_decisions_own_and_held(site: ScriptedSite) -> None:
    """The load is below its start voltage: the loop neither waits for that nor undoes it."""
    await site.prefer(night_reserve_enabled=False)
    asked = await site.wish(DUMP, actor=Actor.AGENT)
    await site.loop.proposals.approve(asked.id, by="owner")
    await cycles(site, 1)
    dump = (await decided_of(site)).miners[1]
    assert (dump.command, dump.reason.code.value) == ("start", "asked_on")
    assert len(await actions(site)) == 1, "it is carried out by the action that asked"
    await site.loop.execution.advance(SYSTEM_ID)
    assert site.switches[DUMP].relay
    await cycles(site, 5, voltage_v=53.0, load_w=5_000.0)
    assert site.switches[DUMP].relay
    dump = (await decided_of(site)).miners[1]
    assert dump.command is Command.KEEP_RUNNING
    stop = await site.wish(DUMP, target_on=False)
    assert stop.status is ActionStatus.BLOCKED
    assert "by hand" in (stop.result or ""), "safety knows the hold as well"
    await cycles(site, 1, voltage_v=44.0)
    assert not site.switches[DUMP].relay, "nobody's word holds it at a critical voltage"


async def test_the_cycle_does_not_contradict_a_stop_that_is_asked_for(site: ScriptedSite) -> None:
    await cycles(site, 6)
    assert site.primary.relay
    await cycles(site, 20, load_w=5_728.0)
    asked = await site.wish(target_on=False, actor=Actor.OWNER)
    await cycles(site, 1, load_w=5_728.0)
    decision = await decided_of(site)
    assert (decision.miners[0].command, decision.miners[0].reason.code.value) == (
        "stop",
        "asked_off",
    )
    assert (await actions(site))[-1].id == asked.id
