"""Commands end with one sentence and an exit code that means something."""

from __future__ import annotations

import errno

import pytest
import typer

from commandcenter.cli.edge import command, sentence_of
from services.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable, VendorError


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        pytest.param(Invalid([("PORT", "is odd")]), 2, "error: PORT: is odd", id="bad input"),
        pytest.param(
            Unavailable(what="The database", detail="refused", advice="Start it."),
            3,
            "error: The database does not answer: refused. Start it.",
            id="away",
        ),
        pytest.param(
            VendorError(vendor="shelly", call="status", detail="timeout", retry=True),
            3,
            "error: shelly: status: timeout",
            id="vendor",
        ),
        pytest.param(NotFound(kind="user", key="x"), 4, "error: no user 'x'", id="missing"),
        pytest.param(Conflict("taken"), 5, "error: taken", id="conflict"),
        pytest.param(Forbidden(action="a", needs="b"), 5, "error: a needs b", id="forbidden"),
        pytest.param(OSError(errno.ENOSPC, "No space left"), 3, "The disk is full", id="disk full"),
    ],
)
def test_errors_become_sentences(
    error: Exception, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    @command
    async def fails() -> None:
        raise error

    with pytest.raises(typer.Exit) as caught:
        fails()
    assert caught.value.exit_code == code
    assert said in capsys.readouterr().err


def test_a_command_may_say_its_own_code() -> None:
    @command
    async def half() -> int:
        return 1

    with pytest.raises(typer.Exit) as caught:
        half()
    assert caught.value.exit_code == 1


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.EADDRINUSE, "COMMANDCENTER_PORT"),
        (errno.EACCES, "COMMANDCENTER_HOME"),
        (errno.ENOENT, "check the path"),
        (errno.EIO, "Input"),
    ],
)
def test_system_errors_say_what_to_do(number: int, advice: str) -> None:
    assert advice in sentence_of(OSError(number, "Input/output error"))
