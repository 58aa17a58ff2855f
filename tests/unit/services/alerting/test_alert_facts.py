"""The facts that alerts get of a site, read from its stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from energy.alerts.conditions import watches
from energy.alerts.facts import (
    AlertFacts,
    DeviceFact,
    FailedSwitchFact,
    IdleMinerFact,
    SourceFact,
    StopFact,
    ZoneFact,
)
from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput
from energy.climate.heating import HvacHints
from energy.climate.zones import HvacMemory, ZoneWarningCode, control_zones
from energy.site.loads import Actor, LoadKind, Zone
from energy.site.miners import Learned, MinerProfile, MinerState
from energy.site.preferences import Preferences
from energy.site.snapshot import Reading, Sky, Snapshot
from services.actions.records import Action, ActionStatus
from services.alerting.alert_facts import FactsOfSite
from services.control.control_loop import document_of
from services.memory.records import SiteMemory
from services.sites.records import AdapterConfig, ControlledLoad, System
from services.telemetry.records import BatterySample, EnergySample, LoadSample
from services.telemetry.snapshots import SnapshotBuilder
from tests.fakes.clock import EPOCH, SteppingClock
from tests.fakes.sites.reference_site import FixedSky
from tests.fakes.stores.all_stores import InMemoryStores

SITE, VRM, RELAY, INVERTER, PACK, LOAD = (UUID(int=n) for n in range(1, 7))


class Noon:
    """10 kW under a clear sky, always."""

    def clear_sky_w(self, _: datetime) -> float:
        return 10_000.0


class Site:
    def __init__(self) -> None:
        self.stores = InMemoryStores(clock=SteppingClock())
        self.facts = FactsOfSite(
            snapshots=SnapshotBuilder(
                sites=self.stores.site,
                settings=self.stores.settings,
                telemetry=self.stores.telemetry,
                skies=FixedSky(Noon()),
            ),
            sites=self.stores.site,
            telemetry=self.stores.telemetry,
            memory=self.stores.memory,
            decisions=self.stores.decisions,
            actions=self.stores.actions,
            emergency_stops=self.stores.emergency_stops,
            timer_faults=self.stores.timer_faults,
        )

    async def set_up(self) -> None:
        site = self.stores.site
        await site.save_system(
            System(id=SITE, name="Shack", owner_id=SITE, timezone="UTC", latitude=0, longitude=0)
        )
        for adapter, name, kind in (
            (VRM, "VRM", "victron_vrm"),
            (RELAY, "Relay", "shelly_rpc"),
        ):
            await site.save_adapter(
                AdapterConfig(id=adapter, system_id=SITE, adapter_type=kind, name=name, settings={})
            )
        for device, kind in ((INVERTER, "inverter"), (PACK, "battery_pack")):
            await site.save_device(
                device_id=device,
                system_id=SITE,
                kind=kind,
                name=kind,
                adapter_id=VRM,
                external_id="1",
            )
        await site.save_load(
            ControlledLoad(
                id=LOAD, system_id=SITE, adapter_id=RELAY, name="S19", kind=LoadKind.MINER
            )
        )

    async def gather(self, **at: float) -> AlertFacts:
        return await self.facts.gather(SITE, EPOCH + timedelta(**at))


@pytest.fixture
async def site() -> Site:
    made = Site()
    await made.set_up()
    return made


async def test_a_site_that_has_never_spoken(site: Site) -> None:
    assert await site.gather() == AlertFacts(
        at=EPOCH,
        preferences=Preferences(timezone="UTC", latitude=0, longitude=0),
        waiting=True,
        local_hour=19,
        voltage_reason="Waiting for the first readings: nothing starts.",
        sources=(
            SourceFact(id=str(RELAY), name="Relay", silent_s=None, drives_loads=True),
            SourceFact(id=str(VRM), name="VRM", silent_s=None),
        ),
        devices=(DeviceFact(id=str(LOAD), name="S19", is_miner=True, silent_s=None),),
    )


async def test_the_battery_and_its_age(site: Site) -> None:
    await site.stores.memory.save(SITE, SiteMemory(learned=Learned(resistance_ohm=0.01)))
    await site.stores.telemetry.append(
        [
            BatterySample(
                device_id=PACK,
                at=EPOCH,
                voltage_v=51.0,
                current_a=-100.0,
                power_w=-5_100.0,
                temperature_c=-2.0,
            ),
            EnergySample(device_id=INVERTER, at=EPOCH, battery_voltage_v=50.5),
        ]
    )
    fresh = await site.gather(seconds=600)
    assert (fresh.raw_voltage_v, fresh.rest_voltage_v, fresh.voltage_age_s) == (51.0, 52.0, 600.0)
    assert fresh.soc_pct == pytest.approx(60.0)
    assert (fresh.battery_power_w, fresh.battery_temperature_c) == (-5_100.0, -2.0)
    stale = await site.gather(seconds=601)
    assert (stale.raw_voltage_v, stale.rest_voltage_v) == (51.0, 51.0), "the old current is gone"
    assert (stale.battery_power_w, stale.battery_temperature_c) == (None, None)
    assert (stale.voltage_age_s, stale.telemetry_lost) == (601.0, False)
    await site.stores.memory.save(SITE, SiteMemory(last_cycle_at=EPOCH + timedelta(seconds=1_800)))
    lost = await site.gather(seconds=1_801)
    assert (lost.telemetry_lost, lost.raw_voltage_v, lost.soc_pct) == (True, None, None)


async def test_without_a_monitor_the_inverter_stands_in(site: Site) -> None:
    await site.stores.telemetry.append(
        [EnergySample(device_id=INVERTER, at=EPOCH, battery_voltage_v=50.5, battery_power_w=300.0)]
    )
    facts = await site.gather()
    assert (facts.raw_voltage_v, facts.rest_voltage_v) == (50.5, 50.5)
    assert facts.battery_power_w == 300.0


async def test_devices_and_sources(site: Site) -> None:
    await site.stores.telemetry.append(
        [LoadSample(device_id=LOAD, at=EPOCH, is_on=True, power_w=3_200.0)]
    )
    await site.stores.telemetry.record_poll(VRM, at=EPOCH, error=None, ms=1)
    await site.stores.telemetry.record_poll(
        VRM, at=EPOCH + timedelta(seconds=60), error="HTTP 429", ms=1
    )
    await site.stores.site.save_adapter(
        AdapterConfig(
            id=RELAY,
            system_id=SITE,
            adapter_type="shelly_rpc",
            name="Relay",
            settings={},
            enabled=False,
        )
    )
    facts = await site.gather(seconds=90)
    assert facts.devices == (
        DeviceFact(
            id=str(LOAD), name="S19", is_miner=True, is_on=True, power_w=3_200.0, silent_s=90.0
        ),
    )
    assert facts.sources == (
        SourceFact(id=str(VRM), name="VRM", silent_s=90.0, last_error="HTTP 429"),
    )


async def decide(site: Site) -> None:
    """A cycle as the control loop stores it."""
    snapshot = Snapshot(
        at=EPOCH,
        battery_voltage_v=Reading(value=52.3),
        pv_power_w=Reading(value=8_450.0),
        load_power_w=Reading(value=1_850.0),
        sky=Sky(clear_sky_w=10_000.0, sun_carries_base_load=True, night_hours=9.0),
    )
    running = MinerProfile(id="a", name="S21+", power_draw_watts=3_878.0, start_voltage=50.0)
    waiting = replace(running, id="b", name="S19", start_voltage=54.5)
    spare = replace(running, id="c", name="Spare", enabled=False)
    question = AllocationInput(
        snapshot=snapshot,
        miners=(running, waiting, spare),
        states=(
            MinerState(miner_id="a", is_on=True, power_w=3_878.0, power_in_load_w=0.0),
            MinerState(miner_id="b"),
            MinerState(miner_id="c"),
        ),
        learned=Learned(mean_base_load_w=700.0),
        conditions_have_held=True,
    )
    decision = allocate(question)
    zone = Zone(id="z", name="Heat Room", block_charging_below_temp=0.0)
    zones = control_zones((zone,), {"z": Reading(value=-1.0)}, EPOCH, HvacMemory(), HvacHints())
    document = document_of(decision, zones)
    await site.stores.decisions.append(SITE, EPOCH, document, "1")


async def test_what_the_latest_decision_knows(site: Site) -> None:
    await site.stores.memory.save(
        SITE, SiteMemory(learned=Learned(clear_sky_ratio=0.9, mean_base_load_w=700.0))
    )
    await decide(site)
    facts = await site.gather(seconds=600)
    assert facts.sky_allows_w == 9_000.0
    assert (facts.throttled, facts.sun_carries_base_load) == (False, True)
    assert facts.usual_base_load_w == 700.0
    assert facts.idle_miners == (
        IdleMinerFact(
            name="S19", power_w=0.0, reason="52.30 V is below its start voltage 54.50 V."
        ),
    )
    assert facts.zones == (ZoneFact(id="z", name="Heat Room", warnings=facts.zones[0].warnings),)
    assert [warning.code for warning in facts.zones[0].warnings] == [
        ZoneWarningCode.CHARGING_NOT_BLOCKABLE
    ]


async def test_the_owner_reads_once_that_a_miner_is_off(site: Site) -> None:
    await decide(site)
    facts = replace(await site.gather(), throttled=True, pv_power_w=1_000.0, sky_allows_w=9_000.0)
    told = [watch.detail for watch in watches(facts) if watch.key == "curtailed_sun"]
    assert told == [
        (
            "About 8 000 W of sun cannot be used: the battery is full. S19 is off: 52.30 V is "
            "below its start voltage 54.50 V."
        )
    ]


async def test_an_old_decision_says_nothing(site: Site) -> None:
    await decide(site)
    facts = await site.gather(seconds=601)
    assert (facts.usable_wh, facts.idle_miners, facts.zones) == (None, (), ())


def action(status: ActionStatus, minute: int, **changes: Any) -> Action:
    given: dict[str, Any] = {
        "id": UUID(int=100 + minute),
        "system_id": SITE,
        "load_id": LOAD,
        "target_on": True,
        "actor": Actor.ALLOCATOR,
        "requested_by": "allocator",
        "reason": "eligible",
        "explanation": "It fits.",
        "status": status,
        "created_at": EPOCH + timedelta(minutes=minute),
        "result": "0 W after 3 tries.",
    }
    return Action(**(given | changes))


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        pytest.param([], (), id="none"),
        pytest.param(
            [action(ActionStatus.DONE, 1), action(ActionStatus.FAILED, 2)],
            (
                FailedSwitchFact(
                    load_id=str(LOAD),
                    load_name="S19",
                    rolled_back=False,
                    result="0 W after 3 tries.",
                ),
            ),
            id="the newest failed",
        ),
        pytest.param(
            [action(ActionStatus.ROLLED_BACK, 1, result=None), action(ActionStatus.PENDING, 2)],
            (
                FailedSwitchFact(
                    load_id=str(LOAD), load_name="S19", rolled_back=True, result="It fits."
                ),
            ),
            id="rolled back; what is still open says nothing",
        ),
        pytest.param(
            [action(ActionStatus.FAILED, 1), action(ActionStatus.DONE, 2)], (), id="works again"
        ),
        pytest.param(
            [action(ActionStatus.FAILED, 1, load_id=UUID(int=77))], (), id="a load that is gone"
        ),
        pytest.param(
            [action(ActionStatus.FAILED, 1, finished_at=EPOCH - timedelta(hours=23))],
            (),
            id="a day ago",
        ),
    ],
)
async def test_failed_switches(
    site: Site, actions: list[Action], expected: tuple[FailedSwitchFact, ...]
) -> None:
    for each in actions:
        await site.stores.actions.create(each, detail="made")
    assert (await site.gather(hours=1)).failed_switches == expected


async def test_the_emergency_stop(site: Site) -> None:
    await site.stores.emergency_stops.latch(SITE, at=EPOCH, by="ana", reason="smoke")
    assert (await site.gather()).emergency_stop == StopFact(by="ana", reason="smoke")
