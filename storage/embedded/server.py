"""The embedded database: one data folder, owned by one process, and no server left behind."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import time
from pathlib import Path
from typing import IO

import structlog

from services.errors import Conflict, Unavailable
from storage.embedded.cluster import Cluster

WATCH_S = 0.5
RESTART_S = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses before restarts of a server that died by itself, s; the last one is repeated."""
LOCK_TRIES, LOCK_PAUSE_S = 10, 0.05
"""``running_dsn`` takes the lock for a moment without being an owner, so taking it is retried."""

log = structlog.get_logger(__name__)


class EmbeddedPostgres:
    """PostgreSQL under ``home``/postgres, started and stopped with its owner.

    The process that holds the lock file owns the folder. The server ends with its owner, even after
    kill −9 (``supervise.sh``); a server that dies by itself is restarted at the same address.
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        """Nothing is touched before ``start``. ``durable`` False is for tests: no fsync."""
        self._home = home
        self._cluster = Cluster(home / "postgres", durable=durable)
        self._lock: IO[str] | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Start the server; returns the address (dsn) of its database.

        Raises:
            Conflict: Another process owns the folder.
            Unavailable: The server can't be started; the sentence says why and what to do.
        """
        self._lock = await asyncio.to_thread(_take_lock, self._home)
        try:
            await asyncio.to_thread(self._cluster.start)
            _tell_address(self._lock, self._cluster.dsn)
        except BaseException:
            await self.stop()
            raise
        self._watch = asyncio.create_task(self._keep_running(), name="embedded-postgres")
        return self._cluster.dsn

    async def stop(self) -> None:
        """Stop the server and release the folder; safe to call twice."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
        await asyncio.to_thread(self._cluster.stop)
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.truncate(0)
            lock.close()

    async def _keep_running(self) -> None:
        failures = 0
        while True:
            await asyncio.sleep(WATCH_S)
            if self._cluster.is_running:
                failures = 0
                continue
            await asyncio.sleep(RESTART_S[min(failures, len(RESTART_S) - 1)])
            log.warning("embedded_postgres_died", folder=str(self._cluster.folder), tries=failures)
            failures += 1
            try:
                await asyncio.to_thread(self._cluster.start)
            except Unavailable as problem:
                log.warning("embedded_postgres_restart_failed", detail=str(problem))


def running_dsn(home: Path) -> str | None:
    """The address of the database that another process runs in ``home``; None when none does."""
    try:
        with _lock_file(home).open("r+") as file:
            if _locked(file):
                return None
            dsn = _owner(file).get("dsn")
            return dsn if isinstance(dsn, str) else None
    except OSError:
        return None


def _lock_file(home: Path) -> Path:
    return home / "postgres.lock"


def _take_lock(home: Path) -> IO[str]:
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(_lock_file(home), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise Unavailable(
            what=f"The data folder {home}",
            detail=str(problem),
            advice="Make it writable for this user, or set COMMANDCENTER_HOME to another folder.",
        ) from problem
    file = os.fdopen(descriptor, "r+")
    for _ in range(LOCK_TRIES):
        if _locked(file):
            _write(file, {"pid": os.getpid()})
            return file
        time.sleep(LOCK_PAUSE_S)  # noqa: TID251 - in a thread of its own, never on the event loop
    pid = _owner(file).get("pid", "unknown")
    file.close()
    raise Conflict(
        f"The data folder {home} is in use by process {pid}: stop it first, or set "
        "COMMANDCENTER_HOME to another folder."
    )


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _tell_address(file: IO[str], dsn: str) -> None:
    _write(file, {"pid": os.getpid(), "dsn": dsn})


def _write(file: IO[str], content: dict[str, object]) -> None:
    file.seek(0)
    file.truncate(0)
    file.write(json.dumps(content))
    file.flush()


def _owner(file: IO[str]) -> dict[str, object]:
    file.seek(0)
    try:
        content = json.loads(file.read())
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
