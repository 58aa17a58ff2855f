"""The web application: API, pages, static files, and the protection around them."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp
from typing_extensions import override

from server.auth import COOKIES
from server.container import Services
from server.described import DescribedApi
from server.entity_tags import EntityTags
from server.refusals import install
from server.routes import api_router
from server.web.error_page import error_page
from server.web.links import sign_in_from
from server.web.pages import router as pages
from server.web.security import (
    BodyGuard,
    HostCheck,
    OriginCheck,
    SecurityHeaders,
    host_name,
    origin_of,
)
from server.web.static_files import StaticFiles, asset

COMPRESSED_FROM = 600
"""Smaller answers are not compressed, bytes: they fit into one packet anyway."""


class ProtectedApi(DescribedApi):
    """The application with the protecting headers on every answer, also of what nobody expected.

    Such failures are answered by the framework, outside all middleware that is added to it.
    """

    @override
    def build_middleware_stack(self) -> ASGIApp:
        """The framework's own, and the headers around it."""
        secure = self.state.services.config.secure_cookies
        return SecurityHeaders(super().build_middleware_stack(), secure=secure)


def create_app(services: Services) -> FastAPI:
    """The application over ``services``. Creates no other dependency and starts no task."""
    config = services.config
    app = ProtectedApi(
        title="CommandCenter",
        version=config.version,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = services
    install(app, page=error_page, sign_in=sign_in_from)
    app.include_router(api_router())
    app.include_router(pages)
    app.mount("/static", StaticFiles(), name="static")

    @app.get("/favicon.ico", include_in_schema=False)
    async def icon() -> RedirectResponse:
        return RedirectResponse(asset("icon.svg"), 307)

    public = config.public_base_url
    hosts = {host_name(host) for host in config.allowed_hosts}
    if public is not None:
        hosts.add(host_name(public.split("://", 1)[1].split("/", 1)[0]))
    app.add_middleware(EntityTags)
    app.add_middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM, compresslevel=6)
    app.add_middleware(BodyGuard, max_bytes=config.max_body_bytes)
    app.add_middleware(OriginCheck, public_origin=origin_of(public), cookies=COOKIES)
    app.add_middleware(HostCheck, allowed=frozenset(hosts))
    return app
