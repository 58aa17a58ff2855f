"""Shelly's statuses as our records. ``apower`` is + for consumption, as ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from integrations.calling import Call
from integrations.freshness import from_epoch_s, measured_at
from integrations.shelly.payloads import Celsius, StatusPayload, SwitchPayload
from services.actions.records import SwitchStatus
from services.telemetry.records import LoadSample, ZoneSample


def device_time(status: StatusPayload, *, now: datetime, call: Call) -> datetime:
    """When the device measured: ``sys.unixtime``.

    A device that has not got the time from the network yet says null. It answers for itself and
    live, so ``now`` is its time then.

    Raises:
        VendorError: Its clock runs ahead by minutes.
    """
    stamp = from_epoch_s(status.sys.unixtime)
    return now if stamp is None else measured_at(stamp, now=now, call=call)


def load_samples(
    status: StatusPayload, *, loads: Mapping[int, UUID], at: datetime, call: Call
) -> list[LoadSample]:
    """One sample per configured channel, in order of channels.

    Raises:
        VendorError: The device has no such channel.
    """
    return [
        _load_sample(switch_of(status, channel, call), load_id, at)
        for channel, load_id in sorted(loads.items())
    ]


def switch_of(status: StatusPayload, channel: int, call: Call) -> SwitchPayload:
    """The status of one channel.

    Raises:
        VendorError: The device has no such channel.
    """
    if channel not in status.switches:
        have = ", ".join(str(number) for number in sorted(status.switches)) or "none"
        raise call.failed(f"no switch {channel}; the device has: {have}", retry=False)
    return status.switches[channel]


def _load_sample(switch: SwitchPayload, load_id: UUID, at: datetime) -> LoadSample:
    return LoadSample(
        device_id=load_id,
        at=at,
        is_on=switch.output,
        power_w=switch.apower,
        energy_wh=_energy_wh(switch),
        temperature_c=_celsius(switch.temperature),
    )


def zone_samples(
    status: StatusPayload, *, zones: Mapping[int, UUID], at: datetime
) -> list[ZoneSample]:
    """One sample per configured add-on sensor (``temperature:100`` and so on) that has a reading.

    A sensor that is missing or without a reading gives no sample: its zone then goes stale.
    """
    found = [
        (zone_id, _celsius(status.temperatures.get(number)))
        for number, zone_id in sorted(zones.items())
    ]
    return [
        ZoneSample(device_id=zone_id, at=at, temperature_c=temperature_c)
        for zone_id, temperature_c in found
        if temperature_c is not None
    ]


def switch_status(switch: SwitchPayload, *, at: datetime, call: Call) -> SwitchStatus:
    """What the switch says of itself, measured at ``at`` by the device's clock.

    Raises:
        VendorError: It does not say whether it is on.
    """
    if switch.output is None:
        raise call.failed("not understood: the switch does not say whether it is on", retry=True)
    return SwitchStatus(
        is_on=switch.output,
        power_w=switch.apower,
        energy_wh=_energy_wh(switch),
        temperature_c=_celsius(switch.temperature),
        measured_at=at,
        auto_off_in_s=_timer_left_s(switch, at) if switch.output else None,
    )


def _timer_left_s(switch: SwitchPayload, at: datetime) -> float | None:
    """Seconds left on the hardware timer, by the device's own clock; None when none runs."""
    started = from_epoch_s(switch.timer_started_at)
    if started is None or switch.timer_duration is None:
        return None
    ends = started + timedelta(seconds=switch.timer_duration)
    return max(0.0, (ends - at).total_seconds())


def _energy_wh(switch: SwitchPayload) -> float | None:
    return switch.aenergy.total if switch.aenergy is not None else None


def _celsius(reading: Celsius | None) -> float | None:
    return reading.t_c if reading is not None else None
