"""Samples, rollups and poll health in memory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from statistics import fmean
from uuid import UUID

from energy.site.snapshot import Link
from services.errors import Invalid
from services.telemetry.records import (
    BatterySample,
    EnergySample,
    Latest,
    LoadSample,
    Point,
    PollHealth,
    RollupRow,
    Sample,
    ZoneSample,
)
from tests.fakes.site import InMemorySiteStore
from tests.fakes.stores.settings import InMemorySettingsStore
from tests.fakes.tracks import Track

KINDS: dict[str, type[Sample]] = {
    "battery": BatterySample,
    "energy": EnergySample,
    "load": LoadSample,
    "zone": ZoneSample,
}
ROLLUP_KEYS = {
    "system_hourly_energy": ("system_id", "start_at"),
    "system_daily_summary": ("system_id", "start_at"),
    "battery_bank_hourly": ("device_id", "start_at"),
}
LATEST_S = 24 * 3600.0
MAXIMUM_BUCKETS = 100_000
MOST = 1e12
NOT_NUMBERS = frozenset({"device_id", "at", "state", "suspect"})


class InMemoryTelemetryStore:
    """``TelemetryStore`` in dictionaries.

    With ``site`` (and ``settings`` for zones) a sample belongs to its device's system and an
    unknown device is refused; without, every sample belongs to every system.
    """

    def __init__(
        self,
        *,
        site: InMemorySiteStore | None = None,
        settings: InMemorySettingsStore | None = None,
    ) -> None:
        self._site = site
        self._settings = settings
        self._tracks: dict[tuple[str, UUID], Track] = {}
        self._rollups: dict[str, dict[tuple[object, ...], RollupRow]] = {t: {} for t in ROLLUP_KEYS}
        self._polls: dict[UUID, list[tuple[datetime, str | None]]] = {}
        self._cautions: dict[UUID, list[tuple[datetime, str | None]]] = {}

    async def append(self, samples: Sequence[Sample]) -> int:
        for sample in samples:
            self._refuse_unknown_device(sample)
        return sum(self._track(sample).add(sample, numbers(sample)) for sample in samples)

    async def latest(self, system_id: UUID, *, until: datetime) -> Sequence[Latest]:
        oldest = until - timedelta(seconds=LATEST_S)
        found: dict[tuple[UUID, str], Latest] = {}
        for (_, device_id), track in self._of(system_id):
            source, link = self._source(device_id)
            for name, metric in track.metrics.items():
                newest = metric.newest(oldest, until)
                if newest is None:
                    continue
                found[device_id, name] = Latest(
                    device_id=device_id,
                    metric=name,
                    value=newest.value,
                    measured_at=newest.measured_at,
                    unchanged_since=newest.since,
                    source=source,
                    link=link,
                    changed=newest.changed,
                    suspicion=track.doubt(name, newest.measured_at),
                )
        return [found[key] for key in sorted(found)]

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
        kinds, name = resolve_metric(metric, any_kind=device_id is not None)
        buckets = _empty_buckets(start, end, step_s)
        for (kind, owner), track in self._of(system_id):
            wanted = device_id is None or owner == device_id
            points = track.all_metrics if step_s is None else track.metrics
            if name not in points or not wanted or kind not in kinds:
                continue
            for measured_at, value in points[name].between(start, end):
                at = _bucket(measured_at, start, step_s)
                buckets.setdefault(at, {}).setdefault(owner, []).append(value)
        return [Point(at=at, value=_joined(name, buckets[at])) for at in sorted(buckets)]

    async def at_or_before(self, device_id: UUID, metric: str, at: datetime) -> Point | None:
        kinds, name = resolve_metric(metric, any_kind=True)
        found = [
            Point(at=point[0], value=point[1])
            for kind in sorted(kinds)
            if (track := self._tracks.get((kind, device_id))) is not None
            and name in track.all_metrics
            and (point := track.all_metrics[name].at_or_before(at)) is not None
        ]
        return max(found, key=lambda point: point.at, default=None)

    async def load_powers_at(
        self, system_id: UUID, at: datetime, *, within_s: float
    ) -> Mapping[UUID, float]:
        return {
            owner: point[1]
            for (kind, owner), track in self._of(system_id)
            if kind == "load"
            and "power_w" in track.metrics
            and (point := track.metrics["power_w"].at_or_before(at)) is not None
            and (at - point[0]).total_seconds() <= within_s
        }

    async def energy_rows(
        self, system_id: UUID, *, start: datetime, end: datetime
    ) -> Sequence[Sample]:
        rows = [each for _, track in self._of(system_id) for each in track.between(start, end)]
        return sorted(rows, key=lambda sample: (sample.at, _kind(sample), sample.device_id))

    async def save_rollup(self, table: str, rows: Sequence[RollupRow]) -> None:
        keys = _rollup_keys(table)
        for row in rows:
            self._rollups[table][tuple(row[key] for key in keys)] = dict(row)

    async def rollup(
        self, table: str, system_id: UUID, *, start: datetime, end: datetime
    ) -> Sequence[RollupRow]:
        keys = _rollup_keys(table)
        mine = [
            row
            for row in self._rollups[table].values()
            if row["system_id"] == system_id and start <= _start(row) < end
        ]
        return sorted(mine, key=lambda row: (_start(row), str(row[keys[0]])))

    async def record_poll(
        self,
        adapter_id: UUID,
        *,
        at: datetime,
        error: str | None,
        ms: float,
        caution: str | None = None,
    ) -> None:
        self._polls.setdefault(adapter_id, []).append((at, error))
        if error is None:
            self._cautions.setdefault(adapter_id, []).append((at, caution))

    async def poll_health(self, system_id: UUID, *, now: datetime) -> Sequence[PollHealth]:
        if self._site is None:
            return []
        return [
            _health(
                PollHealth(
                    adapter_id=adapter.id,
                    name=adapter.name,
                    adapter_type=adapter.adapter_type,
                    interval_s=adapter.poll_interval_s,
                    last_success_at=None,
                    last_attempt_at=None,
                    last_error=None,
                    success_rate_24h=None,
                    caution=self._caution(adapter.id, now),
                ),
                [poll for poll in self._polls.get(adapter.id, []) if poll[0] <= now],
                now,
            )
            for adapter in await self._site.adapters(system_id)
        ]

    def _caution(self, adapter_id: UUID, now: datetime) -> str | None:
        told = [each for each in self._cautions.get(adapter_id, []) if each[0] <= now]
        return max(told, key=lambda each: each[0])[1] if told else None

    async def apply_retention(self, *, now: datetime, raw_hours: float) -> int:
        limit = now - timedelta(hours=raw_hours)
        confirmed = now - min(timedelta(days=1), (now - limit) / 2)
        if not any(track.between(limit, confirmed) for track in self._tracks.values()):
            return 0
        midnight = limit.replace(hour=0, minute=0, second=0, microsecond=0)
        dropped = {
            (kind, day)
            for (kind, _), track in self._tracks.items()
            for day in track.drop_before(midnight)
        }
        return len(dropped)

    def _track(self, sample: Sample) -> Track:
        return self._tracks.setdefault((_kind(sample), sample.device_id), Track())

    def _of(self, system_id: UUID) -> list[tuple[tuple[str, UUID], Track]]:
        return [
            (key, track)
            for key, track in sorted(self._tracks.items(), key=lambda item: item[0])
            if self._site is None or self._owner(key[1]) == system_id
        ]

    def _owner(self, device_id: UUID) -> UUID | None:
        found = None if self._site is None else self._site.owner_of(device_id)
        if found is not None:
            return found[0]
        zone = None if self._settings is None else self._settings.zone_of(device_id)
        return None if zone is None else zone[0]

    def _refuse_unknown_device(self, sample: Sample) -> None:
        if isinstance(sample, ZoneSample) and self._settings is None:
            return
        if self._site is not None and self._owner(sample.device_id) is None:
            raise Invalid([("device_id", f"no such device {sample.device_id}")])

    def _source(self, device_id: UUID) -> tuple[str, Link]:
        found = None if self._site is None else self._site.owner_of(device_id)
        if found is not None and found[1] is not None:
            return found[1].name, found[1].link
        zone = None if self._settings is None else self._settings.zone_of(device_id)
        return ("sensor" if zone is None else zone[1].name), Link.CLOUD


def numbers(sample: Sample) -> dict[str, float]:
    """The numeric metrics of a sample that are there and can be; booleans as 0 and 1."""
    values = {f.name: getattr(sample, f.name) for f in fields(sample) if f.name not in NOT_NUMBERS}
    known = {name: float(value) for name, value in values.items() if value is not None}
    return {name: value for name, value in known.items() if abs(value) <= MOST}


def resolve_metric(metric: str, *, any_kind: bool) -> tuple[frozenset[str], str]:
    """Kinds of sample and field that ``metric`` means.

    ``load.power_w`` names its kind; a bare name is the first of battery, energy, load, zone that
    has it, or with ``any_kind`` (a device is given) every one that has it.

    Raises:
        Invalid: No sample has such a metric.
    """
    prefix, _, name = metric.rpartition(".")
    kinds = [
        kind
        for kind, cls in KINDS.items()
        if prefix in {"", kind}
        and name not in NOT_NUMBERS
        and name in {field.name for field in fields(cls)}
    ]
    if not kinds:
        raise Invalid([("metric", f"no sample has a metric {metric!r}")])
    return frozenset(kinds if any_kind else kinds[:1]), name


def _kind(sample: Sample) -> str:
    return next(kind for kind, cls in KINDS.items() if isinstance(sample, cls))


def _empty_buckets(
    start: datetime, end: datetime, step_s: float | None
) -> dict[datetime, dict[UUID, list[float]]]:
    if step_s is None:
        return {}
    seconds = max((end - start).total_seconds(), 0.0)
    if step_s <= 0 or seconds / step_s > MAXIMUM_BUCKETS:
        raise Invalid([("step_s", f"must give 1 to {MAXIMUM_BUCKETS} points, got {step_s} s")])
    count = math.ceil(seconds / step_s)
    return {start + timedelta(seconds=i * step_s): {} for i in range(count)}


def _bucket(at: datetime, start: datetime, step_s: float | None) -> datetime:
    if step_s is None:
        return at
    return start + timedelta(seconds=math.floor((at - start).total_seconds() / step_s) * step_s)


def _joined(metric: str, devices: dict[UUID, list[float]]) -> float | None:
    if not devices:
        return None
    means = [fmean(values) for values in devices.values()]
    return math.fsum(means) if metric.endswith("_w") else fmean(means)


def _rollup_keys(table: str) -> tuple[str, ...]:
    if table not in ROLLUP_KEYS:
        raise Invalid([("table", f"no rollup table {table!r}")])
    return ROLLUP_KEYS[table]


def _success_rate(
    polls: list[tuple[datetime, str | None]],
    good: int,
    since: datetime,
    now: datetime,
    interval_s: float,
) -> float | None:
    """Good polls of those that were made or were due."""
    times = [max(at, since) for at, _ in polls]
    pauses_s = [
        (later - at).total_seconds() for at, later in zip(times, [*times[1:], now], strict=True)
    ]
    missed = sum(max(math.floor(pause_s / interval_s + 0.5) - 1, 0) for pause_s in pauses_s)
    due = sum(1 for at, _ in polls if at > since) + missed
    return good / due if due > 0 else None


def _health(
    empty: PollHealth, polls: list[tuple[datetime, str | None]], now: datetime
) -> PollHealth:
    if not polls:
        return empty
    polls = sorted(polls, key=lambda poll: poll[0])
    successes = [at for at, error in polls if error is None]
    since = now - timedelta(hours=24)
    day = [poll for poll in polls if poll[0] > since]
    good = [at for at, error in day if error is None]
    return PollHealth(
        adapter_id=empty.adapter_id,
        name=empty.name,
        adapter_type=empty.adapter_type,
        interval_s=empty.interval_s,
        last_success_at=max(successes, default=None),
        last_attempt_at=polls[-1][0],
        last_error=polls[-1][1],
        success_rate_24h=_success_rate(polls, len(good), since, now, empty.interval_s),
        gaps_24h=_gaps(good, empty.interval_s, now),
        caution=empty.caution,
    )


def _gaps(good: list[datetime], interval_s: float, now: datetime) -> int:
    limit = timedelta(seconds=3 * interval_s)
    ends = [*good[1:], now] if good else []
    return sum(later - earlier > limit for earlier, later in zip(good, ends, strict=True))


def _start(row: RollupRow) -> datetime:
    start = row["start_at"]
    assert isinstance(start, datetime)
    return start
