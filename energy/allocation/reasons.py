"""Why a load runs or not: one type per reason, with the numbers that were compared.

A closed union: code that words a reason matches every type. The field names are the names of the
numbers in the API.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, TypeAlias


class ReasonCode(StrEnum):
    """Machine-readable code of a reason."""

    ELIGIBLE = "eligible"
    RUNNING = "running"
    EMERGENCY_STOP = "emergency_stop"
    TELEMETRY_LOST = "telemetry_lost"
    TELEMETRY_STALE = "telemetry_stale"
    VOLTAGE_CRITICAL = "voltage_critical"
    VOLTAGE_LOW = "voltage_low"
    LOW_VOLTAGE_LOCKOUT = "low_voltage_lockout"
    EMERGENCY_VOLTAGE = "emergency_voltage"
    BELOW_STOP_VOLTAGE = "below_stop_voltage"
    BELOW_START_VOLTAGE = "below_start_voltage"
    START_HYSTERESIS = "start_hysteresis"
    STOP_HYSTERESIS = "stop_hysteresis"
    DISABLED = "disabled"
    OUTSIDE_WINDOW = "outside_window"
    MAXIMUM_RUNTIME = "maximum_runtime"
    EXCESS_SOLAR = "excess_solar"
    MINIMUM_SOLAR = "minimum_solar"
    NOT_SUNNY = "not_sunny"
    NIGHT_RESERVE = "night_reserve"
    BUDGET = "budget"
    SHED = "shed"
    BUDGET_TOLERANCE = "budget_tolerance"
    BUDGET_DELAY = "budget_delay"
    MINIMUM_ON_TIME = "minimum_on_time"
    MINIMUM_OFF_TIME = "minimum_off_time"
    WAITS_FOR_MINIMUM_ON = "waits_for_minimum_on"
    ONE_START_PER_CYCLE = "one_start_per_cycle"
    POTENTIAL_NOT_MET = "potential_not_met"
    DEVICE_UNKNOWN = "device_unknown"
    DRAWS_THOUGH_OFF = "draws_though_off"
    NOT_CONTROLLED = "not_controlled"
    HELD = "held"
    ASKED_ON = "asked_on"
    ASKED_OFF = "asked_off"
    HEAT_WANTED = "heat_wanted"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyStopped:
    """The emergency stop is latched."""

    code: ClassVar = ReasonCode.EMERGENCY_STOP


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryLost:
    """There has been no battery voltage for so long that everything stops."""

    code: ClassVar = ReasonCode.TELEMETRY_LOST
    voltage_age_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoltageStale:
    """The battery voltage is too old, or none can be used: nothing starts."""

    code: ClassVar = ReasonCode.TELEMETRY_STALE
    voltage_age_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSetBack:
    """The clock was set back, no value is known to be new: nothing starts until ``right_at``."""

    code: ClassVar = ReasonCode.TELEMETRY_STALE
    set_back_s: float
    right_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStaysBack:
    """The clock has been back for so long that everything stops, until ``right_at``."""

    code: ClassVar = ReasonCode.TELEMETRY_LOST
    set_back_s: float
    right_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadUnknown:
    """The load can't be used: nothing starts."""

    code: ClassVar = ReasonCode.TELEMETRY_STALE
    load_power_w: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoltageCritical:
    """The lower of raw and rest voltage is at or below the critical voltage."""

    code: ClassVar = ReasonCode.VOLTAGE_CRITICAL
    lowest_voltage_v: float
    voltage_critical_low_v: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyVoltage:
    """The lower of raw and rest voltage is at or below the load's own emergency voltage."""

    code: ClassVar = ReasonCode.EMERGENCY_VOLTAGE
    lowest_voltage_v: float
    emergency_stop_voltage_v: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VoltageLow:
    """The rest voltage is at or below ``voltage_low``: nothing starts."""

    code: ClassVar = ReasonCode.VOLTAGE_LOW
    rest_voltage_v: float
    raw_voltage_v: float | None
    voltage_low_v: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedOut:
    """The low-voltage lockout holds until the rest voltage is back at ``voltage_restart``."""

    code: ClassVar = ReasonCode.LOW_VOLTAGE_LOCKOUT
    rest_voltage_v: float
    raw_voltage_v: float | None
    voltage_restart_v: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BelowStopVoltage:
    """It has been below its stop voltage for its stop delay (``stop_hysteresis_minutes``)."""

    code: ClassVar = ReasonCode.BELOW_STOP_VOLTAGE
    rest_voltage_v: float
    raw_voltage_v: float | None
    stop_voltage_v: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BelowStartVoltage:
    """It is off and the rest voltage is below its start voltage."""

    code: ClassVar = ReasonCode.BELOW_START_VOLTAGE
    rest_voltage_v: float
    raw_voltage_v: float | None
    start_voltage_v: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StartHysteresis:
    """Its start voltage has not held for its start delay (``start_hysteresis_minutes``) yet."""

    code: ClassVar = ReasonCode.START_HYSTERESIS
    rest_voltage_v: float
    raw_voltage_v: float | None
    start_voltage_v: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Disabled:
    """The owner has disabled it."""

    code: ClassVar = ReasonCode.DISABLED


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideWindow:
    """The local hour is outside the window in which the load may run; whole local hours."""

    code: ClassVar = ReasonCode.OUTSIDE_WINDOW
    local_hour: float
    window_start_hour: float
    window_end_hour: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MaximumRuntime:
    """It has run as long today as it may."""

    code: ClassVar = ReasonCode.MAXIMUM_RUNTIME
    runtime_today_s: float
    maximum_runtime_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcessSolarShort:
    """The free solar surplus does not carry the load, and it may not use the battery."""

    code: ClassVar = ReasonCode.EXCESS_SOLAR
    solar_surplus_free_w: float
    needed_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SolarBelowMinimum:
    """PV potential is below the owner's minimum for this load."""

    code: ClassVar = ReasonCode.MINIMUM_SOLAR
    pv_potential_w: float
    minimum_solar_production_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSunny:
    """It is not sunny, or that is not known (None)."""

    code: ClassVar = ReasonCode.NOT_SUNNY
    sunny: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveKept:
    """The night reserve comes first, and the sun alone does not carry the load.

    ``needed_wh`` is None for a load that the battery never feeds. ``sun_needs_wh`` is given where
    the battery is so low that the sun charges it before it carries a load.
    """

    code: ClassVar = ReasonCode.NIGHT_RESERVE
    usable_wh: float | None
    needed_wh: float | None
    reserve_wh: float | None
    reserve_known: bool = True
    sun_needs_wh: float | None = None
    solar_surplus_free_w: float
    needed_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetShort:
    """What is left of the budget is not enough for the load."""

    code: ClassVar = ReasonCode.BUDGET
    needed_w: float
    budget_left_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shed:
    """A load of higher priority that starts needs its power."""

    code: ClassVar = ReasonCode.SHED
    needed_w: float
    budget_left_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumOff:
    """Its minimum off time has not passed."""

    code: ClassVar = ReasonCode.MINIMUM_OFF_TIME
    off_for_s: float
    minimum_off_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitsForMinimumOn:
    """Its power is taken by loads that may not be stopped yet: they are in their minimum on time,
    held or asked for by somebody who outranks the allocator.
    """

    code: ClassVar = ReasonCode.WAITS_FOR_MINIMUM_ON
    needed_w: float
    held_by_others_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OneStartPerCycle:
    """Another load starts first, so that its inrush shows before the next start."""

    code: ClassVar = ReasonCode.ONE_START_PER_CYCLE
    rest_voltage_v: float | None
    raw_voltage_v: float | None
    start_voltage_v: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PotentialNotMet:
    """It was started on PV potential that did not come: the battery feeds it instead."""

    code: ClassVar = ReasonCode.POTENTIAL_NOT_MET
    needed_w: float
    measured_surplus_w: float
    pv_power_w: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceUnknown:
    """Its switch does not answer."""

    code: ClassVar = ReasonCode.DEVICE_UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawsThoughOff:
    """Its switch says off, and its meter says that it draws: its state is not known."""

    code: ClassVar = ReasonCode.DRAWS_THOUGH_OFF
    power_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NotControlled:
    """Its control method is none: it is left as it is, on or off."""

    code: ClassVar = ReasonCode.NOT_CONTROLLED


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOff:
    """It could start, but somebody who outranks the allocator holds it as it is; local time."""

    code: ClassVar = ReasonCode.HELD
    held_by: str
    held_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOff:
    """Somebody who outranks the allocator wants it off; local time."""

    code: ClassVar = ReasonCode.ASKED_OFF
    asked_by: str
    asked_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOn:
    """Somebody who outranks the allocator wants it on; local time."""

    code: ClassVar = ReasonCode.ASKED_ON
    asked_by: str
    asked_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOn:
    """It would be stopped, but somebody who outranks the allocator holds it as it is; local
    time.
    """

    code: ClassVar = ReasonCode.HELD
    held_by: str
    held_until: datetime
    held_against: ReasonCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligible:
    """It starts: all rules allow it and its power fits."""

    code: ClassVar = ReasonCode.ELIGIBLE
    rest_voltage_v: float | None
    raw_voltage_v: float | None
    start_voltage_v: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatWanted:
    """It starts because its zone wants the heat."""

    code: ClassVar = ReasonCode.HEAT_WANTED
    rest_voltage_v: float | None
    raw_voltage_v: float | None
    start_voltage_v: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """It runs, and no rule would stop it."""

    code: ClassVar = ReasonCode.RUNNING
    rest_voltage_v: float | None
    raw_voltage_v: float | None
    stop_voltage_v: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WithinTolerance:
    """It runs although the budget is short, but by less than the tolerance."""

    code: ClassVar = ReasonCode.BUDGET_TOLERANCE
    rest_voltage_v: float | None
    raw_voltage_v: float | None
    stop_voltage_v: float
    needed_w: float
    budget_left_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryLends:
    """It runs although the budget is short: during the budget's delay the battery lends the
    rest.
    """

    code: ClassVar = ReasonCode.BUDGET_DELAY
    needed_w: float
    budget_left_w: float
    short_for_s: float
    budget_delay_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DippedBelowStop:
    """It runs below its stop voltage, but has not been there for its stop delay yet."""

    code: ClassVar = ReasonCode.STOP_HYSTERESIS
    rest_voltage_v: float
    raw_voltage_v: float | None
    stop_voltage_v: float


