"""SolArk's flow and day curves as energy samples with our signs.

The live flow gives magnitudes with direction flags; the day curves are signed, with the battery's
sign opposite to ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from integrations.plausible import ANY_PLANT, Limits, plausible
from integrations.solark.payloads import BatteryDetail, Day, DayCurve, FlowPayload
from services.telemetry.records import EnergySample

BALANCE_TOLERANCE_W = 500.0
BALANCE_TOLERANCE_SHARE = 0.05
NO_LOAD_TOLERANCE_W = 150.0
"""Surplus of sources over sinks that is accepted while the load shows exactly 0, W: the inverter's
own use. A larger one means that the load is not measured.
"""

IDLE_W = 50.0
"""A power without a direction counts as 0 up to this, W."""
NO_SENSOR_C = -100.0
"""What the platform shows for a battery without a temperature sensor."""
POWERS = ("pv_power_w", "load_power_w", "battery_power_w", "grid_power_w")
_SCALE_OF = {"": 1.0, "w": 1.0, "kw": 1_000.0, "%": 1.0}
"""Factor by unit. A curve in another unit (kWh) is no power and is not read."""


def energy_sample(
    flow: FlowPayload,
    detail: BatteryDetail | None,
    *,
    device_id: UUID,
    at: datetime,
    limits: Limits = ANY_PLANT,
) -> EnergySample:
    """The flow with our signs; impossible values are dropped, doubtful ones marked suspect.

    With an impossible power the balance is unknown, so the other powers are not judged by it.
    """
    battery_w = directed_w(flow.batt_power, plus=flow.to_bat, minus=flow.bat_to)
    grid_w = directed_w(flow.grid_power, plus=flow.grid_to, minus=flow.to_grid)
    sample = EnergySample(
        device_id=device_id,
        at=at,
        pv_power_w=_pv_w(flow),
        load_power_w=_magnitude(flow.load_power),
        battery_power_w=battery_w,
        grid_power_w=grid_w,
        battery_voltage_v=voltage_v(detail),
        soc_pct=flow.soc,
        temperature_c=temperature_c(detail),
        suspect=_undirected(flow, battery_w, grid_w),
    )
    return balanced(plausible(sample, limits), _generator_w(flow))


def balanced(sample: EnergySample, generator_w: float = 0.0) -> EnergySample:
    """Powers that don't balance are suspect: parallel inverters upload one after another.

    A load of exactly 0 while more comes in than goes out is not measured (no current transformer):
    it becomes unknown, and the other powers stay as they are.
    """
    balance = PowerBalance.of(sample, generator_w)
    if balance is None:
        return sample
    if sample.load_power_w == 0.0 and balance.surplus_w > NO_LOAD_TOLERANCE_W:
        why = (
            f"it shows 0 W, but {balance.surplus_w:.0f} W more come in than go out: "
            "nothing measures the load"
        )
        return replace(sample, load_power_w=None, suspect={**sample.suspect, "load_power_w": why})
    if balance.is_off:
        why = f"sources and sinks differ by {abs(balance.surplus_w):.0f} W"
        return replace(sample, suspect={**sample.suspect, **dict.fromkeys(POWERS, why)})
    return sample


def directed_w(magnitude: float | None, *, plus: bool | None, minus: bool | None) -> float | None:
    """The signed power of a magnitude with its two direction flags, W.

    Some plants send signed numbers, so the sign is dropped first. Without a direction, or with
    both, anything above ``IDLE_W`` is unknown (None).
    """
    if magnitude is None:
        return None
    if bool(plus) != bool(minus):
        return abs(magnitude) if plus else -abs(magnitude) + 0.0
    return 0.0 if abs(magnitude) <= IDLE_W else None


def _undirected(flow: FlowPayload, battery_w: float | None, grid_w: float | None) -> dict[str, str]:
    sent = {
        "battery_power_w": flow.batt_power if battery_w is None else None,
        "grid_power_w": flow.grid_power if grid_w is None else None,
    }
    return {
        name: f"{abs(power):.0f} W without a direction"
        for name, power in sent.items()
        if power is not None
    }


def _pv_w(flow: FlowPayload) -> float | None:
    """PV and, where there are some, micro-inverters on the generator port.

    Without a sum of the inputs they are summed here, if each is there.
    """
    pv_w, micro_w = _magnitude(flow.pv_power), _magnitude(flow.min_power)
    if pv_w is None and flow.pv:
        inputs = [pv_input.power for pv_input in flow.pv if pv_input.power is not None]
        pv_w = sum(abs(power) for power in inputs) if len(inputs) == len(flow.pv) else None
    if pv_w is None or micro_w is None or not (flow.exists_min or flow.micro_on):
        return pv_w
    return pv_w + micro_w


def _generator_w(flow: FlowPayload) -> float:
    running = flow.exists_gen or flow.gen_on
    return abs(flow.gen_power) if running and flow.gen_power is not None else 0.0


def _magnitude(power: float | None) -> float | None:
    return None if power is None else abs(power)


class PowerBalance:
    """Sum of sources against sum of sinks of a plant, W."""

    def __init__(self, *, sources_w: float, sinks_w: float) -> None:
        """Both are ≥ 0."""
        self.surplus_w = sources_w - sinks_w
        largest_w = max(sources_w, sinks_w)
        self._tolerance_w = max(BALANCE_TOLERANCE_W, BALANCE_TOLERANCE_SHARE * largest_w)

    @property
    def is_off(self) -> bool:
        """Whether the difference exceeds meters' errors and the inverter's own use."""
        return abs(self.surplus_w) > self._tolerance_w

    @classmethod
    def of(cls, sample: EnergySample, generator_w: float) -> PowerBalance | None:
        """The balance of a sample; None where a part of it is unknown."""
        pv_w, load_w = sample.pv_power_w, sample.load_power_w
        battery_w, grid_w = sample.battery_power_w, sample.grid_power_w
        if pv_w is None or load_w is None or battery_w is None or grid_w is None:
            return None
        return cls(
            sources_w=pv_w + generator_w + max(0.0, -battery_w) + max(0.0, grid_w),
            sinks_w=load_w + max(0.0, battery_w) + max(0.0, -grid_w),
        )


def voltage_v(detail: BatteryDetail | None) -> float | None:
    """Battery voltage by the inverter, V, else by the BMS; None for 0, which means no battery."""
    if detail is None:
        return None
    values = (detail.voltage, detail.bms_volt)
    return next((volts for volts in values if volts is not None and volts > 0), None)


def temperature_c(detail: BatteryDetail | None) -> float | None:
    """The battery's temperature, °C; None without a sensor, and without a battery to have one."""
    if detail is None or voltage_v(detail) is None:
        return None
    values = (detail.temp, detail.bms_temp)
    return next((c for c in values if c is not None and c > NO_SENSOR_C), None)


