"""Checks of every request: host name, origin, body size; and response headers.

Plain ASGI, because wrappers that buffer responses would break the event streams.
"""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.json_text import BadJson, read_json
from server.problems import problem_response

CONTENT_SECURITY_POLICY = "; ".join(  # noqa: FLY002 - one rule a line
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "report-uri /csp",
    )
)
FILE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of static files; fewer than for documents, because a page loads some fifteen files."""

WORKER_HEADERS = {**FILE_HEADERS, "Content-Security-Policy": CONTENT_SECURITY_POLICY}
"""A worker obeys its own file's policy, not that of the page that starts it."""

HEADERS = {
    **WORKER_HEADERS,
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
FILES = "/static/"
WORKER = "_worker.js"
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
REPORTS = "/csp"
"""Where browsers report violations: sent without an origin, changes nothing."""


class SecurityHeaders:
    """Adds the headers to every response; ``Cache-Control: no-store`` where nothing else is
    said.
    """

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        """``secure`` tells browsers to use TLS only (HSTS)."""
        self._app, self._secure = app, secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _headers_of(scope["path"]).items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
                if self._secure:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _headers_of(path: str) -> Mapping[str, str]:
    if not path.startswith(FILES):
        return HEADERS
    return WORKER_HEADERS if path.endswith(WORKER) else FILE_HEADERS


class HostCheck:
    """Answers only to known host names (protection against DNS rebinding)."""

    def __init__(self, app: ASGIApp, *, allowed: frozenset[str]) -> None:
        """``allowed`` are names without ports; ``*`` lets any pass."""
        self._app, self._allowed = app, allowed | LOCAL_HOSTS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or answer 400."""
        if scope["type"] != "http" or self._knows(Headers(scope=scope).get("host", "")):
            await self._app(scope, receive, send)
            return
        response = problem_response(
            400,
            "This server does not answer to that host name. Add it to ALLOWED_HOSTS.",
            slug="unknown-host",
        )
        await response(scope, receive, send)

    def _knows(self, host: str) -> bool:
        return "*" in self._allowed or host_name(host) in self._allowed


class OriginCheck:
    """Refuses changes that another web site makes with the owner's cookies (CSRF).

    Cookies ignore ports, so pages of another program on this machine send ours too; the origin
    tells them apart. Requests with a bearer token do not use cookies and pass.
    """

    def __init__(self, app: ASGIApp, *, public_origin: str | None, cookies: frozenset[str]) -> None:
        """``public_origin`` is allowed beside the request's own; ``cookies`` are our sessions'."""
        self._app, self._public_origin, self._cookies = app, public_origin, cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or answer 403."""
        if scope["type"] != "http" or self._may_pass(scope):
            await self._app(scope, receive, send)
            return
        response = problem_response(
            403, "This change came from another site and was refused.", slug="foreign-origin"
        )
        await response(scope, receive, send)

    def _may_pass(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        if scope["method"] in SAFE_METHODS or scope["path"] == REPORTS:
            return True
        if headers.get("authorization", "").lower().startswith("bearer "):
            return True
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if site is not None and site != "same-origin":
            return False
        if origin is not None:
            return origin in {f"{scope['scheme']}://{headers.get('host')}", self._public_origin}
        return not self._cookies & _cookie_names(headers.get("cookie", ""))


class BodyGuard:
    """Reads whole bodies up to a limit, and refuses JSON that is not strict."""

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        """``max_bytes`` is the largest body taken."""
        self._app, self._max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 413 or 400."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        body = await self._read(scope, receive)
        if body is None:
            detail = f"The body is larger than {self._max_bytes} bytes."
            await problem_response(413, detail)(scope, receive, send)
            return
        try:
            if body and "json" in Headers(scope=scope).get("content-type", "").lower():
                read_json(body)
        except BadJson as error:
            response = problem_response(400, f"{error}.", slug="malformed-json")
            await response(scope, receive, send)
            return
        await self._app(scope, _replaying(body, receive), send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdigit() and int(declared[:20]) > self._max_bytes:
            return None
        chunks, size = [], 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return b""
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > self._max_bytes:
                return None
            if not message.get("more_body", False):
                return b"".join(chunks)


def _replaying(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def host_name(host: str) -> str:
    """The name in a Host header, lower case, without the port; IPv6 keeps its brackets."""
    name = host.strip().lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0]


def origin_of(url: str | None) -> str | None:
    """``scheme://host[:port]`` of a URL."""
    if url is None:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _cookie_names(header: str) -> frozenset[str]:
    try:
        return frozenset(SimpleCookie(header))
    except CookieError:
        return frozenset(part.partition("=")[0].strip() for part in header.split(";"))
