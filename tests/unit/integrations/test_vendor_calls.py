"""A call to a vendor ends in time, says whether to try again, and never tells a secret."""

from __future__ import annotations

import json
import zlib

import httpx2
import pytest

from integrations.answers import LARGEST_BYTES, HttpAnswer
from integrations.lenient import Number, Payload
from integrations.rate import RateWindow
from integrations.vendor_calls import (
    Backoff,
    Call,
    check_status,
    exchange,
    json_of,
    understood,
    usable,
    with_retries,
)
from services.errors import VendorError
from tests.fakes.vendor_http import Plain, Script, Waits, answer, in_memory

CALL = Call(vendor="Acme", name="read", secrets=("hunter2", ""))
MORNING = "Fri, 20 Nov 2026 10:00:00 GMT"


async def read(response: httpx2.Response) -> HttpAnswer:
    return await exchange(
        in_memory(Script([response])), "GET", "http://v/", call=CALL, timeout_s=2.0
    )


@pytest.mark.parametrize(
    ("failures", "asked_s", "wait_s"),
    [
        pytest.param(1, None, 0.5, id="first"),
        pytest.param(2, None, 1.0, id="twice as long"),
        pytest.param(3, None, 1.5, id="capped"),
        pytest.param(4, None, None, id="tries used up"),
        pytest.param(1, 1.2, 1.2, id="vendor asks for more"),
        pytest.param(2, 0.1, 1.0, id="vendor asks for less"),
        pytest.param(1, 60.0, None, id="vendor asks for too much: not now"),
    ],
)
def test_backoff(failures: int, asked_s: float | None, wait_s: float | None) -> None:
    assert Backoff(tries=4, longest_s=1.5).wait_s(failures, asked_s) == wait_s


@pytest.mark.parametrize(
    ("script", "result", "waits"),
    [
        pytest.param(["done"], "done", [], id="at once"),
        pytest.param(
            [
                CALL.failed("a", retry=True),
                CALL.failed("b", retry=True, retry_after_s=3.0),
                "done",
            ],
            "done",
            [0.5, 3.0],
            id="third time",
        ),
        pytest.param([CALL.failed("no", retry=False), "done"], "Acme: read: no", [], id="no sense"),
        pytest.param(
            [CALL.failed(word, retry=True) for word in ("a", "b", "c")],
            "Acme: read: c",
            [0.5, 1.0],
            id="gives up with the last error",
        ),
    ],
)
async def test_retries(script: list[VendorError | str], result: str, waits: list[float]) -> None:
    steps, slept = list(script), Waits()

    async def attempt() -> str:
        step = steps.pop(0)
        if isinstance(step, VendorError):
            raise step
        return step

    try:
        got = await with_retries(attempt, backoff=Backoff(), sleep=slept)
    except VendorError as error:
        got = str(error)
    assert (got, slept.seconds) == (result, waits)


@pytest.mark.parametrize(
    ("error", "detail", "retry"),
    [
        pytest.param(httpx2.ReadTimeout("x"), "no answer within 2 s", True, id="timeout"),
        pytest.param(httpx2.ConnectError("hunter2"), "cannot connect", True, id="refused"),
        pytest.param(
            httpx2.RemoteProtocolError("x"),
            "broken exchange (RemoteProtocolError)",
            True,
            id="garbage instead of HTTP",
        ),
        pytest.param(
            httpx2.UnsupportedProtocol("x"),
            "the configured address is not a valid URL",
            False,
            id="address",
        ),
    ],
)
async def test_broken_exchanges(error: Exception, detail: str, retry: bool) -> None:
    http = in_memory(Script([error]))
    with pytest.raises(VendorError) as caught:
        await exchange(http, "GET", "http://v/", call=CALL, timeout_s=2.0)
    assert (caught.value.detail, caught.value.retry) == (detail, retry)


@pytest.mark.parametrize(
    ("status", "headers", "detail", "retry", "after_s"),
    [
        (
            401,
            {},
            "HTTP 401: key *** is bad: refused, check the key or password",
            False,
            None,
        ),
        (404, {}, "HTTP 404: key *** is bad", False, None),
        (
            302,
            {},
            "HTTP 302: key *** is bad: redirects are not followed",
            False,
            None,
        ),
        (429, {"retry_after": "7"}, "HTTP 429: key *** is bad", True, 7.0),
        (429, {"retry_after": "Wed"}, "HTTP 429: key *** is bad", True, None),
        (429, {"retry_after": "9" * 400}, "HTTP 429: key *** is bad", True, 3600.0),
        (429, {"retry_after": "-5"}, "HTTP 429: key *** is bad", True, None),
        (
            503,
            {"retry_after": "Fri, 20 Nov 2026 10:00:30 GMT", "date": MORNING},
            "HTTP 503: key *** is bad",
            True,
            30.0,
        ),
        (
            503,
            {"retry_after": "Fri, 20 Nov 2026 09:00:00 GMT", "date": MORNING},
            "HTTP 503: key *** is bad",
            True,
            0.0,
        ),
        (
            503,
            {"retry_after": "Fri, 31 Dec 9999 23:59:59 GMT", "date": MORNING},
            "HTTP 503: key *** is bad",
            True,
            3600.0,
        ),
        (
            503,
            {"retry_after": "Fri, 31 Dec 9999 23:59:59 GMT", "date": "yesterday"},
            "HTTP 503: key *** is bad",
            True,
            3600.0,
        ),
        (503, {}, "HTTP 503: key *** is bad", True, None),
    ],
)
async def test_statuses(
    status: int, headers: dict[str, str], detail: str, retry: bool, after_s: float | None
) -> None:
    received = await read(answer({}, status, **headers))
    with pytest.raises(VendorError) as caught:
        check_status(received, CALL, error_text="key hunter2 is bad")
    error = caught.value
    assert (error.detail, error.retry, error.retry_after_s) == (detail, retry, after_s)


