"""Alerts, and the health of sources and devices."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pydantic import Field

from services.alerting.records import Alert
from tools.services import ToolScope, ToolServices
from tools.tool import Arguments, Document, NoArguments, Tool


class WhichAlerts(Arguments):
    """Which alerts."""

    include_cleared: bool = Field(default=False, description="true: past ones too, newest first")
    limit: int = Field(default=10, ge=1, le=30, description="how many")


def alerts(services: ToolServices, scope: ToolScope) -> Tool[WhichAlerts]:
    """Open alerts, or the latest ones."""

    async def handler(asked: WhichAlerts) -> Document:
        if asked.include_cleared:
            opened = await services.alerts.page(scope.system_id, before=None, limit=asked.limit)
        else:
            opened = await services.alerts.open(scope.system_id)
        zone = ZoneInfo(scope.timezone)
        return {"open_only": not asked.include_cleared, "alerts": [_line(a, zone) for a in opened]}

    return Tool(
        name="alerts",
        description="Open alerts (or past ones too): severity, what, since when, what to do.",
        arguments=WhichAlerts,
        handler=handler,
        doing="reading the alerts",
    )


def health(services: ToolServices, scope: ToolScope) -> Tool[NoArguments]:
    """The health report, worst parts first."""
    del scope  # the report is of the whole installation

    async def handler(_: NoArguments) -> Document:
        report = await services.health.report()
        order = {"down": 0, "degraded": 1}
        parts = sorted(
            report.get("components") or [], key=lambda part: order.get(str(part.get("status")), 2)
        )
        return {"status": report.get("status"), "components": parts}

    return Tool(
        name="health",
        description="Health of data sources, devices and the program's parts, worst first.",
        arguments=NoArguments,
        handler=handler,
        doing="checking the health of the parts",
    )


def _line(alert: Alert, zone: ZoneInfo) -> Document:
    return {
        "severity": alert.severity.value,
        "title": alert.title,
        "detail": alert.detail,
        "advice": alert.advice,
        "since": alert.opened_at.astimezone(zone).isoformat(timespec="minutes"),
        "cleared": alert.cleared_at is not None,
        "acknowledged": alert.acknowledged_at is not None,
    }
