"""The site's measured state, determined once per cycle: decisions, alerts and pages all read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from energy.battery.calibration import rest_voltage_v, soc_pct
from energy.measuring.balance import balance, suspected
from energy.measuring.base_load import base_load
from energy.measuring.clock_jumps import back_for_s
from energy.measuring.flows import flow, not_negative
from energy.measuring.frozen import frozen_sources
from energy.measuring.quantity import COMPUTED, Quality, Quantity
from energy.measuring.voltage import VoltageInForce, voltage_in_force
from energy.site.miners import Learned, MeasuringMemory
from energy.site.preferences import Preferences
from energy.site.snapshot import Snapshot

NOTHING_LEARNED = Learned()
NOTHING_REMEMBERED = MeasuringMemory()
_DOUBTED = frozenset({Quality.SUSPECT, Quality.FROZEN, Quality.IMPLAUSIBLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The site's quantities after the rules for bad data. Units are in the properties' names below.

    Attributes:
        at: The instant measured for.
        voltage: The battery voltage in force, V; a stale one still protects what runs.
        rest_voltage: The voltage compensated for the sag under current, V.
        soc: State of charge by the owner's calibration of the rest voltage, %.
        current: Battery current, A, + charging.
        battery_power: Battery power, W, + charging.
        battery_temperature: Of the bank, °C.
        pv: What the array gives, W.
        load: Everything behind the load port, W.
        grid: W, + import.
        base_load: The load without what we control, W.
        controlled_load_w: What we control within the measured load, W.
        lost: The battery voltage has been gone for so long that everything stops.
        waiting: The program has just started and waits for its first readings.
        notes: One sentence per value that was left out or replaced.
        memory: Memory of measuring for the next cycle.
    """

    at: datetime
    voltage: Quantity
    rest_voltage: Quantity
    soc: Quantity
    current: Quantity
    battery_power: Quantity
    battery_temperature: Quantity
    pv: Quantity
    load: Quantity
    grid: Quantity
    base_load: Quantity
    controlled_load_w: float
    lost: bool
    waiting: bool
    notes: tuple[str, ...]
    memory: MeasuringMemory

    @property
    def stale(self) -> bool:
        """Whether the voltage in force is too old to start anything, missing or not believed."""
        return self.voltage.quality is not Quality.GOOD

    @property
    def raw_voltage_v(self) -> float | None:
        """The voltage in force as it was measured, V."""
        return self.voltage.value

    @property
    def rest_voltage_v(self) -> float | None:
        """The voltage in force compensated for the current, V."""
        return self.rest_voltage.value

    @property
    def low_voltage_v(self) -> float | None:
        """The lower of raw and rest voltage, for emergency and critical thresholds, V."""
        raw, rest = self.voltage.value, self.rest_voltage.value
        return None if raw is None or rest is None else min(raw, rest)

    @property
    def voltage_source(self) -> str | None:
        """Name of the source of the voltage in force; None without a voltage."""
        return self.voltage.source if self.voltage.value is not None else None

    @property
    def voltage_age_s(self) -> float | None:
        """Age of the voltage in force, s."""
        return self.voltage.age_s if self.voltage.value is not None else None

    @property
    def soc_pct(self) -> float | None:
        """State of charge, %; for display, alerts and the reserve, never compared with a start or
        stop voltage.
        """
        return self.soc.value

    @property
    def current_a(self) -> float | None:
        """Battery current that may be used, A."""
        return self.current.usable

    @property
    def battery_w(self) -> float | None:
        """Battery power that may be used, W."""
        return self.battery_power.usable

    @property
    def pv_w(self) -> float | None:
        """PV that may be used, W."""
        return self.pv.usable

    @property
    def load_w(self) -> float | None:
        """Load that may be used, W."""
        return self.load.usable

    @property
    def grid_w(self) -> float | None:
        """Grid power that may be used, W."""
        return self.grid.usable

    @property
    def base_load_w(self) -> float | None:
        """The base load, W: measured, or its learned mean; None when neither is known."""
        return self.base_load.value


