"""One PostgreSQL data folder: made, served, stopped. Blocking; ``embedded`` owns it for async."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psutil

from services.errors import Unavailable
from storage.embedded.binaries import (
    NEWEST,
    RunAs,
    open_programs,
    open_way,
    program_folder,
    server_user,
)

USER = "commandcenter"
DATABASE = "commandcenter"
SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 100
"""A socket's path may have 104 (macOS) to 108 (Linux) bytes; PostgreSQL adds ``.lock``."""
START_S = 60.0
STOP_S = 6.0
LOG_LIMIT_BYTES = 5_000_000
SUPERVISE = Path(__file__).with_name("supervise.sh")
FULL = ("no space left", "disk quota", "wrote only")
RIGHTS = ("permission denied", "not permitted", "read-only file system")
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "work_mem": "4MB",
    "maintenance_work_mem": "32MB",
    "effective_cache_size": "256MB",
    "huge_pages": "off",
    "max_worker_processes": "2",
    "max_parallel_workers": "0",
    "max_parallel_workers_per_gather": "0",
    "autovacuum_max_workers": "1",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "min_wal_size": "32MB",
    "max_wal_size": "256MB",
    "max_locks_per_transaction": "256",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "idle_in_transaction_session_timeout": "60s",
    "client_connection_check_interval": "10s",
}
NOT_DURABLE: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}
"""For tests only: data may be lost when the machine crashes."""


class Cluster:
    """A data folder below ``folder`` with its socket and log."""

    def __init__(
        self, folder: Path, *, durable: bool = True, settings: Mapping[str, str] | None = None
    ) -> None:
        """No file is touched before ``start``; ``settings`` override ``SETTINGS``."""
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "postgres.log"
        self.socket_folder = folder
        self._spare_socket_folder: Path | None = None
        self._durable = durable
        self._settings = {**SETTINGS, **({} if settings is None else settings)}
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        """The database over the socket."""
        return f"postgresql://{USER}@/{DATABASE}?host={quote(str(self.socket_folder))}"

    @property
    def is_running(self) -> bool:
        """Whether the server that we started still runs."""
        return self._server is not None and self._server.poll() is None

    def start(self) -> None:
        """Create the data folder if there is none, clean up after a crash, and start the server.

        Raises:
            Unavailable: The server can't be started; the sentence says why and what to do.
        """
        self._forget_dead()
        try:
            user = self._prepare()
            if not (self.data / "PG_VERSION").exists():
                self._initialise(user)
            self._clear_leftovers()
            self._serve(user)
        except OSError as problem:
            raise _unavailable(self.folder, str(problem)) from problem

    def stop(self) -> None:
        """Shut down: clients are cut off at once, a checkpoint is written; killed if that takes too
        long.
        """
        server, self._server = self._server, None
        if server is not None:
            self._end(server)
        spare, self._spare_socket_folder = self._spare_socket_folder, None
        if spare is not None:
            shutil.rmtree(spare, ignore_errors=True)

    def _forget_dead(self) -> None:
        """Clean up after a server that died by itself."""
        server, self._server = self._server, None
        if server is not None:
            if server.stdin is not None:
                server.stdin.close()
            server.wait()

    def _end(self, server: subprocess.Popen[bytes]) -> None:
        """End the server by closing its pipe, as would happen if this process died."""
        if server.stdin is not None:
            with contextlib.suppress(OSError):
                server.stdin.close()
        try:
            server.wait(STOP_S)
        except subprocess.TimeoutExpired:
            _kill(self._processes())
            server.kill()
            server.wait()
        self._clear_leftovers()

    def _prepare(self) -> RunAs:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = self.folder.resolve()
        self.data, self.log = self.folder / "data", self.folder / "postgres.log"
        user = server_user(self.data)
        if user.switch:
            os.chown(self.folder, user.uid, user.gid)
            open_way(self.folder, user)
        self.folder.chmod(0o700)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.old"))
        return user

    def _initialise(self, user: RunAs) -> None:
        """Run initdb in a temporary folder and rename it, so that a crash leaves no partial data
        folder.
        """
        making = self.folder / "data.new"
        shutil.rmtree(making, ignore_errors=True)
        arguments = ["--auth=trust", f"--username={USER}", "--encoding=UTF8", "--no-instructions"]
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        sync = [] if self._durable else ["--no-sync"]
        self._run("initdb", [*arguments, *locale, *sync, f"--pgdata={making}"], user)
        create = ["--single", "-D", str(making), "postgres"]
        self._run("postgres", create, user, stdin=f"CREATE DATABASE {DATABASE};\n")
        making.rename(self.data)

    def _run(self, program: str, arguments: list[str], user: RunAs, *, stdin: str = "") -> None:
        folder = program_folder()
        _make_reachable(folder, user)
        done = subprocess.run(  # noqa: S603 - our own program with our own arguments
            [str(folder / program), *arguments],
            input=stdin.encode(),
            capture_output=True,
            check=False,
            cwd="/",
            env={"LC_ALL": "C", "TZ": "UTC"},
            user=user.uid if user.switch else None,
            group=user.gid if user.switch else None,
            extra_groups=[] if user.switch else None,
        )
        if done.returncode != 0:
            raise _unavailable(self.folder, _last_words(done.stderr.decode(errors="replace")))

    def _serve(self, user: RunAs) -> None:
        folder = program_folder(self._version())
        _make_reachable(folder, user)
        self._choose_socket_folder(user)
        settings = {**self._settings, "unix_socket_directories": str(self.socket_folder)}
        if self._version() >= 18:  # the first version that has this setting
            settings["io_method"] = "sync"
        if not self._durable:
            settings |= NOT_DURABLE
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        begin = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._server = subprocess.Popen(  # noqa: S603 - our own script and program
                [
                    "/bin/sh",
                    "-c",  # by its text: the other user may not be able to read our folder
                    SUPERVISE.read_text(encoding="utf-8"),
                    SUPERVISE.name,
                    str(folder / "postgres"),
                    "-D",
                    str(self.data),
                    *options,
                ],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd="/",
                env={"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"},
                start_new_session=True,
                user=user.uid if user.switch else None,
                group=user.gid if user.switch else None,
                extra_groups=[] if user.switch else None,
            )
        self._wait_until_ready(self._server, begin)

    def _wait_until_ready(self, server: subprocess.Popen[bytes], log_begin: int) -> None:
        deadline = time.monotonic() + START_S
        status_line = 7
        while time.monotonic() < deadline:
            if server.poll() is not None:
                words = self.log.read_bytes()[log_begin:].decode(errors="replace")
                self.stop()
                raise _unavailable(self.folder, _last_words(words))
            with contextlib.suppress(OSError):
                lines = (self.data / "postmaster.pid").read_text().splitlines()
                if len(lines) > status_line and lines[status_line].strip() == "ready":
                    return
            server_poll_s = 0.01
            _pause(server_poll_s)
        self.stop()
        raise _unavailable(self.folder, f"it was not ready within {START_S:g} s")

    def _version(self) -> int:
        text = (self.data / "PG_VERSION").read_text().strip()
        return int(text) if text.isdigit() else NEWEST

    def _choose_socket_folder(self, user: RunAs) -> None:
        """Put the socket beside the data, or in a temporary folder where that path is too long.

        The folder stays the same when the server is restarted, because clients have the address.
        """
        self.socket_folder = self.folder
        if len(os.fsencode(self.folder / SOCKET)) <= SOCKET_PATH_LIMIT:
            return
        if self._spare_socket_folder is None:
            self._spare_socket_folder = Path(tempfile.mkdtemp(prefix="commandcenter-"))
            if user.switch:
                os.chown(self._spare_socket_folder, user.uid, user.gid)
        self.socket_folder = self._spare_socket_folder

    def _clear_leftovers(self) -> None:
        """Stop a server that a crash left behind; drop its lock files.

        PostgreSQL trusts a lock file whose process id exists, which is wrong for a reused id
        and for a defunct process that was never reaped. The folder is locked by us, and a process
        that serves it has it as working directory.
        """
        socket = self.folder / SOCKET
        files = (self.data / "postmaster.pid", socket.with_name(f"{SOCKET}.lock"), socket)
        if not any(file.exists() for file in files):
            return
        left = self._processes()
        for process in left:
            with contextlib.suppress(psutil.Error):
                if process.ppid() not in {other.pid for other in left}:
                    process.send_signal(signal.SIGINT)
        _, still_running = psutil.wait_procs(left, timeout=STOP_S)
        _kill(still_running)
        if not self._processes():
            for file in files:
                file.unlink(missing_ok=True)

    def _processes(self) -> list[psutil.Process]:
        """All server processes of the data folder, known by their working directory."""
        ours = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.name().startswith("postgres") and Path(process.cwd()) == self.data:
                    ours.append(process)
        return ours


