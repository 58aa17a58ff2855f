"""How long the event loop is blocked while a vendor's odd answer is read.

For comparison the longest pause of the same loop without work, which the machine itself causes.

``python -m bench.answers [--json]``
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx2

from integrations.answers import LARGEST_BYTES, Unreadable, read_answer

TRIES = 10
TICK_S = 0.002

ROW = b'{"code":"bv","rawValue":1.0},'
ODD = {
    "nothing to read": (b"", {}),
    "48 MB in 49 kB": (
        gzip.compress(b"[" + b" " * 48_000_000 + b"]", compresslevel=9),
        {"content-encoding": "gzip"},
    ),
    "2 MB of readings": (b"[" + ROW * (LARGEST_BYTES // len(ROW) - 1) + b"1]", {}),
    "100 000 levels": (b"[" * 100_000, {}),
}


class _Chunks(httpx2.AsyncByteStream):
    """A body as it comes from a socket: in pieces, the loop turning between them."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), 65_536):
            await asyncio.sleep(0)
            yield self._body[start : start + 65_536]


async def pause_ms(body: bytes, headers: dict[str, str]) -> float:
    """The longest time between two ticks of the loop while one answer is read, ms."""
    longest_s, going = 0.0, True

    async def tick() -> None:
        nonlocal longest_s
        while going:
            before_s = time.perf_counter()
            await asyncio.sleep(TICK_S)
            longest_s = max(longest_s, time.perf_counter() - before_s - TICK_S)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(5 * TICK_S)
    with suppress(Unreadable):
        await read_answer(httpx2.Response(200, headers=headers, stream=_Chunks(body)))
    await asyncio.sleep(5 * TICK_S)
    going = False
    await ticking
    return 1_000.0 * longest_s


async def _measured() -> list[dict[str, float | str]]:
    rows: list[dict[str, float | str]] = []
    for name, (body, headers) in ODD.items():
        pauses = sorted([await pause_ms(body, headers) for _ in range(TRIES)])
        rows.append({
            "answer": name,
            "median_ms": round(pauses[TRIES // 2], 1),
            "longest_ms": round(pauses[-1], 1),
        })  # fmt: skip
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = argparse.ArgumentParser(description="Pauses of the event loop by odd answers.")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    given = parser.parse_args(arguments)
    rows = asyncio.run(_measured())
    if given.json:
        print(json.dumps(rows))
        return 0
    print(f"{'answer':<20} {'median':>10} {'longest':>10}")
    for row in rows:
        print(f"{row['answer']:<20} {row['median_ms']:>7} ms {row['longest_ms']:>7} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