def measure(
    snapshot: Snapshot,
    preferences: Preferences,
    *,
    learned: Learned = NOTHING_LEARNED,
    memory: MeasuringMemory = NOTHING_REMEMBERED,
    controlled_load_w: float = 0.0,
) -> Measured:
    """The measured state of the site from one snapshot.

    Args:
        snapshot: The readings of all sources, with ages.
        preferences: The owner's limits and calibration.
        learned: Resistance of the bank and mean base load.
        memory: ``Measured.memory`` of the last cycle.
        controlled_load_w: What miners, heaters and fans take of the measured load, by
            ``energy.measuring.base_load.controlled_w``.
    """
    frozen, stuck = frozen_sources(snapshot, memory.stuck)
    chosen = voltage_in_force(snapshot, preferences, frozen, memory)
    is_back = back_for_s(memory, snapshot.at) is not None

    current = flow(snapshot.battery_current_a, "battery current", preferences, frozen)
    power = _battery_power(
        flow(snapshot.battery_power_w, "battery power", preferences, frozen), chosen, current
    )
    pv = flow(snapshot.pv_power_w, "solar power", preferences, frozen)
    pv = not_negative(pv, "Solar power", otherwise=Quality.IMPLAUSIBLE)
    load = not_negative(
        flow(snapshot.load_power_w, "load", preferences, frozen),
        "A load",
        otherwise=Quality.SUSPECT,
    )
    grid = flow(snapshot.grid_power_w, "grid power", preferences, frozen)
    flows = balance(
        pv=pv,
        grid=grid,
        load=load,
        battery_w=power.usable,
        battery_source=power.source,
        memory=memory,
        at=snapshot.at,
    )
    pv = suspected(pv, "solar power", flows.suspicion)
    load = suspected(load, "load", flows.suspicion)
    rest = _rest_voltage(chosen.voltage, current, learned)
    temperature = flow(snapshot.battery_temperature_c, "battery temperature", preferences, frozen)
    return Measured(
        at=snapshot.at,
        voltage=chosen.voltage,
        rest_voltage=rest,
        soc=_soc(rest, preferences),
        current=current,
        battery_power=power,
        battery_temperature=temperature,
        pv=pv,
        load=load,
        grid=grid,
        base_load=base_load(load, controlled_load_w, learned),
        controlled_load_w=controlled_load_w,
        lost=chosen.lost,
        waiting=chosen.waiting,
        notes=(*chosen.notes, *_notes(current, power, pv, load, grid, temperature)),
        memory=MeasuringMemory(
            voltage_implausible_since=chosen.implausible_since,
            waiting_since=memory.waiting_since if chosen.voltage.usable is None else None,
            balance_closed_at=flows.closed_at,
            balance_open_since=flows.open_since,
            stuck=stuck,
            clock_back_at=memory.clock_back_at if is_back else None,
            clock_was_at=memory.clock_was_at if is_back else None,
        ),
    )


def _rest_voltage(voltage: Quantity, current: Quantity, learned: Learned) -> Quantity:
    """The voltage in force, compensated; without a usable current the raw one stands in."""
    if voltage.value is None:
        return voltage
    rest_v = rest_voltage_v(voltage.value, current.usable, learned.resistance_ohm)
    return Quantity(
        rest_v, voltage.age_s, COMPUTED, voltage.quality, voltage.reason, voltage.stale_after_s
    )


def _soc(rest: Quantity, preferences: Preferences) -> Quantity:
    """The state of charge by the owner's calibration."""
    if rest.value is None:
        return rest
    soc = soc_pct(rest.value, preferences)
    return Quantity(soc, rest.age_s, COMPUTED, rest.quality, rest.reason, rest.stale_after_s)


def _battery_power(power: Quantity, chosen: VoltageInForce, current: Quantity) -> Quantity:
    """The battery's power, or current × voltage where only the current is measured."""
    current_a, voltage_v = current.usable, chosen.voltage.usable
    if power.quality is not Quality.MISSING or current_a is None or voltage_v is None:
        return power
    return current._replace(value=current_a * voltage_v)


def not_believed(measured: Measured) -> tuple[str, ...]:
    """Why measured quantities are not believed: each reason once."""
    reasons = [
        quantity.reason
        for quantity in quantities(measured).values()
        if quantity.quality in _DOUBTED
    ]
    return tuple(dict.fromkeys(reasons))


def quantities(measured: Measured) -> dict[str, Quantity]:
    """Every measured quantity by its name."""
    return {
        "battery voltage": measured.voltage,
        "battery current": measured.current,
        "battery power": measured.battery_power,
        "battery temperature": measured.battery_temperature,
        "solar power": measured.pv,
        "load": measured.load,
        "grid power": measured.grid,
    }


def _notes(*quantities: Quantity) -> list[str]:
    return [quantity.reason for quantity in quantities if quantity.reason]
