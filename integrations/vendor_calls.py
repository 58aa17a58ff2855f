"""One call to a vendor: a deadline, an error that says whether to try again, and backoff."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from integrations.answers import HttpAnswer, Unreadable, read_answer
from services.errors import VendorError

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

Sleep = Callable[[float], Awaitable[None]]
"""Waits for seconds of wall time; tests pass one that does not."""

_LONGEST_DETAIL = 200
_SHORTEST_SECRET = 4
_REFUSED = frozenset({401, 403})
_TOO_MANY = 429
_REQUEST_TIMEOUT = 408
_SERVER_ERROR = 500
_REDIRECT = 300
_CLIENT_ERROR = 400


def redacted(words: str, secrets: tuple[str, ...]) -> str:
    """``words`` on one line, cut short, with every secret replaced by ``***``.

    Secrets shorter than four characters are left in, because they occur in many words.
    """
    for secret in sorted((s for s in secrets if len(s) >= _SHORTEST_SECRET), key=len, reverse=True):
        words = words.replace(secret, "***")
    line = " ".join(words.split())
    return line if len(line) <= _LONGEST_DETAIL else line[: _LONGEST_DETAIL - 1] + "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Name of a call and its vendor, for errors. ``secrets`` never appear in them."""

    vendor: str
    name: str
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def failed(
        self, detail: str, *, retry: bool, retry_after_s: float | None = None
    ) -> VendorError:
        """The error to raise: what went wrong, and whether the same call may succeed later."""
        return VendorError(
            vendor=self.vendor,
            call=self.name,
            detail=redacted(detail, self.secrets),
            retry=retry,
            retry_after_s=retry_after_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How often and how long apart a failed call is tried again; waits are wall seconds.

    Attributes:
        tries: Calls in all, the first one included.
        first_s: Wait before the second call; each further wait is ``factor`` times longer.
        longest_s: Longest wait. A vendor that asks for more is not called again now.
    """

    tries: int = 3
    first_s: float = 0.5
    factor: float = 2.0
    longest_s: float = 8.0

    def wait_s(self, failures: int, asked_s: float | None) -> float | None:
        """Seconds to wait after ``failures`` failed calls; None to give up.

        ``asked_s`` is what the vendor asked for (Retry-After).
        """
        if failures >= self.tries:
            return None
        own = min(self.longest_s, self.first_s * self.factor ** (failures - 1))
        if asked_s is None:
            return own
        return max(own, asked_s) if asked_s <= self.longest_s else None


async def with_retries(attempt: Callable[[], Awaitable[T]], *, backoff: Backoff, sleep: Sleep) -> T:
    """The result of ``attempt``, tried again while its error says that this makes sense.

    Raises:
        VendorError: The last one.
    """
    failures = 0
    while True:
        try:
            return await attempt()
        except VendorError as error:
            failures += 1
            wait_s = backoff.wait_s(failures, error.retry_after_s) if error.retry else None
            if wait_s is None:
                raise
        await sleep(wait_s)


async def exchange(
    http: httpx2.AsyncClient,
    method: str,
    url: str,
    *,
    call: Call,
    timeout_s: float,
    headers: Mapping[str, str] | None = None,
    **options: Any,
) -> HttpAnswer:
    """One request and its whole response, within ``timeout_s`` wall seconds in all.

    The deadline also covers a body that arrives byte by byte, which the HTTP library's timeouts do
    not.

    Raises:
        VendorError: No response, none in time, or one that can't be read.
    """
    sent = {"Accept-Encoding": "gzip", **(headers or {})}
    try:
        async with (
            asyncio.timeout(timeout_s),
            http.stream(method, url, timeout=timeout_s, headers=sent, **options) as response,
        ):
            return await read_answer(response)
    except (TimeoutError, httpx2.TimeoutException):
        raise call.failed(f"no answer within {timeout_s:g} s", retry=True) from None
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol):
        raise call.failed("the configured address is not a valid URL", retry=False) from None
    except httpx2.ConnectError:
        raise call.failed("cannot connect", retry=True) from None
    except Unreadable as error:
        raise call.failed(str(error), retry=False) from None
    except (httpx2.HTTPError, httpx2.StreamError, OSError, ValueError) as error:
        raise call.failed(f"broken exchange ({type(error).__name__})", retry=True) from None


def check_status(answer: HttpAnswer, call: Call, *, error_text: str | None = None) -> None:
    """Raise unless the HTTP status is a success. ``error_text`` is the vendor's own message, if
    any.

    Raises:
        VendorError: To be retried for 408, 429 and 5xx, not for others.
    """
    status = answer.status
    if status < _REDIRECT:
        return
    words = f"HTTP {status}" + (f": {error_text}" if error_text else "")
    if status in _REFUSED:
        raise call.failed(f"{words}: refused, check the key or password", retry=False)
    if status < _CLIENT_ERROR:
        raise call.failed(f"{words}: redirects are not followed", retry=False)
    again = status in {_TOO_MANY, _REQUEST_TIMEOUT} or status >= _SERVER_ERROR
    raise call.failed(words, retry=again, retry_after_s=answer.retry_after_s())


def json_of(answer: HttpAnswer, call: Call) -> object:
    """The response's JSON.

    Raises:
        VendorError: Not JSON (a portal's error page, a cut-off body); a later call may be better.
    """
    if not answer.is_json:
        raise call.failed(
            f"HTTP {answer.status} without JSON ({answer.kind}, {answer.size} bytes)", retry=True
        )
    return answer.parsed


@contextmanager
def usable(call: Call) -> Iterator[None]:
    """Turns any error of the block that reads an answer into a ``VendorError``.

    Vendors send odd values that no check foresees (a timer of 10³⁰⁸ s, a time at the end of the
    calendar). Such a block must only read the answer, so that errors of our own code are not
    hidden.

    Raises:
        VendorError: In place of the error that an odd value caused.
    """
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise call.failed(f"not usable ({type(error).__name__})", retry=True) from error
    except RecursionError:
        raise call.failed("not usable (nested too deeply)", retry=True) from None


def lenient(model: type[M], answer: HttpAnswer) -> M:
    """An answer of any shape as ``model``; the model's defaults where nothing fits.

    For parts beside the data: error texts, envelopes.
    """
    try:
        return model.model_validate(answer.parsed)
    except (ValidationError, RecursionError):
        return model()


def understood(model: type[M], data: object, call: Call) -> M:
    """``data`` as ``model``.

    Raises:
        VendorError: Another shape than documented; names the place, never the value.
    """
    try:
        return model.model_validate(data)
    except RecursionError:
        raise call.failed("not understood: nested too deeply", retry=True) from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the answer"
        raise call.failed(f"not understood: {place}: {first['msg']}", retry=True) from None
