"""yoyo's PostgreSQL backend, changed to survive a crash and to make no look-ups on the network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.migrations import default_migration_table

from storage.connection.queries import queries

SQL = queries("server")


class Backend(PostgresqlPsycopgBackend):
    """Differs from its parent in four ways.

    It takes any libpq address (yoyo's own parser knows few of them). A migration and the note that
    it was applied are one transaction. Its lock is ours: yoyo's is a row that stays after a crash.
    Its log asks neither the name service for the host nor the system for the user.
    """

    def __init__(self, dsn: str, migration_table: str = default_migration_table) -> None:
        super().__init__(dsn, migration_table)

    def connect(self, dsn: str) -> psycopg.Connection:
        """A connection in autocommit mode, because yoyo sends BEGIN and COMMIT itself."""
        return psycopg.connect(dsn, autocommit=True, connect_timeout=5)

    def list_tables(self, **_: Any) -> list[str]:
        """Tables of the current schema."""
        return [table[0] for table in self.execute(SQL["tables"]).fetchall()]

    @contextmanager
    def lock(self, timeout: float = 10) -> Iterator[None]:
        """Does nothing, because callers hold our advisory lock."""
        del timeout
        yield

    def apply_one(self, migration: Any, force: bool = False, mark: bool = True) -> None:  # noqa: ANN401, FBT001, FBT002 - yoyo's signature
        """Apply a migration and record it, in one transaction."""
        self.ensure_internal_schema_updated()
        with self.transaction():
            migration.process_steps(self, "apply", force=force)
            self.log_migration(migration, "apply")
            if mark:
                self.mark_one(migration, log=False)

    def rollback_one(self, migration: Any, force: bool = False) -> None:  # noqa: ANN401, FBT001, FBT002 - yoyo's signature
        """Undo a migration and remove its record, in one transaction."""
        self.ensure_internal_schema_updated()
        with self.transaction():
            migration.process_steps(self, "rollback", force=force)
            self.log_migration(migration, "rollback")
            self.unmark_one(migration, log=False)

    def get_log_data(self, migration: Any = None, operation: str = "apply") -> dict[str, Any]:  # noqa: ANN401 - yoyo's signature
        """A row of yoyo's log."""
        return {
            "id": str(uuid4()),
            "migration_id": None if migration is None else migration.id,
            "migration_hash": None if migration is None else migration.hash,
            "username": None,
            "hostname": None,
            "created_at_utc": datetime.now(UTC).replace(tzinfo=None),  # noqa: TID251 - yoyo's own log, no site's time
            "operation": operation,
        }
