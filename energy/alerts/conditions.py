"""All open alerts of a site: each watched condition with its durations, hysteresis and memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from energy.alerts.device_alerts import DEVICE_WATCHES, shows_off
from energy.alerts.energy_alerts import ENERGY_WATCHES
from energy.alerts.facts import AlertFacts
from energy.alerts.soc_policies import SOC_WATCHES
from energy.alerts.timing import AlertMemory, AlertSeverity, Watch, WatchMemory, advance

_ORDER = {AlertSeverity.CRITICAL: 0, AlertSeverity.WARNING: 1, AlertSeverity.INFO: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCondition:
    """One open alert: its key, category, severity and texts, and since when its condition has
    held.
    """

    key: str
    category: str
    severity: AlertSeverity
    title: str
    detail: str
    advice: str
    since: datetime


def evaluate(facts: AlertFacts, memory: AlertMemory) -> tuple[list[AlertCondition], AlertMemory]:
    """All open alerts, critical ones first, and the memory for the next check.

    An alert about a device, source or zone that is no longer part of the site ends.
    """
    remembered = dict(memory.watches)
    conditions: list[AlertCondition] = []
    kept: dict[str, WatchMemory] = {}
    for watch in watches(facts):
        after = advance(watch, remembered.get(watch.key, WatchMemory()), facts.at)
        if after != WatchMemory():
            kept[watch.key] = after
        if after.active:
            conditions.append(_condition(watch, after, facts.at))
    conditions.sort(key=lambda condition: (_ORDER[condition.severity], condition.key))
    return conditions, AlertMemory(watches=tuple((key, kept[key]) for key in sorted(kept)))


def watches(facts: AlertFacts) -> Iterator[Watch]:
    """Every condition that is watched at this site, as it is now."""
    yield _emergency_stop(facts)
    for watches_of in (*ENERGY_WATCHES, *SOC_WATCHES, *DEVICE_WATCHES):
        yield from watches_of(facts)


def _condition(watch: Watch, memory: WatchMemory, at: datetime) -> AlertCondition:
    return AlertCondition(
        key=watch.key,
        category=watch.category,
        severity=watch.severity,
        title=watch.title,
        detail=watch.detail,
        advice=watch.advice,
        since=at if memory.since is None else memory.since,
    )


def _emergency_stop(facts: AlertFacts) -> Watch:
    stop = facts.emergency_stop
    return Watch(
        key="emergency_stop",
        category="safety",
        severity=AlertSeverity.CRITICAL,
        title="Emergency stop is latched",
        detail="" if stop is None else f"Latched by {stop.by}: {stop.reason}. {_stopped(facts)}",
        advice="Nothing runs until an admin releases it with a reason on any page.",
        holds=stop is not None,
    )


def _stopped(facts: AlertFacts) -> str:
    """What does not show that it is off, by state or by watts."""
    left = [device.name for device in facts.devices if not shows_off(device)]
    return f"Not off: {', '.join(left)}." if left else "All loads are off."