async def test_success_raises_nothing() -> None:
    check_status(await read(answer({}, 201)), CALL)


@pytest.mark.parametrize("body", [b"<html>", b"", b'{"cut":', b"\xff\xfe", b"[" * 100_000])
async def test_garbage_is_no_json(body: bytes) -> None:
    response = httpx2.Response(200, content=body, headers={"content-type": "text/html; x"})
    received = await read(response)
    with pytest.raises(VendorError) as caught:
        json_of(received, CALL)
    assert caught.value.detail == f"HTTP 200 without JSON (text/html, {len(body)} bytes)"
    assert caught.value.retry


def packed(body: bytes, window: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    return packer.compress(body) + packer.flush()


BOMB = packed(b"[" + b" " * 48_000_000 + b"]", 31)


@pytest.mark.parametrize(
    ("body", "headers", "detail"),
    [
        pytest.param(BOMB, {"content-encoding": "gzip"}, "more than 2 MB", id="49 kB for 48 MB"),
        pytest.param(b"[" * (LARGEST_BYTES + 1), {}, "more than 2 MB", id="too long"),
        pytest.param(b"[]", {"content-length": "3000000"}, "more than 2 MB", id="says so itself"),
        pytest.param(
            packed(b"[1, 2, 3, 4]", 31)[:-9], {"content-encoding": "gzip"}, "cut off", id="cut off"
        ),
        pytest.param(b"[1]", {"content-encoding": "gzip"}, "can't be unpacked", id="not packed"),
        pytest.param(
            b"[1]", {"content-encoding": "br"}, "packed as 'br'", id="a packing not asked for"
        ),
    ],
)
async def test_bodies_that_are_refused(body: bytes, headers: dict[str, str], detail: str) -> None:
    with pytest.raises(VendorError, match=detail):
        await read(Plain(body, headers))


@pytest.mark.parametrize(
    ("body", "packing"),
    [
        pytest.param(b"[1]", "identity", id="plain"),
        pytest.param(packed(b"[1]", 31), "gzip", id="gzip"),
        pytest.param(packed(b"[1]", 15), "deflate", id="deflate"),
        pytest.param(packed(b"[1]", -15), "deflate", id="deflate without its frame"),
    ],
)
async def test_bodies_are_unpacked(body: bytes, packing: str) -> None:
    assert json_of(await read(Plain(body, {"content-encoding": packing})), CALL) == [1]


async def test_a_large_body_is_parsed_while_the_event_loop_goes_on() -> None:
    rows = json.dumps([{"code": "bv", "rawValue": 52.0, "timestamp": 1}] * 31_000).encode()
    assert 1_500_000 < len(rows) < LARGEST_BYTES
    parsed = json_of(await read(Plain(rows, {})), CALL)
    assert isinstance(parsed, list)
    assert len(parsed) == 31_000


@pytest.mark.parametrize(
    "error",
    [OverflowError(), KeyError("x"), TypeError(), AttributeError(), RecursionError(), ValueError()],
    ids=lambda error: type(error).__name__,
)
def test_whatever_an_odd_value_causes_is_a_vendors_error(error: Exception) -> None:
    with pytest.raises(VendorError, match="not usable"), usable(CALL):
        raise error


class Inner(Payload):
    watts: Number = None
    name: str


class Outer(Payload):
    rows: tuple[Inner, ...] = ()


def test_not_understood_names_the_place_and_no_value() -> None:
    with pytest.raises(VendorError) as caught:
        understood(Outer, {"rows": [{"watts": 1, "name": {"pin": "hunter2"}}]}, CALL)
    assert caught.value.detail == "not understood: rows.0.name: Input should be a valid string"


def test_details_are_one_short_line() -> None:
    words = CALL.failed("a\n\n b " + "x" * 400, retry=True).detail
    assert words.startswith("a b xxx")
    assert len(words) == 200


def test_rate_window() -> None:
    now = [0.0]
    window = RateWindow(capacity=3, refill_s=0.5, monotonic=lambda: now[0])
    story = []
    for at in (0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 9.0):
        now[0] = at
        story.append((at, round(window.take(), 3)))
    assert story == [
        (0.0, 0.0),
        (0.0, 0.0),
        (0.0, 0.0),
        (0.0, 0.5),
        (0.0, 1.0),
        (1.0, 0.5),
        (9.0, 0.0),
    ]
