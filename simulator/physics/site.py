"""The simulated site: sun, inverter, battery, house, switched loads and rooms, stepped in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypedDict
from zoneinfo import ZoneInfo

from simulator.physics.battery import Battery, Stage
from simulator.physics.clouds import Clouds
from simulator.physics.devices import Device, DeviceState
from simulator.physics.house import HouseLoad
from simulator.physics.inverter import Flow, Inverter, Totals
from simulator.physics.measurements import DeviceReading, Measurements
from simulator.physics.room import Room
from simulator.physics.site_plan import SitePlan
from simulator.physics.sun import ClearSun
from simulator.physics.weather import OutsideAir

_STEP_S = 10.0
_INSTANT_S = 1e-6
_LONG_GAP_S = 2 * 86_400.0
_LONG_STEP_S = 300.0
_BATTERY_HEAT_CAPACITY_S = 40_000.0
_NO_CHARGE_BELOW_C = 0.0
_TOTALS = tuple(Totals.__dataclass_fields__)


class BatteryState(TypedDict):
    """The battery's state for a restart."""

    soc: float
    stage: str
    absorption_s: float
    current_a: float
    voltage_v: float
    temperature_c: float


class SiteState(TypedDict):
    """The site's state for a restart; ``at_s`` is in epoch seconds, energies in Wh by name."""

    at_s: float
    first_day: int
    battery: BatteryState
    output_on: bool
    totals: dict[str, float]
    midnight: dict[str, float]
    rooms: dict[str, float]
    devices: dict[str, DeviceState]


class SunPower(Protocol):
    """Power that the array could give under a clear sky, by time."""

    def power_w(self, at_s: float) -> float:
        """Power at ``at_s`` (epoch seconds), W ≥ 0."""
        ...


