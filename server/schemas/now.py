"""The site as it is now."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from energy.battery.voltage_range import VoltageRange
from energy.measuring.quantity import Quality
from energy.site.loads import LoadKind
from energy.site.preferences import ControlLevel
from server.schemas.examples import HOME_NOW
from server.schemas.json_shapes import Instant, Number, Shape


class AgedValue(Shape):
    """A number with its unit, its age and where it comes from; ``value`` is null when unknown."""

    value: float | None
    unit: str
    age_s: float | None = Field(description="Seconds since it was measured or computed")
    stale_after_s: float | None = Field(
        default=None, description="The age from which it counts as missing"
    )
    source: str | None
    quality: Quality | None = Field(
        default=None,
        description="How far a measured value is to be believed; one that isn't has no value",
    )
    reason: str | None = Field(
        default=None, description="Why it is old, replaced or not believed; empty when all is well"
    )


class BatteryRangeNow(Shape):
    """The range of the owner's thresholds in which the voltage is; ``code`` is null without a
    voltage.
    """

    code: VoltageRange | None
    sentence: str


class BatteryNow(Shape):
    """The battery; power and current are positive when charging."""

    range: BatteryRangeNow
    voltage: AgedValue
    rest_voltage: AgedValue
    soc: AgedValue
    current: AgedValue
    power: AgedValue
    temperature: AgedValue


class SolarNow(Shape):
    """PV power and PV potential."""

    power: AgedValue
    potential: AgedValue


class LoadNow(Shape):
    """The power behind the inverter's load port, and the base load in it."""

    power: AgedValue
    base: AgedValue


class GridNow(Shape):
    """The grid; positive when importing."""

    power: AgedValue


class MinerNow(Shape):
    """One miner with its command and the reason."""

    id: str
    name: str
    priority: int
    load_id: str | None
    is_on: bool | None
    since: Instant | None
    power: AgedValue
    command: str | None
    reason: str | None
    explanation: str
    would_change: str


class ZoneNow(Shape):
    """One zone with its command and the reason."""

    id: str
    name: str
    type: str
    temperature: AgedValue
    reason: str | None
    explanation: str
    would_change: str
    fan_on: bool | None
    fan_speed: int | None
    heater_on: bool | None


class SwitchedLoad(Shape):
    """One controlled load; ``is_on`` is null when its switch does not answer."""

    id: str
    name: str
    kind: LoadKind
    is_on: bool | None
    power: AgedValue


class BudgetView(Shape):
    """The budget of discretionary loads, and the numbers it is made of."""

    raw_voltage_v: Number | None = None
    rest_voltage_v: Number | None = None
    voltage_source: str | None = None
    soc_pct: Number | None = None
    pv_power_w: Number | None = None
    pv_potential_w: Number | None = None
    throttled: bool | None = None
    base_load_w: Number | None = None
    controlled_load_w: Number | None = None
    solar_surplus_w: Number | None = None
    measured_surplus_w: Number | None = None
    potential_surplus_w: Number | None = None
    battery_allowance_w: Number | None = None
    battery_factor: Number | None = None
    house_deficit_w: Number | None = None
    usable_wh: Number | None = None
    reserve_wh: Number | None = None
    total_w: Number | None = None
    allocated_w: Number | None = None
    other_loads_w: Number | None = None
    tonight_reserve_wh: Number | None = None
    dark_day_reserve_wh: Number | None = None
    reserve_known: bool | None = None
    grid_excess_w: Number | None = None


class DecisionNow(Shape):
    """The decision in force."""

    id: str
    at: Instant
    age_s: float
    budget: BudgetView
    limits: list[str]


class EnergyLatest(Shape):
    """The newest powers."""

    at: Instant
    battery: BatteryNow
    solar: SolarNow
    load: LoadNow
    grid: GridNow


class EmergencyStopNow(Shape):
    """The emergency stop in the live view."""

    latched: bool
    changed_at: Instant | None
    changed_by: str | None
    reason: str | None


class HomeNow(EnergyLatest):
    """The whole site."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [HOME_NOW]})

    system_id: str
    name: str
    miners: list[MinerNow]
    zones: list[ZoneNow]
    loads: list[SwitchedLoad]
    decision: DecisionNow | None
    emergency_stop: EmergencyStopNow
    control_level: ControlLevel
    alerts_open: int


class BatteryOfSite(Shape):
    """The battery alone."""

    system_id: str
    at: Instant
    battery: BatteryNow


class Conversion(Shape):
    """A voltage and the state of charge that belongs to it."""

    voltage_v: float
    soc_pct: float
