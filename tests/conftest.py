"""A database for every test that asks: one server per session, one migrated template, cloned."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import structlog

from storage.connection.pool import Pool, open_pool
from storage.embedded.cluster import Cluster
from storage.schema import migrations

TEMPLATE = "template_migrated"
_numbers = itertools.count()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of whole programs and weeks go first: at the end one worker would wait for them."""
    items.sort(
        key=lambda item: not (item.get_closest_marker("process") or "scenario" in item.nodeid)
    )


@pytest.fixture(scope="session", autouse=True)
def plain_traces() -> None:
    """Errors are logged as the program does: with all their variables one would take seconds."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=False),
        ]
    )


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A server of our own. Not below ``tmp_path``: pytest shuts other users out of that."""
    folder = Path(tempfile.mkdtemp(prefix="commandcenter-tests-"))
    cluster = Cluster(folder / "postgres", durable=False)
    cluster.start()
    yield cluster
    cluster.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(postgres: Cluster) -> str:
    """Name of a database with every migration applied."""
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(migrations.migrate(dsn_of(postgres, TEMPLATE)))).result()
    return TEMPLATE


@pytest.fixture
def empty_database(postgres: Cluster) -> Iterator[str]:
    """The dsn of a database without any table."""
    with fresh_database(postgres, "template1") as dsn:
        yield dsn


@pytest.fixture(scope="session")
def shared(postgres: Cluster, template: str) -> Iterator[str]:
    with fresh_database(postgres, template) as dsn:
        yield dsn


@pytest.fixture
def emptied_database(shared: str) -> Iterator[str]:
    """The dsn of one migrated database for all, emptied after each test: ten times faster."""
    yield shared
    with psycopg.connect(shared, autocommit=True) as connection:
        connection.execute("DELETE FROM systems")
        connection.execute("DELETE FROM newest_values")
        connection.execute("DELETE FROM users")


@pytest.fixture
def database(postgres: Cluster, template: str) -> Iterator[str]:
    """The dsn of a migrated database that nobody else uses."""
    with fresh_database(postgres, template) as dsn:
        yield dsn


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    """An open pool on ``database``."""
    async with open_pool(database, max_size=4) as opened:
        yield opened


@contextmanager
def fresh_database(cluster: Cluster, template: str) -> Iterator[str]:
    """A clone of ``template`` while the block runs."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    try:
        yield dsn_of(cluster, name)
    finally:
        with psycopg.connect(cluster.dsn, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


def dsn_of(cluster: Cluster, name: str) -> str:
    """The same server, another database."""
    return cluster.dsn.replace("/commandcenter?", f"/{name}?", 1)