class SimulatedSite:
    """The physics of one site; deterministic for one plan, seed and sequence of steps.

    ``at_s`` is the site's time in epoch seconds. Switching is instant; everything else moves with
    ``step``.
    """

    def __init__(
        self,
        *,
        start: datetime,
        plan: SitePlan | None = None,
        seed: int = 1,
        soc_pct: float = 65.0,
        cloud_plan: Sequence[str] = (),
        clear_sun: SunPower | None = None,
    ) -> None:
        """Set the site up at ``start`` (aware) with the battery at ``soc_pct``.

        Args:
            start: Aware instant of the first step.
            plan: Parameters of the site; the reference site by default.
            seed: Draws weather, load and boot times.
            soc_pct: State of charge at the start, %.
            cloud_plan: Weather of the first days: ``clear``, ``broken`` or ``overcast`` each.
            clear_sun: The array's power under a clear sky; from the plan by default.
        """
        self.plan = plan if plan is not None else SitePlan()
        self.at_s = start.timestamp()
        place = self.plan.place
        self.clear_sun: SunPower = (
            clear_sun if clear_sun is not None else ClearSun(place, self.plan.array)
        )
        self.clouds = Clouds(
            seed=seed, longitude=place.longitude, first_s=self.at_s, plan=cloud_plan
        )
        self.house = HouseLoad(seed=seed, longitude=place.longitude, mean_w=self.plan.house_mean_w)
        self.air = OutsideAir(seed=seed, longitude=place.longitude)
        self.battery = Battery(self.plan.battery, soc=soc_pct / 100.0)
        self.battery_c = 18.0
        self.inverter = Inverter(self.battery, self_use_w=self.plan.self_use_w)
        self.rooms = {room.slug: Room(room) for room in self.plan.rooms}
        self.devices = {plan.slug: Device(plan, seed=seed) for plan in self.plan.devices}
        self._zone = ZoneInfo(place.timezone)
        self._midnight = Totals()
        self._next_midnight_s = self._midnight_after(self.at_s)

    @property
    def at(self) -> datetime:
        """The site's time."""
        return datetime.fromtimestamp(self.at_s, UTC)

    # --- time -------------------------------------------------------------------------------------

    def advance_to(self, at: datetime) -> None:
        """Step on to ``at``, in steps of ten seconds (coarser over a gap of days)."""
        target_s = at.timestamp()
        step_s = _LONG_STEP_S if target_s - self.at_s > _LONG_GAP_S else _STEP_S
        while target_s - self.at_s > _INSTANT_S:
            self.step(min(step_s, target_s - self.at_s))

    def settle(self) -> None:
        """Compute the present powers without passing time, because they are zero before a first
        step.
        """
        at_s = self.at_s
        self.step(_INSTANT_S)
        self.at_s = at_s

    def step(self, dt_s: float) -> Flow:
        """Let ``dt_s`` seconds pass and return the powers of the step."""
        if self.at_s >= self._next_midnight_s:
            self._start_day()
        for device in self.devices.values():
            device.relay.expire(self.at_s + dt_s / 2.0)
        middle_s = self.at_s + dt_s / 2.0
        available = self.clear_sun.power_w(middle_s) * self.clouds.transmittance(middle_s)
        powered = self.inverter.output_on
        load = self.house.power_w(middle_s)
        for device in self.devices.values():
            load += device.step(powered=powered, dt_s=dt_s)
        flow = self.inverter.step(
            available_w=min(available, self.plan.array.inverter_limit_w),
            load_w=load,
            dt_s=dt_s,
            charging_blocked=self.battery_c < _NO_CHARGE_BELOW_C,
        )
        self._step_heat(middle_s, dt_s)
        self.at_s += dt_s
        for device in self.devices.values():
            device.relay.expire(self.at_s)
        return flow

    def _step_heat(self, at_s: float, dt_s: float) -> None:
        outside_c = self.air.temperature_c(at_s)
        for slug, room in self.rooms.items():
            heat, fan = 0.0, 0.0
            for device in self.devices.values():
                if device.plan.zone != slug:
                    continue
                heat += device.heat_w
                if device.plan.kind == "fan" and device.power_w > 0.0:
                    fan = device.level
            room.step(heat_w=heat, fan_share=fan, outside_c=outside_c, dt_s=dt_s)
        losses_c = (self.battery.current_a / 100.0) ** 2
        target_c = 0.5 * outside_c + 9.0 + losses_c
        self.battery_c += (target_c - self.battery_c) * min(1.0, dt_s / _BATTERY_HEAT_CAPACITY_S)

    def _start_day(self) -> None:
        totals = self.inverter.totals
        self._midnight = Totals(**{name: getattr(totals, name) for name in _TOTALS})
        self._next_midnight_s = self._midnight_after(self.at_s)

    def _midnight_after(self, at_s: float) -> float:
        # By way of noon of the next day, so that a change to or from summer time does no harm.
        local = datetime.fromtimestamp(at_s, self._zone)
        later = datetime.fromtimestamp(
            local.replace(hour=12, minute=0, second=0, microsecond=0, fold=0).timestamp()
            + 86_400.0,
            self._zone,
        )
        return later.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()

    # --- switches ---------------------------------------------------------------------------------

    def switch(
        self, slug: str, *, on: bool, toggle_after_s: float | None = None, source: str = "HTTP_in"
    ) -> bool:
        """Close or open the relay of device ``slug``; returns whether it was closed before."""
        relay = self.devices[slug].relay
        return relay.set(on=on, at_s=self.at_s, toggle_after_s=toggle_after_s, source=source)

    # --- what the instruments read ----------------------------------------------------------------

    def measure(self) -> Measurements:
        """All readings of now."""
        flow, battery, totals = self.inverter.flow, self.battery, self.inverter.totals
        day = self._midnight
        return Measurements(
            at_s=self.at_s,
            pv_w=flow.pv_w,
            potential_w=flow.available_w,
            load_w=flow.load_w,
            grid_w=0.0,
            battery_w=flow.battery_w,
            battery_v=battery.voltage_v,
            battery_a=battery.current_a,
            battery_c=self.battery_c,
            soc_pct=battery.soc * 100.0,
            outside_c=self.air.temperature_c(self.at_s),
            stage=battery.stage.value,
            output_on=self.inverter.output_on,
            rooms_c={slug: room.temperature_c for slug, room in self.rooms.items()},
            devices={slug: self._reading(device) for slug, device in self.devices.items()},
            pv_today_wh=totals.pv_wh - day.pv_wh,
            load_today_wh=totals.load_wh - day.load_wh,
            charged_today_wh=totals.charged_wh - day.charged_wh,
            discharged_today_wh=totals.discharged_wh - day.discharged_wh,
            pv_total_wh=totals.pv_wh,
        )

    def _reading(self, device: Device) -> DeviceReading:
        relay = device.relay
        room = self.rooms.get(device.plan.zone)
        around_c = room.temperature_c if room is not None else 20.0
        return DeviceReading(
            is_on=relay.is_on,
            power_w=device.power_w if relay.is_on else 0.0,
            energy_wh=relay.energy_wh,
            temperature_c=around_c + 12.0 + device.power_w / 250.0,
            timer_started_s=relay.timer_started_s,
            timer_s=relay.timer_s,
            source=relay.source,
            level=device.level if device.plan.dimmable else None,
        )

    # --- persistence ------------------------------------------------------------------------------

    def to_json(self) -> SiteState:
        """The state that a restart continues from (the plan and the seed are not in it)."""
        battery, inverter = self.battery, self.inverter
        return {
            "at_s": self.at_s,
            "first_day": self.clouds.first_day,
            "battery": {
                "soc": battery.soc,
                "stage": battery.stage.value,
                "absorption_s": battery.absorption_s,
                "current_a": battery.current_a,
                "voltage_v": battery.voltage_v,
                "temperature_c": self.battery_c,
            },
            "output_on": inverter.output_on,
            "totals": {name: getattr(inverter.totals, name) for name in _TOTALS},
            "midnight": {name: getattr(self._midnight, name) for name in _TOTALS},
            "rooms": {slug: room.temperature_c for slug, room in self.rooms.items()},
            "devices": {slug: device.to_json() for slug, device in self.devices.items()},
        }

    def restore(self, state: SiteState) -> None:
        """Continue from a state of ``to_json``; the next ``advance_to`` simulates the time
        since.
        """
        self.at_s = float(state["at_s"])
        self.clouds.first_day = state["first_day"]
        battery = state["battery"]
        self.battery.soc = battery["soc"]
        self.battery.stage = Stage(battery["stage"])
        self.battery.absorption_s = battery["absorption_s"]
        self.battery.current_a = battery["current_a"]
        self.battery.voltage_v = battery["voltage_v"]
        self.battery_c = battery["temperature_c"]
        self.inverter.output_on = state["output_on"]
        self.inverter.totals = _totals(state["totals"])
        self._midnight = _totals(state["midnight"])
        self._next_midnight_s = self._midnight_after(self.at_s)
        for slug, temperature_c in state["rooms"].items():
            if slug in self.rooms:
                self.rooms[slug].temperature_c = temperature_c
        for slug, device in state["devices"].items():
            if slug in self.devices:
                self.devices[slug].restore(device)


def _totals(saved: Mapping[str, float]) -> Totals:
    """Totals of a saved state; what an older release counted besides is left out."""
    return Totals(**{name: wh for name, wh in saved.items() if name in _TOTALS})
