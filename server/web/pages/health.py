"""Health: every part in words, how it does, and what to do."""

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
        words: What it does and how it goes.
        verb: What it did last, before its age.
        since: When that was, ISO 8601; empty where it is not known.
        age: The same as a duration.
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
    """Parts of one kind: those to look at, and those that are ``quiet`` because all is well."""

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
        groups=[group for group in groups if group.parts or group.quiet],
    )


def _group(title: str, kinds: frozenset[str], report: PartsReport) -> Group:
    found = [each for each in report["components"] if each["kind"] in kinds]
    found.sort(key=lambda each: (RANK.get(each["status"], 1), each["name"]))
    hidden = [each for each in found if each["kind"] == "job" and each["status"] == "ok"]
    at = datetime.fromisoformat(report["at"])
    return Group(
        title=title,
        parts=tuple(_part(each, at) for each in found if each not in hidden),
        quiet=tuple(_part(each, at) for each in hidden),
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
