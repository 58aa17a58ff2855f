"""Processes that are started at once on an empty database: one puts the first rows in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from commandcenter.settings import Settings
from commandcenter.wiring.accounts import open_accounts
from services.accounts.records import User
from services.errors import Unavailable
from storage.schema.first_rows import first_rows
from storage.stores.accounts import PostgresAccountStore

AT_ONCE = 6


async def test_all_of_them_start_and_there_is_one_admin(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"DATABASE_URL": database, "COMMANDCENTER_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    users = PostgresAccountStore.users

    async def slowly(store: PostgresAccountStore) -> Sequence[User]:
        """What was read is old by the time somebody acts on it."""
        read = await users(store)
        await asyncio.sleep(0.3)
        return read

    monkeypatch.setattr(PostgresAccountStore, "users", slowly)

    async def started() -> int:
        async with open_accounts(settings) as accounts:
            return len(await accounts.users())

    assert await asyncio.gather(*(started() for _ in range(AT_ONCE))) == [1] * AT_ONCE


async def test_whoever_waits_for_too_long_says_so(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.schema.first_rows.WAIT_S", 0.2)
    async with first_rows(database):
        with pytest.raises(Unavailable, match="lock timeout"):
            async with first_rows(database):
                pytest.fail("two at once")


async def test_without_a_server_it_says_so(database: str) -> None:
    elsewhere = psycopg.conninfo.make_conninfo(database, port=1, host="127.0.0.1")
    with pytest.raises(Unavailable):
        async with first_rows(elsewhere):
            pytest.fail("nobody is there")
