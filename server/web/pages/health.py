"""The health page: every part with its state in words and advice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter
from starlette.responses import Response

from energy.wording import duration
from server.auth import ChosenSite, Container, Reader
from server.web.rendering import page
from server.web.shell import shell_of
from services.views.health import ComponentShown, PartsReport

router = APIRouter()


RANK = {"down": 0, "degraded": 1, "ok": 2}
STALE_AFTER_S = 60.0
"""The page reads itself again every 15 s of the wall."""

GROUPS = (
    ("The site", frozenset({"site"})),
    ("The program", frozenset({"store", "part", "model"})),
    ("Sources of measurements, and switches", frozenset({"source"})),
    ("Jobs", frozenset({"job"})),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthLine:
    """One part as a line of the page.

    Attributes:
        words: Its state in words.
        verb: What the age counts from, e.g. ``last answer``.
        since: Time of that, ISO 8601; empty where it is not known.
        age: Time since then, as a duration.
    """

    name: str
    status: str
    words: str
    verb: str
    since: str
    age: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Parts of one kind; ``quiet`` ones are jobs without a problem, which the page folds away."""

    title: str
    parts: tuple[HealthLine, ...]
    quiet: tuple[HealthLine, ...]


@router.get("/health")
async def health(services: Container, site: ChosenSite, who: Reader) -> Response:
    """The parts in their groups, the worst first."""
    report = await services.health.report()
    groups = [_group(title, kinds, report) for title, kinds in GROUPS]
    return page(
        "health.html",
        shell=await shell_of(services, who, site, active="health"),
        status=report["status"],
        at=report["at"],
        stale_after_s=STALE_AFTER_S * services.clock.speed,
        groups=[group for group in groups if group.parts or group.quiet],
    )


def _group(title: str, kinds: frozenset[str], report: PartsReport) -> Group:
    components = [component for component in report["components"] if component["kind"] in kinds]
    components.sort(key=lambda component: (RANK.get(component["status"], 1), component["name"]))
    hidden = [
        component
        for component in components
        if component["kind"] == "job" and component["status"] == "ok"
    ]
    at = datetime.fromisoformat(report["at"])
    return Group(
        title=title,
        parts=tuple(_part(component, at) for component in components if component not in hidden),
        quiet=tuple(_part(component, at) for component in hidden),
    )


def _part(component: ComponentShown, at: datetime) -> HealthLine:
    age_s = component["age_s"]
    return HealthLine(
        name=component["name"],
        status=component["status"],
        words=component["detail"],
        verb="last" if component["kind"] == "job" else "last answer",
        since="" if age_s is None else (at - timedelta(seconds=age_s)).isoformat(),
        age="" if age_s is None else duration(age_s),
        advice=component["advice"],
    )
