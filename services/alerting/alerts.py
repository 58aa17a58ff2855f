"""The life of alerts: opened, updated, announced, escalated and cleared, with one identity each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid5

from energy.alerts.conditions import AlertCondition, evaluate
from energy.alerts.facts import AlertFacts
from energy.alerts.timing import AlertMemory, WatchMemory
from energy.measuring.clock_jumps import SET_BACK
from energy.site.display import Display, display_of
from energy.site.preferences import Preferences
from services.alerting.notifications import (
    Targets,
    in_quiet_hours,
    is_wanted,
    last_quiet_span,
    messages_to,
    short_text,
    written_text,
)
from services.alerting.ports import AlertStore
from services.alerting.records import Alert, OutboxMessage, Severity
from services.clock import Clock
from services.errors import Conflict, Invalid, NotFound
from services.events import EventBus
from services.settings.ports import SettingsStore
from services.sites.ports import SiteStore

ESCALATE_AFTER_S = 300.0
"""A critical alert that nobody has acknowledged for this long goes out by SMS as well, s."""

ESCALATE_FOR_S = 24 * 3_600.0
"""After this long without an answer it is not escalated any more, s."""

AT_ONCE_CATEGORY = "safety"
"""Alerts of this category go to every channel at once: the emergency stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Result of a check: new alerts, alerts with a new text, unchanged and cleared ones."""

    opened: tuple[Alert, ...] = ()
    updated: tuple[Alert, ...] = ()
    unchanged: tuple[Alert, ...] = ()
    cleared: tuple[Alert, ...] = ()

    @property
    def lasting(self) -> tuple[Alert, ...]:
        """All alerts that are open after the check."""
        return (*self.opened, *self.updated, *self.unchanged)


class AlertFactsReader(Protocol):
    """Source of a site's alert facts."""

    async def gather(self, system_id: UUID, at: datetime) -> AlertFacts:
        """The inputs of the site's alert conditions at ``at``."""
        ...


