"""Samples of one device in time order, quick to ask: what the in-memory telemetry is made of."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter

from services.telemetry.records import Sample

BY_TIME = attrgetter("at")


@dataclass(slots=True)
class Run:
    """Equal values in a row: the value, its first and last time."""

    value: float
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest value of a metric, since when it is the same, and whether another came before."""

    value: float
    measured_at: datetime
    since: datetime
    changed: bool


@dataclass(slots=True)
class Metric:
    """Points of one metric in time order, and the runs of equal values in them."""

    at: list[datetime] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    def add(self, at: datetime, value: float) -> None:
        if self.at and at < self.at[-1]:
            place = bisect_left(self.at, at)
            self.at.insert(place, at)
            self.values.insert(place, value)
            self._rebuild()
            return
        self.at.append(at)
        self.values.append(value)
        self._extend(at, value)

    def at_or_before(self, at: datetime) -> tuple[datetime, float] | None:
        place = bisect_right(self.at, at)
        return None if place == 0 else (self.at[place - 1], self.values[place - 1])

    def between(self, start: datetime, end: datetime) -> list[tuple[datetime, float]]:
        first, last = bisect_left(self.at, start), bisect_left(self.at, end)
        return list(zip(self.at[first:last], self.values[first:last], strict=True))

    def newest(self, oldest: datetime, until: datetime) -> Newest | None:
        """The newest value measured in [oldest, until]; what is older is not known."""
        found = self.at_or_before(until)
        if found is None or found[0] < oldest:
            return None
        place = bisect_right(self.runs, until, key=attrgetter("since")) - 1
        run = self.runs[place]
        clipped = run.since < oldest
        since = self.at[bisect_left(self.at, oldest)] if clipped else run.since
        changed = not clipped and place > 0 and self.runs[place - 1].until >= oldest
        return Newest(value=found[1], measured_at=found[0], since=since, changed=changed)

    def drop_before(self, at: datetime) -> None:
        place = bisect_left(self.at, at)
        del self.at[:place], self.values[:place]
        self._rebuild()

    def _rebuild(self) -> None:
        self.runs = []
        for at, value in zip(self.at, self.values, strict=True):
            self._extend(at, value)

    def _extend(self, at: datetime, value: float) -> None:
        if self.runs and self.runs[-1].value == value:
            self.runs[-1].until = at
        else:
            self.runs.append(Run(value, at, at))


@dataclass(slots=True)
class Track:
    """All samples of one kind of one device: ``all_metrics`` with suspect values."""

    samples: list[Sample] = field(default_factory=list)
    metrics: dict[str, Metric] = field(default_factory=dict)
    all_metrics: dict[str, Metric] = field(default_factory=dict)
    doubts: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    times: set[datetime] = field(default_factory=set)

    def add(self, sample: Sample, numbers: dict[str, float]) -> bool:
        """Whether it was new: a second sample of the same time is ignored."""
        if sample.at in self.times:
            return False
        self.times.add(sample.at)
        insort(self.samples, sample, key=BY_TIME)
        for name, value in numbers.items():
            self.all_metrics.setdefault(name, Metric()).add(sample.at, value)
            if name not in sample.suspect:
                self.metrics.setdefault(name, Metric()).add(sample.at, value)
        for name, why in sample.suspect.items():
            if name not in self.doubts or self.doubts[name][0] < sample.at:
                self.doubts[name] = (sample.at, why)
        return True

    def between(self, start: datetime, end: datetime) -> list[Sample]:
        first = bisect_left(self.samples, start, key=BY_TIME)
        return self.samples[first : bisect_left(self.samples, end, key=BY_TIME)]

    def drop_before(self, at: datetime) -> set[object]:
        """Forget what is older; returns the days that were dropped."""
        old = self.samples[: bisect_left(self.samples, at, key=BY_TIME)]
        del self.samples[: len(old)]
        self.times -= {sample.at for sample in old}
        for metric in (*self.metrics.values(), *self.all_metrics.values()):
            metric.drop_before(at)
        return {sample.at.date() for sample in old}

    def doubt(self, name: str, since: datetime) -> str:
        """Why a value that came after ``since`` is suspect."""
        at, why = self.doubts.get(name, (since, ""))
        return why if at > since else ""
