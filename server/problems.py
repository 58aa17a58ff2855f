"""RFC 9457 problem details, as plain values and as a response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from starlette.responses import JSONResponse

from services.stored import Json

TYPE_PREFIX = "urn:commandcenter:problem:"
MEDIA_TYPE = "application/problem+json"


def problem(
    status: int,
    detail: str,
    *,
    slug: str | None = None,
    errors: Sequence[tuple[str, str]] = (),
    **context: object,
) -> Json:
    """The body: ``type, title, status, detail``, then ``errors [{path, message}]`` and
    ``context``.
    """
    title = HTTPStatus(status).phrase
    body: Json = {
        "type": TYPE_PREFIX + (slug or title.lower().replace(" ", "-")),
        "title": title,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = [{"path": path, "message": message} for path, message in errors]
    return body | {key: value for key, value in context.items() if value is not None}


def problem_response(
    status: int,
    detail: str,
    *,
    slug: str | None = None,
    errors: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    **context: object,
) -> JSONResponse:
    """The same as a response."""
    body = problem(status, detail, slug=slug, errors=errors, **context)
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)
