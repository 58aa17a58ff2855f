"""OpenAPI description: every route lists the errors that it can answer with.

They are derived from the route's dependencies, so that none is forgotten: a route that needs a
signed-in person can answer 401, one that takes a body 422.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from typing_extensions import override

from server.auth import (
    chosen_system,
    needs_admin,
    needs_control,
    person_or_control,
    services_of,
    signed_in,
)
from server.schemas.problems import components, otherwise, refused
from services.errors import Invalid

IF_MATCH = "if-match"


class DescribedRoute(APIRoute):
    """A route whose ``responses`` contain its errors; those given explicitly are added."""

    @override
    def __init__(self, path: str, endpoint: Callable[..., object], **options: object) -> None:
        handed_on: dict[str, Any] = dict(options)
        by_hand = handed_on.pop("responses", None) or {}
        refusals = refusals_of(get_dependant(path=path, call=endpoint))
        super().__init__(path, endpoint, responses={**refusals, **by_hand}, **handed_on)

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """A query parameter that the route does not have is refused, as a misspelt one would be."""
        handler, names = super().get_route_handler(), query_names(self.dependant)

        async def checked(request: Request) -> Response:
            unknown = sorted(set(request.query_params) - names)
            if unknown:
                rule = f"is no query parameter here; there are {', '.join(sorted(names)) or 'none'}"
                raise Invalid([(name, rule) for name in unknown])
            return await handler(request)

        return checked


def query_names(dependant: Dependant) -> frozenset[str]:
    """The query parameters of a route, its dependencies' included."""
    return frozenset(str(field.alias) for part in _parts(dependant) for field in part.query_params)


def refusals_of(dependant: Dependant) -> dict[int | str, dict[str, object]]:
    """The error responses of a route with these parameters and dependencies."""
    parts = list(_parts(dependant))
    calls = {part.call for part in parts}
    body = any(part.body_params for part in parts)
    query = any(part.query_params for part in parts)
    path = any(part.path_params for part in parts)
    headers = {str(field.alias) for part in parts for field in part.header_params}
    causes = {
        400: body or query or path or bool(headers),
        401: signed_in in calls,
        403: bool(calls & {needs_control, needs_admin, person_or_control}),
        404: path or chosen_system in calls,
        412: IF_MATCH in headers,
        413: body,
        422: True,  # an unknown query parameter is one of its causes
        503: bool(calls & {services_of, signed_in}),
    }
    return {**refused(*(status for status, holds in causes.items() if holds)), **otherwise()}


class DescribedApi(FastAPI):
    """The application with the refusals' shape in its description."""

    @override
    def openapi(self) -> dict[str, object]:
        """The description, made once."""
        if not self.openapi_schema:
            schema = get_openapi(title=self.title, version=self.version, routes=self.routes)
            schema["components"]["schemas"].update(components())
            self.openapi_schema = schema
        return self.openapi_schema


def _parts(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for inner in dependant.dependencies:
        yield from _parts(inner)
