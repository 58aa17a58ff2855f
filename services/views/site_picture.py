"""The shape of the live view: plain JSON by name, every number with unit and age."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from energy.dataclass_json import JsonValue


class AgedNumber(TypedDict):
    """A number; ``value`` is None when it is not known. Measured numbers have ``quality`` and
    ``reason`` too.
    """

    value: float | None
    unit: str
    age_s: float | None
    stale_after_s: float | None
    source: str | None
    quality: NotRequired[str]
    reason: NotRequired[str]


class BatteryRangePicture(TypedDict):
    """The range of the owner's thresholds in which the voltage is; ``code`` is None without a
    voltage.
    """

    code: str | None
    sentence: str


class BatteryPicture(TypedDict):
    """The battery; power and current are positive when charging."""

    range: BatteryRangePicture
    voltage: AgedNumber
    rest_voltage: AgedNumber
    soc: AgedNumber
    current: AgedNumber
    power: AgedNumber
    temperature: AgedNumber


class SolarPicture(TypedDict):
    """PV power and PV potential."""

    power: AgedNumber
    potential: AgedNumber


class LoadPicture(TypedDict):
    """The whole load, and the base load in it."""

    power: AgedNumber
    base: AgedNumber


class GridPicture(TypedDict):
    """The grid; positive when importing."""

    power: AgedNumber


class MinerCommand(TypedDict):
    """The command decided for a miner; None and empty before a decision."""

    command: str | None
    reason: str | None
    explanation: str
    would_change: str


class MinerPicture(MinerCommand):
    """A miner with its command."""

    id: str
    name: str
    priority: int
    load_id: str | None
    is_on: bool | None
    since: str | None
    power: AgedNumber


class ZoneCommand(TypedDict):
    """The command decided for a zone; None and empty before a decision."""

    reason: str | None
    explanation: str
    would_change: str
    fan_on: bool | None
    fan_speed: int | None
    heater_on: bool | None


class ZonePicture(ZoneCommand):
    """A zone with its command."""

    id: str
    name: str
    type: str
    temperature: AgedNumber


class SwitchPicture(TypedDict):
    """A controlled load; ``is_on`` is None when its switch does not answer."""

    id: str
    name: str
    kind: str
    is_on: bool | None
    power: AgedNumber


class DecisionPicture(TypedDict):
    """The decision in force."""

    id: str
    at: str
    age_s: float | None
    budget: JsonValue
    limits: list[str]


class EmergencyStopPicture(TypedDict):
    """The emergency stop."""

    latched: bool
    changed_at: str | None
    changed_by: str | None
    reason: str | None


class SitePicture(TypedDict):
    """The whole live view."""

    at: str
    battery: BatteryPicture
    solar: SolarPicture
    load: LoadPicture
    grid: GridPicture
    miners: list[MinerPicture]
    zones: list[ZonePicture]
    loads: list[SwitchPicture]
    decision: DecisionPicture | None
    emergency_stop: EmergencyStopPicture
    control_level: str
    alerts_open: int
