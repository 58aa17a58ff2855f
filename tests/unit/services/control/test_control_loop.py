"""One control cycle from the snapshot to the switches: decided, chained, sent once, remembered."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from commandcenter.wiring import seed
from energy.site.loads import Actor
from services.actions.records import ActionStatus
from services.control.decision_chain import first_broken
from services.telemetry.records import LoadSample
from tests.fakes.sites.control_cycles import actions, cycles, miner
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import DUMP, PRIMARY, ScriptedSite


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


async def test_what_is_remembered(site: ScriptedSite) -> None:
    await cycles(site, 6)
    await cycles(site, 84, load_w=5_728.0)
    memory = await site.stores.memory.load(SYSTEM_ID)
    assert memory.learned.mean_base_load_w == pytest.approx(1_850.0)
    assert memory.hvac["zones"][0][1]["last_reading_at"] == site.clock.now().isoformat()
    assert memory.learning["last_voltage_v"] == 52.3


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
