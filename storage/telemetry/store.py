"""Samples, series, rollups and poll health on PostgreSQL."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import LiteralString
from uuid import UUID

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from services.errors import Invalid
from services.telemetry.records import Latest, Point, PollHealth, RollupRow, Sample
from storage.connection.builder import built
from storage.connection.mapping import record
from storage.connection.pool import Pool, connected, row, rows
from storage.connection.queries import queries
from storage.connection.together import NotesTogether, ReadsTogether
from storage.telemetry.newest import newest
from storage.telemetry.partitions import drop_days, is_confirmed, make_days
from storage.telemetry.sample_tables import KINDS, Kind

SQL = queries("telemetry")
MAXIMUM_BUCKETS = 100_000
SHORT = timedelta(minutes=15)
"""A series this short is read together with others, because it does not delay them."""


FORGETTING = ("forget_polls", "forget_hours", "forget_bank_hours", "forget_days")
KEYS = {
    "system_hourly_energy": "system_id",
    "system_daily_summary": "system_id",
    "battery_bank_hourly": "device_id",
}


class PostgresTelemetryStore:
    """``TelemetryStore``."""

    def __init__(self, *, pool: Pool, reads: ReadsTogether, notes: NotesTogether) -> None:
        self._pool, self._reads, self._notes = pool, reads, notes

    async def append(self, samples: Sequence[Sample]) -> int:
        """Insert, all or none; duplicates are ignored."""
        kinds = [(kind, [s for s in samples if isinstance(s, kind.cls)]) for kind in KINDS]
        statements = [statement for kind, own in kinds if own for statement in _taking(kind, own)]
        if len(statements) == 1:
            return _new(await row(self._pool, *statements[0]))
        new = 0
        async with connected(self._pool) as connection:
            for query, values in statements:
                cursor = await connection.execute(query, values)
                new += _new(await cursor.fetchone()) if cursor.description else 0
        return new

    async def latest(self, system_id: UUID, *, until: datetime) -> Sequence[Latest]:
        """Newest value per device and metric of the last 24 h, with the start of its run."""
        return await newest(self._pool, self._reads, system_id, until=until)

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
        """Raw points, or means of buckets; powers of several devices are summed."""
        kinds, name = resolve_metric(metric, any_kind=device_id is not None)
        points: dict[datetime, dict[UUID, float]] = _empty(start, end, step_s)
        values = {
            "system_id": system_id,
            "start": start,
            "end": end,
            "device_id": device_id,
            "step": None if step_s is None else timedelta(seconds=step_s),
        }
        for kind in kinds:
            query = SQL["series"] if step_s is None else SQL["series_means"]
            statement = built(query, metric=name, table=kind.table, devices=kind.devices)
            short = end - start <= SHORT
            reading = (
                self._reads.rows(statement, values)
                if short
                else rows(self._pool, statement, values)
            )
            for stored_row in await reading:
                points.setdefault(stored_row["at"], {})[stored_row["device_id"]] = float(
                    stored_row["value"]
                )
        return [Point(at=at, value=_joined(name, points[at].values())) for at in sorted(points)]

    async def at_or_before(self, device_id: UUID, metric: str, at: datetime) -> Point | None:
        """The newest point of a device's metric at or before ``at``."""
        kinds, name = resolve_metric(metric, any_kind=True)
        points = []
        for kind in kinds:
            query = built(SQL["at_or_before"], metric=name, table=kind.table)
            stored_row = await row(self._pool, query, {"device_id": device_id, "at": at})
            if stored_row is not None:
                points.append(Point(at=stored_row["at"], value=float(stored_row["value"])))
        return max(points, key=lambda point: point.at, default=None)

    async def load_powers_at(
        self, system_id: UUID, at: datetime, *, within_s: float
    ) -> Mapping[UUID, float]:
        """Power of each controlled load at ``at``, W."""
        oldest = at - timedelta(seconds=within_s)
        values = {"system_id": system_id, "at": at, "oldest": oldest}
        stored_rows = await self._reads.rows(SQL["load_powers_at"], values)
        return {stored_row["device_id"]: float(stored_row["value"]) for stored_row in stored_rows}

    async def energy_rows(
        self, system_id: UUID, *, start: datetime, end: datetime
    ) -> Sequence[Sample]:
        """All raw samples over [start, end), by time."""
        values = {"system_id": system_id, "start": start, "end": end}
        samples: list[Sample] = []
        for kind in KINDS:
            query = built(
                SQL["samples"], columns=kind.columns, table=kind.table, devices=kind.devices
            )
            samples += [
                record(kind.cls, stored_row) for stored_row in await rows(self._pool, query, values)
            ]
        return sorted(samples, key=lambda sample: sample.at)

    async def save_rollup(self, table: str, rows: Sequence[RollupRow]) -> None:
        """Upsert; each row is stored as a JSON document."""
        key = _rollup_key(table)
        columns = ["device_id", "system_id"] if key == "device_id" else ["system_id"]
        stored = [*columns, "start_at", "document"]
        query = built(SQL["save_rollup"], table=table, columns=stored, key=key)
        async with connected(self._pool) as connection:
            for given_row in rows:
                document = {name: _plain(value) for name, value in given_row.items()}
                given = {name: given_row[name] for name in [*columns, "start_at"]}
                await connection.execute(query, {**given, "document": Jsonb(document)})

    async def rollup(
        self, table: str, system_id: UUID, *, start: datetime, end: datetime
    ) -> Sequence[RollupRow]:
        """Rows over [start, end), by time."""
        key = _rollup_key(table)
        query = built(SQL["rollup"], table=table, key=key)
        stored_rows = await rows(
            self._pool, query, {"system_id": system_id, "start": start, "end": end}
        )
        return [
            {
                **stored_row["document"],
                **{name: value for name, value in stored_row.items() if name != "document"},
            }
            for stored_row in stored_rows
        ]

    async def record_poll(
        self,
        adapter_id: UUID,
        *,
        at: datetime,
        error: str | None,
        ms: float,
        caution: str | None = None,
    ) -> None:
        """Record one poll."""
        values = {"adapter_id": adapter_id, "at": at, "error": error, "ms": ms, "caution": caution}
        await self._notes.rows(SQL["record_poll"], values)

    async def poll_health(self, system_id: UUID, *, now: datetime) -> Sequence[PollHealth]:
        """The health of polling of each adapter."""
        values = {"system_id": system_id, "now": now}
        stored_rows = await rows(self._pool, SQL["poll_health"], values)
        return [record(PollHealth, stored_row) for stored_row in stored_rows]

    async def apply_retention(self, *, now: datetime, raw_hours: float) -> int:
        """Make the coming days' partitions, drop days wholly older than ``raw_hours``.

        Rollups are kept 400 days by the hour and 730 days by the day.
        """
        oldest = now.astimezone(UTC) - timedelta(hours=raw_hours)
        dropped = 0
        async with connected(self._pool) as connection:
            await connection.execute(SQL["lock_partitions"])
            for kind in KINDS:
                await make_days(connection, kind, now)
            await connection.execute(SQL["forget_future"], {"now": now})
            if await is_confirmed(connection, oldest, now):
                for kind in KINDS:
                    dropped += await drop_days(connection, kind, oldest)
                for statement in FORGETTING:
                    await connection.execute(SQL[statement], {"now": now})
        return dropped


