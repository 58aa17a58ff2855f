"""Migrations up, down, twice, at once, interrupted; and what the schema promises."""

from __future__ import annotations

import asyncio
import socket

import psycopg
import pytest

from services.errors import Invalid, Unavailable
from storage.schema import migrations
from storage.schema.migrations import FOLDER

NAMES = sorted(path.stem for path in FOLDER.glob("*.sql") if ".rollback" not in path.name)
SCHEMA = """
SELECT 'column', table_name, column_name, data_type, is_nullable, column_default
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT 'index', tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), '', ''
FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'function', '', proname, prosrc, '', '' FROM pg_proc
WHERE pronamespace = 'public'::regnamespace
ORDER BY 1, 2, 3, 4
"""


def schema(dsn: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn) as connection:
        found = connection.execute(SCHEMA).fetchall()
    return [each for each in found if "yoyo" not in f"{each[1]}{each[2]}"]


async def test_every_migration_has_its_rollback_and_its_number() -> None:
    numbers = [int(name.split("_")[0]) for name in NAMES]
    assert len(set(numbers)) == len(numbers)
    assert all((FOLDER / f"{name}.rollback.sql").exists() for name in NAMES)


async def test_up_down_up_gives_the_same_schema(empty_database: str) -> None:
    assert schema(empty_database) == []
    assert await migrations.migrate(empty_database) == NAMES
    first = schema(empty_database)
    assert await migrations.rollback(empty_database, steps=len(NAMES)) == NAMES[::-1]
    assert schema(empty_database) == []
    assert await migrations.migrate(empty_database) == NAMES
    assert schema(empty_database) == first


async def test_each_step_down_and_up_again_gives_the_same_schema(database: str) -> None:
    for name in NAMES[::-1]:
        number = int(name[:4])
        before = schema(database)
        assert await migrations.rollback(database) == [name]
        assert await migrations.migrate(database, to=number) == [name]
        assert schema(database) == before
        await migrations.rollback(database)


async def test_migrating_again_changes_nothing(database: str) -> None:
    before = schema(database)
    assert await migrations.dry_run(database) == []
    assert await migrations.migrate(database) == []
    assert schema(database) == before


async def test_status_and_dry_run_tell_and_change_nothing(empty_database: str) -> None:
    assert await migrations.dry_run(empty_database) == NAMES
    assert await migrations.migrate(empty_database, to=2) == NAMES[:2]
    assert await migrations.status(empty_database) == [
        {"name": name, "applied": number < 2} for number, name in enumerate(NAMES)
    ]
    assert await migrations.dry_run(empty_database) == NAMES[2:]
    assert await migrations.rollback(empty_database) == [NAMES[1]]


async def test_there_is_no_migration_99(database: str) -> None:
    with pytest.raises(Invalid, match="99"):
        await migrations.migrate(database, to=99)


async def test_two_migrators_at_once_apply_everything_once(empty_database: str) -> None:
    ran = await asyncio.gather(*(migrations.migrate(empty_database) for _ in range(3)))
    assert sorted(ran, key=len) == [[], [], NAMES]


async def test_a_migrator_that_died_holds_nobody_up(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as dying:
        dying.execute("SELECT pg_advisory_lock(%s)", (migrations.LOCK,))
        waiting = asyncio.create_task(migrations.migrate(empty_database))
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        assert not done
        with psycopg.connect(empty_database, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (dying.info.backend_pid,))
        assert await waiting == NAMES


async def test_a_step_that_fails_leaves_nothing_of_itself(
    empty_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("migrations")
    (folder / "0001_good.sql").write_text("CREATE TABLE good (n int);")
    (folder / "0002_bad.sql").write_text("CREATE TABLE half (n int); SELECT 1 / 0;")
    monkeypatch.setattr(migrations, "FOLDER", folder)
    with pytest.raises(Unavailable, match="division by zero"):
        await migrations.migrate(empty_database)
    assert {each[1] for each in schema(empty_database)} == {"good"}
    assert await migrations.dry_run(empty_database) == ["0002_bad"]


async def test_nothing_is_looked_up_on_the_network(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("a name was looked up")

    for name in ("getfqdn", "gethostbyaddr", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    assert await migrations.migrate(empty_database) == NAMES


async def test_a_database_that_is_away_is_said_to_be(empty_database: str) -> None:
    nowhere = empty_database.partition("host=")[0] + "host=/nowhere"
    with pytest.raises(Unavailable, match="DATABASE_URL"):
        await migrations.migrate(nowhere)


async def test_times_carry_a_zone_and_only_configured_voltages_are_numeric(database: str) -> None:
    with psycopg.connect(database) as connection:
        found = connection.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name NOT LIKE '%yoyo%'"
        ).fetchall()
    kinds = {data_type for _, _, data_type in found}
    assert kinds <= {
        "bigint",
        "boolean",
        "bytea",
        "double precision",
        "integer",
        "jsonb",
        "numeric",
        "text",
        "timestamp with time zone",
        "uuid",
    }
    numeric = {column for _, column, data_type in found if data_type == "numeric"}
    assert all("volt" in c or "battery_" in c for c in numeric)
