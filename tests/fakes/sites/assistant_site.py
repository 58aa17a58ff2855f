"""A site with known numbers for the assistant: noon, Primary running, Dump Load waiting.

``build_site`` fills the in-memory stores; the views give fixed JSON in the shapes of the services.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from energy.allocation.allocator import allocate
from energy.allocation.decision import Decision
from energy.site.loads import Actor, LoadKind, Zone
from energy.site.miners import MinerProfile
from energy.site.preferences import ControlLevel, Preferences
from services.accounts.records import Scope
from services.actions.records import Action, ActionStatus, SwitchProposal
from services.alerting.records import Alert, Severity
from services.sites.records import AdapterConfig, ControlledLoad, System
from services.stored import Json
from services.views.health import PartsReport
from services.views.history_shapes import MetricSeries, SpanStatistics
from services.views.site_picture import SitePicture
from tests.fakes.clock import FrozenClock
from tests.fakes.sites.allocator_site import ask, off, running, snapshot
from tests.fakes.stores.all_stores import InMemoryStores
from tools.services import ToolScope, ToolServices

SYSTEM_ID = UUID("00000000-0000-0000-0000-00000000000a")
USER_ID = UUID("a0000000-0000-0000-0000-000000000001")
PRIMARY, DUMP = "Primary S21+ (Revenue)", "Dump Load S19 #1"
PRIMARY_SWITCH = "Primary S21+"
"""As on the seeded site, a switch is not called quite as the settings of its miner are."""
DUMP_WHY = "52.31 V rest voltage is below its start voltage of 54.50 V"


ON = MinerProfile(
    id=str(uuid4()),
    name=PRIMARY,
    power_draw_watts=3878.0,
    priority_level=1,
    hashrate_ths=235.0,
    start_voltage=50.0,
    stop_voltage=47.0,
    emergency_stop_voltage=45.0,
)
WAITS = MinerProfile(
    id=str(uuid4()),
    name=DUMP,
    power_draw_watts=3250.0,
    priority_level=3,
    hashrate_ths=95.0,
    start_voltage=54.5,
    stop_voltage=53.0,
    emergency_stop_voltage=50.0,
    require_excess_solar=True,
    minimum_excess_watts=3500.0,
)


def value(number: float | None, unit: str, age_s: float = 12, source: str = "Cerbo GX") -> Json:
    return {"value": number, "unit": unit, "age_s": age_s, "source": source}


def now_json() -> Json:
    return {
        "battery": {
            "voltage": value(52.31, "V"),
            "rest_voltage": value(52.18, "V"),
            "soc": value(61.8, "%"),
            "current": value(13.4, "A"),
            "power": value(701.0, "W"),
            "temperature": value(21.5, "°C"),
        },
        "solar": {
            "power": value(8450.0, "W", 64, "SolArk 15K"),
            "potential": value(8450.0, "W", 64, "clear-sky model"),
        },
        "load": {
            "power": value(5728.0, "W", 64, "SolArk 15K"),
            "base": value(1850.0, "W", 64, "computed"),
        },
        "grid": {"power": value(0.0, "W", 64, "SolArk 15K")},
        "miners": [
            {
                "id": "primary",
                "priority": 1,
                "name": PRIMARY,
                "is_on": True,
                "power": value(3878.0, "W", 30, "Shelly primary"),
                "command": "keep_running",
                "reason": "running",
                "explanation": "runs on solar: 3878 W of the 6600 W surplus",
                "would_change": "stops below 47.00 V rest voltage for 2 min",
            },
            {
                "id": "dump",
                "priority": 3,
                "name": DUMP,
                "is_on": False,
                "power": value(0.0, "W", 30, "Shelly dump"),
                "command": "stay_off",
                "reason": "below_start_voltage",
                "explanation": DUMP_WHY,
                "would_change": "starts at 54.50 V rest voltage held for 5 min",
            },
        ],
        "zones": [
            {
                "id": "heat",
                "name": "Heat Room",
                "temperature": value(31.2, "°C", 40, "Shelly heat"),
                "explanation": "31.2 °C is between 35 and 40 °C: the fan stays off",
                "fan_on": False,
            },
            {
                "id": "main",
                "name": "Main Room",
                "temperature": value(24.0, "°C", 40, "Shelly main"),
                "explanation": "24.0 °C needs neither fan nor heater",
                "fan_on": False,
            },
        ],
        "decision": {
            "id": "d1",
            "at": "2026-06-21T11:59:30-07:00",
            "age_s": 30.0,
            "budget": {
                "rest_voltage_v": 52.18,
                "raw_voltage_v": 52.31,
                "solar_surplus_w": 6600.0,
                "battery_allowance_w": 5000.0,
                "total_w": 11600.0,
                "allocated_w": 3878.0,
                "usable_wh": 21000.0,
                "reserve_wh": 14500.0,
            },
            "limits": [],
        },
        "emergency_stop": {"latched": False},
        "control_level": "automatic",
        "alerts_open": 1,
    }


@dataclass
class FixedNow:
    """``LiveView`` with fixed numbers."""

    document: Json = field(default_factory=now_json)
    asked: int = 0

    async def now(self, system_id: UUID) -> SitePicture:
        assert system_id == SYSTEM_ID
        self.asked += 1
        return cast(SitePicture, self.document)


class FixedPast:
    """``History`` with fixed numbers."""

    async def statistics(self, system_id: UUID, hours: float) -> SpanStatistics:
        assert system_id == SYSTEM_ID
        report: Any = {
            "loads": [],
            "pv_wh": 41200.0,
            "load_wh": 36900.0,
            "grid_import_wh": 0.0,
            "battery_charge_wh": 9800.0,
            "battery_discharge_wh": 7100.0,
            "pv_peak_w": 11240.0,
            "self_sufficiency_pct": 100.0,
            "soc_pct": {"minimum": 53.6, "maximum": 78.2, "mean": 65.3},
        }
        return cast(SpanStatistics, report)

    async def series(
        self, system_id: UUID, metric: str, *, start: datetime, end: datetime, step_s: float
    ) -> MetricSeries:
        assert system_id == SYSTEM_ID
        low, high = {"voltage_v": (50.9, 53.6)}.get(metric, (120.0, 9800.0))
        middle = (low + high) / 2
        values = [middle, low, middle, high, middle]
        step = (end - start) / len(values)
        return {
            "metric": metric,
            "unit": "",
            "start_at": start.isoformat(),
            "end_at": end.isoformat(),
            "step_s": step_s,
            "missing_points": 0,
            "points": [
                {"at": (start + step * index).isoformat(), "value": each}
                for index, each in enumerate(values)
            ],
        }


class FixedWhatIf:
    """``WhatIf`` that remembers what it was asked; 9 kW of sun at 54.6 V is its answer."""

    def __init__(self) -> None:
        self.documents: list[Mapping[str, object]] = []

    async def allocate(self, system_id: UUID, document: Mapping[str, object]) -> Decision:
        assert system_id == SYSTEM_ID
        self.documents.append(document)
        picture = snapshot(voltage_v=54.6, pv_w=9_000.0, load_w=1_850.0 + 3_878.0)
        return allocate(ask(snapshot=picture, states=(running(ON), off(WAITS)), miners=(ON, WAITS)))


class FixedHealth:
    """``Health`` with one degraded part."""

    async def report(self) -> PartsReport:
        report: Any = {
            "status": "degraded",
            "components": [
                {"name": "database", "kind": "store", "status": "ok", "detail": "answers"},
                {
                    "name": "VRM",
                    "kind": "source",
                    "status": "degraded",
                    "detail": "last poll failed: HTTP 429",
                    "age_s": 380.0,
                    "advice": "It is tried again by itself.",
                },
            ],
        }
        return cast(PartsReport, report)


class PendingProposals:
    """``Proposals.propose``: stores what was proposed, pending."""

    def __init__(self, stores: InMemoryStores) -> None:
        self._stores = stores
        self.proposed: list[Action] = []

    async def propose(self, system_id: UUID, proposal: SwitchProposal) -> Action:
        now = self._stores.clock.now()
        action = Action(
            id=uuid4(),
            system_id=system_id,
            load_id=proposal.load_id,
            target_on=proposal.target_on,
            actor=proposal.actor,
            requested_by=proposal.requested_by,
            reason=proposal.reason,
            explanation=proposal.explanation,
            status=ActionStatus.PENDING,
            created_at=now,
            expires_at=now + timedelta(minutes=5),
        )
        self.proposed.append(action)
        return await self._stores.actions.create(action, detail="proposed")

    async def confirmed(self, action: Action, *, by: str) -> Action:
        """This owner wants every proposal confirmed."""
        assert by
        return action


@dataclass(kw_only=True)
class AssistantSite:
    """Everything of the fake site."""

    stores: InMemoryStores
    services: ToolServices
    live: FixedNow
    what_if: FixedWhatIf
    proposals: PendingProposals

    def scope(
        self, scope: Scope = Scope.CONTROL, *, words: str = "", most_proposals: int = 1
    ) -> ToolScope:
        return ToolScope(
            system_id=SYSTEM_ID,
            user_id=USER_ID,
            requested_by="owner@example.com",
            scope=scope,
            timezone="America/Los_Angeles",
            words=words,
            most_proposals=most_proposals,
        )


def system() -> System:
    return System(
        id=SYSTEM_ID,
        name="Solar Shack",
        owner_id=USER_ID,
        timezone="America/Los_Angeles",
        latitude=37.3382,
        longitude=-121.8863,
    )


async def build_site() -> AssistantSite:
    stores = InMemoryStores(clock=FrozenClock())
    await stores.site.save_system(system())
    await _save_loads(stores)
    await _save_settings(stores)
    await _save_past(stores)
    live, what_if, proposals = FixedNow(), FixedWhatIf(), PendingProposals(stores)
    services = ToolServices(
        live=live,
        history=FixedPast(),
        settings=stores.settings,
        what_if=what_if,
        decisions=stores.decisions,
        actions=stores.actions,
        proposals=proposals,
        alerts=stores.alerts,
        health=FixedHealth(),
        site=stores.site,
        clock=stores.clock,
    )
    return AssistantSite(
        stores=stores, services=services, live=live, what_if=what_if, proposals=proposals
    )


async def _save_loads(stores: InMemoryStores) -> None:
    adapter = AdapterConfig(
        id=uuid4(), system_id=SYSTEM_ID, adapter_type="shelly_rpc", name="Shelly", settings={}
    )
    await stores.site.save_adapter(adapter)
    switched = (
        (PRIMARY_SWITCH, LoadKind.MINER),
        (DUMP, LoadKind.MINER),
        ("Heat Room fan", LoadKind.FAN),
        ("Main Room heater", LoadKind.HEATER),
    )
    for channel, (name, kind) in enumerate(switched):
        load = ControlledLoad(
            id=uuid4(),
            system_id=SYSTEM_ID,
            adapter_id=adapter.id,
            name=name,
            kind=kind,
            channel=channel,
        )
        await stores.site.save_load(load)


async def _save_settings(stores: InMemoryStores) -> None:
    await stores.settings.save_preferences(
        SYSTEM_ID,
        Preferences(control_level=ControlLevel.AUTOMATIC),
        expected_version=None,
        actor="test",
    )
    for profile in (ON, WAITS):
        await stores.settings.save_miner(SYSTEM_ID, profile, expected_version=None, actor="test")
    for zone in (
        Zone(id="heat", name="Heat Room", temp_too_hot=40.0, temp_hot_ok=35.0),
        Zone(id="main", name="Main Room", temp_too_hot=35.0, temp_hot_ok=30.0),
    ):
        await stores.settings.save_zone(SYSTEM_ID, zone, expected_version=None, actor="test")


async def _save_past(stores: InMemoryStores) -> None:
    now = stores.clock.now()
    loads = {load.name: load for load in await stores.site.loads(SYSTEM_ID)}
    action = Action(
        id=uuid4(),
        system_id=SYSTEM_ID,
        load_id=loads[PRIMARY_SWITCH].id,
        target_on=True,
        actor=Actor.ALLOCATOR,
        requested_by="control loop",
        reason="eligible",
        explanation="6600 W surplus and 52.3 V allow it",
        status=ActionStatus.DONE,
        created_at=now - timedelta(hours=2),
        result="on, 3878 W measured",
        measured_w=3878.0,
    )
    await stores.actions.create(action, detail="seeded")
    await stores.alerts.save(
        Alert(
            id=uuid4(),
            system_id=SYSTEM_ID,
            key="source:vrm",
            category="source",
            severity=Severity.WARNING,
            title="VRM is silent",
            detail="No data for 11 min",
            advice="Check the Cerbo's internet connection",
            opened_at=now - timedelta(minutes=11),
            updated_at=now,
        )
    )
