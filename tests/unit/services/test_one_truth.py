"""Decision, safety check, alerts, live view, chat and health tell the same of the site, always."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from inspect import iscoroutinefunction
from typing import Any
from uuid import UUID

import pytest

from agents.context.site_context import live_lines
from commandcenter.wiring import seed
from energy import dataclass_json
from energy.alerts.conditions import evaluate
from energy.alerts.facts import AlertFacts
from energy.alerts.timing import AlertMemory
from energy.allocation.decision import AllocationInput
from energy.allocation.situation import measured_of
from energy.measuring.measured import Measured
from energy.safety.validator import BlockCode, Blocked
from energy.site.loads import Actor
from energy.site.preferences import ControlLevel
from services.actions.records import Action, ActionStatus
from services.alerting.alert_facts import FactsOfSite
from services.errors import Unavailable
from services.stored import Json
from services.telemetry.records import BatterySample, EnergySample, LoadSample, Sample
from services.views.measurement_check import MeasurementCheck
from services.views.records import CheckAnswer
from services.views.site_picture import SitePicture
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import PRIMARY, ScriptedSite

VRM, SOLARK = "Victron VRM", "SolArk cloud"


def start_of(load_id: UUID, at: datetime) -> Action:
    """The allocator wants the primary on."""
    return Action(
        id=UUID(int=1),
        system_id=SYSTEM_ID,
        load_id=load_id,
        target_on=True,
        actor=Actor.ALLOCATOR,
        requested_by="allocator",
        reason="test",
        explanation="",
        status=ActionStatus.PROPOSED,
        created_at=at,
    )


@dataclass(slots=True)
class Told:
    """What each of them says in one minute."""

    document: Json
    measured: Measured
    live: SitePicture
    facts: AlertFacts
    alerts: list[str]
    chat: str
    health: CheckAnswer
    blocked: dict[BlockCode, str]


@dataclass(slots=True)
class Witnesses:
    """A site whose clouds are polled every 2 and 3 minutes, and all who speak of it."""

    site: ScriptedSite
    memory: AlertMemory = field(default_factory=AlertMemory)
    minute: int = 0
    current_a: float = 60.0
    held: dict[str, list[Sample]] = field(default_factory=dict)

    async def pass_minutes(self, minutes: int, *, silent: Sequence[str] = (), **more: Any) -> Told:
        """Minutes with polls, a cycle and a look at the alerts each; what is told at the end."""
        for _ in range(minutes - 1):
            await self._minute(silent, **more)
        return await self._minute(silent, **more)

    async def _minute(self, silent: Sequence[str], **more: Any) -> Told:
        self.minute += 1
        self.site.clock.advance(60.0)
        await self._poll(silent, **more)
        return await self._ask()

    async def _poll(
        self,
        silent: Sequence[str],
        *,
        voltage_v: float = 52.3,
        inverter_v: float = 52.2,
        frozen: Sequence[str] = (),
        changes: Json | None = None,
        relays: bool = True,
    ) -> None:
        at, noise = self.site.clock.now(), (self.minute * 7.3) % 31.0
        of_inverter = {
            "pv_power_w": 5_000.0 + noise,
            "load_power_w": 1_850.0 - noise,
            "battery_power_w": 3_150.0 + noise,
            "grid_power_w": 0.0,
            "battery_voltage_v": inverter_v,
        }
        bank = BatterySample(
            device_id=seed.BATTERY_PACK,
            at=at,
            voltage_v=voltage_v,
            current_a=self.current_a + noise / 10.0,
            power_w=3_100.0 + noise,
            temperature_c=20.0,
        )
        inverter: Any = of_inverter | (changes or {})
        fresh: dict[str, list[Sample]] = {
            VRM: [bank],
            SOLARK: [EnergySample(device_id=seed.INVERTER, at=at, **inverter)],
        }
        for source, every in ((SOLARK, 2), (VRM, 3)):
            if source in silent or self.minute % every:
                continue
            if source in frozen and source in self.held:
                fresh[source] = [replace(each, at=at) for each in self.held[source]]
            self.held[source] = fresh[source]
            await self.site.stores.telemetry.append(fresh[source])
        states = [
            LoadSample(device_id=load.load_id, at=at, is_on=False, power_w=0.0)
            for load in seed.LOADS
        ]
        await self.site.stores.telemetry.append(states if relays else [])

    async def _ask(self) -> Told:
        loop, stores = self.site.loop, self.site.stores
        record = await loop.control.run_cycle(SYSTEM_ID)
        inputs = record.document["allocation"]["inputs"]
        question = dataclass_json.from_json(AllocationInput, inputs)
        facts = await self.facts().gather(SYSTEM_ID, record.at)
        conditions, self.memory = evaluate(facts, self.memory)
        live = await loop.live.now(SYSTEM_ID)
        load = next(each for each in await stores.site.loads(SYSTEM_ID) if each.id == PRIMARY)
        verdict = await loop.judge.judge(
            start_of(load.id, record.at), load, record.at, approved=False
        )
        blocked = verdict.reasons if isinstance(verdict, Blocked) else ()
        return Told(
            document=record.document,
            measured=measured_of(question),
            live=live,
            facts=facts,
            alerts=[condition.key for condition in conditions],
            chat="\n".join(live_lines(live)),
            health=await self.check()(),
            blocked={reason.code: reason.sentence for reason in blocked},
        )

    def check(self) -> MeasurementCheck:
        stores = self.site.stores
        return MeasurementCheck(
            sites=stores.site,
            snapshots=self.site.loop.snapshots,
            memory=stores.memory,
            clock=self.site.clock,
        )

    def facts(self) -> FactsOfSite:
        stores = self.site.stores
        return FactsOfSite(
            snapshots=self.site.loop.snapshots,
            sites=stores.site,
            telemetry=stores.telemetry,
            memory=stores.memory,
            decisions=stores.decisions,
            actions=stores.actions,
            emergency_stops=stores.emergency_stops,
            timer_faults=stores.timer_faults,
        )


@contextmanager
def away(store: object) -> Iterator[None]:
    """While the block runs every call to the store fails as it does without a database."""

    async def refuse(*_: object, **__: object) -> None:
        raise Unavailable(what="The database", detail="no connection", advice="Wait.")

    with pytest.MonkeyPatch.context() as patch:
        for name in dir(store):
            if not name.startswith("_") and iscoroutinefunction(getattr(store, name)):
                patch.setattr(store, name, refuse)
        yield


@pytest.fixture
async def witnesses() -> Witnesses:
    site = await ScriptedSite().set_up()
    await site.level(ControlLevel.OBSERVE)
    return Witnesses(site)


def agree(told: Told) -> None:
    """Everybody's numbers are the decision's."""
    measured, budget = told.measured, told.document["allocation"]["budget"]
    battery, live = told.live["battery"], told.live
    voltage_v = measured.raw_voltage_v
    assert (budget["raw_voltage_v"], budget["voltage_source"]) == (
        voltage_v,
        measured.voltage_source,
    )
    for shown, quantity in (
        (battery["voltage"], measured.voltage),
        (battery["rest_voltage"], measured.rest_voltage),
        (battery["soc"], measured.soc),
        (battery["current"], measured.current),
        (battery["power"], measured.battery_power),
        (battery["temperature"], measured.battery_temperature),
        (live["solar"]["power"], measured.pv),
        (live["load"]["power"], measured.load),
        (live["load"]["base"], measured.base_load),
        (live["grid"]["power"], measured.grid),
    ):
        assert shown["value"] == pytest.approx(quantity.value, abs=0.01)
        assert (shown["source"], shown["quality"], shown["reason"]) == (
            quantity.source,
            quantity.quality.value,
            quantity.reason,
        )
    believed = None if measured.lost else voltage_v
    assert (told.facts.raw_voltage_v, told.facts.telemetry_lost) == (believed, measured.lost)
    assert (told.facts.pv_power_w, budget["pv_power_w"]) == (measured.pv_w, measured.pv_w)
    assert told.facts.base_load_w == measured.base_load.usable
    assert ("telemetry_lost" in told.alerts) is measured.lost
    commands = {each["reason"] for each in told.document["allocation"]["miners"]}
    assert (commands == {"telemetry_lost"}) is measured.lost
    if voltage_v is None:
        assert f"battery: {measured.voltage.reason}" in told.chat
    else:
        assert f"voltage {voltage_v:.2f} V" in told.chat
        if not measured.lost:
            assert (
                f"battery voltage {voltage_v:.2f} V by {measured.voltage_source}"
                in (told.health["detail"])
            )
    assert (told.health["status"] == "down") is measured.lost
    assert (BlockCode.BATTERY_UNKNOWN in told.blocked) is measured.stale
    for reason in measured.notes:
        assert reason in told.document["allocation"]["limits"]


async def test_an_old_monitor_and_a_critical_inverter(witnesses: Witnesses) -> None:
    """VRM 40 min old at 52.0 V, the inverter fresh at 44.2 V: everybody says 44.2 V."""
    agree(await witnesses.pass_minutes(6, voltage_v=52.0))
    told = await witnesses.pass_minutes(40, silent=[VRM], inverter_v=44.2)
    agree(told)
    assert told.measured.voltage.value == 44.2
    assert told.live["battery"]["voltage"]["source"] == SOLARK
    assert "battery_critical" in told.alerts
    assert "telemetry_lost" not in told.alerts, "all miners are stopped: that would be false"
    assert BlockCode.BATTERY_CRITICAL in told.blocked
    assert "44.20 V" in told.blocked[BlockCode.BATTERY_CRITICAL]
    assert "voltage 44.20 V" in told.chat


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault of docs/fail-safe.md, and what is true of the voltage some minutes into it."""

    polls: dict[str, Any]
    minutes: int
    voltage: tuple[float | None, str | None, str]
    lost: bool = False
    pv: str = "good"
    load: str = "good"


