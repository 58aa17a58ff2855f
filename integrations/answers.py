"""One response of a vendor: read within its limits, parsed once."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

LARGEST_BYTES = 2_000_000
"""Limit of a body, both as sent and unpacked. The largest real one (a day's curves) has 60 kB."""

LONGEST_ASKED_S = 3_600.0
"""Longest pause that a vendor may ask for, s: an absurd ``Retry-After`` must not end polling."""

_PARSED_ASIDE_BYTES = 100_000
"""A body from this size on is parsed in a thread, so that it does not block the event loop."""

_NOTHING = object()
_ZLIB_METHOD = 8
_ZLIB, _RAW_DEFLATE, _GZIP = 15, -15, 31


class Unreadable(Exception):
    """A body that is too large, cut off, or compressed in a way that was not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """One response.

    Attributes:
        status: The HTTP status.
        headers: By lower-case name.
        size: Bytes of the unpacked body.
        parsed: The body's JSON; see ``is_json``.
        received_at: When the response had been received, wall clock.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    size: int = 0
    parsed: object = _NOTHING
    received_at: datetime | None = None

    @property
    def is_json(self) -> bool:
        """Whether the body was JSON."""
        return self.parsed is not _NOTHING

    @property
    def kind(self) -> str:
        """The content type, for errors."""
        return self.headers.get("content-type", "no content type").split(";", maxsplit=1)[0]

    def retry_after_s(self) -> float | None:
        """Seconds of wall time that the vendor asks to wait (``Retry-After``), at most an hour.

        Both forms are read, seconds and HTTP date. A date is compared with the vendor's own
        ``Date`` header, because the vendor's clock may be wrong and the vendor is the one that
        refuses; without that header, with our clock.
        """
        asked = self.headers.get("retry-after", "").strip()
        if asked.isascii() and asked.isdigit():
            return min(float(asked), LONGEST_ASKED_S)
        try:
            until = parsedate_to_datetime(asked)
        except (TypeError, ValueError, OverflowError):
            return None
        since = self._said_at()
        if since is None or until.tzinfo is None:
            return None
        return min(max(0.0, (until - since).total_seconds()), LONGEST_ASKED_S)

    def _said_at(self) -> datetime | None:
        try:
            at = parsedate_to_datetime(self.headers["date"])
        except (KeyError, TypeError, ValueError, OverflowError):
            return self.received_at
        return at if at.tzinfo is not None else self.received_at


async def read_answer(response: httpx2.Response) -> HttpAnswer:
    """Read a streamed response to its end, within the limits.

    Raises:
        Unreadable: Too large, cut off, or badly compressed.
        httpx2.HTTPError: The connection broke.
    """
    headers = {name.lower(): value for name, value in response.headers.items()}
    body = _unpacked(await _raw(response, headers), headers.get("content-encoding", ""))
    if len(body) < _PARSED_ASIDE_BYTES:
        parsed = _parsed(body)
    else:
        parsed = await asyncio.to_thread(_parsed, body)
    return HttpAnswer(
        status=response.status_code,
        headers=headers,
        size=len(body),
        parsed=parsed,
        received_at=_wall_now(),
    )


def _wall_now() -> datetime:
    """Wall time, because vendors use that, however fast a simulated site's clock runs."""
    return datetime.now(UTC)  # noqa: TID251 - a vendor's Retry-After date is wall time


async def _raw(response: httpx2.Response, headers: Mapping[str, str]) -> bytes:
    length = headers.get("content-length", "")
    if length.isascii() and length.isdigit() and float(length) > LARGEST_BYTES:
        raise _too_large()
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > LARGEST_BYTES:
            raise _too_large()
    return bytes(body)


def _unpacked(body: bytes, packing: str) -> bytes:
    match packing.strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip":
            return _inflated(body, _GZIP)
        case "deflate":
            # Some servers leave zlib's frame out; its first byte has 8 in the lower half.
            framed = body[:1] and body[0] & 0x0F == _ZLIB_METHOD
            return _inflated(body, _ZLIB if framed else _RAW_DEFLATE)
        case _:
            pass
    raise Unreadable(f"the answer is packed as {packing!r}, which was not asked for")


def _inflated(body: bytes, window: int) -> bytes:
    """Unpack, but never more than the limit: 49 kB of gzip may contain 48 MB."""
    packed = zlib.decompressobj(window)
    try:
        unpacked = packed.decompress(body, LARGEST_BYTES + 1)
    except zlib.error:
        raise Unreadable("the answer can't be unpacked") from None
    if len(unpacked) > LARGEST_BYTES:
        raise _too_large()
    if body and not packed.eof:
        raise Unreadable("the answer is cut off")
    return unpacked


def _too_large() -> Unreadable:
    return Unreadable(f"the answer has more than {LARGEST_BYTES // 1_000_000} MB")


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return _NOTHING
