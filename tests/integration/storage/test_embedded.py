"""The embedded server: crashes, owners, orphans, bad folders."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from services.errors import Conflict, Unavailable
from storage.connection.pool import open_pool, row
from storage.embedded.cluster import Cluster
from storage.embedded.server import EmbeddedPostgres, running_dsn
from tests.fakes.processes import children, kill, users
from tests.waiting import until

ROOT = Path(__file__).parents[3]
OWNER = """
import asyncio, sys
from pathlib import Path
import psycopg
from storage.embedded.server import EmbeddedPostgres

async def main():
    dsn = await EmbeddedPostgres(Path(sys.argv[1])).start()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS kept")
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    print("ready", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not below ``tmp_path``: pytest shuts other users out of that, and root serves as another."""
    made = Path(tempfile.mkdtemp(prefix="commandcenter-embedded-"))
    yield made
    kill(servers_of(made))
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def made_once() -> Iterator[Path]:
    """A home whose data folder is there already: making one takes a second."""
    made = Path(tempfile.mkdtemp(prefix="commandcenter-embedded-"))
    cluster = Cluster(made / "postgres", durable=False)
    cluster.start()
    cluster.stop()
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def home(made_once: Path) -> Iterator[Path]:
    yield made_once
    assert servers_of(made_once) == []


@contextlib.asynccontextmanager
async def running(home: Path) -> AsyncIterator[str]:
    server = EmbeddedPostgres(home, durable=False)
    dsn = await server.start()
    try:
        yield dsn
    finally:
        await server.stop()


def servers_of(folder: Path) -> list[psutil.Process]:
    """Every server process that works somewhere below ``folder``."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.name() == "postgres" and Path(process.cwd()).is_relative_to(folder):
                found.append(process)
    return found


def postmaster_of(home: Path) -> int:
    return int((home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])


def exists(path: Path) -> bool:
    return path.exists()


def own(home: Path, **options: object) -> subprocess.Popen[str]:
    """Another process that owns ``home``, in a process group of its own."""
    owner: subprocess.Popen[str] = subprocess.Popen(  # our own script
        [sys.executable, "-c", OWNER, str(home)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,  # type: ignore[call-overload]  # user and group
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "ready\n"
    return owner


def kept(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        found = connection.execute("SELECT count(*) FROM kept").fetchone()
    return 0 if found is None else int(found[0])


async def test_it_starts_on_an_empty_folder_and_again_with_what_was_stored(
    folder: Path,
) -> None:
    home = folder / "a new" / "home"
    async with running(home) as dsn:
        with psycopg.connect(dsn) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    assert servers_of(folder) == []
    async with running(home) as dsn:
        assert kept(dsn) == 1
    assert servers_of(folder) == []


async def test_stopping_twice_or_before_the_start_does_no_harm(home: Path) -> None:
    server = EmbeddedPostgres(home, durable=False)
    await server.stop()
    await server.start()
    await server.stop()
    await server.stop()
    assert servers_of(home) == []


async def test_kill_9_of_the_owners_group_leaves_no_orphan_and_loses_nothing(home: Path) -> None:
    with own(home) as owner:
        assert servers_of(home) != []
        os.killpg(owner.pid, signal.SIGKILL)
    await until(lambda: servers_of(home) == [])
    async with running(home) as dsn:
        assert kept(dsn) == 1


async def test_a_start_right_after_kill_9_waits_for_the_old_server(home: Path) -> None:
    with own(home) as owner:
        os.killpg(owner.pid, signal.SIGKILL)
    async with running(home) as dsn:
        assert kept(dsn) == 1


async def test_kill_9_of_everything_is_recovered_from(home: Path) -> None:
    with own(home) as owner:
        kill([*children(owner.pid), psutil.Process(owner.pid), *servers_of(home)])
    assert exists(home / "postgres" / "data" / "postmaster.pid")
    async with running(home) as dsn:
        assert kept(dsn) == 1


async def test_an_orphan_without_its_guards_is_stopped_by_the_next_owner(home: Path) -> None:
    with own(home) as owner:
        guards = children(owner.pid, {"sh", "dash", "bash"})
        assert guards != []
        kill([*guards, psutil.Process(owner.pid)])
    orphan = postmaster_of(home)
    assert psutil.pid_exists(orphan)
    async with running(home) as dsn:
        assert kept(dsn) == 1
        assert postmaster_of(home) != orphan
        assert not psutil.pid_exists(orphan)


async def test_a_server_that_dies_is_started_again_at_the_same_address(home: Path) -> None:
    async with running(home) as dsn, open_pool(dsn, max_size=2) as pool:
        assert await row(pool, "SELECT 1 AS n") == {"n": 1}
        first = postmaster_of(home)
        os.kill(first, signal.SIGKILL)

        async def answers() -> bool:
            try:
                return await row(pool, "SELECT 1 AS n") == {"n": 1}
            except Unavailable:
                return False

        async def replaced() -> bool:
            return await answers() and postmaster_of(home) != first

        await until(replaced)
    assert servers_of(home) == []


async def test_a_second_owner_is_refused_with_a_sentence(home: Path) -> None:
    async with running(home) as dsn:
        with pytest.raises(Conflict) as refused:
            await EmbeddedPostgres(home).start()
        assert str(refused.value) == (
            f"The data folder {home} is in use by process {os.getpid()}: stop it first, or set "
            "COMMANDCENTER_HOME to another folder."
        )
        with psycopg.connect(dsn) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


async def test_other_commands_find_the_running_database(home: Path) -> None:
    assert running_dsn(home) is None
    async with running(home) as dsn:
        assert running_dsn(home) == dsn
    assert running_dsn(home) is None
    assert running_dsn(home / "nowhere") is None


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"])  # noqa: S607  # any process
    yield process
    process.kill()
    process.wait()


async def test_a_pid_file_that_names_a_stranger_does_not_hinder(
    home: Path, stranger: subprocess.Popen[bytes]
) -> None:
    pid_file = home / "postgres" / "data" / "postmaster.pid"
    pid_file.write_text(f"{stranger.pid}\n{home}/postgres/data\n1\n5432\n{home}/postgres\n")
    async with running(home):
        assert stranger.poll() is None


@pytest.fixture
def deep_home(folder: Path, home: Path) -> Iterator[Path]:
    deep = folder / ("d" * 60) / ("e" * 60)
    deep.parent.mkdir()
    yield home.rename(deep)
    deep.rename(home)


async def test_a_path_too_long_for_a_socket_gets_one_elsewhere(deep_home: Path) -> None:
    async with running(deep_home) as dsn:
        socket_folder = Path(dsn.partition("host=")[2])
        assert not socket_folder.is_relative_to(deep_home)
        os.kill(postmaster_of(deep_home), signal.SIGKILL)
        pid_file = deep_home / "postgres" / "data" / "postmaster.pid"

        def again() -> bool:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(dsn).close()
                return pid_file.exists()
            return False

        await until(again)
    assert not exists(socket_folder)


@contextlib.contextmanager
def changed(path: Path, text: str) -> Iterator[None]:
    before = path.read_bytes()
    path.write_text(text)
    yield
    path.write_bytes(before)


async def test_a_broken_data_folder_is_named_and_left_alone(home: Path) -> None:
    with changed(home / "postgres" / "data" / "global" / "pg_control", "broken"):
        for _ in range(2):
            with pytest.raises(Unavailable) as refused:
                await EmbeddedPostgres(home).start()
            assert str(home / "postgres") in str(refused.value)
            assert "pg_control" in refused.value.detail
            assert "restore a backup" in refused.value.advice


async def test_a_data_folder_of_another_version_is_named(home: Path) -> None:
    version = home / "postgres" / "data" / "PG_VERSION"
    with changed(version, "12\n"), pytest.raises(Unavailable, match="12 is not installed"):
        await EmbeddedPostgres(home).start()


async def test_a_home_that_is_a_file_is_named(folder: Path) -> None:
    (folder / "home").write_text("not a folder")
    with pytest.raises(Unavailable, match="COMMANDCENTER_HOME") as refused:
        await EmbeddedPostgres(folder / "home").start()
    assert str(folder / "home") in str(refused.value)


def _nobody_can_run_it() -> bool:
    """Whether the interpreter and the project may be read by others (not so below /root)."""
    if os.geteuid() != 0:
        return False
    nobody = pwd.getpwnam("nobody")
    try:
        reached = subprocess.run(
            [sys.executable, "-c", "import storage.embedded.server, psycopg"],
            cwd="/",
            env={"PYTHONPATH": str(ROOT)},
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            capture_output=True,
            check=False,
        )
    except PermissionError:
        return False
    return reached.returncode == 0


@pytest.mark.skipif(not _nobody_can_run_it(), reason="needs root, and a project others may read")
async def test_it_runs_for_an_ordinary_user_too(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    home = folder / "home"
    with own(home, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[]) as owner:
        assert users(servers_of(home)) == {"nobody"}
        owner.kill()
    await until(lambda: servers_of(home) == [])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step down")
async def test_root_serves_as_somebody_without_rights(home: Path) -> None:
    async with running(home):
        assert "root" not in users(servers_of(home))
