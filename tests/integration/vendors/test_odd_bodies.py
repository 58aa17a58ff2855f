"""What is no answer at all is a VendorError, whichever vendor sent it."""

from __future__ import annotations

import gzip
import json
import threading
import tracemalloc
from collections.abc import Awaitable, Callable, Sequence

import pytest

from integrations.answers import LARGEST_BYTES
from integrations.shelly.adapter import ShellyReader
from services.errors import VendorError
from services.telemetry.ports import TelemetryReader
from services.telemetry.records import Sample
from tests.fakes.clock import SteppingClock
from tests.fakes.vendor_http import Answer, Plain, Routes, answer
from tests.fakes.vendor_readers import MINER, NOW, shelly, solark, vrm


async def read_solark(body: Answer) -> Sequence[Sample]:
    async with solark(Routes(**{"/": body, "": body})) as reader:
        return await reader.read()


async def read_vrm(body: Answer) -> Sequence[Sample]:
    async with vrm(Routes(**{"": body})) as reader:
        return await reader.read()


async def read_shelly(body: Answer) -> Sequence[Sample]:
    async with shelly(Routes(**{"": body})) as client:
        reader: TelemetryReader = ShellyReader(
            client=client, clock=SteppingClock(NOW), loads={0: MINER}
        )
        return await reader.read()


BOMB = gzip.compress(b"[" + b" " * 48_000_000 + b"]", compresslevel=9)
PACKED = {"Content-Encoding": "gzip"}


@pytest.mark.parametrize("read", [read_solark, read_vrm, read_shelly])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            Plain(b"<html><h1>Maintenance</h1>", {"Content-Type": "text/html"}), id="HTML"
        ),
        pytest.param(Plain(b"", {}), id="nothing"),
        pytest.param(Plain(b"null", {}), id="null"),
        pytest.param(Plain(b"NaN", {}), id="NaN"),
        pytest.param(Plain(b"[" * 100_000, {}), id="100 000 levels"),
        pytest.param(Plain(b'{"a":' * 900 + b"1" + b"}" * 900, {}), id="900 levels"),
        pytest.param(Plain(b"9" * 10_000, {}), id="10 000 digits"),
        pytest.param(Plain(b"\xff\xfe\x00", {}), id="no text"),
        pytest.param(Plain(BOMB, PACKED), id="a gzip bomb"),
        pytest.param(Plain(gzip.compress(b"{}")[:-5], PACKED), id="half a gzip"),
        pytest.param(Plain(b" " * 2_100_000, {}), id="too long"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", id="cut off"),
        pytest.param(b"HTTP/1.1 999 ???\r\n\r\n", id="no status"),
        pytest.param(b"\x00\x01\x02", id="no HTTP"),
        pytest.param(
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            id="elsewhere",
        ),
        pytest.param(answer({}, 429, retry_after="Fri, 99 Foo 2026"), id="an odd Retry-After"),
    ],
)
async def test_every_odd_answer_is_a_vendors_error(
    read: Callable[[Answer], Awaitable[Sequence[Sample]]], body: Answer
) -> None:
    with pytest.raises(VendorError) as caught:
        await read(body)
    assert "secret" not in f"{caught.value}"


@pytest.mark.parametrize("read", [read_solark, read_vrm, read_shelly])
async def test_a_bomb_is_unpacked_no_further_than_the_limit(
    read: Callable[[Answer], Awaitable[Sequence[Sample]]],
) -> None:
    """It became 48 MB, and took 3 s of the event loop, in which nothing else could be stopped."""
    tracemalloc.start()
    try:
        with pytest.raises(VendorError):
            await read(Plain(BOMB, PACKED))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * LARGEST_BYTES


@pytest.mark.parametrize("read", [read_solark, read_vrm, read_shelly])
async def test_a_long_answer_is_parsed_beside_the_event_loop(
    read: Callable[[Answer], Awaitable[Sequence[Sample]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed_in: list[int] = []
    loads = json.loads

    def watched(text: bytes) -> object:
        if len(text) > LARGEST_BYTES // 2:
            parsed_in.append(threading.get_ident())
        return loads(text)

    rows = json.dumps([{"code": "bv", "rawValue": 1.0}] * 50_000).encode()
    monkeypatch.setattr("integrations.answers.json.loads", watched)
    with pytest.raises(VendorError):
        await read(Plain(rows, {}))
    assert parsed_in
    assert threading.get_ident() not in parsed_in
