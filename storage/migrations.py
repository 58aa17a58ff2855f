"""Runs the SQL files of ``migrations/``: in order, each in a transaction, one process at a time."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from services.errors import Invalid, Unavailable
from services.records import Json

FOLDER = Path(__file__).resolve().parents[1] / "migrations"
LOCK = 0x434D4443
T = TypeVar("T")


async def migrate(dsn: str, *, to: int | None = None) -> list[str]:
    """Apply what is open, up to number ``to``; returns the names.

    Raises:
        Invalid: There is no migration number ``to``.
        Unavailable: The database does not answer.
    """

    def run(backend: Any) -> list[str]:  # noqa: ANN401 - yoyo has no types
        wanted = _read()
        if to is not None and to not in {_number(each.id) for each in wanted}:
            raise Invalid([("--to", f"no migration {to}; there are 1 to {len(wanted)}")])
        chosen = wanted.filter(lambda each: to is None or _number(each.id) <= to)
        open_ones = backend.to_apply(chosen)
        backend.apply_migrations(open_ones)
        return [each.id for each in open_ones]

    return await _locked(dsn, run)


async def rollback(dsn: str) -> list[str]:
    """Undo the last one; returns its name, nothing when none is applied."""

    def run(backend: Any) -> list[str]:  # noqa: ANN401 - yoyo has no types
        last = backend.to_rollback(_read())[:1]
        backend.rollback_migrations(last)
        return [each.id for each in last]

    return await _locked(dsn, run)


async def dry_run(dsn: str) -> list[str]:
    """Names of what ``migrate`` would apply."""
    return await _locked(dsn, lambda backend: [each.id for each in backend.to_apply(_read())])


async def status(dsn: str) -> list[Json]:
    """``{name, applied}`` of every migration in order."""

    def run(backend: Any) -> list[Json]:  # noqa: ANN401 - yoyo has no types
        wanted = _read()
        open_ones = {each.id for each in backend.to_apply(wanted)}
        return [{"name": each.id, "applied": each.id not in open_ones} for each in wanted]

    return await _locked(dsn, run)


def _number(name: str) -> int:
    return int(name.split("_", 1)[0])


def _read() -> Any:  # noqa: ANN401 - yoyo has no types
    import yoyo  # noqa: PLC0415 - only what migrates pays for it

    return yoyo.read_migrations(str(FOLDER))


async def _locked(dsn: str, run: Callable[[Any], T]) -> T:
    return await asyncio.to_thread(_locked_here, dsn, run)


def _locked_here(dsn: str, run: Callable[[Any], T]) -> T:
    import yoyo  # noqa: PLC0415 - only what migrates pays for it

    try:
        with _exclusive(dsn), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            backend = yoyo.get_backend(_address(dsn))
            try:
                return run(backend)
            finally:
                backend.connection.close()
    except psycopg.OperationalError as error:
        raise Unavailable(
            what="The database",
            detail=str(error).strip(),
            advice="Check DATABASE_URL and that the server runs.",
        ) from None


@contextmanager
def _exclusive(dsn: str) -> Iterator[None]:
    with psycopg.connect(dsn, autocommit=True, connect_timeout=5) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        try:
            yield
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))


def _address(dsn: str) -> str:
    return dsn.replace("postgresql://", "postgresql+psycopg://", 1).replace(
        "postgres://", "postgresql+psycopg://", 1
    )
