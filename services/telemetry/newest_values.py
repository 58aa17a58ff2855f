"""From the newest values of a site's devices to the readings of its snapshot. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from energy.site.snapshot import Link, Reading, Snapshot
from services.telemetry.records import Latest

Newest = Mapping[tuple[UUID, str], Latest]
"""The newest value per device and metric."""


def snapshot_of(
    at: datetime, inverters: Sequence[UUID], packs: Sequence[UUID], newest: Newest
) -> Snapshot:
    """The snapshot of the newest values of inverters and battery packs, with ages."""
    battery_w = freshest(newest, packs, "power_w", at)
    of_inverters_w = _total(newest, inverters, "battery_power_w", at)
    if battery_w is None:
        battery_w = of_inverters_w
    return Snapshot(
        at=at,
        battery_voltage_v=freshest(newest, packs, "voltage_v", at),
        inverter_voltage_v=freshest(newest, inverters, "battery_voltage_v", at),
        battery_current_a=freshest(newest, packs, "current_a", at),
        battery_power_w=battery_w,
        inverter_battery_power_w=of_inverters_w,
        battery_temperature_c=freshest(newest, packs, "temperature_c", at),
        pv_power_w=_total(newest, inverters, "pv_power_w", at),
        load_power_w=_total(newest, inverters, "load_power_w", at),
        grid_power_w=_total(newest, inverters, "grid_power_w", at),
    )


def freshest(
    newest: Newest, device_ids: Sequence[UUID], metric: str, at: datetime
) -> Reading | None:
    """The freshest reading of a metric among devices."""
    readings = [newest[key] for device in device_ids if (key := (device, metric)) in newest]
    if not readings:
        return None
    return _read(max(readings, key=lambda latest: latest.measured_at), at)


def _total(newest: Newest, device_ids: Sequence[UUID], metric: str, at: datetime) -> Reading | None:
    """The sum of a power over devices, as old as its oldest part: a silent one makes it stale."""
    parts = [_read(newest[key], at) for device in device_ids if (key := (device, metric)) in newest]
    if len(parts) <= 1:
        return parts[0] if parts else None
    local = all(part.link is Link.LOCAL for part in parts)
    return Reading(
        value=sum(part.value for part in parts),
        age_s=max(part.age_s for part in parts),
        unchanged_s=min(part.unchanged_s for part in parts),
        source=" + ".join(sorted({part.source for part in parts})),
        link=Link.LOCAL if local else Link.CLOUD,
        suspicion="; ".join(dict.fromkeys(part.suspicion for part in parts if part.suspicion)),
    )


def _read(best: Latest, at: datetime) -> Reading:
    return Reading(
        value=best.value,
        age_s=max(0.0, (at - best.measured_at).total_seconds()),
        unchanged_s=max(0.0, (best.measured_at - best.unchanged_since).total_seconds()),
        source=best.source,
        link=best.link,
        suspicion=best.suspicion,
    )
