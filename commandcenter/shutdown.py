"""The end of a process: started by a signal, finished within ten seconds even if something
hangs.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from typing import NoReturn

import structlog

STOP_S = 8.0
"""Wall seconds that everything has to close after the signal; supervisors kill after ten."""

INCOMPLETE = 1
"""Exit code when something did not close in time."""

log = structlog.get_logger(__name__)


def stop_on_signals(stopping: asyncio.Event) -> None:
    """Set ``stopping`` on SIGTERM and SIGINT; the process ends ``STOP_S`` later at the latest.

    A thread watches the time, because the event loop itself may hang. Work that was not stored is
    settled at the next start, as after a crash.
    """
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if not stopping.is_set():
            stopping.set()
            deadline = threading.Timer(STOP_S, _give_up)
            deadline.daemon = True
            deadline.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)


def leave(code: int = 0) -> NoReturn:
    """End the process; libraries that still load in threads are not waited for."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _give_up() -> None:
    log.warning("stop_incomplete", seconds=STOP_S)
    leave(INCOMPLETE)
