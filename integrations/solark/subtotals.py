"""Subtotals: powers of only a part of a plant, because parallel inverters upload one after another.

For a moment the platform then shows the sum of those that have reported: a dip of PV, load and
battery power that never happened. The flow itself does not show that; other answers of the platform
do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from integrations.freshness import from_iso
from integrations.solark.payloads import InverterPayload, Realtime
from services.telemetry.records import EnergySample

SILENT = timedelta(minutes=10)
"""Uploads come every five minutes; an inverter this far behind the newest has missed one."""

FALLS_SHARE = 0.25
"""Share of one of four equal inverters, the most that this vendor allows on one bank."""

FALLS_W = 500.0
_TOGETHER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Answers of the platform beside the flow; ``inverters`` is None where it could not be read."""

    realtime: Realtime
    inverters: Sequence[InverterPayload] | None = None


def subtotal(sample: EnergySample, before: EnergySample | None, beside: Beside) -> str | None:
    """Why ``sample`` may show only a part of its plant; None when nothing points to it.

    ``before`` is the sample before this one, as it was sent.
    """
    if beside.inverters is not None and len(beside.inverters) <= 1:
        return None
    parallel = beside.inverters is not None
    return (
        _silent(beside.inverters)
        or _below_total(sample, beside)
        or _dip(sample, before, parallel=parallel)
    )


def _silent(inverters: Sequence[InverterPayload] | None) -> str | None:
    times = {inverter.sn: from_iso(inverter.update_at) for inverter in inverters or ()}
    newest = max((at for at in times.values() if at is not None), default=None)
    for serial, at in times.items():
        if newest is not None and at is not None and newest - at > SILENT:
            minutes = (newest - at).total_seconds() / 60.0
            name = "an inverter" if serial is None else f"inverter …{serial[-4:]}"
            return f"{name} has reported {minutes:.0f} min less recently than the others"
    return None


def _below_total(sample: EnergySample, beside: Beside) -> str | None:
    powers = [inverter.pac for inverter in beside.inverters or () if inverter.pac is not None]
    total_w = sum(powers) if powers else beside.realtime.pac
    if total_w is None or sample.pv_power_w is None:
        return None
    if total_w - sample.pv_power_w <= max(FALLS_W, FALLS_SHARE * total_w):
        return None
    return (
        f"the flow shows {sample.pv_power_w:.0f} W of sun and the plant's total {total_w:.0f} W: "
        "it may be the part of one inverter"
    )


def _dip(sample: EnergySample, before: EnergySample | None, *, parallel: bool) -> str | None:
    """Why a sample is a dip: all powers above ``FALLS_W`` fell at once by an inverter's share or
    more.

    Where it is not known that there are several inverters, PV must be among them, because at night
    switching off a load lowers the battery's power too.
    """
    if before is None or sample.at == before.at:
        return None
    if not parallel and not _large_enough(before.pv_power_w):
        return None
    pairs = [
        (abs(was), abs(now))
        for was, now in (
            (before.pv_power_w, sample.pv_power_w),
            (before.load_power_w, sample.load_power_w),
            (before.battery_power_w, sample.battery_power_w),
        )
        if was is not None and now is not None and _large_enough(was)
    ]
    fell = [now <= was * (1.0 - FALLS_SHARE) for was, now in pairs]
    if len(fell) < _TOGETHER or not all(fell):
        return None
    return "all powers fell at once, as when one of several inverters is missing from the sum"


def _large_enough(power_w: float | None) -> bool:
    return power_w is not None and abs(power_w) > FALLS_W
