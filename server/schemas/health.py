"""The health report."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from server.schemas.json_shapes import Instant, Shape

Status = Literal["ok", "degraded", "down"]


class Polls(Shape):
    """Polling of a source."""

    every_s: float
    success_rate_24h: float | None
    gaps_24h: int


class ComponentView(Shape):
    """One part; ``advice`` is empty when it is ok."""

    name: str
    kind: str
    status: Status
    detail: str
    age_s: float | None
    advice: str
    polls: Polls | None = None


class HealthReport(Shape):
    """Every part; the whole is down when an essential one is."""

    status: Status
    at: Instant
    components: list[ComponentView]


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether the site can serve."""

    status: Literal["ok", "down"] = "ok"
