"""What telemetry needs: readers of vendors, the store of samples, the model of the sky."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable
from uuid import UUID

from services.sites.records import System
from services.telemetry.records import Latest, Point, PollHealth, RollupRow, Sample


class SkyModel(Protocol):
    """Clear-sky power of a site's arrays."""

    def clear_sky_w(self, at: datetime) -> float:
        """Array power under a clear sky at ``at``, W ≥ 0, limited by the inverter."""
        ...


class Skies(Protocol):
    """Clear-sky models of the sites."""

    async def of(self, system: System, at: datetime) -> SkyModel | None:
        """The model for a system's place and arrays, ready for ``at``; None without arrays."""
        ...


class TelemetryReader(Protocol):
    """Reads one adapter. An unusable answer raises an error; values are never made up."""

    async def read(self) -> Sequence[Sample]:
        """All samples that are available now, stamped by the payload's own time.

        Raises:
            services.errors.VendorError: Unreachable, refused, rate-limited or not understood.
        """
        ...


@runtime_checkable
class TellsCautions(Protocol):
    """A reader that can warn although it reads: of a device's dangerous set-up, or of a part of a
    vendor's answer that is missing.
    """

    def cautions(self) -> Sequence[str]:
        """One sentence each, as of the last ``read``."""
        ...


@runtime_checkable
class TellsIdentity(Protocol):
    """A reader of a device with an identity, so that another device at its address is noticed."""

    def identity(self) -> str | None:
        """The identity that the device reported at the last ``read``; None without one."""
        ...


@runtime_checkable
class TellsPast(Protocol):
    """A reader whose vendor keeps a record that can be queried later."""

    async def between(self, start: datetime, end: datetime) -> Sequence[Sample]:
        """Samples measured after ``start`` and before ``end``, by time.

        Raises:
            services.errors.VendorError: Unreachable, refused, not understood.
        """
        ...


class TelemetryStore(Protocol):
    """Append-only samples and what is read out of them. Metric names are the sample fields'."""

    async def append(self, samples: Sequence[Sample]) -> int:
        """Insert in one batch; duplicates are ignored. Returns how many were new."""
        ...

    async def latest(self, system_id: UUID, *, until: datetime) -> Sequence[Latest]:
        """Newest value per device and metric measured at or before ``until``, no older than 24 h.

        A suspect sample never becomes the newest value; its reason is given as ``suspicion`` of the
        value before.
        """
        ...

    async def series(
        self,
        system_id: UUID,
        metric: str,
        *,
        start: datetime,
        end: datetime,
        step_s: float | None,
        device_id: UUID | None = None,
    ) -> Sequence[Point]:
        """One metric over [start, end): raw points, or means of ``step_s`` buckets (None where a
        bucket is empty).

        Powers of several devices are summed per bucket, other metrics averaged. Means leave suspect
        samples out.
        """
        ...

    async def at_or_before(self, device_id: UUID, metric: str, at: datetime) -> Point | None:
        """The newest point of one device's metric measured at or before ``at``, suspect or not."""
        ...

    async def load_powers_at(
        self, system_id: UUID, at: datetime, *, within_s: float
    ) -> Mapping[UUID, float]:
        """Power of each controlled load of a system at ``at``, W: the newest metered value at or
        before ``at``, at most ``within_s`` older. A load without one is left out.
        """
        ...

    async def energy_rows(
        self, system_id: UUID, *, start: datetime, end: datetime
    ) -> Sequence[Sample]:
        """All raw samples over [start, end), by time, for the rollup."""
        ...

    async def save_rollup(self, table: str, rows: Sequence[RollupRow]) -> None:
        """Upsert rollup rows (``system_hourly_energy``, ``system_daily_summary``,
        ``battery_bank_hourly``).
        """
        ...

    async def rollup(
        self, table: str, system_id: UUID, *, start: datetime, end: datetime
    ) -> Sequence[RollupRow]:
        """Rollup rows over [start, end)."""
        ...

    async def record_poll(
        self,
        adapter_id: UUID,
        *,
        at: datetime,
        error: str | None,
        ms: float,
        caution: str | None = None,
    ) -> None:
        """Record one poll: its error, or the caution of a good one, and its duration in ms."""
        ...

    async def poll_health(self, system_id: UUID, *, now: datetime) -> Sequence[PollHealth]: ...
    async def apply_retention(self, *, now: datetime, raw_hours: float) -> int:
        """Drop raw partitions wholly older than ``raw_hours``; make the partitions of the coming
        days. Returns dropped.

        While no sample of that time is a day old, nothing is dropped: the clock may have jumped
        ahead.
        """
        ...
