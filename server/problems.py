"""Problem details as responses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from starlette.responses import JSONResponse

from server.schemas.problems import MEDIA_TYPE, Problem, ProblemItem

TYPE_PREFIX = "urn:commandcenter:problem:"


def problem_response(
    status: int,
    detail: str,
    *,
    slug: str | None = None,
    errors: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    **context: object,
) -> JSONResponse:
    """A refusal: ``type, title, status, detail``, then ``errors [{path, message}]`` and
    ``context``.
    """
    title = HTTPStatus(status).phrase
    items = [ProblemItem(path=path, message=message) for path, message in errors]
    problem = Problem(
        type=TYPE_PREFIX + (slug or title.lower().replace(" ", "-")),
        title=title,
        status=status,
        detail=detail,
        errors=items or None,
        **context,
    )
    body = problem.model_dump(mode="json", exclude_none=True)
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)
