"""Alerts and their way to the owner: conditions, channels, the outbox."""

from __future__ import annotations

from commandcenter.clock import WallClock
from commandcenter.wiring.foundation import Foundation
from commandcenter.wiring.late_messenger import CheckingMessenger, LateMessenger
from services.alerting.addresses import MessageAddresses
from services.alerting.alert_facts import FactsOfSite
from services.alerting.alerts import Alerts
from services.alerting.notifications import Notifications, Targets
from services.alerting.outbox import Outbox


class Messages:
    """Alerts, the outbox and test messages."""

    def __init__(self, base: Foundation) -> None:
        """Nothing is sent yet; the library that sends is loaded when it is needed."""
        self._base = base
        self._targets = _targets(base)
        self._messenger = LateMessenger(build=lambda: _messenger(base))
        self.alerts = self._alerts()

    def outbox(self) -> Outbox:
        """The outbox, which sends due messages."""
        return Outbox(store=self._base.stores.outbox, messenger=self._messenger, clock=WallClock())

    def notifications(self) -> Notifications:
        """Test messages to the owner's targets."""
        return Notifications(
            settings=self._base.stores.settings, targets=self._targets, messenger=self._messenger
        )

    def addresses(self) -> MessageAddresses:
        """Which addresses the owner may enter."""
        return MessageAddresses(targets=self._messenger)

    def _alerts(self) -> Alerts:
        stores = self._base.stores
        facts = FactsOfSite(
            snapshots=self._base.snapshots(stores),
            sites=stores.site,
            telemetry=stores.telemetry,
            memory=stores.memory,
            decisions=stores.decisions,
            actions=stores.actions,
            emergency_stops=stores.emergency_stops,
            timer_faults=stores.timer_faults,
        )
        return Alerts(
            store=stores.alerts,
            facts=facts,
            sites=stores.site,
            settings=stores.settings,
            targets=self._targets,
            events=stores.events,
            clock=self._base.clock,
            delivery_clock=WallClock(),
        )


def _messenger(base: Foundation) -> CheckingMessenger:
    from integrations.messages.adapter import AppriseMessenger
    from integrations.messages.client import AppriseClient, TwilioClient
    from integrations.messages.guard import HostGuard

    sink = base.plant.mail_port
    allowed = frozenset() if sink is None else frozenset({f"127.0.0.1:{sink}"})
    return AppriseMessenger(
        sms=TwilioClient(http=base.http, base_url=base.settings.twilio_base_url),
        guard=HostGuard(allowed_hosts=allowed),
        library=AppriseClient(),
    )


def _targets(base: Foundation) -> Targets:
    settings, sink = base.settings, base.plant.mail_port
    mail = None if settings.mail_url is None else settings.mail_url.get_secret_value()
    if mail is None and sink is not None:
        mail = f"mailto://127.0.0.1:{sink}?from=site@example.com"
    sms = None if settings.sms_url is None else settings.sms_url.get_secret_value()
    return Targets(mail_url=mail, sms_url=sms)
