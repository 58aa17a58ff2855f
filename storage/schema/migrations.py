"""Runs the SQL files of ``migrations/``: in order, each in a transaction, one process at a time."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypedDict, TypeVar, cast

import psycopg

from services.errors import Invalid, Unavailable
from storage.connection.queries import queries

FOLDER = Path(__file__).resolve().parents[2] / "migrations"
SQL = queries("server")
LOCK = 0x434D4443
WAIT_S = 60
OLDEST_SERVER = 150_000
T = TypeVar("T")


class Migration(Protocol):
    """One migration of yoyo, which has no types of its own."""

    id: str


class Migrations(Protocol):
    """Migrations of yoyo in their order."""

    def __iter__(self) -> Iterator[Migration]: ...
    def __getitem__(self, index: int) -> Migration: ...
    def filter(self, keep: Callable[[Migration], bool], /) -> Migrations:
        """The migrations for which ``keep`` is true."""
        ...


class MigrationBackend(Protocol):
    """The part of yoyo's backend that is used."""

    def to_apply(self, migrations: Migrations, /) -> Migrations:
        """The migrations that are not applied yet."""
        ...

    def to_rollback(self, migrations: Migrations, /) -> Sequence[Migration]:
        """The applied migrations, last first."""
        ...

    def apply_migrations(self, migrations: Migrations, /) -> None:
        """Apply these migrations."""
        ...

    def rollback_migrations(self, migrations: Sequence[Migration], /) -> None:
        """Undo these migrations."""
        ...


class MigrationStatus(TypedDict):
    """Whether a migration is applied."""

    name: str
    applied: bool


async def migrate(dsn: str, *, to: int | None = None) -> list[str]:
    """Apply open migrations, up to number ``to``; returns their names.

    Raises:
        Invalid: There is no migration number ``to``.
        Unavailable: The database does not answer.
    """

    def run(backend: MigrationBackend) -> list[str]:
        wanted = _read()
        if to is not None and to not in {_number(migration.id) for migration in wanted}:
            last = _number(wanted[-1].id)
            raise Invalid([("--to", f"no migration {to}; the last is {last}")])
        chosen = wanted.filter(lambda migration: to is None or _number(migration.id) <= to)
        open_ones = backend.to_apply(chosen)
        backend.apply_migrations(open_ones)
        return [migration.id for migration in open_ones]

    return await _locked(dsn, run)


async def rollback(dsn: str, *, steps: int = 1) -> list[str]:
    """Undo the last ``steps``; returns their names, nothing when none is applied.

    Raises:
        Unavailable: The database does not answer.
    """

    def run(backend: MigrationBackend) -> list[str]:
        last = backend.to_rollback(_read())[:steps]
        backend.rollback_migrations(last)
        return [migration.id for migration in last]

    return await _locked(dsn, run)


async def dry_run(dsn: str) -> list[str]:
    """Names of the migrations that ``migrate`` would apply."""
    return await _locked(
        dsn, lambda backend: [migration.id for migration in backend.to_apply(_read())]
    )


async def status(dsn: str) -> list[MigrationStatus]:
    """Every migration in order."""

    def run(backend: MigrationBackend) -> list[MigrationStatus]:
        wanted = _read()
        open_ones = {migration.id for migration in backend.to_apply(wanted)}
        return [
            {"name": migration.id, "applied": migration.id not in open_ones} for migration in wanted
        ]

    return await _locked(dsn, run)


def _number(name: str) -> int:
    return int(name.split("_", 1)[0])


def _read() -> Migrations:
    import yoyo  # noqa: PLC0415 - only what migrates pays for it

    return cast("Migrations", yoyo.read_migrations(str(FOLDER)))


async def _locked(dsn: str, run: Callable[[MigrationBackend], T]) -> T:
    return await asyncio.to_thread(_locked_here, dsn, run)


def _locked_here(dsn: str, run: Callable[[MigrationBackend], T]) -> T:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from storage.schema.migration_backend import Backend  # noqa: PLC0415 - only what migrates pays

        try:
            with _exclusive(dsn), Backend(dsn) as backend:
                return run(backend)
        except psycopg.OperationalError as error:
            raise _away(
                str(error).strip(), "Check DATABASE_URL and that the server runs."
            ) from None
        except psycopg.Error as error:
            advice = "Nothing of this step was applied. Check the rights of the database's user."
            raise _away(f"a migration failed: {str(error).strip()}", advice) from error


@contextmanager
def _exclusive(dsn: str) -> Iterator[None]:
    """Let one process migrate at a time. The lock ends with the connection, so a crash leaves
    none.
    """
    with psycopg.connect(dsn, autocommit=True, connect_timeout=5) as connection:
        if connection.info.server_version < OLDEST_SERVER:
            version = connection.info.parameter_status("server_version")
            raise _away(f"it is PostgreSQL {version}", "PostgreSQL 15 or newer is needed.")
        connection.execute(SQL["wait_at_most"], {"wait": f"{WAIT_S}s"})
        connection.execute(SQL["lock_schema"], {"lock": LOCK})
        yield


def _away(detail: str, advice: str) -> Unavailable:
    return Unavailable(what="The database", detail=detail, advice=advice)
