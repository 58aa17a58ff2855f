"""Clears the suspicion of values that are confirmed.

An adapter marks a value that is possible but doubtful as suspect. An agreeing sample of the same
device just before clears it, and so does another source of the same quantity. Until then it is
stored with its reason and neither becomes the newest value nor enters a mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from services.telemetry.ports import TelemetryStore
from services.telemetry.records import Sample

S = TypeVar("S", bound=Sample)

CONSECUTIVE = timedelta(minutes=15)
"""Samples further apart do not confirm each other."""

AGREE: Mapping[str, tuple[float, float]] = {
    "w": (200.0, 0.1),
    "a": (5.0, 0.1),
    "v": (0.5, 0.0),
    "c": (2.0, 0.0),
    "pct": (5.0, 0.0),
    "wh": (100.0, 0.01),
}
"""Per unit: how far two agreeing values may differ, absolute and as a share of the larger."""

OTHER_SOURCES: Mapping[str, str] = {
    "battery_voltage_v": "voltage_v",
    "voltage_v": "battery_voltage_v",
    "battery_power_w": "power_w",
    "power_w": "battery_power_w",
}
"""Metrics of the bank that inverter and battery monitor both measure."""


class Suspicions:
    """Removes the suspicion from confirmed values."""

    def __init__(self, *, telemetry: TelemetryStore) -> None:
        """``telemetry`` has the earlier samples."""
        self._telemetry = telemetry

    async def cleared(self, system_id: UUID, samples: Sequence[Sample]) -> Sequence[Sample]:
        """The samples, without the suspicions of values that are confirmed."""
        if not any(sample.suspect for sample in samples):
            return samples
        ordered = sorted(samples, key=lambda sample: sample.at)
        return [
            await self._without_confirmed(system_id, sample, ordered[:place])
            for place, sample in enumerate(ordered)
        ]

    async def _without_confirmed(self, system_id: UUID, sample: S, earlier: Sequence[Sample]) -> S:
        kept = {
            metric: why
            for metric, why in sample.suspect.items()
            if not await self._is_confirmed(system_id, sample, metric, earlier)
        }
        return sample if len(kept) == len(sample.suspect) else replace(sample, suspect=kept)

    async def _is_confirmed(
        self, system_id: UUID, sample: Sample, metric: str, earlier: Sequence[Sample]
    ) -> bool:
        value = getattr(sample, metric, None)
        if value is None:
            return False
        before = await self._before(sample, metric, earlier)
        if before is not None and agree(metric, value, before):
            return True
        other = await self._other_source(system_id, sample, metric)
        return other is not None and agree(metric, value, other)

    async def _before(self, sample: Sample, metric: str, earlier: Sequence[Sample]) -> float | None:
        """The device's sample before this one, suspect or not."""
        earlier_own = [before for before in earlier if before.device_id == sample.device_id]
        oldest = sample.at - CONSECUTIVE
        if earlier_own and earlier_own[-1].at < sample.at:
            value: float | None = getattr(earlier_own[-1], metric, None)
            return value if earlier_own[-1].at >= oldest else None
        just_before = sample.at - timedelta(microseconds=1)
        point = await self._telemetry.at_or_before(sample.device_id, metric, just_before)
        return None if point is None or point.at < oldest else point.value

    async def _other_source(self, system_id: UUID, sample: Sample, metric: str) -> float | None:
        """The newest value of the same quantity by another source, if measured within 15 min."""
        name = OTHER_SOURCES.get(metric)
        if name is None:
            return None
        newest = await self._telemetry.latest(system_id, until=sample.at)
        values = [
            latest.value
            for latest in newest
            if latest.metric == name
            and latest.device_id != sample.device_id
            and _together(latest.measured_at, sample.at)
        ]
        return values[0] if len(values) == 1 else None


def agree(metric: str, one: float, other: float) -> bool:
    """Whether two values of a metric agree within the tolerance of its unit."""
    absolute, share = AGREE.get(metric.rpartition("_")[2], (0.0, 0.0))
    return abs(one - other) <= max(absolute, share * max(abs(one), abs(other)))


def _together(one: datetime, other: datetime) -> bool:
    return abs(one - other) <= CONSECUTIVE


def believed(sample: S) -> S:
    """The sample without its suspect values."""
    if not sample.suspect:
        return sample
    nothing: dict[str, Any] = dict.fromkeys(sample.suspect)
    return replace(sample, **nothing, suspect={})
