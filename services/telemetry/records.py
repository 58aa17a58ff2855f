"""Records of measurements: samples, newest values, series, and the health of polls. Signs and units
as in ``energy``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from energy.site.snapshot import Link

SuspicionByMetric = Mapping[str, str]
"""Metric → why its value is doubted, in plain words.

A value that is possible but doubtful is kept with its reason. An impossible one (10³⁰⁸ W, 140 %) is
not kept: the metric is None then and the reason says what was sent.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergySample:
    """One reading of an inverter."""

    device_id: UUID
    at: datetime
    pv_power_w: float | None = None
    load_power_w: float | None = None
    battery_power_w: float | None = None
    grid_power_w: float | None = None
    battery_voltage_v: float | None = None
    soc_pct: float | None = None
    temperature_c: float | None = None
    suspect: SuspicionByMetric = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatterySample:
    """One reading of a battery monitor."""

    device_id: UUID
    at: datetime
    voltage_v: float | None = None
    current_a: float | None = None
    power_w: float | None = None
    soc_pct: float | None = None
    temperature_c: float | None = None
    state: str | None = None
    suspect: SuspicionByMetric = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSample:
    """One reading of a controlled load; ``device_id`` is the controlled load's id.

    ``speed`` is that of a fan in tenths of its range, None where the device can't set one.
    """

    device_id: UUID
    at: datetime
    is_on: bool | None = None
    power_w: float | None = None
    energy_wh: float | None = None
    temperature_c: float | None = None
    speed: int | None = None
    suspect: SuspicionByMetric = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneSample:
    """One reading of a zone's sensor; ``device_id`` is the zone's id."""

    device_id: UUID
    at: datetime
    temperature_c: float | None = None
    suspect: SuspicionByMetric = field(default_factory=dict, hash=False)


Sample = EnergySample | BatterySample | LoadSample | ZoneSample


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The newest value of one metric of one device, as the snapshot builder needs it.

    ``measured_at`` is the time of the newest sample in which the metric was not None;
    ``unchanged_since`` the start of
    the run of identical values that ends with it; ``changed`` is False where no other value is
    known before it (then the run may be older). ``suspicion`` is why a newer value is not believed.
    """

    device_id: UUID
    metric: str
    value: float
    measured_at: datetime
    unchanged_since: datetime
    source: str
    link: Link
    changed: bool = True
    suspicion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point of a series."""

    at: datetime
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollHealth:
    """Health of polling one adapter. ``success_rate_24h`` is 0…1, None before the first poll.
    ``caution`` is the warning of the newest good poll.
    """

    adapter_id: UUID
    name: str
    adapter_type: str
    interval_s: float
    last_success_at: datetime | None
    last_attempt_at: datetime | None
    last_error: str | None
    success_rate_24h: float | None
    gaps_24h: int = 0
    caution: str | None = None


RollupRow: TypeAlias = Mapping[str, float | UUID | datetime | None]
"""A rolled-up hour or day of a site, or hour of a bank: ``system_id``, ``device_id`` of a bank,
``start_at``, and its numbers by name.
"""
