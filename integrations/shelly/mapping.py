"""Shelly's statuses as our records. Like ours, ``apower`` is positive for consumption."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from integrations.freshness import from_epoch_s
from integrations.plausible import Limits
from integrations.shelly.payloads import (
    Celsius,
    ConfigPayload,
    OutputPayload,
    SetupPayload,
    StatusPayload,
    SysPayload,
)
from integrations.vendor_calls import Call
from services.actions.records import SwitchStatus
from services.telemetry.records import LoadSample, ZoneSample

SPEEDS = 10
"""Fan speeds go from 1 to 10: tenths of what the output can give."""

SWITCH_W = 20_000.0
"""More than any relay or dimmer of this vendor can carry, W."""

LONGEST_TIMER_S = 7 * 86_400.0
"""A longer timer protects nothing and counts as none, s."""

LIMITS = Limits(plant_w=SWITCH_W)

_PCT = 100
_STAYS = frozenset({"off", "stop"})
"""Safe settings for the time after a power cut: nothing starts by itself."""

_AFTER_POWER_CUT = {
    "on": "switches on by itself after a power cut",
    "restore_last": "switches on by itself after a power cut, if it was on before",
    "match_input": "follows its wall switch after a power cut",
}


def load_samples(
    status: StatusPayload, *, loads: Mapping[int, UUID], at: datetime, call: Call
) -> list[LoadSample]:
    """One sample per configured channel, in order of channels.

    Raises:
        VendorError: The device has no such channel.
    """
    return [
        _load_sample(output_of(status, channel, call), load_id, at)
        for channel, load_id in sorted(loads.items())
    ]


def output_of(status: StatusPayload, channel: int, call: Call) -> OutputPayload:
    """The status of one channel, a relay or a light.

    Raises:
        VendorError: The device has no such channel.
    """
    outputs = {**status.lights, **status.switches}
    if channel not in outputs:
        have = ", ".join(str(number) for number in sorted(outputs)) or "none"
        raise call.failed(f"no switch {channel}; the device has: {have}", retry=False)
    return outputs[channel]


def _load_sample(output: OutputPayload, load_id: UUID, at: datetime) -> LoadSample:
    return LoadSample(
        device_id=load_id,
        at=at,
        is_on=output.output,
        power_w=output.apower,
        energy_wh=_energy_wh(output),
        temperature_c=_celsius(output.temperature),
        speed=_speed(output),
    )


def zone_samples(
    status: StatusPayload, *, zones: Mapping[int, UUID], at: datetime
) -> list[ZoneSample]:
    """One sample per configured add-on sensor (``temperature:100`` and so on) that has a reading.

    A sensor that is missing or without a reading gives no sample: its zone then goes stale.
    """
    readings = [
        (zone_id, _celsius(status.temperatures.get(number)))
        for number, zone_id in sorted(zones.items())
    ]
    return [
        ZoneSample(device_id=zone_id, at=at, temperature_c=temperature_c)
        for zone_id, temperature_c in readings
        if temperature_c is not None
    ]


def switch_status(
    output: OutputPayload, sys: SysPayload, *, at: datetime, call: Call
) -> SwitchStatus:
    """The output's status, received at ``at``.

    Raises:
        VendorError: It does not say whether it is on.
    """
    if output.output is None:
        raise call.failed("not understood: the switch does not say whether it is on", retry=True)
    return SwitchStatus(
        is_on=output.output,
        power_w=LIMITS.possible("power_w", output.apower),
        energy_wh=LIMITS.possible("energy_wh", _energy_wh(output)),
        temperature_c=LIMITS.possible("temperature_c", _celsius(output.temperature)),
        measured_at=at,
        auto_off_in_s=_timer_left_s(output, sys, at) if output.output else None,
        speed=_speed(output),
    )


def brightness_pct(speed: int) -> int:
    """The brightness for a fan speed of 1 to ``SPEEDS``, %."""
    return max(1, min(SPEEDS, speed)) * _PCT // SPEEDS


def _speed(output: OutputPayload) -> int | None:
    """The fan speed for the brightness; None where the output has none or an impossible one."""
    if output.brightness is None or not 0 <= output.brightness <= _PCT:
        return None
    return round(output.brightness * SPEEDS / _PCT)


def _timer_left_s(output: OutputPayload, sys: SysPayload, at: datetime) -> float | None:
    """Seconds left on the hardware timer, by the device's own clock; None when none runs.

    ``at`` stands in for that clock where the device does not know the time yet. A timer with an
    impossible start or length counts as none.
    """
    started_s, lasts_s = output.timer_started_at, output.timer_duration
    if started_s is None or from_epoch_s(started_s) is None:
        return None
    if lasts_s is None or not 0 <= lasts_s <= LONGEST_TIMER_S:
        return None
    device_s = sys.unixtime
    now_s = at.timestamp() if device_s is None or from_epoch_s(device_s) is None else device_s
    return min(max(0.0, started_s + lasts_s - now_s), lasts_s)


def setup_cautions(config: ConfigPayload, loads: Mapping[int, UUID]) -> list[str]:
    """What each configured channel is set up to do by itself, one clause each; may be empty."""
    outputs = {**config.lights, **config.switches}
    return [
        sentence
        for channel in sorted(loads)
        if channel in outputs
        for sentence in _dangers(channel, outputs[channel])
    ]


def _dangers(channel: int, setup: SetupPayload) -> list[str]:
    dangers = []
    after = (setup.initial_state or "off").lower()
    if after not in _STAYS:
        does = _AFTER_POWER_CUT.get(after, f"does {after!r} after a power cut")
        dangers.append(f'channel {channel} {does}: set its "power on default" to off')
    if setup.auto_on:
        wait_s = setup.auto_on_delay
        when = "" if wait_s is None else f" {wait_s:g} s"
        dangers.append(
            f"channel {channel} switches on again{when} after every stop: switch its auto-on off"
        )
    if setup.auto_off:
        wait_s = setup.auto_off_delay
        when = "" if wait_s is None else f" {wait_s:g} s"
        dangers.append(
            f"channel {channel} switches off by itself{when} after a start that brings no timer "
            "(auto-off)"
        )
    return dangers


def _energy_wh(output: OutputPayload) -> float | None:
    return output.aenergy.total if output.aenergy is not None else None


def _celsius(reading: Celsius | None) -> float | None:
    return reading.t_c if reading is not None else None
