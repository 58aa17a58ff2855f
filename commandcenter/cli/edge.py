"""The edge of every command: one clear sentence on standard error, and a meaningful exit code.

0 done · 1 failed · 2 bad input · 3 something we depend on is away · 4 no such thing · 5 refused.
"""

from __future__ import annotations

import asyncio
import errno
import functools
import json
import socket
import sys
from collections.abc import Callable, Coroutine
from typing import ParamSpec

import typer

from commandcenter.logs import set_up_logging
from commandcenter.settings import LogFormat
from services.errors import (
    CommandCenterError,
    Conflict,
    DeliveryError,
    Forbidden,
    Invalid,
    NotFound,
    Unavailable,
    VendorError,
)

P = ParamSpec("P")

FAILED, BAD_INPUT, AWAY, MISSING, REFUSED = 1, 2, 3, 4, 5
CODES: tuple[tuple[type[CommandCenterError], int], ...] = (
    (Invalid, BAD_INPUT),
    (NotFound, MISSING),
    (Unavailable, AWAY),
    (VendorError, AWAY),
    (DeliveryError, AWAY),
    (Conflict, REFUSED),
    (Forbidden, REFUSED),
)
_CHECK = "check the path"
MEANINGS: dict[int, tuple[str | None, str]] = {
    errno.ENOSPC: ("The disk is full", "free some space and start again"),
    errno.EDQUOT: ("The disk is full", "free some space and start again"),
    errno.EADDRINUSE: ("The port is in use", "stop the other program, or set COMMANDCENTER_PORT"),
    errno.EADDRNOTAVAIL: ("This machine has no such address", "set COMMANDCENTER_HOST"),
    errno.EACCES: ("Permission denied", "check the folder's owner, or set COMMANDCENTER_HOME"),
    errno.EPERM: ("Permission denied", "check the folder's owner, or set COMMANDCENTER_HOME"),
    errno.EROFS: ("The file system is read-only", "choose another folder"),
    errno.ENOENT: ("No such file", _CHECK),
    errno.EISDIR: (None, _CHECK),
    errno.ENOTDIR: (None, _CHECK),
    errno.EEXIST: (None, _CHECK),
    errno.ENAMETOOLONG: (None, _CHECK),
}
"""Per error number: its meaning (None: the system's text) and advice."""


def code_of(error: CommandCenterError) -> int:
    """The exit code of an expected error."""
    return next((code for kind, code in CODES if isinstance(error, kind)), FAILED)


def sentence_of(error: OSError) -> str:
    """A failed system call as a sentence for the person at the terminal."""
    if isinstance(error, socket.gaierror):
        return f"{error.strerror}: check the host's name."
    where = f" ({error.filename})" if error.filename else ""
    what, advice = MEANINGS.get(error.errno or 0, (None, None))
    sentence = f"{what or error.strerror or error}{where}"
    return sentence if advice is None else f"{sentence}: {advice}."


def command(function: Callable[P, Coroutine[None, None, int | None]]) -> Callable[P, None]:
    """Run an async command to its end and turn what it raises into a sentence and an exit code."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        # Standard output is for answers: warnings go to standard error, whatever the command.
        set_up_logging(level="warning", form=LogFormat.AUTO)
        try:
            code = asyncio.run(function(*args, **kwargs))
        except CommandCenterError as error:
            _say(error)
            raise typer.Exit(code_of(error)) from None
        except OSError as error:
            typer.echo(f"error: {sentence_of(error)}", err=True)
            raise typer.Exit(AWAY) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        raise typer.Exit(0 if code is None else code)

    return run


def _say(error: CommandCenterError) -> None:
    problems = error.problems if isinstance(error, Invalid) else [("", str(error))]
    for path, message in problems:
        sentence = " ".join(message.split())
        typer.echo(f"error: {path}: {sentence}" if path else f"error: {sentence}", err=True)


def print_json(value: object) -> None:
    """Write one JSON document to standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
