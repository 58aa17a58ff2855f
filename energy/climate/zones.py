"""Control of each zone's climate: exhaust fan, heating, and no charging of a frozen battery.

Pure: the memory between cycles is passed in and returned.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from energy.climate.heating import HeatChoice, HvacHints, choose_heat, heater_must_stop
from energy.climate.thermostat import (
    CHARGING_RELEASE_K,
    LOW_SPEED,
    SENSOR_TIMEOUT_S,
    ZoneMemory,
    charging_blocked,
    fan_band,
    heat_band,
    thermostats,
    usable_c,
)
from energy.site.loads import HeatSource, Zone
from energy.site.snapshot import Reading
from energy.wording import celsius, duration, listed


class ZoneReason(StrEnum):
    """Machine-readable state of a zone."""

    DISABLED = "disabled"
    EMERGENCY_STOP = "emergency_stop"
    NO_SENSOR = "no_sensor"
    WAITING_FOR_SENSOR = "waiting_for_sensor"
    TOO_HOT = "too_hot"
    COOLING = "cooling"
    HEATED = "heated"
    COLD_NOT_HEATED = "cold_not_heated"
    COMFORTABLE = "comfortable"


class ZoneWarningCode(StrEnum):
    """Machine-readable code of a zone's warning."""

    NO_SENSOR = "no_sensor"
    COLD_NOT_HEATED = "cold_not_heated"
    CHARGING_NOT_BLOCKABLE = "charging_not_blockable"


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneWarning:
    """One warning with its sentence; ``critical`` ones can damage hardware."""

    code: ZoneWarningCode
    critical: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HvacMemory:
    """Memory per zone id, sorted by id."""

    zones: tuple[tuple[str, ZoneMemory], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneDecision:
    """What one zone is to do.

    Attributes:
        temperature_c: Its temperature, °C; None without a usable reading.
        fan_on: Wanted state of the exhaust fan; None when the zone has none to command.
        fan_speed: Wanted speed in tenths of the range; None when the fan is off, and where its
            device can't set one.
        heater_on: Wanted state of the heater; None when the zone has none to command.
        heater_stop_protects: Why the heater stops at once to protect the battery, as a sentence;
            empty when it need not.
        heat_source: What heats the zone now.
        heat_wanted_miner_ids: Miners asked to run for their heat.
        charging_blocked: The battery must not be charged. Nothing of a site can switch its charger:
            the owner is warned and does it by hand.
        explanation: One plain sentence with the numbers.
        would_change: At which temperature something would change; empty without a reading.
    """

    zone_id: str
    name: str
    temperature_c: float | None
    reason: ZoneReason
    fan_on: bool | None = None
    fan_speed: int | None = None
    fan_device_id: str | None = None
    heater_on: bool | None = None
    heater_device_id: str | None = None
    heater_stop_protects: str = ""
    heat_source: HeatSource = HeatSource.NONE
    heat_wanted_miner_ids: tuple[str, ...] = ()
    charging_blocked: bool = False
    explanation: str = ""
    would_change: str = ""
    warnings: tuple[ZoneWarning, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneDecisions:
    """All zones' decisions, by name then id, with the memory for the next cycle."""

    zones: tuple[ZoneDecision, ...] = ()
    memory: HvacMemory = HvacMemory()

    @property
    def heat_wanted_miner_ids(self) -> frozenset[str]:
        """Miners that any zone asks for their heat."""
        return frozenset(miner for zone in self.zones for miner in zone.heat_wanted_miner_ids)


def control_zones(
    zones: tuple[Zone, ...],
    temperatures: Mapping[str, Reading | None],
    at: datetime,
    memory: HvacMemory,
    hints: HvacHints,
) -> ZoneDecisions:
    """Decide for every zone.

    Args:
        zones: The owner's zones; their order does not matter.
        temperatures: Newest reading per zone id, °C; None or absent when there never was one.
        at: The instant of the cycle.
        memory: ``ZoneDecisions.memory`` of the last cycle.
        hints: Battery, sun and miners.
    """
    remembered = dict(memory.zones)
    results = [
        _protected(
            _control_zone(
                zone,
                temperatures.get(zone.id),
                at,
                remembered.get(zone.id, ZoneMemory()),
                hints,
            ),
            zone,
            hints,
        )
        for zone in sorted(zones, key=lambda zone: (zone.name, zone.id))
    ]
    kept = {decision.zone_id: after for decision, after in results}
    return ZoneDecisions(
        zones=tuple(decision for decision, _ in results),
        memory=HvacMemory(zones=tuple((zone_id, kept[zone_id]) for zone_id in sorted(kept))),
    )


def _control_zone(
    zone: Zone, reading: Reading | None, at: datetime, before: ZoneMemory, hints: HvacHints
) -> tuple[ZoneDecision, ZoneMemory]:
    if not zone.enabled:
        sentence = f"{zone.name} is not controlled: it is disabled in the settings."
        return _plain(zone, None, ZoneReason.DISABLED, sentence), ZoneMemory()
    temperature_c = usable_c(reading)
    after = thermostats(
        zone, temperature_c, _noted(reading, at, before), sets_speed=_sets_speed(zone, hints)
    )
    blocked = charging_blocked(
        zone,
        temperature_c,
        hints.battery_temperature_c,
        was_blocked=before.charging_blocked,
    )
    after = replace(after, charging_blocked=blocked)
    if hints.emergency_stop:
        decision = _plain(
            zone,
            temperature_c,
            ZoneReason.EMERGENCY_STOP,
            f"{zone.name}: fan and heating are off, the emergency stop is latched.",
        )
        after = replace(after, miner_asked_since=None)
    else:
        decision, after = _commanded(zone, temperature_c, at, after, hints)
    return _with_charging(zone, decision, after, hints), after


def _protected(
    result: tuple[ZoneDecision, ZoneMemory], zone: Zone, hints: HvacHints
) -> tuple[ZoneDecision, ZoneMemory]:
    """The decision with the heater off where the battery needs that, in disabled zones as well."""
    decision, after = result
    why = heater_must_stop(hints)
    if why is None or zone.heater_device_id is None:
        return decision, after
    protected = replace(
        decision,
        heater_on=False,
        heater_device_id=zone.heater_device_id,
        heater_stop_protects=why,
    )
    return protected, after


def _noted(reading: Reading | None, at: datetime, before: ZoneMemory) -> ZoneMemory:
    """The memory with the time of the newest usable reading, or of the first cycle without one."""
    if reading is not None and math.isfinite(reading.value):
        return replace(before, last_reading_at=at - timedelta(seconds=reading.age_s))
    last = before.last_reading_at
    return replace(before, last_reading_at=at if last is None else min(last, at))


def _commanded(
    zone: Zone, temperature_c: float | None, at: datetime, after: ZoneMemory, hints: HvacHints
) -> tuple[ZoneDecision, ZoneMemory]:
    last = at if after.last_reading_at is None else after.last_reading_at
    silent_s = (at - last).total_seconds()
    if temperature_c is None and silent_s >= SENSOR_TIMEOUT_S and not hints.waiting:
        return _without_sensor(zone, silent_s, hints), replace(
            after, heating_on=False, miner_asked_since=None
        )
    choice = HeatChoice()
    asked_since = after.miner_asked_since
    asked_since = None if asked_since is None else min(asked_since, at)
    if after.heating_on:
        choice = choose_heat(zone, hints, at=at, miner_asked_since=asked_since)
    if choice.miner is None or choice.miner_runs:
        asked_since = None
    elif asked_since is None:
        asked_since = at
    after = replace(after, miner_asked_since=asked_since)
    return _described(zone, temperature_c, after, choice, hints), after


def _sets_speed(zone: Zone, hints: HvacHints) -> bool:
    return zone.exhaust_fan_device_id in hints.fans_with_speed


def _plain(
    zone: Zone, temperature_c: float | None, reason: ZoneReason, explanation: str
) -> ZoneDecision:
    """A decision with fan and heating off, where there are any; a disabled zone commands
    nothing.
    """
    controlled = zone.enabled
    has_fan = controlled and zone.exhaust_fan_enabled
    has_heater = controlled and zone.heater_device_id is not None
    return ZoneDecision(
        zone_id=zone.id,
        name=zone.name,
        temperature_c=temperature_c,
        reason=reason,
        fan_on=False if has_fan else None,
        fan_device_id=zone.exhaust_fan_device_id if has_fan else None,
        heater_on=False if has_heater else None,
        heater_device_id=zone.heater_device_id if has_heater else None,
        explanation=explanation,
    )


def _without_sensor(zone: Zone, silent_s: float, hints: HvacHints) -> ZoneDecision:
    speed = LOW_SPEED if _sets_speed(zone, hints) else None
    low = "" if speed is None else " low"
    fan = f"fan on{low}, " if zone.exhaust_fan_enabled else ""
    sentence = f"{zone.name} has had no temperature for {duration(silent_s)}: {fan}heating off."
    plain = _plain(zone, None, ZoneReason.NO_SENSOR, sentence)
    warning = ZoneWarning(code=ZoneWarningCode.NO_SENSOR, critical=False, sentence=sentence)
    if plain.fan_on is None:
        return replace(plain, warnings=(warning,))
    return replace(plain, fan_on=True, fan_speed=speed, warnings=(warning,))


def _described(
    zone: Zone,
    temperature_c: float | None,
    after: ZoneMemory,
    choice: HeatChoice,
    hints: HvacHints,
) -> ZoneDecision:
    reason = _reason(zone, temperature_c, after, choice)
    speed = after.fan_speed if after.fan_on and _sets_speed(zone, hints) else None
    sentence = _explanation(zone, temperature_c, after, choice, speed)
    decision = _plain(zone, temperature_c, reason, sentence)
    if decision.fan_on is not None and after.fan_on:
        decision = replace(decision, fan_on=True, fan_speed=speed)
    if decision.heater_on is not None:
        decision = replace(decision, heater_on=choice.source is HeatSource.HEATER)
    warning = ZoneWarning(code=ZoneWarningCode.COLD_NOT_HEATED, critical=False, sentence=sentence)
    return replace(
        decision,
        heat_source=choice.source,
        heat_wanted_miner_ids=() if choice.miner is None else (choice.miner.id,),
        would_change=_would_change(zone, temperature_c, after),
        warnings=(warning,) if reason is ZoneReason.COLD_NOT_HEATED else (),
    )


def _reason(
    zone: Zone, temperature_c: float | None, after: ZoneMemory, choice: HeatChoice
) -> ZoneReason:
    if temperature_c is None:
        return ZoneReason.WAITING_FOR_SENSOR
    if after.fan_on:
        band = fan_band(zone)
        hot = band is not None and temperature_c >= band.on_c
        return ZoneReason.TOO_HOT if hot else ZoneReason.COOLING
    if not after.heating_on:
        return ZoneReason.COMFORTABLE
    cold = choice.source is HeatSource.NONE
    return ZoneReason.COLD_NOT_HEATED if cold else ZoneReason.HEATED


def _explanation(
    zone: Zone,
    temperature_c: float | None,
    after: ZoneMemory,
    choice: HeatChoice,
    speed: int | None,
) -> str:
    if temperature_c is None:
        return f"{zone.name} waits for its next temperature: fan and heating stay as they are."
    is_c = f"{zone.name} is {celsius(temperature_c)}"
    fan, heat = fan_band(zone), heat_band(zone)
    if after.fan_on and fan is not None:
        hot = temperature_c >= fan.on_c
        why = f", at or above {celsius(fan.on_c)}" if hot else f" and cools to {celsius(fan.off_c)}"
        return f"{is_c}{why}: {_fan_clause(zone, speed)}."
    if after.heating_on and heat is not None:
        cold = temperature_c <= heat.on_c
        why = f", at or below {celsius(heat.on_c)}" if cold else f", not yet {celsius(heat.off_c)}"
        return f"{is_c}{why}{_heating_clause(choice)}."
    return f"{is_c}: fan and heating are off."


def _fan_clause(zone: Zone, speed: int | None) -> str:
    if not zone.exhaust_fan_enabled:
        return "it has no fan to cool it"
    if speed is None:
        return "exhaust fan on"
    return f"exhaust fan on at speed {speed} of {zone.exhaust_fan_max_speed}"


def _heating_clause(choice: HeatChoice) -> str:
    why_not = "; ".join(choice.why_not)
    if choice.source is HeatSource.NONE:
        return f", and is not heated: {why_not}"
    return f": {_heat_clause(choice)}{f' ({why_not})' if why_not else ''}"


def _heat_clause(choice: HeatChoice) -> str:
    if choice.source is HeatSource.HEATER or choice.miner is None:
        return "heater on"
    if choice.miner_runs:
        return f"{choice.miner.name} warms it"
    return f"{choice.miner.name} is asked to run for its heat"


def _would_change(zone: Zone, temperature_c: float | None, after: ZoneMemory) -> str:
    if temperature_c is None:
        return ""
    clauses: list[str] = []
    fan, heat = fan_band(zone), heat_band(zone)
    if fan is not None and zone.exhaust_fan_enabled:
        off, on = f"off at {celsius(fan.off_c)}", f"on at {celsius(fan.on_c)}"
        clauses.append(f"the fan goes {off if after.fan_on else on}")
    if heat is not None and zone.heating_enabled:
        off, on = f"off at {celsius(heat.off_c)}", f"on at {celsius(heat.on_c)}"
        clauses.append(f"heating goes {off if after.heating_on else on}")
    return listed(tuple(clauses))


def _with_charging(
    zone: Zone, decision: ZoneDecision, after: ZoneMemory, hints: HvacHints
) -> ZoneDecision:
    below_c = zone.block_charging_below_temp
    if not after.charging_blocked or below_c is None:
        return decision
    bank = hints.battery_temperature_c
    parts = (
        None
        if decision.temperature_c is None
        else f"{zone.name} is {celsius(decision.temperature_c)}",
        None if bank is None else f"the battery {celsius(bank)}",
    )
    known = listed(tuple(part for part in parts if part is not None)) or "It was too cold"
    sentence = (
        f"{known}: the battery must not be charged below {celsius(below_c)} (again from "
        f"{celsius(below_c + CHARGING_RELEASE_K)}) and no device here can block it."
    )
    warning = ZoneWarning(
        code=ZoneWarningCode.CHARGING_NOT_BLOCKABLE, critical=True, sentence=sentence
    )
    return replace(decision, charging_blocked=True, warnings=(*decision.warnings, warning))
