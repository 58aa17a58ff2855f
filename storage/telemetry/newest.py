"""The newest value per device and metric, with the time since which it has not changed.

The table ``newest_values`` is updated by every append and read by every cycle. A query for a time
before the newest sample searches the samples instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import DictRow

from energy.site.snapshot import Link
from services.telemetry.records import Latest
from storage.connection.builder import built, united
from storage.connection.pool import Pool, rows
from storage.connection.queries import queries
from storage.connection.together import ReadsTogether
from storage.telemetry.sample_tables import KINDS

SQL = queries("telemetry")

LATEST = timedelta(hours=24)
"""Older values are not returned."""


async def newest(
    pool: Pool, reads: ReadsTogether, system_id: UUID, *, until: datetime
) -> Sequence[Latest]:
    """Newest value per device and metric of the 24 h before ``until``."""
    values = {"system_id": system_id, "until": until, "oldest": until - LATEST}
    stored_rows = await reads.rows(SQL["newest"], values)
    if any(stored_row["measured_at"] > until for stored_row in stored_rows):
        stored_rows = await rows(pool, SEARCH_SQL, values)
    return [_latest(stored_row) for stored_row in stored_rows]


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


SEARCH_SQL = united(
    [
        built(SQL["search_newest"], metric=metric, table=kind.table, kind=kind.name)
        for kind in KINDS
        for metric in kind.metrics
    ]
)
