"""Alerts about battery, grid, sun and load, with the numbers and advice for the owner."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from energy.alerts.facts import AlertFacts
from energy.alerts.timing import AlertSeverity, Watch
from energy.climate.zones import ZoneWarningCode
from energy.wording import celsius, kilowatt_hours, percent, volts, watts

HEAVY_DISCHARGE_W = 5_000.0
HEAVY_DISCHARGE_CLEAR_W = 4_500.0
SOLAR_LOW_SHARE = 0.6
SOLAR_OK_SHARE = 0.7
LOSS_SHARE = 0.72
"""Alert from a steady loss of about 30 %; the 2 % more allow for the noise of the best hours."""

NO_LOSS_SHARE = 0.8
SOLAR_WORTH_W = 1_000.0
"""With less expected PV than this no low production is reported, W."""

UNEXPECTED_FACTOR = 2.0
UNEXPECTED_MARGIN_W = 1_500.0
UNEXPECTED_CLEAR_W = 1_000.0
UNUSED_SUN_W = 1_000.0
CHARGING_W = 100.0
FREEZING_C = 0.0
FREEZING_CLEAR_C = 2.0
CRITICAL_CLEAR_V = 0.5
SOC_CLEAR_PCT = 3.0


def _battery_critical(facts: AlertFacts) -> Iterator[Watch]:
    wanted = facts.preferences
    known = [v for v in (facts.raw_voltage_v, facts.rest_voltage_v) if v is not None]
    lowest_v, soc = min(known, default=None), facts.soc_pct
    holds = cleared = None
    if lowest_v is not None and soc is not None:
        holds = lowest_v <= wanted.voltage_critical_low or soc <= wanted.soc_critical_pct
        cleared = (
            lowest_v >= wanted.voltage_critical_low + CRITICAL_CLEAR_V
            and soc >= wanted.soc_critical_pct + SOC_CLEAR_PCT
        )
    yield Watch(
        key="battery_critical",
        category="battery",
        severity=AlertSeverity.CRITICAL,
        title="Battery is at its critical level",
        detail=f"{_sentence(_battery(facts))}; critical is {percent(wanted.soc_critical_pct)} or "
        f"{volts(wanted.voltage_critical_low)}.{_flow(facts)}",
        advice="Nothing may add load now. Cut what the house can spare and charge from a generator "
        f"or the grid; at {volts(wanted.voltage_shutdown)} the inverter turns the house off.",
        holds=holds,
        cleared=cleared,
        clear_for_s=300,
    )


def _battery_low(facts: AlertFacts) -> Iterator[Watch]:
    soc, warning = facts.soc_pct, facts.preferences.soc_warning_pct
    yield Watch(
        key="battery_low",
        category="battery",
        severity=AlertSeverity.WARNING,
        title=f"Battery is below {percent(warning)}",
        detail=f"{_sentence(_battery(facts))}.{_flow(facts)}",
        advice="Miners hold back by their own voltages. If no sun is to come, cut what the house "
        "can spare.",
        holds=None if soc is None else soc < warning,
        cleared=None if soc is None else soc >= warning + SOC_CLEAR_PCT,
        for_s=300,
        clear_for_s=300,
    )


def _night(facts: AlertFacts) -> Iterator[Watch]:
    usable, reserve, sun = facts.usable_wh, facts.reserve_wh, facts.sun_carries_base_load
    if usable is None or reserve is None:
        yield _night_watch("", holds=None, cleared=None)
        return
    missing = reserve - usable
    outcome = (
        f"{kilowatt_hours(missing)} are missing."
        if missing > 0
        else f"that is enough, with {kilowatt_hours(-missing)} to spare."
    )
    detail = (
        f"The battery can give {kilowatt_hours(usable)} and the house will take about "
        f"{kilowatt_hours(reserve)} until the sun carries it: {outcome}"
    )
    # No band on top of the 15 min: an alert that something is missing ends when nothing is.
    yield _night_watch(
        detail, holds=missing > 0 and sun is False, cleared=missing <= 0 or sun is True
    )


def _night_watch(detail: str, *, holds: bool | None, cleared: bool | None) -> Watch:
    return Watch(
        key="night_short",
        category="battery",
        severity=AlertSeverity.WARNING,
        title="The battery may not last the night",
        detail=detail,
        advice="Miners stay off. Use less tonight (heating, charging a car), or start a generator.",
        holds=holds,
        cleared=cleared,
        for_s=900,
        clear_for_s=900,
    )


def _heavy_discharge(facts: AlertFacts) -> Iterator[Watch]:
    power_w = facts.battery_power_w
    drawn_w = None if power_w is None else -power_w
    yield Watch(
        key="heavy_discharge",
        category="battery",
        severity=AlertSeverity.WARNING,
        title=f"Battery gives more than {watts(HEAVY_DISCHARGE_W)}",
        detail="" if power_w is None else f"{_flows(power_w)}; {_battery(facts)}.",
        advice="See which load takes it; stop a miner on the home page if it isn't wanted.",
        holds=None if drawn_w is None else drawn_w > HEAVY_DISCHARGE_W,
        cleared=None if drawn_w is None else drawn_w < HEAVY_DISCHARGE_CLEAR_W,
        for_s=300,
        clear_for_s=60,
    )


def _charging_cold(facts: AlertFacts) -> Iterator[Watch]:
    sentences = [
        warning.sentence
        for zone in facts.zones
        for warning in zone.warnings
        if warning.code is ZoneWarningCode.CHARGING_NOT_BLOCKABLE
    ]
    bank_c, power_w = facts.battery_temperature_c, facts.battery_power_w
    charging = power_w is not None and power_w > CHARGING_W
    if bank_c is not None and bank_c < FREEZING_C and charging:
        sentences.append(f"The battery is {celsius(bank_c)} and is being charged.")
    warm = bank_c is None or bank_c >= FREEZING_CLEAR_C or not charging
    flow = f" It takes {watts(power_w)} now." if power_w is not None and charging else ""
    yield Watch(
        key="charging_cold",
        category="battery",
        severity=AlertSeverity.CRITICAL,
        title="Battery must not be charged: it is too cold",
        detail=" ".join(sentences) + flow,
        advice="Charging frozen lithium cells ruins them. Switch the charger off at the inverter, "
        "or warm the room.",
        holds=bool(sentences),
        cleared=not sentences and warm,
        clear_for_s=60,
    )


def _grid_outage(facts: AlertFacts) -> Iterator[Watch]:
    if not facts.grid_expected:
        return
    yield Watch(
        key="grid_outage",
        category="grid",
        severity=AlertSeverity.CRITICAL,
        title="The grid is gone",
        detail=f"The site runs on sun and battery; {_battery(facts)}.",
        advice="Nothing has to be done while the battery lasts; cut what the house can spare.",
        holds=None if facts.grid_present is None else not facts.grid_present,
        for_s=60,
        clear_for_s=300,
    )


def _solar_low(facts: AlertFacts) -> Iterator[Watch]:
    pv_w, sky_w = facts.pv_power_w, facts.sky_allows_w
    holds = cleared = None
    detail = ""
    if pv_w is not None and sky_w is not None and sky_w >= SOLAR_WORTH_W:
        holds = not facts.throttled and pv_w < SOLAR_LOW_SHARE * sky_w
        cleared = facts.throttled or pv_w >= SOLAR_OK_SHARE * sky_w
        share = percent(100 * pv_w / sky_w)
        detail = f"PV gives {watts(pv_w)}, {share} of the {watts(sky_w)} that the sky allows."
    yield Watch(
        key="solar_low",
        category="solar",
        severity=AlertSeverity.WARNING,
        title="Less sun power than the sky allows",
        detail=detail,
        advice="Thick cloud explains it; under a clear sky look for snow, dirt, shade, or a string "
        "or breaker that is off.",
        holds=holds,
        cleared=cleared,
        for_s=3_600,
        clear_for_s=600,
    )


def _solar_loss(facts: AlertFacts) -> Iterator[Watch]:
    """A lasting loss of PV power, judged by the best hour of each day, because clouds pass and a
    broken string does not.
    """
    recent, usual = facts.best_recent_ratio, facts.usual_best_ratio
    holds = cleared = None
    detail = ""
    if recent is not None and usual is not None:
        holds = recent <= LOSS_SHARE * usual
        cleared = recent >= NO_LOSS_SHARE * usual
        detail = (
            f"In the best hour of the last days the arrays gave {percent(100 * recent)} of the"
            f" clear sky, usually it is {percent(100 * usual)}."
        )
    yield Watch(
        key="solar_loss",
        category="solar",
        severity=AlertSeverity.WARNING,
        title="The arrays give less than they used to",
        detail=detail,
        advice="A string or breaker may be off, panels dirty or under snow, something may shade "
        "them. Compare the inverter's inputs at noon.",
        holds=holds,
        cleared=cleared,
    )


def _unexpected_load(facts: AlertFacts) -> Iterator[Watch]:
    now_w, usual_w = facts.base_load_w, facts.usual_base_load_w
    holds = cleared = None
    detail = ""
    if now_w is not None and usual_w is not None:
        above_w = now_w - usual_w
        holds = above_w >= UNEXPECTED_MARGIN_W and now_w >= UNEXPECTED_FACTOR * usual_w
        cleared = above_w < UNEXPECTED_CLEAR_W
        compared = (
            f", {watts(above_w)} more than its usual {watts(usual_w)}."
            if above_w > 0
            else f"; its usual is {watts(usual_w)}."
        )
        detail = f"The house takes {watts(now_w)} without miners and heaters{compared}"
    yield Watch(
        key="unexpected_load",
        category="load",
        severity=AlertSeverity.WARNING,
        title="The house takes much more than usual",
        detail=detail,
        advice="If nobody is there, something was left on or has failed: a pump, a heater, a "
        "water boiler.",
        holds=holds,
        cleared=cleared,
        for_s=600,
        clear_for_s=300,
    )


def _opportunity(facts: AlertFacts) -> Iterator[Watch]:
    pv_w, sky_w = facts.pv_power_w, facts.sky_allows_w
    holds: bool | None = None
    detail = ""
    if pv_w is not None and sky_w is not None:
        unused_w = sky_w - pv_w
        idle = facts.idle_miners
        holds = facts.throttled and unused_w >= UNUSED_SUN_W and bool(idle)
        why = " ".join(f"{miner.name} is off: {miner.reason}" for miner in idle)
        detail = (
            f"About {watts(unused_w)} of sun cannot be used: the battery is full. {why}"
            if holds
            else f"PV gives {watts(pv_w)} of the {watts(sky_w)} that the sky allows."
        )
    yield Watch(
        key="curtailed_sun",
        category="opportunity",
        severity=AlertSeverity.INFO,
        title="Sun is thrown away while a miner is off",
        detail=detail,
        advice="Lower the miner's start voltage or its sun conditions if it should use this.",
        holds=holds,
        for_s=900,
        clear_for_s=600,
    )


def _battery(facts: AlertFacts) -> str:
    raw_v, rest_v = facts.raw_voltage_v, facts.rest_voltage_v
    if raw_v is None or facts.soc_pct is None:
        return "the battery's level is not known"
    rest = "" if rest_v is None else f" ({volts(rest_v)} at rest)"
    return f"the battery is at {volts(raw_v)}{rest}, {percent(facts.soc_pct)}"


def _sentence(clause: str) -> str:
    return clause[0].upper() + clause[1:]


def _flow(facts: AlertFacts) -> str:
    power_w = facts.battery_power_w
    return "" if power_w is None else f" {_flows(power_w)}."


def _flows(power_w: float) -> str:
    return f"It {'takes' if power_w >= 0 else 'gives'} {watts(abs(power_w))} now"


ENERGY_WATCHES: tuple[Callable[[AlertFacts], Iterator[Watch]], ...] = (
    _battery_critical,
    _battery_low,
    _night,
    _heavy_discharge,
    _charging_cold,
    _grid_outage,
    _solar_low,
    _solar_loss,
    _unexpected_load,
    _opportunity,
)
