"""The newest value per device and metric, with the start of its run.

``newest_values`` is continued by every append and read by every cycle. A question about an earlier
instant than the newest sample is answered from the samples themselves. Statements are put together
from the names of ``KINDS``, never from input.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from psycopg.rows import DictRow

from energy.site.snapshot import Link
from services.telemetry.records import Latest
from storage.connection.pool import Connection, Pool, connected
from storage.telemetry.sample_tables import KINDS, Kind, believed, number

LATEST = timedelta(hours=24)
"""What is older is no newest value any more."""


async def newest(pool: Pool, system_id: UUID, *, until: datetime) -> Sequence[Latest]:
    """Newest value per device and metric of the 24 h before ``until``."""
    values = {"system_id": system_id, "until": until, "oldest": until - LATEST}
    async with connected(pool) as connection:
        found = await (await connection.execute(KEPT_SQL, values)).fetchall()
        if any(each["measured_at"] > until for each in found):
            found = await (await connection.execute(SEARCH_SQL, values)).fetchall()
    return [_latest(each) for each in found]


async def continue_newest(connection: Connection, kind: Kind, draft: str) -> None:
    """Continue the newest values with the samples in the table ``draft``.

    Samples that are not newer than what is known (late ones, repeated ones) change nothing.
    """
    await connection.execute(_continue_sql(kind, draft))


async def note_suspicions(connection: Connection, draft: str) -> None:
    """Note beside the newest values why the newer ones of ``draft`` are not believed."""
    await connection.execute(_suspicions_sql(draft))


def _latest(row: DictRow) -> Latest:
    return Latest(
        device_id=row["device_id"],
        metric=row["metric"],
        value=float(row["value"]),
        measured_at=row["measured_at"],
        unchanged_since=row["unchanged_since"],
        source=row["source"],
        link=Link(row["link"]),
        changed=row["changed"],
        suspicion=row["suspicion"],
    )


def _kept_sql() -> LiteralString:
    devices = " UNION ALL ".join(kind.listed for kind in KINDS)
    return _text(
        "SELECT n.device_id, n.metric, n.value, n.measured_at, n.unchanged_since, n.changed,"  # noqa: S608 - our own names
        f" n.suspicion, d.source, d.link FROM ({devices}) d"
        " JOIN newest_values n ON n.device_id = d.id WHERE n.measured_at >= %(oldest)s"
    )


def _continue_sql(kind: Kind, draft: str) -> LiteralString:
    listed = ", ".join(
        f"('{name}', CASE WHEN {believed(name)} THEN {number(name)}::double precision END)"
        for name in kind.metrics
    )
    return _text(
        f"""
        WITH fresh AS (
            SELECT i.device_id, m.metric, m.value, i.at, n.value AS before, n.unchanged_since,
                coalesce(n.changed, false) AS changed
            FROM {draft} i
            CROSS JOIN LATERAL (VALUES {listed}) m (metric, value)
            LEFT JOIN newest_values n ON n.device_id = i.device_id AND n.metric = m.metric
            WHERE m.value IS NOT NULL AND (n.measured_at IS NULL OR i.at > n.measured_at)
        ), compared AS (
            SELECT *, lag(value, 1, before) OVER (
                PARTITION BY device_id, metric ORDER BY at) AS earlier
            FROM fresh
        ), runs AS (
            SELECT device_id, metric, value, at,
                coalesce(
                    max(at) FILTER (WHERE value IS DISTINCT FROM earlier) OVER every,
                    unchanged_since) AS unchanged_since,
                changed OR coalesce(bool_or(value <> earlier) OVER every, false) AS changed,
                row_number() OVER (PARTITION BY device_id, metric ORDER BY at DESC) AS place
            FROM compared WINDOW every AS (PARTITION BY device_id, metric)
        )
        INSERT INTO newest_values
            (device_id, metric, value, measured_at, unchanged_since, changed)
        SELECT device_id, metric, value, at, unchanged_since, changed FROM runs WHERE place = 1
        ORDER BY device_id, metric
        ON CONFLICT (device_id, metric) DO UPDATE SET value = excluded.value,
            measured_at = excluded.measured_at, unchanged_since = excluded.unchanged_since,
            changed = excluded.changed, suspicion = ''
        WHERE excluded.measured_at > newest_values.measured_at"""  # noqa: S608 - our own names
    )


def _suspicions_sql(draft: str) -> LiteralString:
    return _text(
        f"""
        UPDATE newest_values n SET suspicion = s.reason
        FROM (
            SELECT DISTINCT ON (i.device_id, e.key) i.device_id, e.key AS metric, i.at,
                e.value AS reason
            FROM {draft} i CROSS JOIN LATERAL jsonb_each_text(i.suspect) e
            ORDER BY i.device_id, e.key, i.at DESC) s
        WHERE n.device_id = s.device_id AND n.metric = s.metric AND s.at > n.measured_at"""  # noqa: S608 - our own names
    )


def _search_sql() -> LiteralString:
    return _text(
        " UNION ALL ".join(_search_part(kind, metric) for kind in KINDS for metric in kind.metrics)
    )


def _search_part(kind: Kind, metric: str) -> str:
    return f"""
        SELECT d.id AS device_id, '{metric}' AS metric, n.value::double precision AS value,
            n.at AS measured_at, f.at AS unchanged_since, c.at IS NOT NULL AS changed,
            '' AS suspicion, d.source, d.link
        FROM ({kind.listed}) d
        CROSS JOIN LATERAL (
            SELECT at, {number(metric)} AS value, {metric} AS raw FROM {kind.table}
            WHERE device_id = d.id AND at <= %(until)s AND at >= %(oldest)s
                AND {believed(metric)}
            ORDER BY at DESC LIMIT 1) n
        LEFT JOIN LATERAL (
            SELECT at FROM {kind.table}
            WHERE device_id = d.id AND at < n.at AND at >= %(oldest)s
                AND {metric} <> n.raw AND {believed(metric)}
            ORDER BY at DESC LIMIT 1) c ON true
        CROSS JOIN LATERAL (
            SELECT at FROM {kind.table}
            WHERE device_id = d.id AND at <= n.at AND at >= %(oldest)s
                AND (c.at IS NULL OR at > c.at) AND {believed(metric)}
            ORDER BY at LIMIT 1) f"""  # noqa: S608 - our own names


def _text(statement: str) -> LiteralString:
    return statement


KEPT_SQL = _kept_sql()
SEARCH_SQL = _search_sql()
