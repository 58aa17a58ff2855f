"""Metrics for a monitoring system."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import PlainTextResponse

from server.auth import Container, Reader
from server.described import DescribedRoute

router = APIRouter(prefix="/metrics", tags=["health"], route_class=DescribedRoute)


@router.get("", response_class=PlainTextResponse)
async def metrics(services: Container, _: Reader) -> PlainTextResponse:
    """Cycles, jobs and their durations in Prometheus' text format; a read token is enough."""
    return PlainTextResponse(
        await services.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8"
    )
