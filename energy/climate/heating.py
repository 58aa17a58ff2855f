"""Choice of the heat source for a cold zone: a miner or the zone's heater, in the owner's order.

Only where sun and battery allow it; otherwise the reasons why no source can be used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from energy.measuring.base_load import is_controlled
from energy.site.loads import HeatSource, Zone
from energy.site.miners import MinerProfile, MinerState
from energy.site.preferences import Preferences
from energy.wording import volts, watts

MINER_PATIENCE_S = 600.0
"""How long to wait for a miner that was asked for its heat before the next source in the order
heats as well, s: twice the default start delay.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HvacHints:
    """Inputs of zone control about battery, sun and miners.

    Attributes:
        preferences: The owner's settings.
        rest_voltage_v: Voltage compensated for the current, V; None when there is none to trust.
        lowest_voltage_v: The lower of raw and rest voltage, however old, V; None when there is
            none.
        telemetry_lost: There has been no voltage for so long that everything stops.
        waiting: The program waits for first readings: a silent sensor is no warning yet.
        battery_temperature_c: Of the bank, °C; None when there is none to trust.
        lockout: The low-voltage lockout holds.
        emergency_stop: The emergency stop is latched.
        pv_w: PV that counts for heating, W: the potential where it is known, else what is measured;
            None when there is neither.
        miners: Profiles of all miners of the site.
        states: State per miner; a miner without one counts as unknown.
        fans_with_speed: Devices that can set their fan's speed, as they say themselves.
    """

    preferences: Preferences = field(default_factory=Preferences)
    rest_voltage_v: float | None = None
    lowest_voltage_v: float | None = None
    telemetry_lost: bool = False
    waiting: bool = False
    battery_temperature_c: float | None = None
    lockout: bool = False
    emergency_stop: bool = False
    pv_w: float | None = None
    miners: tuple[MinerProfile, ...] = ()
    states: tuple[MinerState, ...] = ()
    fans_with_speed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatChoice:
    """Which heat source a zone uses.

    Attributes:
        source: What heats the zone now; ``NONE`` when nothing does.
        miner: The miner asked for its heat; with ``source`` ``HEATER`` it has not started yet.
        miner_runs: Whether that miner runs already.
        why_not: One clause per source that cannot be used, in the owner's order.
    """

    source: HeatSource = HeatSource.NONE
    miner: MinerProfile | None = None
    miner_runs: bool = False
    why_not: tuple[str, ...] = ()


def choose_heat(
    zone: Zone, hints: HvacHints, *, at: datetime, miner_asked_since: datetime | None
) -> HeatChoice:
    """The heat source for a zone that wants heat.

    ``miner_asked_since`` is since when a miner of the zone has been asked without running.
    """
    obstacle = _obstacle(zone, hints)
    if obstacle is not None:
        return HeatChoice(why_not=(obstacle,))
    patience_over = miner_asked_since is not None and at - miner_asked_since >= timedelta(
        seconds=MINER_PATIENCE_S
    )
    return _first_usable(zone, hints, patience_over=patience_over)


def heater_must_stop(hints: HvacHints) -> str | None:
    """Why every heater must stop at once to protect the battery, as a sentence; None without a
    reason.
    """
    if hints.telemetry_lost:
        return "The battery voltage is lost: no heater runs."
    lowest_v, preferences = hints.lowest_voltage_v, hints.preferences
    if lowest_v is not None and lowest_v <= preferences.voltage_critical_low:
        critical_v = preferences.voltage_critical_low
        return f"{volts(lowest_v)} is at or below the critical {volts(critical_v)}: no heater runs."
    rest_v = hints.rest_voltage_v
    if rest_v is not None and rest_v <= preferences.voltage_low:
        low_v = preferences.voltage_low
        return f"{volts(rest_v)} is at or below the low voltage {volts(low_v)}: no heater runs."
    return None