BOTH = [VRM, SOLARK]
FAULTS = {
    "no fault": Fault(polls={}, minutes=30, voltage=(52.3, VRM, "good")),
    "VRM silent, not old yet": Fault(
        polls={"silent": [VRM]}, minutes=9, voltage=(52.3, VRM, "good")
    ),
    "VRM silent": Fault(polls={"silent": [VRM]}, minutes=40, voltage=(52.2, SOLARK, "good")),
    "SolArk silent": Fault(
        polls={"silent": [SOLARK]},
        minutes=40,
        voltage=(52.3, VRM, "good"),
        pv="stale",
        load="stale",
    ),
    "both silent, stale": Fault(
        polls={"silent": BOTH}, minutes=20, voltage=(52.3, VRM, "stale"), pv="stale", load="stale"
    ),
    "both silent, lost": Fault(
        polls={"silent": BOTH},
        minutes=31,
        voltage=(52.3, VRM, "stale"),
        lost=True,
        pv="stale",
        load="stale",
    ),
    "VRM frozen under moving stamps": Fault(
        polls={"frozen": [VRM]}, minutes=15, voltage=(52.2, SOLARK, "good")
    ),
    "SolArk frozen": Fault(
        polls={"frozen": [SOLARK]},
        minutes=15,
        voltage=(52.3, VRM, "good"),
        pv="frozen",
        load="frozen",
    ),
    "both frozen": Fault(
        polls={"frozen": BOTH},
        minutes=15,
        voltage=(None, None, "frozen"),
        lost=True,
        pv="frozen",
        load="frozen",
    ),
    "VRM's voltage is nonsense": Fault(
        polls={"voltage_v": 0.0}, minutes=4, voltage=(52.2, SOLARK, "good")
    ),
    "both voltages are nonsense": Fault(
        polls={"voltage_v": 0.0, "inverter_v": 400.0},
        minutes=4,
        voltage=(None, None, "implausible"),
    ),
    "both voltages are nonsense for long": Fault(
        polls={"voltage_v": 0.0, "inverter_v": 400.0},
        minutes=40,
        voltage=(None, None, "implausible"),
        lost=True,
    ),
    "negative load": Fault(
        polls={"changes": {"load_power_w": -900.0}},
        minutes=4,
        voltage=(52.3, VRM, "good"),
        load="suspect",
    ),
    "both voltages are beyond any number of a battery": Fault(
        polls={"voltage_v": 1e308, "inverter_v": 1e308},
        minutes=40,
        voltage=(52.3, VRM, "stale"),
        lost=True,
    ),
    "the battery gets less than the inverter says": Fault(
        polls={"changes": {"pv_power_w": 9_000.0, "battery_power_w": 7_150.0}},
        minutes=20,
        voltage=(52.3, VRM, "good"),
        pv="suspect",
        load="suspect",
    ),
    "negative sun": Fault(
        polls={"changes": {"pv_power_w": -900.0}},
        minutes=4,
        voltage=(52.3, VRM, "good"),
        pv="implausible",
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
async def test_in_every_fault_all_tell_the_same(witnesses: Witnesses, fault: Fault) -> None:
    agree(await witnesses.pass_minutes(6))
    told = await witnesses.pass_minutes(fault.minutes, **fault.polls)
    agree(told)
    measured = told.measured
    voltage_v, source, quality = fault.voltage
    assert (measured.raw_voltage_v, measured.voltage_source) == (voltage_v, source)
    assert (measured.voltage.quality.value, measured.lost) == (quality, fault.lost)
    assert (measured.pv.quality.value, measured.load.quality.value) == (fault.pv, fault.load)
    agree(await witnesses.pass_minutes(18))
    assert (await witnesses.pass_minutes(1)).measured.voltage.source == VRM, "it comes back"


async def test_a_switch_that_does_not_answer_is_unknown_to_all(witnesses: Witnesses) -> None:
    """Its last state is 0 W and off; after 5 min nobody says that it is."""
    agree(await witnesses.pass_minutes(6))
    told = await witnesses.pass_minutes(12, relays=False)
    agree(told)
    assert {each["reason"] for each in told.document["allocation"]["miners"]} == {"device_unknown"}
    for miner in (*told.live["miners"], *told.live["loads"]):
        assert (miner["is_on"], miner["power"]["value"]) == (None, None)
    assert "miner Dump Load S19 #1: state not known, stay_off: Not started" in told.chat
    assert f"device_silent:{PRIMARY}" in told.alerts
    assert BlockCode.DEVICE_OFFLINE in told.blocked
    told = await witnesses.pass_minutes(2)
    agree(told)
    assert f"device_silent:{PRIMARY}" not in told.alerts
    assert {each["is_on"] for each in told.live["miners"]} == {False}


async def test_a_database_that_is_away_lets_nobody_tell_what_was(witnesses: Witnesses) -> None:
    """Nobody answers from what it remembers, nothing is commanded, and all tell it afterwards."""
    agree(await witnesses.pass_minutes(6))
    loop = witnesses.site.loop
    with away(witnesses.site.stores.telemetry):
        for answer in (
            loop.control.run_cycle(SYSTEM_ID),
            loop.live.now(SYSTEM_ID),
            witnesses.facts().gather(SYSTEM_ID, witnesses.site.clock.now()),
            witnesses.check()(),
        ):
            with pytest.raises(Unavailable):
                await answer
    assert all(switch.commands == [] for switch in witnesses.site.switches.values())
    agree(await witnesses.pass_minutes(1))


async def test_before_the_first_poll_nobody_is_alarmed() -> None:
    """A fresh program, and one that was down for a night: it waits for its first readings."""
    site = ScriptedSite()
    await site.set_up(seen=False)
    witnesses = Witnesses(site)
    for _ in range(2):
        told = await witnesses.pass_minutes(1, silent=BOTH, relays=False)
        agree(told)
        assert told.measured.waiting is True
        assert told.alerts == []
        waiting = "Waiting for the first readings: nothing starts."
        assert waiting in told.document["allocation"]["limits"]
        assert await site.stores.actions.page(SYSTEM_ID, before=None, limit=9) == []
        await witnesses.pass_minutes(3)
        site.clock.advance(12 * 3_600.0)
