"""ETags: versions of settings (for ``If-Match``) and hashes of answers (for ``If-None-Match``)."""

from __future__ import annotations

import hashlib
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

VERSION = re.compile(r'(?:W/)?"v(\d{1,18})"')
WHOLE = "application/json"


class PreconditionFailed(Exception):
    """The version named in ``If-Match`` is not the current one: answered with 412."""


def version_tag(version: int) -> str:
    """The ETag of a stored version."""
    return f'"v{version}"'


def expected_version(if_match: str | None) -> int | None:
    """The version that a write names; None when it names none or ``*``.

    Raises:
        PreconditionFailed: The header holds something that was never a tag of ours.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    match = VERSION.fullmatch(if_match.strip())
    if match is None:
        raise PreconditionFailed(f"If-Match {if_match!r} is no version of this resource")
    return int(match[1])


class EntityTags:
    """Adds an ETag to every JSON answer to a GET; answers 304 where the client has that version."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; streams and other media untouched."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _TaggingSend(send, Headers(scope=scope)))


class _TaggingSend:
    """Buffers a JSON answer until its ETag is known."""

    def __init__(self, send: Send, request: Headers) -> None:
        self._send, self._known = send, _tags(request.get("if-none-match", ""))
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_whole(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish(self._start)

    async def _finish(self, start: Message) -> None:
        headers = MutableHeaders(scope=start)
        if "etag" not in headers:
            headers["ETag"] = f'"{hashlib.sha256(self._body).hexdigest()[:32]}"'
        headers.setdefault("Cache-Control", "private, no-cache")
        if headers["etag"] in self._known:
            start["status"], self._body = 304, b""
            del headers["content-length"]
        await self._send(start)
        await self._send({"type": "http.response.body", "body": self._body})


def _is_whole(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    return bool(start["status"] == 200) and headers.get("content-type", "").startswith(WHOLE)


def _tags(header: str) -> frozenset[str]:
    return frozenset(tag.strip().removeprefix("W/") for tag in header.split(",") if tag.strip())