class Alerts:
    """Checks a site's alert conditions; acknowledges and snoozes its alerts.

    How long conditions have held is remembered per process; which alerts are open is read from the
    store at every check, so that several processes agree on it.
    """

    def __init__(
        self,
        *,
        store: AlertStore,
        facts: AlertFactsReader,
        sites: SiteStore,
        settings: SettingsStore,
        targets: Targets,
        events: EventBus,
        clock: Clock,
        delivery_clock: Clock | None = None,
    ) -> None:
        """``delivery_clock`` is the outbox's clock. Pass it where it differs from the site's, as on
        a simulated site that runs faster: otherwise messages would be due only in the wall clock's
        future.
        """
        self._store, self._facts, self._sites, self._settings = store, facts, sites, settings
        self._targets, self._events, self._clock = targets, events, clock
        self._delivery_clock = clock if delivery_clock is None else delivery_clock
        self._memories: dict[UUID, AlertMemory] = {}

    async def check(self, system_id: UUID) -> Sequence[Alert]:
        """Evaluate the site's alert conditions now; returns the open alerts.

        Each alert is stored in one transaction with the messages that announce it. A crash between
        two alerts opens the rest at the next check.
        """
        now = self._clock.now()
        facts = await self._facts.gather(system_id, now)
        stored = {alert.key: alert for alert in await self._store.open(system_id)}
        memory = agreed(self._memories.get(system_id, AlertMemory()), stored)
        conditions, self._memories[system_id] = evaluate(facts, memory)
        preferences = (await self._settings.preferences(system_id)).value
        worded = [in_owners_units(condition, display_of(preferences)) for condition in conditions]
        changes = changes_of(stored, worded, system_id=system_id, at=now)
        messages = self._messages(changes, preferences, await self._site_name(system_id), now)
        await self._save(changes, messages)
        return changes.lasting

    async def acknowledge(self, alert_id: UUID, by: str) -> Alert:
        """Acknowledge an alert: it is not escalated to SMS any more. Repeating it changes nothing.

        Raises:
            NotFound: There is no such alert.
        """
        alert = await self._existing(alert_id)
        if alert.acknowledged_at is not None:
            return alert
        now = self._clock.now()
        seen = replace(alert, acknowledged_at=now, acknowledged_by=by, updated_at=now)
        await self._store.save(seen)
        await self._publish(seen, "acknowledged")
        return seen

    async def snooze(self, alert_id: UUID, until: datetime, by: str) -> Alert:
        """No messages about the alert until ``until``; if it is still open then, one reminder is
        sent.

        Raises:
            NotFound: There is no such alert.
            Invalid: ``until`` is not in the future.
            Conflict: The alert has ended already.
        """
        alert = await self._existing(alert_id)
        now = self._clock.now()
        if until <= now:
            raise Invalid([("until", "must lie in the future")])
        if alert.cleared_at is not None:
            raise Conflict(f"“{alert.title}” is over already: there is nothing to snooze")
        quiet = replace(
            alert,
            snoozed_until=until,
            acknowledged_at=now if alert.acknowledged_at is None else alert.acknowledged_at,
            acknowledged_by=alert.acknowledged_by or by,
            updated_at=now,
        )
        await self._store.save(quiet)
        await self._publish(quiet, "snoozed")
        return quiet

    async def page(
        self, system_id: UUID, *, before: datetime | None = None, limit: int = 50
    ) -> Sequence[Alert]:
        """Alerts, newest first, cleared ones included."""
        return await self._store.page(system_id, before=before, limit=limit)

    async def open(self, system_id: UUID) -> Sequence[Alert]:
        """Open alerts."""
        return await self._store.open(system_id)

    async def _existing(self, alert_id: UUID) -> Alert:
        alert = await self._store.get(alert_id)
        if alert is None:
            raise NotFound(kind="alert", key=str(alert_id))
        return alert

    async def _site_name(self, system_id: UUID) -> str:
        system = await self._sites.system(system_id)
        return "CommandCenter" if system is None else system.name

    def _messages(
        self, changes: Changes, preferences: Preferences, site: str, now: datetime
    ) -> dict[UUID, list[OutboxMessage]]:
        """Messages by the alert that they are stored with."""
        due_at = self._delivery_clock.now()
        written = self._targets.written(preferences)
        by_alert: dict[UUID, list[OutboxMessage]] = {}
        for alerts, occasion, verb in occasions(changes, preferences, now):
            subject, body = written_text(alerts, site=site, verb=verb)
            by_alert.setdefault(alerts[0].id, []).extend(
                messages_to(
                    written, alerts[0], occasion=occasion, subject=subject, body=body, at=due_at
                )
            )
        short = self._targets.short(preferences)
        for alert in changes.lasting:
            if is_wanted(alert, preferences) and self._escalates(alert, now):
                by_alert.setdefault(alert.id, []).extend(
                    messages_to(
                        short,
                        alert,
                        occasion=f"sms:{alert.id}",
                        subject=alert.title,
                        body=short_text(alert, site=site),
                        at=due_at,
                    )
                )
        return by_alert

    def _escalates(self, alert: Alert, now: datetime) -> bool:
        if alert.severity is not Severity.CRITICAL or alert.acknowledged_at is not None:
            return False
        age_s = (now - alert.opened_at).total_seconds()
        if age_s < -SET_BACK.total_seconds():
            return True  # the clock was set back: it may have been open for long
        wait_s = 0.0 if alert.category == AT_ONCE_CATEGORY else ESCALATE_AFTER_S
        return wait_s <= age_s < ESCALATE_FOR_S

    async def _save(
        self, changes: Changes, messages: Mapping[UUID, Sequence[OutboxMessage]]
    ) -> None:
        for state, alerts in (
            ("opened", changes.opened),
            ("updated", changes.updated),
            ("cleared", changes.cleared),
        ):
            for alert in alerts:
                await self._save_one(alert, state, messages.get(alert.id, ()))
        for alert in changes.unchanged:
            if alert.id in messages:
                await self._store.save(alert, messages=messages[alert.id])

    async def _save_one(self, alert: Alert, state: str, messages: Sequence[OutboxMessage]) -> None:
        try:
            await self._store.save(alert, messages=messages)
        except Conflict:
            return  # another process has just opened this alert and announces it
        await self._publish(alert, state)

    async def _publish(self, alert: Alert, state: str) -> None:
        await self._events.publish(
            "alert",
            {
                "id": str(alert.id),
                "system_id": str(alert.system_id),
                "key": alert.key,
                "category": alert.category,
                "severity": alert.severity.value,
                "title": alert.title,
                "state": state,
                "at": alert.updated_at.isoformat(),
            },
        )