def _make_reachable(programs: Path, user: RunAs) -> None:
    open_way(programs, user)
    open_programs(programs, user)


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(processes, timeout=2)


def _pause(seconds: float) -> None:
    """Wait in a thread of our own (callers run this whole module off the event loop)."""
    time.sleep(seconds)  # noqa: TID251 - never on the event loop


def _last_words(text: str) -> str:
    """The most useful error line: a full disk or missing rights, else the last error, else the last
    line.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    marks = ("FATAL:", "PANIC:", "initdb: error:", "ERROR:")
    telling = [line for line in lines if any(mark in line for mark in marks)]
    causes = [line for line in telling if _says(line, FULL + RIGHTS)]
    last = (causes[:1] or telling[-1:] or lines[-1:] or ["it ended without a message"])[0]
    for mark in marks:
        _, marked, after = last.partition(mark)
        if marked:
            return after.strip()
    return last


def _says(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text.lower() for word in words)


def _unavailable(folder: Path, detail: str) -> Unavailable:
    if _says(detail, FULL):
        advice = f"The disk of {folder} is full: free some space and start again."
    elif _says(detail, RIGHTS):
        advice = f"Give this user the right to write in {folder}, or set COMMANDCENTER_HOME."
    elif _says(detail, ("incompatible", "not compatible")):
        advice = f"{folder} was made by another version: restore a backup, or set DATABASE_URL."
    else:
        advice = (
            f"Look into {folder / 'postgres.log'}; if the data folder is broken, move {folder} "
            "away and restore a backup."
        )
    return Unavailable(what=f"The embedded database in {folder}", detail=detail, advice=advice)
