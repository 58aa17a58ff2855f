"""Tells a supervisor that this process is alive: a watchdog file, and systemd's notifications.

Alive means that the event loop runs and that each part works or waits for a dependency. A missing
database is no reason to restart a process, which continues by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

EVERY_S = 5.0
"""A supervisor should allow several beats before it restarts a process: 30 s."""

log = structlog.get_logger(__name__)


class Liveness:
    """Sends a beat every few seconds while all parts are alive, and none while one is not."""

    def __init__(
        self, *, file: Path | None, notify_socket: str | None, every_s: float = EVERY_S
    ) -> None:
        """``file`` is touched at each beat; ``notify_socket`` is what systemd gave."""
        self._file, self._notify_socket, self._every_s = file, notify_socket, every_s
        self._parts: dict[str, Callable[[], bool]] = {}
        self._dead: tuple[str, ...] = ()

    def watch(self, name: str, is_alive: Callable[[], bool]) -> None:
        """Check this part before every beat."""
        self._parts[name] = is_alive

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Ready from now on, beating for as long as the block runs, then stopping."""
        self._notify("READY=1")
        beating = asyncio.create_task(self._keep_beating(), name="liveness")
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
            self._notify("STOPPING=1")

    def beat(self) -> None:
        """Send a beat if all parts are alive, else log which one is not."""
        dead = tuple(name for name, is_alive in self._parts.items() if not is_alive())
        if dead and dead != self._dead:
            log.error("parts_dead", parts=dead)
        self._dead = dead
        if dead:
            return
        self._notify("WATCHDOG=1")
        if self._file is not None:
            try:
                self._file.touch()
            except OSError as error:
                log.warning("watchdog_file_failed", file=str(self._file), error=str(error))

    async def _keep_beating(self) -> None:
        while True:
            self.beat()
            await asyncio.sleep(self._every_s)

    def _notify(self, state: str) -> None:
        """One datagram, as sd_notify(3); a name that begins with @ is an abstract one."""
        if not self._notify_socket:
            return
        address = self._notify_socket
        if address.startswith("@"):
            address = "\0" + address[1:]
        kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, kind) as end:
            end.sendto(state.encode(), address)