def in_owners_units(condition: AlertCondition, display: Display) -> AlertCondition:
    """The condition with its texts in the owner's units."""
    return replace(
        condition,
        title=display.sentence(condition.title),
        detail=display.sentence(condition.detail),
        advice=display.sentence(condition.advice),
    )


def agreed(memory: AlertMemory, stored: Mapping[str, Alert]) -> AlertMemory:
    """The memory brought into agreement with the alerts that are open in the store."""
    known = dict(memory.watches)
    for key in set(known) | set(stored):
        remembered = known.get(key, WatchMemory())
        if key in stored and not remembered.active:
            known[key] = WatchMemory(active=True, since=stored[key].opened_at)
        elif key not in stored and remembered.active:
            del known[key]
    return AlertMemory(watches=tuple((key, known[key]) for key in sorted(known)))


def changes_of(
    stored: Mapping[str, Alert],
    conditions: Sequence[AlertCondition],
    *,
    system_id: UUID,
    at: datetime,
) -> Changes:
    """What the conditions change in the stored open alerts."""
    lasting = {condition.key for condition in conditions}
    opened: list[Alert] = []
    updated: list[Alert] = []
    unchanged: list[Alert] = []
    for condition in conditions:
        known = stored.get(condition.key)
        if known is None:
            opened.append(_opened(condition, system_id, at))
            continue
        worded = _reworded(known, condition, at)
        (unchanged if worded == known else updated).append(worded)
    return Changes(
        opened=tuple(opened),
        updated=tuple(updated),
        unchanged=tuple(unchanged),
        cleared=tuple(
            replace(alert, cleared_at=at, updated_at=at)
            for key, alert in stored.items()
            if key not in lasting
        ),
    )


def occasions(
    changes: Changes, preferences: Preferences, now: datetime
) -> list[tuple[list[Alert], str, str]]:
    """The messages to send now as (alerts, occasion, verb), one message for each list of alerts.

    In quiet hours only critical alerts are sent; others that opened in them and are still open go
    into one message when they end. The end of a critical alert is announced, too.
    """
    quiet = in_quiet_hours(now, preferences)
    span = last_quiet_span(now, preferences)

    def critical_or_loud(alert: Alert) -> bool:
        return alert.severity is Severity.CRITICAL or not quiet

    new = [a for a in changes.opened if is_wanted(a, preferences) and critical_or_loud(a)]
    woken = [
        alert
        for alert in changes.lasting
        if alert.snoozed_until is not None
        and alert.snoozed_until <= now
        and is_wanted(alert, preferences)
        and critical_or_loud(alert)
    ]
    held = [
        alert
        for alert in (*changes.updated, *changes.unchanged)
        if span is not None
        and span[0] <= alert.opened_at < span[1]
        and alert.severity is not Severity.CRITICAL
        and is_wanted(alert, preferences)
    ]
    over = [
        alert
        for alert in changes.cleared
        if alert.severity is Severity.CRITICAL and is_wanted(alert, preferences)
    ]
    ended = "" if span is None else span[1].isoformat()
    occasions = [
        (new, _about("opened", new), ""),
        (held, f"held:{ended}", "While it was quiet"),
        (over, _about("over", over), "Over"),
    ]
    occasions += [
        ([alert], _about(f"reminder:{alert.snoozed_until}", [alert]), "Still") for alert in woken
    ]
    return [occasion for occasion in occasions if occasion[0]]


def _about(what: str, alerts: Sequence[Alert]) -> str:
    return f"{what}:{alerts[0].id}" if alerts else what


def _opened(condition: AlertCondition, system_id: UUID, at: datetime) -> Alert:
    return Alert(
        id=uuid5(system_id, f"{condition.key}@{at.isoformat()}"),
        system_id=system_id,
        key=condition.key,
        category=condition.category,
        severity=Severity(condition.severity.value),
        title=condition.title,
        detail=condition.detail,
        advice=condition.advice,
        opened_at=at,
        updated_at=at,
    )


def _reworded(alert: Alert, condition: AlertCondition, at: datetime) -> Alert:
    """The alert with the newest texts; an empty detail keeps the one before."""
    worded = replace(
        alert,
        title=condition.title,
        detail=condition.detail or alert.detail,
        advice=condition.advice,
    )
    return alert if worded == alert else replace(worded, updated_at=at)
