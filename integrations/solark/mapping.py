"""SolArk's flow and day curves as energy samples with our signs.

The live flow gives magnitudes with direction flags; the day curves are signed, with the battery's
sign opposite to ours. The two must never be mixed up.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from integrations.solark.payloads import BatteryDetail, Day, DayCurve, Flow
from services.telemetry.records import EnergySample

BALANCE_TOLERANCE_W = 500.0
BALANCE_TOLERANCE_SHARE = 0.05
IDLE_W = 50.0
"""A power without a direction up to this is idling, W."""
NO_SENSOR_C = -100.0
"""What the platform shows for a battery without a temperature sensor."""
POWERS = ("pv_power_w", "load_power_w", "battery_power_w", "grid_power_w")
_KILO = 1000.0


def energy_sample(
    flow: Flow, detail: BatteryDetail | None, *, device_id: UUID, at: datetime
) -> EnergySample:
    """The flow with our signs; what doesn't balance or has no direction is suspect.

    Powers that don't balance may be a subtotal: parallel inverters upload one after another.
    """
    battery_w = directed_w(flow.batt_power, plus=flow.to_bat, minus=flow.bat_to)
    grid_w = directed_w(flow.grid_power, plus=flow.grid_to, minus=flow.to_grid)
    pv_w, load_w = _pv_w(flow), _magnitude(flow.load_power)
    imbalance_w = _imbalance_w(pv_w, load_w, battery_w, grid_w, _generator_w(flow))
    undirected = {
        "battery_power_w": flow.batt_power if battery_w is None else None,
        "grid_power_w": flow.grid_power if grid_w is None else None,
    }
    suspect = {
        name: f"{abs(power):.0f} W without a direction"
        for name, power in undirected.items()
        if power is not None
    }
    if imbalance_w is not None:
        suspect |= dict.fromkeys(POWERS, f"sources and sinks differ by {abs(imbalance_w):.0f} W")
    return EnergySample(
        device_id=device_id,
        at=at,
        pv_power_w=pv_w,
        load_power_w=load_w,
        battery_power_w=battery_w,
        grid_power_w=grid_w,
        battery_voltage_v=_voltage_v(detail),
        soc_pct=flow.soc,
        temperature_c=_temperature_c(detail),
        suspect=suspect,
    )


def directed_w(magnitude: float | None, *, plus: bool | None, minus: bool | None) -> float | None:
    """The signed power of a magnitude with its two direction flags, W.

    Some plants send signed numbers, so that the sign is dropped first. Without a direction, or with
    both, more than idling is unknown.
    """
    if magnitude is None:
        return None
    if bool(plus) != bool(minus):
        return abs(magnitude) if plus else -abs(magnitude) + 0.0
    return 0.0 if abs(magnitude) <= IDLE_W else None


def _pv_w(flow: Flow) -> float | None:
    """PV and, where there are some, micro-inverters on the generator port."""
    pv_w, micro_w = _magnitude(flow.pv_power), _magnitude(flow.min_power)
    if pv_w is None or micro_w is None or not (flow.exists_min or flow.micro_on):
        return pv_w
    return pv_w + micro_w


def _generator_w(flow: Flow) -> float:
    running = flow.exists_gen or flow.gen_on
    return abs(flow.gen_power) if running and flow.gen_power is not None else 0.0


def _magnitude(power: float | None) -> float | None:
    return None if power is None else abs(power)


def _imbalance_w(
    pv_w: float | None,
    load_w: float | None,
    battery_w: float | None,
    grid_w: float | None,
    generator_w: float,
) -> float | None:
    """Sources less sinks, W; None within the tolerance and where a part is unknown."""
    if pv_w is None or load_w is None or battery_w is None or grid_w is None:
        return None
    sources_w = pv_w + generator_w + max(0.0, -battery_w) + max(0.0, grid_w)
    sinks_w = load_w + max(0.0, battery_w) + max(0.0, -grid_w)
    tolerance_w = max(BALANCE_TOLERANCE_W, BALANCE_TOLERANCE_SHARE * max(sources_w, sinks_w))
    imbalance_w = sources_w - sinks_w
    return imbalance_w if abs(imbalance_w) > tolerance_w else None


def _voltage_v(detail: BatteryDetail | None) -> float | None:
    """The inverter's battery voltage, V; 0 is what it shows without a battery."""
    if detail is None or detail.voltage is None or detail.voltage <= 0:
        return None
    return detail.voltage


def _temperature_c(detail: BatteryDetail | None) -> float | None:
    if detail is None or detail.temp is None or detail.temp <= NO_SENSOR_C:
        return None
    return detail.temp


def day_samples(day: Day, *, device_id: UUID, on: date, zone: ZoneInfo) -> list[EnergySample]:
    """The day's curves as one sample per point of time, by time.

    Times are the plant's wall clock; where it is put back, the second of two equal times is the
    later one. The curves' battery sign is + discharging and is turned round.
    """
    curves = {(curve.label or "").lower(): _points(curve, on, zone) for curve in day.infos}
    times = sorted({at for points in curves.values() for at in points})

    def value(label: str, at: datetime) -> float | None:
        return curves.get(label, {}).get(at)

    return [
        EnergySample(
            device_id=device_id,
            at=at,
            pv_power_w=_magnitude(value("pv", at)),
            load_power_w=_magnitude(value("load", at)),
            battery_power_w=_turned(value("battery", at)),
            grid_power_w=value("grid", at),
            soc_pct=value("soc", at),
        )
        for at in times
    ]


def _turned(power: float | None) -> float | None:
    return None if power is None else -power + 0.0


def _points(curve: DayCurve, on: date, zone: ZoneInfo) -> dict[datetime, float]:
    scale = _KILO if (curve.unit or "").lower() == "kw" else 1.0
    known = [(r.time, r.value) for r in curve.records if r.time is not None and r.value is not None]
    instants = _instants((time for time, _ in known), on, zone)
    return {
        at: value * scale for at, (_, value) in zip(instants, known, strict=True) if at is not None
    }


def _instants(times: Iterable[str], on: date, zone: ZoneInfo) -> list[datetime | None]:
    """UTC instants of plant-local texts, None for what is no time."""
    found: list[datetime | None] = []
    seen: set[datetime] = set()
    for time in times:
        local = _local(time, on)
        if local is None:
            found.append(None)
            continue
        at = local.replace(tzinfo=zone, fold=int(local in seen)).astimezone(UTC)
        seen.add(local)
        found.append(at)
    return found


def _local(time: str, on: date) -> datetime | None:
    """The plant's wall clock of ``HH:MM``, ``24:00`` (the day's end) or a date with a time."""
    if time == "24:00":
        return datetime.combine(on, datetime.min.time()) + timedelta(days=1)
    text = time if "-" in time else f"{on.isoformat()}T{time}"
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
