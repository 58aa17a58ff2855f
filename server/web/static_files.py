"""Static files: read and compressed once, at addresses that change with their content.

The digest of all files is a folder of the address (``/static/<digest>/js/home.js``), so that a
module's relative import stays within the same digest: the browser loads each module once, and may
keep it for ever.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from server.problems import problem_response

FOLDER = Path(__file__).parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_ADDRESS = re.compile(r"(?:(?P<digest>[0-9a-f]{12})/)?(?P<name>.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """One file as it is sent.

    Attributes:
        media_type: By the file's ending; plain text where nothing else is known.
        plain: The bytes as they are.
        compressed: The same by gzip.
    """

    media_type: str
    plain: bytes
    compressed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """All files by their path below the folder, and the digest of all of them."""

    digest: str
    by_name: Mapping[str, StaticFile]


@cache
def files(folder: Path = FOLDER) -> Files:
    """Everything below ``folder``, kept for the life of the process."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    digest, by_name = hashlib.sha256(), {}
    for path in paths:
        name, body = path.relative_to(folder).as_posix(), path.read_bytes()
        digest.update(name.encode() + b"\0" + body)
        by_name[name] = StaticFile(
            media_type=TYPES.get(path.suffix, "text/plain"),
            plain=body,
            compressed=gzip.compress(body, 9, mtime=0),
        )
    return Files(digest=digest.hexdigest()[:12], by_name=by_name)


def asset(name: str) -> str:
    """A static file's address, which changes with the content of any of them."""
    return f"/static/{files().digest}/{name}"


class StaticFiles:
    """Serves the files from memory, compressed for clients that accept gzip."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; an address without the present digest is not kept by browsers."""
        response = self._answer(Request(scope))
        await response(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        path = request.url.path.removeprefix("/static/")
        address = _ADDRESS.fullmatch(path)
        file = None if address is None else files().by_name.get(address["name"])
        if address is None or file is None:
            return problem_response(404, f"There is nothing at {request.url.path}.")
        if request.method not in {"GET", "HEAD"}:
            return problem_response(405, "Static files are only read.", headers={"Allow": "GET"})
        current = address["digest"] == files().digest
        takes_gzip = "gzip" in Headers(scope=request.scope).get("accept-encoding", "")
        headers = {"Cache-Control": FOR_EVER if current else ASK_AGAIN, "Vary": "Accept-Encoding"}
        if takes_gzip:
            headers["Content-Encoding"] = "gzip"
        body = file.compressed if takes_gzip else file.plain
        return Response(body, headers=headers, media_type=file.media_type)
