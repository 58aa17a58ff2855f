"""VRM's attributes as battery samples. VRM's battery sign is ours: + charging, − discharging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from integrations.freshness import from_epoch_s, measured_at
from integrations.vendor_calls import Call
from integrations.victron.payloads import Attribute, SeriesPayload
from services.telemetry.records import BatterySample, Point

SYSTEM = {"bv": "voltage_v", "bc": "current_a", "bs": "soc_pct", "bst": "state"}
"""The system's values of the battery that it has chosen, by code."""

MONITOR = {"V": "voltage_v", "I": "current_a", "SOC": "soc_pct", "BT": "temperature_c"}
"""One battery monitor's values, by code. The same codes appear once per monitor."""

STATES = {0.0: "idle", 1.0: "charging", 2.0: "discharging"}
_MS = 1000.0

Values = dict[str, tuple[datetime, float]]
"""Newest value by field, with its time."""


def battery_samples(
    attributes: Sequence[Attribute],
    *,
    device_id: UUID,
    now: datetime,
    call: Call,
    instance: int | None = None,
) -> list[BatterySample]:
    """One sample per time of measurement, oldest first, each with the values measured then.

    All values are of one battery: the monitor of ``instance``, else the one that the system itself
    has chosen, else the only monitor there is. Every value keeps its own time, so that an hour-old
    voltage does not look fresh beside a new current. A value without a time is left out.
    ``soc_status`` selects an icon and is no state of charge, so it is not read. Power is voltage ×
    current where both are of one time.

    Raises:
        VendorError: No battery value with a time at all, or several monitors and none is chosen.
    """
    values, suspect = _chosen(attributes, instance, call)
    by_time: dict[datetime, dict[str, float]] = {}
    for name, (at, value) in values.items():
        by_time.setdefault(measured_at(at, now=now, call=call), {})[name] = value
    if not any(set(shown) - {"state"} for shown in by_time.values()):
        raise call.failed("the installation shows no battery values", retry=True)
    newest = max(by_time)
    return [
        _sample(device_id, at, shown, suspect if at == newest else {})
        for at, shown in sorted(by_time.items())
    ]


def _chosen(
    attributes: Sequence[Attribute], instance: int | None, call: Call
) -> tuple[Values, Mapping[str, str]]:
    """The values of one battery, and the reasons for values that are left out."""
    monitors = _monitors(attributes)
    if instance is not None:
        if instance not in monitors:
            have = _listed(monitors)
            raise call.failed(f"no battery monitor {instance}; there are: {have}", retry=False)
        return monitors[instance], {}
    system = _newest([a for a in attributes if a.service in {None, "system"}], SYSTEM)
    if "voltage_v" in system:
        return _with_temperature(system, monitors)
    measuring = {number: shown for number, shown in monitors.items() if "voltage_v" in shown}
    if len(measuring) > 1:
        raise call.failed(
            f"several battery monitors ({_listed(measuring)}): set the instance of the one to read",
            retry=False,
        )
    return next(iter(measuring.values()), system or next(iter(monitors.values()), {})), {}


def _with_temperature(
    system: Values, monitors: Mapping[int | None, Values]
) -> tuple[Values, Mapping[str, str]]:
    """The system's values with a temperature, which they lack: a monitor's, if only one has it."""
    temperatures = {
        number: shown["temperature_c"]
        for number, shown in monitors.items()
        if "temperature_c" in shown
    }
    if len(temperatures) > 1:
        several = _listed(temperatures)
        why = f"the monitors {several} each give one: set the instance of the one to read"
        return system, {"temperature_c": why}
    for value in temperatures.values():
        return {**system, "temperature_c": value}, {}
    return system, {}


def _monitors(attributes: Sequence[Attribute]) -> dict[int | None, Values]:
    """The values of each battery monitor, by instance (None where it is not given)."""
    rows: dict[int | None, list[Attribute]] = {}
    for attribute in attributes:
        if attribute.code in MONITOR and attribute.service in {None, "battery"}:
            number = None if attribute.instance is None else int(attribute.instance)
            rows.setdefault(number, []).append(attribute)
    newest = {number: _newest(own_rows, MONITOR) for number, own_rows in rows.items()}
    return {number: values for number, values in newest.items() if values}


def _newest(attributes: Sequence[Attribute], codes: Mapping[str, str]) -> Values:
    """The newest value of each code that has one with a time, by field."""
    values: Values = {}
    for attribute in attributes:
        name, at = codes.get(attribute.code or ""), from_epoch_s(attribute.timestamp)
        if name is None or at is None or attribute.raw is None:
            continue
        if name not in values or at > values[name][0]:
            values[name] = (at, attribute.raw)
    return values


def _listed(monitors: Mapping[int | None, object]) -> str:
    numbers = sorted(str(number) for number in monitors if number is not None)
    return ", ".join(numbers) or "none"


def _sample(
    device_id: UUID, at: datetime, values: dict[str, float], suspect: Mapping[str, str]
) -> BatterySample:
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
        suspect=suspect,
    )


def _power_w(voltage_v: float | None, current_a: float | None) -> float | None:
    if voltage_v is None or current_a is None:
        return None
    return round(voltage_v * current_a, 1)


def history(series: SeriesPayload, code: str) -> list[Point]:
    """The mean column of one ``stats`` series as points; VRM's times are epoch milliseconds."""
    return [
        Point(at=at, value=row[1] if len(row) > 1 else None)
        for row in series.get(code, [])
        if (at := from_epoch_s(row[0] / _MS)) is not None
    ]