TAKING = {
    kind.name: built(
        SQL["take_samples"], table=kind.table, columns=kind.columns, metrics=kind.metrics
    )
    for kind in KINDS
}
"""The statement that stores samples, by their kind."""


def resolve_metric(metric: str, *, any_kind: bool) -> tuple[list[Kind], str]:
    """Kinds of sample and column that ``metric`` means; ``load.power_w`` names its kind.

    Raises:
        Invalid: No sample has such a metric.
    """
    prefix, _, name = metric.rpartition(".")
    kinds = [kind for kind in KINDS if prefix in {"", kind.name} and name in kind.metrics]
    if not kinds:
        raise Invalid([("metric", f"no sample has a metric {metric!r}")])
    return (kinds if any_kind else kinds[:1]), name


def _taking(kind: Kind, samples: Sequence[Sample]) -> list[tuple[LiteralString, dict[str, Jsonb]]]:
    """The statements that store samples of one kind."""
    columns = kind.columns
    documents = [{name: _column(getattr(s, name)) for name in columns} for s in samples]
    values = {"samples": Jsonb(documents)}
    taking = [(TAKING[kind.name], values)]
    if any(sample.suspect for sample in samples):
        taking.append((built(SQL["note_suspicions"], table=kind.table), values))
    return taking


def _new(stored_row: DictRow | None) -> int:
    return 0 if stored_row is None else int(stored_row["new"])


def _column(value: object) -> object:
    """As JSON; a number that is not finite counts as missing."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return _plain(value)


def _empty(
    start: datetime, end: datetime, step_s: float | None
) -> dict[datetime, dict[UUID, float]]:
    if step_s is None:
        return defaultdict(dict)
    seconds = max((end - start).total_seconds(), 0.0)
    if step_s <= 0 or seconds / step_s > MAXIMUM_BUCKETS:
        raise Invalid([("step_s", f"must give 1 to {MAXIMUM_BUCKETS} points, got {step_s} s")])
    count = math.ceil(seconds / step_s)
    return {start + timedelta(seconds=i * step_s): {} for i in range(count)}


def _joined(metric: str, values: Iterable[float]) -> float | None:
    numbers = list(values)
    if not numbers:
        return None
    return math.fsum(numbers) if metric.endswith("_w") else fmean(numbers)


def _rollup_key(table: str) -> str:
    if table not in KEYS:
        raise Invalid([("table", f"no rollup table {table!r}")])
    return KEYS[table]


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return value
