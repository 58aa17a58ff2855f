"""Logging: events with keys, one line each, as JSON or for a terminal."""

from __future__ import annotations

import logging
import sys

import structlog

from commandcenter.settings import LogFormat

NOISY = (
    "httpx",
    "httpx2",
    "LiteLLM",
    "apscheduler",
    "procrastinate",
    "psycopg",
    "psycopg.pool",
    "yoyo",
    "uvicorn.access",
)


def set_up_logging(*, level: str, form: LogFormat) -> None:
    """Send structlog's events and the libraries' warnings to standard error.

    Args:
        level: Lowest level that is written.
        form: JSON lines, or console; auto takes console on a terminal.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    console = form is LogFormat.CONSOLE or (form is LogFormat.AUTO and sys.stderr.isatty())
    renderer: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(number, logging.WARNING), stream=sys.stderr, force=True)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.ERROR)
