"""One connection that listens for the database's notifications while the process runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping

import psycopg
import structlog
from psycopg import sql

from storage.connection.pool import kept_alive

RECONNECT_S = 1.0
PROBE_S = 20.0
"""A connection without a notification for this long is tested with a statement, s."""

Handler = Callable[[str], None]

log = structlog.get_logger(__name__)


class Listener:
    """Calls a handler per channel, and says when listening begins and when it is lost."""

    def __init__(
        self,
        *,
        dsn: str,
        handlers: Mapping[str, Handler],
        connected: Callable[[], None] = lambda: None,
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        """``connected`` is called once all channels are listened to, ``lost`` when listening
        ends.
        """
        self._dsn, self._handlers = kept_alive(dsn), handlers
        self._connected, self._lost = connected, lost
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to listen; returns when listening, or after 5 s at the latest."""
        listening = asyncio.Event()
        self._task = asyncio.create_task(self._keep_listening(listening), name="listener")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(listening.wait(), 5.0)

    async def stop(self) -> None:
        """Stop listening."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _keep_listening(self, listening: asyncio.Event) -> None:
        while True:
            try:
                await self._listen(listening)
            except (psycopg.Error, TimeoutError) as error:
                log.info("listener_reconnects", detail=str(error).strip() or "no answer")
            except Exception:
                log.exception("listener_broken")
            finally:
                self._lost()
            await asyncio.sleep(RECONNECT_S)

    async def _listen(self, listening: asyncio.Event) -> None:
        async with await psycopg.AsyncConnection.connect(self._dsn, autocommit=True) as connection:
            for channel in self._handlers:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            self._connected()
            listening.set()
            while True:
                async for notice in connection.notifies(timeout=PROBE_S):
                    self._handlers[notice.channel](notice.payload)
                async with asyncio.timeout(PROBE_S):
                    await connection.execute("")
