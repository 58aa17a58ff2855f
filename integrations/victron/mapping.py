"""VRM's attributes as battery samples. VRM's battery sign is ours: + charging, − discharging."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from integrations.calling import Call
from integrations.freshness import from_epoch_s, measured_at
from integrations.victron.payloads import Attribute, Series
from services.telemetry.records import BatterySample, Point

# The system's own choice of battery first, then a single monitor's.
VOLTAGE_V = ("bv", "V")
CURRENT_A = ("bc", "I")
SOC_PCT = ("bs", "SOC")
TEMPERATURE_C = ("BT",)
STATE = ("bst",)
STATES = {0.0: "idle", 1.0: "charging", 2.0: "discharging"}
_MS = 1000.0


def battery_samples(
    attributes: Sequence[Attribute], *, device_id: UUID, now: datetime, call: Call
) -> list[BatterySample]:
    """One sample per time of measurement, oldest first, each with the values measured then.

    Every attribute carries its own time, so that a voltage of an hour ago is not made fresh by a
    current of now. A value without a time is left out. ``soc_status`` is an icon's bucket, not a
    state of charge, and is not read. Power is voltage × current where both are of one time.

    Raises:
        VendorError: No battery value with a time at all.
    """
    chosen = {
        "voltage_v": _newest(attributes, VOLTAGE_V),
        "current_a": _newest(attributes, CURRENT_A),
        "soc_pct": _newest(attributes, SOC_PCT),
        "temperature_c": _newest(attributes, TEMPERATURE_C),
        "state": _newest(attributes, STATE),
    }
    by_time: dict[datetime, dict[str, float]] = {}
    for name, found in chosen.items():
        if found is not None:
            at, value = found
            by_time.setdefault(measured_at(at, now=now, call=call), {})[name] = value
    if not any(set(values) - {"state"} for values in by_time.values()):
        raise call.failed("the installation shows no battery values", retry=True)
    return [_sample(device_id, at, values) for at, values in sorted(by_time.items())]


def _newest(
    attributes: Sequence[Attribute], codes: tuple[str, ...]
) -> tuple[datetime, float] | None:
    """The newest value of the first of ``codes`` that has one with a time."""
    for code in codes:
        found = [
            (at, a.raw)
            for a in attributes
            if a.code == code
            and a.raw is not None
            and (at := from_epoch_s(a.timestamp)) is not None
        ]
        if found:
            return max(found, key=lambda pair: pair[0])
    return None


def _sample(device_id: UUID, at: datetime, values: dict[str, float]) -> BatterySample:
    voltage_v, current_a, state = (
        values.get("voltage_v"),
        values.get("current_a"),
        values.get("state"),
    )
    return BatterySample(
        device_id=device_id,
        at=at,
        voltage_v=voltage_v,
        current_a=current_a,
        power_w=_power_w(voltage_v, current_a),
        soc_pct=values.get("soc_pct"),
        temperature_c=values.get("temperature_c"),
        state=STATES.get(state) if state is not None else None,
    )


def _power_w(voltage_v: float | None, current_a: float | None) -> float | None:
    if voltage_v is None or current_a is None:
        return None
    return round(voltage_v * current_a, 1)


def history(series: Series, code: str) -> list[Point]:
    """The mean column of one ``stats`` series as points; VRM's times are epoch milliseconds."""
    return [
        Point(at=at, value=row[1] if len(row) > 1 else None)
        for row in series.get(code, [])
        if (at := from_epoch_s(row[0] / _MS)) is not None
    ]
