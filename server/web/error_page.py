"""A problem as a page for people."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse

from server.web.rendering import page


def error_page(request: Request, problem: JSONResponse) -> HTMLResponse:
    """What went wrong, in the words of the problem document."""
    document = json.loads(bytes(problem.body))
    return page(
        "error.html",
        status_code=problem.status_code,
        title=document.get("title", "Something went wrong"),
        detail=document.get("detail", ""),
        path=request.url.path,
    )
