"""Alerts about sources, switches, failed actions and zones, each with advice for the owner."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from energy.alerts.facts import AlertFacts, DeviceFact, SourceFact
from energy.alerts.timing import AlertSeverity, Watch
from energy.climate.zones import ZoneWarningCode
from energy.site.loads import draws_though_off
from energy.wording import duration, watts

TELEMETRY_LOST_S = 1_800.0
"""A site that has never had a battery voltage is being set up: no alert for this long, s."""

NOT_BELIEVED_S = 300.0
"""A single sample that is not believed is no alert: it must last this long, s."""

SILENT_S = 600.0
CAUTION_S = 600.0
TIMER_S = 120.0
"""The next refresh of a timer may find that it is kept, s."""

IDLE_SHARE = 0.5
"""A miner that draws less than this share of its power does not hash."""

IDLE_S = 1_200.0
"""A boot, with a second attempt at the network, is over by then, s."""


def _telemetry_lost(facts: AlertFacts) -> Iterator[Watch]:
    never = facts.voltage_age_s is None
    yield Watch(
        key="telemetry_lost",
        category="telemetry",
        severity=AlertSeverity.CRITICAL,
        title="No battery voltage any more",
        detail=facts.voltage_reason,
        advice="All miners are stopped until it is back. See whether the site has internet and "
        "power; the health page shows which source is silent and why.",
        holds=facts.telemetry_lost,
        for_s=TELEMETRY_LOST_S if never else 0.0,
    )


def _not_believed(facts: AlertFacts) -> Iterator[Watch]:
    yield Watch(
        key="values_not_believed",
        category="telemetry",
        severity=AlertSeverity.WARNING,
        title="Some values are not believed",
        detail=" ".join(facts.not_believed),
        advice="Nothing is decided on them. See whether the source they come from still measures: "
        "its own page or display, its time, its connection to the device.",
        holds=bool(facts.not_believed),
        for_s=NOT_BELIEVED_S,
        clear_for_s=NOT_BELIEVED_S,
    )


def _sources(facts: AlertFacts) -> Iterator[Watch]:
    for source in facts.sources:
        if not source.drives_loads:
            yield _source(source, waiting=facts.waiting)
        yield _caution(source)


def _source(source: SourceFact, *, waiting: bool) -> Watch:
    limit_s = max(SILENT_S, 2 * source.interval_s)
    silent_s = source.silent_s
    how_long = "since it was set up" if silent_s is None else f"for {duration(silent_s)}"
    why = f" ({source.last_error})" if source.last_error else ""
    return Watch(
        key=f"source_silent:{source.id}",
        category="telemetry",
        severity=AlertSeverity.WARNING,
        title=f"{source.name} is silent",
        detail=f"It has not answered {how_long}{why}.",
        advice="It is asked again by itself. If it stays silent, see that the device has power and "
        "internet, and that its credentials in the settings are right.",
        holds=None if waiting else silent_s is None or silent_s > limit_s,
        for_s=limit_s if silent_s is None else 0.0,
    )


def _caution(source: SourceFact) -> Watch:
    return Watch(
        key=f"source_caution:{source.id}",
        category="device" if source.drives_loads else "telemetry",
        severity=AlertSeverity.WARNING,
        title=f"{source.name} warns",
        detail="" if source.caution is None else f"It answers, but {source.caution}.",
        advice="Change it in the device's own app: what switches by itself is not under control "
        "after a power cut. A part of a vendor's answer that is missing mostly comes back by "
        "itself.",
        holds=source.caution is not None,
        for_s=CAUTION_S,
        clear_for_s=60,
    )


def _devices(facts: AlertFacts) -> Iterator[Watch]:
    for device in facts.devices:
        yield _device_silent(device, waiting=facts.waiting)
        yield _device_fault(device)
        yield _device_leaks(device)
        yield _device_timer(device)
        if device.is_miner:
            yield _device_idle(device)


def _device_silent(device: DeviceFact, *, waiting: bool) -> Watch:
    silent_s = device.silent_s
    how_long = "at all" if silent_s is None else f"for {duration(silent_s)}"
    was = {True: ", it was on then", False: ", it was off then", None: ""}[device.is_on]
    return Watch(
        key=f"device_silent:{device.id}",
        category="device",
        severity=AlertSeverity.CRITICAL,
        title=f"{device.name} does not answer",
        detail=f"Its switch has not answered {how_long}{was}. It cannot be commanded.",
        advice="Its own timer switches it off when it isn't refreshed. See that the switch has "
        "power and Wi-Fi.",
        holds=None if waiting else silent_s is None or silent_s > SILENT_S,
        for_s=SILENT_S if silent_s is None else 0.0,
    )


def _device_fault(device: DeviceFact) -> Watch:
    return Watch(
        key=f"device_fault:{device.id}",
        category="device",
        severity=AlertSeverity.CRITICAL,
        title=f"{device.name} reports a fault",
        detail=f"It says: {device.fault}.",
        advice="Have it looked at before it is switched on again.",
        holds=device.fault is not None,
        clear_for_s=60,
    )


def _device_leaks(device: DeviceFact) -> Watch:
    power_w = device.power_w
    leaks = draws_though_off(is_on=device.is_on, power_w=power_w, rated_w=device.rated_w)
    shown = (
        f"Its switch says off and lets {watts(power_w)} through."
        if leaks and power_w is not None
        else ""
    )
    return Watch(
        key=f"device_leaks:{device.id}",
        category="device",
        severity=AlertSeverity.CRITICAL,
        title=f"{device.name} draws power although it is off",
        detail=shown,
        advice="The relay may be welded: it can't be switched off remotely. Open its breaker.",
        holds=leaks,
        for_s=300,
        clear_for_s=60,
    )


def _device_timer(device: DeviceFact) -> Watch:
    return Watch(
        key=f"device_timer:{device.id}",
        category="device",
        severity=AlertSeverity.WARNING,
        title=f"{device.name} would not switch itself off",
        detail="" if device.timer_fault is None else f"Its switch {device.timer_fault}.",
        advice="It stays on when this program, its host or the network fails. Update the firmware "
        "of its switch or replace the switch; until then be ready to switch it off by hand.",
        holds=device.timer_fault is not None,
        for_s=TIMER_S,
        clear_for_s=60,
    )


def _device_idle(device: DeviceFact) -> Watch:
    power_w = device.power_w
    idle_w = power_w if power_w is not None and device.is_on is True else None
    shown = "" if idle_w is None else f"Its switch says on, and it draws {watts(idle_w)} only."
    return Watch(
        key=f"device_idle:{device.id}",
        category="device",
        severity=AlertSeverity.WARNING,
        title=f"{device.name} is on and does not hash",
        detail=shown,
        advice="Its power stays reserved, because it may draw it any minute. See to its breaker, "
        "power supply and network, or switch it off.",
        holds=idle_w is not None and idle_w < IDLE_SHARE * device.rated_w,
        for_s=IDLE_S,
        clear_for_s=60,
    )


def _failed_switches(facts: AlertFacts) -> Iterator[Watch]:
    for failed in facts.failed_switches:
        rolled_back = failed.rolled_back
        what = "did not do what it was told" if rolled_back else "is in an unknown state"
        yield Watch(
            key=f"{'rolled_back' if rolled_back else 'rollback_failed'}:{failed.load_id}",
            category="action",
            severity=AlertSeverity.WARNING if rolled_back else AlertSeverity.CRITICAL,
            title=f"{failed.load_name} {what}",
            detail=failed.result,
            advice="It was put back as it was and is tried again by itself; if this repeats, see "
            "whether the miner or heater behind the switch works."
            if rolled_back
            else "See on the hardware page what it does now; if in doubt, press STOP.",
            holds=True,
        )


def _zones(facts: AlertFacts) -> Iterator[Watch]:
    for zone in facts.zones:
        sentences = {warning.code: warning.sentence for warning in zone.warnings}
        no_sensor = sentences.get(ZoneWarningCode.NO_SENSOR)
        cold = sentences.get(ZoneWarningCode.COLD_NOT_HEATED)
        yield Watch(
            key=f"zone_sensor:{zone.id}",
            category="zone",
            severity=AlertSeverity.WARNING,
            title=f"{zone.name} has no temperature",
            detail=no_sensor or "",
            advice="Its heating is off and its fan, if there is one, runs until the sensor is "
            "back: check the sensor's battery and network.",
            holds=None if facts.waiting else no_sensor is not None,
        )
        yield Watch(
            key=f"zone_cold:{zone.id}",
            category="zone",
            severity=AlertSeverity.WARNING,
            title=f"{zone.name} is cold and not heated",
            detail=cold or "",
            advice="If something there can freeze, allow heating without sun in the zone's "
            "settings or heat it another way.",
            holds=cold is not None,
            for_s=600,
            clear_for_s=600,
        )


def shows_off(device: DeviceFact) -> bool:
    """Whether a load has just said that it is off, and draws nothing."""
    silent = device.silent_s is None or device.silent_s > SILENT_S
    leaks = draws_though_off(is_on=device.is_on, power_w=device.power_w, rated_w=device.rated_w)
    return device.is_on is False and not silent and not leaks


DEVICE_WATCHES: tuple[Callable[[AlertFacts], Iterator[Watch]], ...] = (
    _telemetry_lost,
    _not_believed,
    _sources,
    _devices,
    _failed_switches,
    _zones,
)