def _first_usable(zone: Zone, hints: HvacHints, *, patience_over: bool) -> HeatChoice:
    asked: MinerProfile | None = None
    why_not: list[str] = []
    for source in _order(zone):
        if source is HeatSource.HEATER:
            refusal = _heater_refusal(zone, hints)
            if refusal is None:
                return HeatChoice(source=HeatSource.HEATER, miner=asked, why_not=tuple(why_not))
            why_not.append(refusal)
            continue
        miner, refusals = _pick_miner(zone, hints)
        why_not.extend(refusals)
        if miner is None:
            continue
        runs = _state(miner, hints).is_on is True
        if runs or not patience_over:
            return HeatChoice(
                source=HeatSource.MINER, miner=miner, miner_runs=runs, why_not=tuple(why_not)
            )
        asked = miner
        why_not.append(f"{miner.name} was asked for its heat and does not run")
    source = HeatSource.NONE if asked is None else HeatSource.MINER
    return HeatChoice(source=source, miner=asked, why_not=tuple(why_not))


def _order(zone: Zone) -> tuple[HeatSource, ...]:
    wanted = dict.fromkeys((zone.heating_priority_1, zone.heating_priority_2))
    return tuple(source for source in wanted if source is not HeatSource.NONE)


def _obstacle(zone: Zone, hints: HvacHints) -> str | None:
    """What forbids any heating, as a clause; None when nothing does."""
    if not zone.heating_enabled:
        return "its heating is switched off in the settings"
    if not _order(zone):
        return "no heat source is set for it"
    if not zone.only_heat_when_solar:
        return None
    needed_w = zone.minimum_solar_for_heating_watts
    if hints.pv_w is None:
        return f"there is no PV reading and heating needs {watts(needed_w)} of sun"
    if hints.pv_w < needed_w:
        return f"PV gives {watts(hints.pv_w)} and heating needs {watts(needed_w)}"
    return None


def _heater_refusal(zone: Zone, hints: HvacHints) -> str | None:
    if zone.heater_device_id is None:
        return "it has no heater"
    refusal = _battery_refusal(hints)
    return None if refusal is None else f"the heater waits because {refusal}"


def _battery_refusal(hints: HvacHints) -> str | None:
    rest_v, low_v = hints.rest_voltage_v, hints.preferences.voltage_low
    if rest_v is None:
        return "there is no recent battery voltage"
    if rest_v <= low_v:
        return f"the battery at {volts(rest_v)} is at or below {volts(low_v)}"
    if hints.lockout:
        return f"the battery was low and is not back at {volts(hints.preferences.voltage_restart)}"
    return None


def _pick_miner(zone: Zone, hints: HvacHints) -> tuple[MinerProfile | None, tuple[str, ...]]:
    """The miner to ask for heat, running ones first, then by priority; else why none can be
    asked.
    """
    zone_miners = [miner for miner in hints.miners if miner.zone_id == zone.id]
    if not zone_miners:
        return None, ("no miner warms it",)
    zone_miners.sort(
        key=lambda miner: (_state(miner, hints).is_on is not True, *_by_priority(miner))
    )
    refusals: list[str] = []
    for miner in zone_miners:
        refusal = _miner_refusal(miner, hints)
        if refusal is None:
            return miner, ()
        refusals.append(refusal)
    return None, tuple(refusals)


def _by_priority(miner: MinerProfile) -> tuple[int, str, str]:
    return miner.priority_level, miner.name, miner.id


def _state(miner: MinerProfile, hints: HvacHints) -> MinerState:
    unknown = MinerState(miner_id=miner.id, is_on=None)
    return next((state for state in hints.states if state.miner_id == miner.id), unknown)


def _miner_refusal(miner: MinerProfile, hints: HvacHints) -> str | None:
    """Why this miner can't be asked for its heat, as a clause; None when it can."""
    if not miner.enabled:
        return f"{miner.name} is disabled"
    is_on = _state(miner, hints).is_on
    if not is_controlled(miner) or is_on is None:
        return f"{miner.name} cannot be switched now"
    refusal = _battery_refusal(hints)
    if refusal is not None or hints.rest_voltage_v is None:
        return f"{miner.name} waits because {refusal}"
    needed_v, which = (miner.stop_voltage, "stop") if is_on else (miner.start_voltage, "start")
    if hints.rest_voltage_v >= needed_v:
        return None
    return (
        f"{miner.name} waits because {volts(hints.rest_voltage_v)} is below its {which} voltage "
        f"{volts(needed_v)}"
    )
