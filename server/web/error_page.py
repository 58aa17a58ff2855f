"""A problem as a page for people."""

from __future__ import annotations

import json
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse

from server.web.rendering import page


def error_page(_request: Request, problem: JSONResponse) -> HTMLResponse:
    """What went wrong, in the words of the problem document."""
    document = json.loads(bytes(problem.body))
    return page(
        "error.html",
        status_code=problem.status_code,
        title=document.get("title", "Something went wrong"),
        detail=document.get("detail", ""),
        away=problem.status_code == HTTPStatus.SERVICE_UNAVAILABLE,
    )