def day_samples(day: Day, *, device_id: UUID, on: date, zone: ZoneInfo) -> list[EnergySample]:
    """The day's curves as one sample per point of time, by time.

    Times are the plant's local time; when the clock is set back, the second of two equal times is
    the later one. The curves' battery sign (+ discharging) is inverted.
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


def _points(curve: DayCurve, on: date, zone: ZoneInfo) -> Mapping[datetime, float]:
    scale = _SCALE_OF.get((curve.unit or "").lower())
    if scale is None:
        return {}
    known = [(r.time, r.value) for r in curve.records if r.time is not None and r.value is not None]
    instants = _instants((time for time, _ in known), on, zone)
    return {
        at: value * scale for at, (_, value) in zip(instants, known, strict=True) if at is not None
    }


def _instants(times: Iterable[str], on: date, zone: ZoneInfo) -> list[datetime | None]:
    """UTC instants of plant-local texts, None for what is no time."""
    instants: list[datetime | None] = []
    seen: set[datetime] = set()
    for time in times:
        local = _local(time, on)
        if local is None:
            instants.append(None)
            continue
        at = local.replace(tzinfo=zone, fold=int(local in seen)).astimezone(UTC)
        seen.add(local)
        instants.append(at)
    return instants


def _local(time: str, on: date) -> datetime | None:
    """The plant's local time of ``HH:MM``, ``24:00`` (the day's end) or a date with a time.

    None for a text that is no time, and for a time more than a day away from ``on``.
    """
    if time == "24:00":
        return datetime.combine(on, datetime.min.time()) + timedelta(days=1)
    text = time if "-" in time else f"{on.isoformat()}T{time}"
    try:
        local = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
    return local if abs((local.date() - on).days) <= 1 else None
