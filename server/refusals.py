"""Errors as problem documents: what, where, what to do. No input of a client causes a 500."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from server.entity_tags import PreconditionFailed
from server.problems import problem_response
from services.errors import (
    CommandCenterError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    SignInRefused,
    Unavailable,
    VendorError,
)

RETRY_AFTER_S = 5
log = structlog.get_logger()


RefusalPage = Callable[[Request, JSONResponse], Awaitable[Response]]
"""Shows a problem to people."""


SignInAddress = Callable[[Request], str]
"""Address of the sign-in page that leads back to the requested one."""


class Unauthenticated(Exception):
    """Nobody is signed in: 401 for programs, the sign-in page for people."""


def install(app: FastAPI, *, page: RefusalPage, sign_in: SignInAddress) -> None:
    """Register the handlers."""
    app.state.error_page, app.state.sign_in_address = page, sign_in
    app.add_exception_handler(CommandCenterError, _refused)
    app.add_exception_handler(Unauthenticated, _unauthenticated)
    app.add_exception_handler(PreconditionFailed, _precondition_failed)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _surprise)


def refusal(error: CommandCenterError) -> JSONResponse:
    """The problem document for a service's error."""
    match error:
        case Invalid():
            return problem_response(422, str(error), slug="invalid", errors=error.problems)
        case NotFound():
            return problem_response(404, f"There is {error}.", kind=error.kind, key=error.key)
        case Conflict():
            return problem_response(409, str(error))
        case Forbidden():
            return problem_response(403, str(error))
        case SignInRefused():
            return problem_response(401, str(error), slug="sign-in-refused")
        case RateLimited():
            wait = {"Retry-After": str(max(1, round(error.retry_after_s)))}
            return problem_response(429, str(error), headers=wait)
        case Unavailable() | VendorError():
            return problem_response(503, str(error), headers={"Retry-After": str(RETRY_AFTER_S)})
        case _:
            return problem_response(409, str(error))


def _wants_page(request: Request) -> bool:
    path = request.url.path
    return "text/html" in request.headers.get("accept", "") and not path.startswith("/api")


async def _shown(request: Request, problem: JSONResponse) -> Response:
    if not _wants_page(request):
        return problem
    page: RefusalPage = request.app.state.error_page
    return await page(request, problem)


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, CommandCenterError):
        raise error
    return await _shown(request, refusal(error))


async def _unauthenticated(request: Request, error: Exception) -> Response:
    if _wants_page(request) and request.method == "GET":
        address: SignInAddress = request.app.state.sign_in_address
        return RedirectResponse(address(request), 303)
    detail = str(error) or "Sign in, or send Authorization: Bearer with a token."
    problem = problem_response(401, detail, headers={"WWW-Authenticate": "Bearer"})
    return await _shown(request, problem)


async def _precondition_failed(request: Request, error: Exception) -> Response:
    detail = f"{error}. Read it again, then repeat your change."
    return await _shown(request, problem_response(412, detail))


async def _unreadable(request: Request, error: Exception) -> Response:
    mistakes = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [(_path(item["loc"]), str(item["msg"])) for item in mistakes]
    in_body = all(item["loc"][0] == "body" for item in mistakes)
    malformed = not in_body or any(item["type"] == "json_invalid" for item in mistakes)
    status = 400 if malformed else 422
    detail = "; ".join(f"{path}: {message}" if path else message for path, message in errors)
    return await _shown(request, problem_response(status, detail, slug="invalid", errors=errors))


def _path(location: tuple[object, ...]) -> str:
    return ".".join(str(part) for part in location[1:])


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    detail = str(error.detail)
    if error.status_code == 404:
        detail = f"There is nothing at {request.url.path}."
    problem = problem_response(error.status_code, detail, headers=error.headers)
    return await _shown(request, problem)


async def _surprise(request: Request, error: Exception) -> Response:
    await log.aexception("request_failed", path=request.url.path, error=repr(error))
    detail = "Something unexpected went wrong here; it has been logged."
    return await _shown(request, problem_response(500, detail))
