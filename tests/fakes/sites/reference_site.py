"""The simulated reference site with the whole control loop on it, in memory, without servers.

Time is a ``SteppingClock``; the physics follow it whenever a device is asked or commanded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from commandcenter.wiring import seed
from forecasting.clear_sky import ArrayGeometry, ClearSkyModel
from services.actions.execution import Execution
from services.actions.open_actions import OpenActions
from services.actions.ports import Switches
from services.actions.proposals import Proposals
from services.actions.records import EmergencyStop, SwitchStatus
from services.actions.relays import ANSWER_WALL_S
from services.actions.safety_check import Judge
from services.actions.side_by_side import SideBySide
from services.control.asked_by_people import AskedByPeople
from services.control.command_dispatch import CommandDispatch
from services.control.control_loop import ControlLoop
from services.control.emergency_stop import Emergency
from services.control.what_if import WhatIf
from services.sites.records import AdapterConfig, ControlledLoad, System
from services.sites.vendor_pauses import VendorPauses
from services.telemetry.polling import Polling
from services.telemetry.ports import SkyModel, TelemetryStore
from services.telemetry.records import BatterySample, EnergySample, LoadSample, Sample, ZoneSample
from services.telemetry.snapshots import SnapshotBuilder
from services.views.live import LiveView
from simulator.physics.measurements import Measurements
from simulator.physics.site import SimulatedSite
from tests.fakes.clock import SteppingClock
from tests.fakes.stores.all_stores import InMemoryStores
from tests.fakes.stores.control import InMemoryDecisionStore
from tests.fakes.stores.ports import ControlStores

SYSTEM_ID = seed.SYSTEM_ID
SLUGS = {load.load_id: load.slug for load in seed.LOADS}
BEHIND = {load.adapter_id: load for load in seed.LOADS}
ROOMS = {"fan1": "heat-room", "fan2": "main-room"}


class SimulatedSwitch:
    """The relay of one simulated device, without a server between."""

    def __init__(self, *, physics: SimulatedSite, slug: str, clock: SteppingClock) -> None:
        self._physics, self._slug, self._clock = physics, slug, clock

    async def turn_on(self, *, auto_off_s: float | None) -> None:
        self._physics.advance_to(self._clock.now())
        self._physics.switch(self._slug, on=True, toggle_after_s=auto_off_s)

    async def turn_off(self) -> None:
        self._physics.advance_to(self._clock.now())
        self._physics.switch(self._slug, on=False)

    async def status(self) -> SwitchStatus:
        self._physics.advance_to(self._clock.now())
        reading = self._physics.measure().devices[self._slug]
        left_s = None
        if reading.timer_s is not None and reading.timer_started_s is not None:
            left_s = reading.timer_started_s + reading.timer_s - self._physics.at_s
        return SwitchStatus(
            is_on=reading.is_on,
            power_w=round(reading.power_w, 1),
            energy_wh=reading.energy_wh,
            temperature_c=reading.temperature_c,
            measured_at=self._physics.at,
            auto_off_in_s=left_s,
        )


class SimulatedSwitches:
    """``Switches`` of a simulated site."""

    def __init__(self, *, physics: SimulatedSite, clock: SteppingClock) -> None:
        self._physics, self._clock = physics, clock

    async def of(self, load: ControlledLoad) -> SimulatedSwitch:
        return SimulatedSwitch(physics=self._physics, slug=SLUGS[load.id], clock=self._clock)


class SimulatedReader:
    """``TelemetryReader`` of one adapter of a simulated site."""

    def __init__(
        self, *, physics: SimulatedSite, adapter: AdapterConfig, clock: SteppingClock
    ) -> None:
        self._physics, self._adapter, self._clock = physics, adapter, clock

    async def read(self) -> Sequence[Sample]:
        self._physics.advance_to(self._clock.now())
        return samples_of(self._physics.measure(), self._adapter)


def samples_of(now: Measurements, adapter: AdapterConfig) -> list[Sample]:
    """What one adapter reads, rounded as the vendors round."""
    at = datetime.fromtimestamp(now.at_s, UTC)
    match adapter.adapter_type:
        case "solark_cloud":
            return [
                EnergySample(
                    device_id=seed.INVERTER,
                    at=at,
                    pv_power_w=round(now.pv_w),
                    load_power_w=round(now.load_w),
                    battery_power_w=round(now.battery_w),
                    grid_power_w=round(now.grid_w),
                    battery_voltage_v=round(now.battery_v, 1),
                    soc_pct=round(now.soc_pct),
                )
            ]
        case "victron_vrm":
            return [
                BatterySample(
                    device_id=seed.BATTERY_PACK,
                    at=at,
                    voltage_v=round(now.battery_v, 2),
                    current_a=round(now.battery_a, 1),
                    power_w=round(now.battery_w),
                    soc_pct=round(now.soc_pct, 1),
                    temperature_c=round(now.battery_c),
                )
            ]
        case _:
            return _switch_samples(now, adapter, at)


def _switch_samples(now: Measurements, adapter: AdapterConfig, at: datetime) -> list[Sample]:
    load = BEHIND[adapter.id]
    reading = now.devices[load.slug]
    found: list[Sample] = [
        LoadSample(
            device_id=load.load_id,
            at=at,
            is_on=reading.is_on,
            power_w=round(reading.power_w, 1),
            energy_wh=round(reading.energy_wh, 1),
        )
    ]
    if "zone_id" in adapter.settings:
        celsius = now.rooms_c[ROOMS[load.slug]]
        zone_id = UUID(adapter.settings["zone_id"])
        found.append(ZoneSample(device_id=zone_id, at=at, temperature_c=round(celsius, 1)))
    return found


class FixedSky:
    """``Skies`` with one model for every site."""

    def __init__(self, model: SkyModel) -> None:
        self._model = model

    async def of(self, _: System, at: datetime) -> SkyModel:
        assert at.tzinfo is not None
        return self._model


@dataclass(slots=True, kw_only=True)
class Loop:
    """Every part of the loop on one set of stores."""

    stores: ControlStores
    clock: SteppingClock
    switches: Switches
    sky: SkyModel | None = None
    beside: SideBySide | None = None
    answer_wall_s: float = ANSWER_WALL_S
    announced: list[EmergencyStop] = field(default_factory=list)
    snapshots: SnapshotBuilder = field(init=False)
    pauses: VendorPauses = field(init=False)
    judge: Judge = field(init=False)
    proposals: Proposals = field(init=False)
    execution: Execution = field(init=False)
    open_actions: OpenActions = field(init=False)
    control: ControlLoop = field(init=False)
    dispatch: CommandDispatch = field(init=False)
    emergency: Emergency = field(init=False)
    what_if: WhatIf = field(init=False)
    live: LiveView = field(init=False)

    def __post_init__(self) -> None:
        s = self.stores
        self.snapshots = SnapshotBuilder(
            sites=s.site,
            settings=s.settings,
            telemetry=s.telemetry,
            skies=None if self.sky is None else FixedSky(self.sky),
        )
        self.pauses = VendorPauses(store=s.pauses, clock=self.clock)
        self.judge = Judge(
            sites=s.site,
            settings=s.settings,
            telemetry=s.telemetry,
            actions=s.actions,
            emergency=s.emergency_stops,
            memory=s.memory,
            pauses=self.pauses,
        )
        self.proposals = Proposals(
            actions=s.actions,
            sites=s.site,
            settings=s.settings,
            judge=self.judge,
            clock=self.clock,
            events=s.events,
        )
        self.execution = Execution(
            actions=s.actions,
            sites=s.site,
            settings=s.settings,
            telemetry=s.telemetry,
            switches=self.switches,
            locks=s.locks,
            judge=self.judge,
            clock=self.clock,
            events=s.events,
            pauses=self.pauses,
            timer_faults=s.timer_faults,
            beside=self.beside,
            answer_wall_s=self.answer_wall_s,
        )
        self.open_actions = OpenActions(proposals=self.proposals, execution=self.execution)
        self.dispatch = CommandDispatch(execution=self.execution, clock=self.clock)
        self.control = ControlLoop(
            snapshots=self.snapshots,
            memory=s.memory,
            cycles=s.cycles,
            emergency=s.emergency_stops,
            switching=self.proposals,
            dispatch=self.dispatch,
            asked=AskedByPeople(actions=s.actions),
            clock=self.clock,
        )
        self.emergency = Emergency(
            store=s.emergency_stops,
            sites=s.site,
            proposals=self.proposals,
            execution=self.execution,
            clock=self.clock,
            events=s.events,
            announce=self._announce,
        )
        views = {
            "snapshots": self.snapshots,
            "memory": s.memory,
            "decisions": s.decisions,
            "emergency": s.emergency_stops,
            "clock": self.clock,
        }
        self.what_if = WhatIf(asked=AskedByPeople(actions=s.actions), **views)  # type: ignore[arg-type]  # the same five parts
        self.live = LiveView(alerts=s.alerts, **views)  # type: ignore[arg-type]  # and one more

    async def _announce(self, _: UUID, state: EmergencyStop) -> None:
        self.announced.append(state)


class ReferenceSite:
    """The reference site living through time under its control loop."""

    def __init__(
        self,
        *,
        start: datetime,
        soc_pct: float = 65.0,
        cloud_plan: Sequence[str] = (),
        sky: SkyModel | None = None,
    ) -> None:
        self.physics = SimulatedSite(start=start, soc_pct=soc_pct, cloud_plan=cloud_plan)
        self.clock = SteppingClock(start)
        self.stores = InMemoryStores(clock=self.clock)
        self.stores.decisions = InMemoryDecisionStore(keep=100)
        place = self.physics.plan.place
        geometry = ArrayGeometry(latitude=place.latitude, longitude=place.longitude)
        self.loop = Loop(
            stores=self.stores,
            clock=self.clock,
            switches=SimulatedSwitches(physics=self.physics, clock=self.clock),
            sky=sky if sky is not None else ClearSkyModel(geometry),
        )
        self.polling = Polling(
            sites=self.stores.site,
            telemetry=self.stores.telemetry,
            reader_of=lambda adapter, _: SimulatedReader(
                physics=self.physics, adapter=adapter, clock=self.clock
            ),
            clock=self.clock,
            events=self.stores.events,
            pauses=self.loop.pauses,
            stopwatch=lambda: 0.0,
        )
        self.telemetry: TelemetryStore = self.stores.telemetry
        self._due: dict[UUID, datetime] = {}
        self._adapters: list[AdapterConfig] = []

    async def set_up(self) -> None:
        """Fill the stores as a first start does."""
        await seed.seed_simulated_site(
            seed.Stores(
                site=self.stores.site,
                settings=self.stores.settings,
                accounts=self.stores.accounts,
            ),
            simulator_url="http://127.0.0.1:1",
        )

    async def poll(self) -> None:
        """Read every adapter whose interval has passed, all of them in one batch."""
        at = self.clock.now()
        self.physics.advance_to(at)
        if not self._adapters:
            self._adapters = list(await self.stores.site.adapters(SYSTEM_ID))
        now, found = self.physics.measure(), list[Sample]()
        for adapter in self._adapters:
            due = self._due.get(adapter.id)
            if due is None or (at - due).total_seconds() >= adapter.poll_interval_s:
                self._due[adapter.id] = at
                found += samples_of(now, adapter)
        await self.telemetry.append(found)

    async def minute(self) -> None:
        """A minute passes: the devices are read, one cycle is run, actions are carried on."""
        self.clock.advance(60.0)
        await self.poll()
        await self.loop.control.run_cycle(SYSTEM_ID)
        await self.loop.open_actions.advance(SYSTEM_ID)
