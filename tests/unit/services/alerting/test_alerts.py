"""Alerts from opening to all-clear: one identity, one message, the right people, quiet nights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from energy.alerts.facts import AlertFacts, SourceFact, StopFact
from energy.site.preferences import Preferences
from services.alerting.alerts import Alerts
from services.alerting.notifications import Notifications, Targets, short_text, without_secrets
from services.alerting.records import Alert, OutboxMessage, Severity
from services.errors import Conflict, DeliveryError, Invalid, NotFound
from services.sites.records import System
from tests.fakes.clock import SteppingClock
from tests.fakes.stores.all_stores import InMemoryStores

SITE = UUID(int=1)
NOON = datetime(2026, 6, 21, 12, 0, tzinfo=UTC)
MAIL = "mailto://mail.example.org?to=ana@example.org"
SMS = "twilio://AC1:secret@+15550100/+14155550123"
TARGETS = Targets(mail_url="mailto://mail.example.org", sms_url="twilio://AC1:secret@+15550100")
REACHABLE = Preferences(timezone="UTC", notify_email="ana@example.org", notify_phone="+14155550123")
LOST: dict[str, Any] = {
    "telemetry_lost": True,
    "voltage_age_s": 2_400.0,
    "voltage_reason": "The battery voltage is 40 min old.",
}
"""A critical condition that holds at once."""
LATER = LOST | {"voltage_age_s": 2_460.0, "voltage_reason": "The battery voltage is 41 min old."}
SILENT: dict[str, Any] = {"sources": (SourceFact(id="vrm", name="VRM", silent_s=900.0),)}
"""A warning that holds at once."""


class ScriptedFacts:
    """The site that a test sets; ``now`` holds what differs from a site without faults."""

    def __init__(self) -> None:
        self.now: dict[str, Any] = {}

    async def gather(self, system_id: UUID, at: datetime) -> AlertFacts:
        assert system_id == SITE
        fine = AlertFacts(at=at, preferences=REACHABLE, voltage_age_s=5.0, soc_pct=70.0)
        return replace(fine, **self.now)


class Site:
    def __init__(self, preferences: Preferences = REACHABLE, *, at: datetime = NOON) -> None:
        self.clock = SteppingClock(at)
        self.stores = InMemoryStores(clock=self.clock)
        self.facts, self.preferences = ScriptedFacts(), preferences
        self.alerts = self.process()

    def process(self) -> Alerts:
        """Another process on the same stores."""
        return Alerts(
            store=self.stores.alerts,
            facts=self.facts,
            sites=self.stores.site,
            settings=self.stores.settings,
            targets=TARGETS,
            events=self.stores.events,
            clock=self.clock,
        )

    async def set_up(self) -> None:
        await self.stores.site.save_system(
            System(id=SITE, name="Shack", owner_id=SITE, timezone="UTC", latitude=0, longitude=0)
        )
        await self.stores.settings.save_preferences(
            SITE, self.preferences, expected_version=None, actor="ana"
        )

    async def check(self, *, after_s: float = 0.0, **now: Any) -> list[str]:
        """Move on, change the site, check; the keys that last."""
        self.clock.advance(after_s)
        self.facts.now = now
        return [alert.key for alert in await self.alerts.check(SITE)]

    def sent(self) -> list[tuple[str, str]]:
        """(target, subject) of every message so far, oldest first."""
        found = sorted(self.stores.outbox.messages.values(), key=lambda m: m.created_at)
        return [(message.target, message.subject) for message in found]

    def events(self) -> list[tuple[str, str]]:
        return [(p["key"], p["state"]) for topic, p in self.stores.events.published if topic]

    async def alert(self) -> Alert:
        (alert,) = await self.alerts.page(SITE)
        return alert


async def a_site(preferences: Preferences = REACHABLE, *, at: datetime = NOON) -> Site:
    site = Site(preferences, at=at)
    await site.set_up()
    return site


async def test_the_life_of_an_alert() -> None:
    site = await a_site()
    assert await site.check() == []
    assert await site.check(after_s=60, **LOST) == ["telemetry_lost"]
    assert await site.check(after_s=60, **LATER) == ["telemetry_lost"]
    assert await site.check(after_s=60, **LATER) == ["telemetry_lost"]
    assert await site.check(after_s=60) == []
    assert await site.alert() == Alert(
        id=(await site.alert()).id,
        system_id=SITE,
        key="telemetry_lost",
        category="telemetry",
        severity=Severity.CRITICAL,
        title="No battery voltage any more",
        detail="The battery voltage is 41 min old.",
        advice="All miners are stopped until it is back. See whether the site has internet and "
        "power; the health page shows which source is silent and why.",
        opened_at=NOON + timedelta(seconds=60),
        updated_at=NOON + timedelta(seconds=240),
        cleared_at=NOON + timedelta(seconds=240),
    )
    assert site.events() == [
        ("telemetry_lost", "opened"),
        ("telemetry_lost", "updated"),
        ("telemetry_lost", "cleared"),
    ]
    assert site.sent() == [
        (MAIL, "[Shack] CRITICAL: No battery voltage any more"),
        (MAIL, "[Shack] Over: No battery voltage any more"),
    ]
    assert await site.alerts.open(SITE) == []


async def test_the_message_says_what_and_what_to_do() -> None:
    site = await a_site()
    await site.check(**SILENT)
    (message,) = site.stores.outbox.messages.values()
    assert message.subject == "[Shack] WARNING: VRM is silent"
    assert message.body == (
        "It has not answered for 15 min.\n"
        "What to do: It is asked again by itself. If it stays silent, see that the device has "
        "power and internet, and that its credentials in the settings are right."
    )


async def test_a_storm_is_one_message_the_worst_first() -> None:
    site = await a_site()
    silent = tuple(SourceFact(id=str(n), name=f"S{n}", silent_s=900.0) for n in range(6))
    await site.check(sources=silent, **LOST)
    (message,) = site.stores.outbox.messages.values()
    assert message.subject == "[Shack] 7 alerts, 1 critical: No battery voltage any more …"
    assert message.body.startswith("1. CRITICAL: No battery voltage any more\n")
    assert "7. WARNING: S5 is silent" in message.body


async def test_a_storm_of_warnings_counts_no_critical() -> None:
    site = await a_site()
    silent = tuple(SourceFact(id=str(n), name=f"S{n}", silent_s=900.0) for n in range(2))
    await site.check(sources=silent)
    assert site.sent() == [(MAIL, "[Shack] 2 alerts: S0 is silent …")]


async def test_an_unanswered_critical_alert_escalates_once() -> None:
    site = await a_site()
    seen = []
    for after_s in (0, 299, 1, 60, 86_040):
        await site.check(after_s=after_s, **LOST)
        seen.append(len([target for target, _ in site.sent() if target == SMS]))
    assert seen == [0, 0, 1, 1, 1]
    (text,) = [m for m in site.stores.outbox.messages.values() if m.target == SMS]
    assert text.body == (
        "Shack: No battery voltage any more. The battery voltage is 40 min old. All miners are "
        "stopped until it is back. See whether the site has internet and power; the health page "
        "shows which source is silent and why."
    )


@pytest.mark.parametrize("back_s", [600.0, 365 * 86_400.0], ids=["10 min", "a year"])
async def test_a_critical_alert_of_a_time_that_was_wrong_escalates(back_s: float) -> None:
    """How long it has been open is unknown: it is told at once, and once."""
    site = await a_site()
    await site.check(**LOST)
    site.clock.set(site.clock.now() - timedelta(seconds=back_s))
    for _ in range(3):
        await site.check(after_s=60, **LOST)
    assert [target for target, _ in site.sent()].count(SMS) == 1


@pytest.mark.parametrize("severity", ["acknowledged", "only a warning"])
async def test_what_does_not_escalate(severity: str) -> None:
    site = await a_site()
    facts = LOST if severity == "acknowledged" else SILENT
    await site.check(**facts)
    if severity == "acknowledged":
        await site.alerts.acknowledge((await site.alert()).id, by="ana")
    await site.check(after_s=3_600, **facts)
    assert [target for target, _ in site.sent()] == [MAIL]


async def test_the_emergency_stop_goes_to_every_channel_at_once() -> None:
    site = await a_site()
    await site.check(emergency_stop=StopFact(by="ana", reason="smoke"))
    assert sorted(target for target, _ in site.sent()) == [MAIL, SMS]


async def test_acknowledging_twice_keeps_the_first() -> None:
    site = await a_site()
    await site.check(**LOST)
    alert_id = (await site.alert()).id
    first = await site.alerts.acknowledge(alert_id, by="ana")
    site.clock.advance(60)
    assert await site.alerts.acknowledge(alert_id, by="bo") == first
    assert (first.acknowledged_at, first.acknowledged_by) == (NOON, "ana")
    with pytest.raises(NotFound):
        await site.alerts.acknowledge(UUID(int=99), by="ana")


async def test_a_snoozed_alert_reminds_once_when_it_still_lasts() -> None:
    site = await a_site()
    await site.check(**SILENT)
    alert_id = (await site.alert()).id
    until = NOON + timedelta(hours=1)
    snoozed = await site.alerts.snooze(alert_id, until=until, by="ana")
    assert (snoozed.snoozed_until, snoozed.acknowledged_by) == (until, "ana")
    seen = []
    for after_s in (3_599, 1, 60):
        await site.check(after_s=after_s, **SILENT)
        seen.append([subject for _, subject in site.sent()][1:])
    assert seen == [[], ["[Shack] Still: VRM is silent"], ["[Shack] Still: VRM is silent"]]
    assert site.events()[-1][1] != "opened"


async def test_snoozing_keeps_who_saw_it_and_refuses_what_makes_no_sense() -> None:
    site = await a_site()
    await site.check(**SILENT)
    alert_id = (await site.alert()).id
    await site.alerts.acknowledge(alert_id, by="ana")
    later = await site.alerts.snooze(alert_id, until=NOON + timedelta(hours=1), by="bo")
    assert later.acknowledged_by == "ana"
    with pytest.raises(Invalid):
        await site.alerts.snooze(alert_id, until=NOON, by="ana")
    await site.check(after_s=60)
    with pytest.raises(Conflict):
        await site.alerts.snooze(alert_id, until=NOON + timedelta(hours=2), by="ana")


QUIET = replace(REACHABLE, quiet_hours_start=22, quiet_hours_end=7)


async def test_a_quiet_night_holds_warnings_back_and_tells_them_once_in_the_morning() -> None:
    site = await a_site(QUIET, at=datetime(2026, 6, 21, 23, 0, tzinfo=UTC))
    await site.check(**SILENT)
    both = (*SILENT["sources"], SourceFact(id="sol", name="SolArk", silent_s=900.0))
    await site.check(after_s=3_600, sources=both)
    assert site.sent() == []
    await site.check(after_s=7 * 3_600 - 60, sources=both)
    assert site.sent() == []
    for after_s in (60, 60, 3_480, 60):
        await site.check(after_s=after_s, sources=both)
    assert site.sent() == [(MAIL, "[Shack] While it was quiet: 2 alerts: SolArk is silent …")]


async def test_a_warning_of_the_evening_is_not_told_again_in_the_morning() -> None:
    site = await a_site(QUIET, at=datetime(2026, 6, 21, 21, 59, tzinfo=UTC))
    await site.check(**SILENT)
    site.clock.set(datetime(2026, 6, 22, 7, 0, tzinfo=UTC))
    await site.check(**SILENT)
    assert len(site.sent()) == 1


async def test_a_critical_alert_knows_no_quiet_hours() -> None:
    site = await a_site(QUIET, at=datetime(2026, 6, 21, 23, 0, tzinfo=UTC))
    await site.check(**LOST)
    await site.check(after_s=60)
    assert len(site.sent()) == 2


async def test_equal_ends_are_no_quiet_hours() -> None:
    site = await a_site(replace(QUIET, quiet_hours_start=7))
    await site.check(**SILENT)
    assert len(site.sent()) == 1


@pytest.mark.parametrize(
    ("preferences", "targets"),
    [
        pytest.param(replace(REACHABLE, notify_critical_only=True), [], id="critical only"),
        pytest.param(
            replace(REACHABLE, notify_categories=(("telemetry", False),)), [], id="category off"
        ),
        pytest.param(
            replace(REACHABLE, notify_categories=(("solar", False),)), [MAIL], id="another off"
        ),
        pytest.param(
            replace(REACHABLE, notify_email=None, notify_urls=("json://hook.example.org/x",)),
            ["json://hook.example.org/x"],
            id="a webhook instead of mail",
        ),
        pytest.param(Preferences(timezone="UTC"), [], id="nobody to write to"),
    ],
)
async def test_who_gets_a_warning(preferences: Preferences, targets: list[str]) -> None:
    site = await a_site(preferences)
    assert await site.check(**SILENT) == ["source_silent:vrm"]
    assert [target for target, _ in site.sent()] == targets


async def test_without_a_phone_nothing_escalates() -> None:
    site = await a_site(replace(REACHABLE, notify_phone=None))
    await site.check(**LOST)
    await site.check(after_s=600, **LOST)
    assert [target for target, _ in site.sent()] == [MAIL]


async def test_after_a_restart_the_alert_is_the_same() -> None:
    site = await a_site()
    await site.check(**LOST)
    site.alerts = site.process()
    await site.check(after_s=60, **LOST)
    assert len(await site.alerts.page(SITE)) == 1
    assert len(site.sent()) == 1


async def test_what_another_process_has_cleared_is_gone_here_too() -> None:
    site = await a_site()
    other = site.process()
    await site.check(soc_pct=30.0)
    await site.check(after_s=300, soc_pct=30.0)
    assert [alert.key for alert in await site.alerts.open(SITE)] == ["battery_low"]
    await other.check(SITE)
    site.clock.advance(300)
    site.facts.now = {"soc_pct": 60.0}
    await other.check(SITE)
    site.clock.advance(300)
    await other.check(SITE)
    assert await site.alerts.open(SITE) == []
    assert await site.check(soc_pct=39.0) == []


class RacingStore:
    """Opens the alert right before this process does."""

    def __init__(self, site: Site) -> None:
        self._store = site.stores.alerts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def save(self, alert: Alert, *, messages: Sequence[OutboxMessage] = ()) -> None:
        if alert.cleared_at is None:
            raise Conflict(f"an alert {alert.key!r} is open already")
        await self._store.save(alert, messages=messages)


async def test_when_two_processes_open_it_at_once_one_announces_it() -> None:
    site = await a_site()
    racing = Alerts(
        store=RacingStore(site),
        facts=site.facts,
        sites=site.stores.site,
        settings=site.stores.settings,
        targets=TARGETS,
        events=site.stores.events,
        clock=site.clock,
    )
    site.facts.now = LOST
    await racing.check(SITE)
    assert site.sent() == []
    assert site.events() == []


async def test_messages_are_due_by_the_clock_of_the_outbox() -> None:
    site = await a_site()
    wall = SteppingClock(NOON - timedelta(days=1))
    alerts = Alerts(
        store=site.stores.alerts,
        facts=site.facts,
        sites=site.stores.site,
        settings=site.stores.settings,
        targets=TARGETS,
        events=site.stores.events,
        clock=site.clock,
        delivery_clock=wall,
    )
    site.facts.now = {"emergency_stop": StopFact(by="ana", reason="smoke")}
    await alerts.check(SITE)
    assert len(await site.stores.outbox.claim(now=wall.now(), limit=9)) == 2


async def test_a_site_without_a_name() -> None:
    site = Site()
    await site.stores.settings.save_preferences(SITE, REACHABLE, expected_version=None, actor="ana")
    await site.check(**SILENT)
    assert site.sent()[0][1].startswith("[CommandCenter]")


def test_an_sms_is_short() -> None:
    alert = Alert(
        id=SITE,
        system_id=SITE,
        key="k",
        category="c",
        severity=Severity.CRITICAL,
        title="T",
        detail="d" * 400,
        advice="a",
        opened_at=NOON,
        updated_at=NOON,
    )
    text = short_text(alert, site="Shack")
    assert (len(text), text[-1]) == (300, "…")


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("mailtos://me:pw@host?to=ana@example.org&x=1", "mailtos://ana@example.org"),
        (SMS, "twilio://+14155550123"),
        ("json://user:pw@hook.example.org/token", "json://hook.example.org/…"),
        ("json://hook.example.org?key=token", "json://hook.example.org/…"),
        ("mailtos://me:pw@host", "mailtos://…"),
        ("twilio://A:B@+1555/+14155550123?token=x", "twilio://+14155550123"),
        ("slack://TokenA/TokenB/TokenC", "slack://…"),
        ("tgram://bottoken/chat", "tgram://…"),
    ],
)
def test_targets_are_shown_without_secrets(target: str, shown: str) -> None:
    assert without_secrets(target) == shown


def test_options_of_the_configured_urls_are_kept() -> None:
    targets = Targets(mail_url="mailto://h?mode=ssl", sms_url="twilio://A:B@+1555/?validity=60")
    assert targets.written(REACHABLE) == ("mailto://h?mode=ssl&to=ana@example.org",)
    assert targets.short(REACHABLE) == ("twilio://A:B@+1555/+14155550123?validity=60",)
    assert "secret" not in repr(TARGETS)


class HalfDeafMessenger:
    """Delivers mail only."""

    async def send(self, *, target: str, subject: str, body: str) -> None:
        if not target.startswith("mailto"):
            raise DeliveryError(channel="twilio", detail="wrong token", retry=False)


async def test_a_test_message_tells_how_each_target_went() -> None:
    site = await a_site()
    notifications = Notifications(
        settings=site.stores.settings, targets=TARGETS, messenger=HalfDeafMessenger()
    )
    assert await notifications.test(SITE, by="ana") == {
        "targets": [
            {"target": "mailto://ana@example.org", "ok": True, "detail": "sent"},
            {"target": "twilio://+14155550123", "ok": False, "detail": "wrong token"},
        ]
    }
    nobody = await a_site(Preferences())
    with pytest.raises(Invalid):
        await Notifications(
            settings=nobody.stores.settings, targets=TARGETS, messenger=HalfDeafMessenger()
        ).test(SITE, by="ana")