Condition: TypeAlias = (
    Disabled
    | OutsideWindow
    | MaximumRuntime
    | ExcessSolarShort
    | SolarBelowMinimum
    | NotSunny
    | ReserveKept
)
"""A condition of the owner that does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionCeased:
    """It runs although a condition has failed, but not for its stop delay yet.

    ``lent_min`` is given where the battery lends it the sun's part for longer than that.
    """

    code: ClassVar = ReasonCode.STOP_HYSTERESIS
    ceasing: Condition
    lent_min: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumOn:
    """It would be stopped for ``held_against``, but its minimum on time has not passed."""

    code: ClassVar = ReasonCode.MINIMUM_ON_TIME
    on_for_s: float
    minimum_on_s: float
    held_against: ReasonCode


WhyStopped: TypeAlias = (
    EmergencyStopped
    | TelemetryLost
    | VoltageStale
    | ClockSetBack
    | ClockStaysBack
    | LoadUnknown
    | VoltageCritical
    | EmergencyVoltage
    | VoltageLow
    | LockedOut
    | BelowStopVoltage
    | BelowStartVoltage
    | StartHysteresis
    | Condition
    | BudgetShort
    | Shed
    | MinimumOff
    | WaitsForMinimumOn
    | OneStartPerCycle
    | PotentialNotMet
    | DeviceUnknown
    | DrawsThoughOff
    | NotControlled
    | HeldOff
    | AskedOff
)
"""Why a load stops or stays off."""

WhyStarted: TypeAlias = Eligible | HeatWanted | AskedOn
WhyRunning: TypeAlias = (
    Running
    | WithinTolerance
    | BatteryLends
    | DippedBelowStop
    | ConditionCeased
    | MinimumOn
    | HeldOn
)
"""Why a load keeps running."""

Reason: TypeAlias = WhyStopped | WhyStarted | WhyRunning

EverythingStops: TypeAlias = EmergencyStopped | TelemetryLost | ClockStaysBack | VoltageCritical
"""Why every load of the site stops at once."""

NothingStarts: TypeAlias = VoltageStale | ClockSetBack | LoadUnknown | VoltageLow | LockedOut
"""Why no load of the site starts."""
