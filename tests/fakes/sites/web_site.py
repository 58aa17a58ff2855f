"""The web application over the reference site in memory: real services, no server, no database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from fastapi import FastAPI

from commandcenter.wiring import seed
from energy.alerts.facts import AlertFacts
from energy.site.loads import Actor
from energy.site.preferences import Preferences
from server.app import create_app
from server.container import ServerConfig, Services
from services.accounts.accounts import Accounts
from services.accounts.records import Role, Scope, User
from services.actions.records import Action, SwitchProposal
from services.alerting.addresses import MessageAddresses
from services.alerting.alerts import Alerts
from services.alerting.notifications import Notifications, Targets
from services.alerting.records import Alert, Severity
from services.chat.ports import Assistant
from services.chat.runs import Runs
from services.clock import Clock
from services.errors import DeliveryError
from services.settings.site_settings import SiteSettings
from services.sites.records import System
from services.views.health import Health
from services.views.history import History
from services.views.metrics import Metrics
from tests.fakes.clock import EPOCH, FrozenClock
from tests.fakes.run_assistant import ScriptedAssistant
from tests.fakes.sites.reference_site import ReferenceSite

SYSTEM_ID = seed.SYSTEM_ID
OTHER_SYSTEM_ID = UUID("50000000-0000-0000-0000-0000000000ff")
PRIMARY_LOAD = seed.PRIMARY.load_id
DUMP_LOAD = seed.DUMP.load_id


class NoFacts:
    """Nothing is known: no alert is opened."""

    async def gather(self, system_id: UUID, at: datetime) -> AlertFacts:
        return AlertFacts(at=at, preferences=Preferences())


@dataclass
class KeepingMessenger:
    """Keeps the messages to send; refuses addresses of a private network."""

    sent: list[tuple[str, str]] = field(default_factory=list)

    async def send(self, *, target: str, subject: str, body: str) -> None:
        self.sent.append((target, subject))

    async def check(self, target: str) -> None:
        if "10.1.2.3" in target:
            raise DeliveryError(
                channel="json", detail="the host 10.1.2.3 is not a public one", retry=False
            )


class WebSite:
    """One site with people, and the application in front of it."""

    def __init__(
        self,
        *,
        assistant: Assistant | None = None,
        accounts_clock: Clock | None = None,
        config: ServerConfig | None = None,
        start: datetime = EPOCH,
    ) -> None:
        self.reference = ReferenceSite(start=start)
        self.stores, self.clock = self.reference.stores, self.reference.clock
        self.accounts_clock = accounts_clock if accounts_clock is not None else FrozenClock()
        self.accounts = Accounts(store=self.stores.accounts, clock=self.accounts_clock)
        self.assistant = assistant if assistant is not None else ScriptedAssistant()
        self.messenger = KeepingMessenger()
        self.config = config if config is not None else ServerConfig(allowed_hosts=("test",))
        self.services = self._services()
        self.app = _app_over(self.services)

    async def set_up(self) -> None:
        """Seed the site and its people, and let it run for two minutes."""
        for user_id, email, role in (
            (seed.OWNER_ID, "owner@example.com", Role.ADMIN),
            (uuid4(), "kim@example.com", Role.USER),
            (uuid4(), "visitor@example.com", Role.VIEWER),
            (uuid4(), "neighbour@example.com", Role.USER),
        ):
            await self.accounts.create_user(email=email, role=role, user_id=user_id)
        await self.reference.set_up()
        neighbour = await self.user("neighbour@example.com")
        await self.stores.site.save_system(
            System(
                id=OTHER_SYSTEM_ID,
                name="Zebra farm",
                owner_id=neighbour.id,
                timezone="UTC",
                latitude=0.0,
                longitude=0.0,
            )
        )
        for _ in range(2):
            await self.reference.minute()

    async def user(self, email: str) -> User:
        found = await self.stores.accounts.user_by_email(email)
        assert found is not None
        return found

    async def session(self, email: str) -> str:
        """The secret of a fresh session."""
        link = await self.link(email)
        return (await self.accounts.sign_in_by_link(link, client=f"test {email}")).secret

    async def link(self, email: str) -> str:
        """The secret of a fresh one-time link."""
        return await self.accounts.new_link((await self.user(email)).id)

    async def token(self, email: str, scope: Scope) -> str:
        """The secret of a fresh machine token."""
        user = await self.user(email)
        name = f"{email} {scope} {uuid4()}"
        made = await self.accounts.create_token(name=name, scope=scope, user_id=user.id)
        return made.secret

    async def pending_action(self, *, turn_on: bool = True) -> Action:
        """An action that the assistant proposed for the dump load."""
        return await self.reference.loop.proposals.propose(
            SYSTEM_ID,
            SwitchProposal(
                load_id=DUMP_LOAD,
                target_on=turn_on,
                actor=Actor.AGENT,
                requested_by="assistant for owner@example.com",
                reason="assistant_proposal",
                explanation="The battery is full and 4 kW of sun are held back.",
            ),
        )

    async def open_alert(self, *, system_id: UUID = SYSTEM_ID, title: str = "Low battery") -> Alert:
        """An alert that lasts."""
        alert = Alert(
            id=uuid4(),
            system_id=system_id,
            key=f"test:{title}",
            category="battery",
            severity=Severity.WARNING,
            title=title,
            detail="46.8 V is below the warning voltage.",
            advice="Switch off what is not needed.",
            opened_at=self.clock.now(),
            updated_at=self.clock.now(),
        )
        await self.stores.alerts.save(alert)
        return alert

    def _services(self) -> Services:
        s, loop = self.stores, self.reference.loop
        settings = SiteSettings(
            store=s.settings,
            sites=s.site,
            addresses=MessageAddresses(targets=self.messenger),
        )
        health = Health(
            store_health=s.health,
            sites=s.site,
            telemetry=s.telemetry,
            jobs=s.jobs,
            timer_faults=s.timer_faults,
            clock=self.clock,
        )
        return Services(
            accounts=self.accounts,
            sites=s.site,
            live=loop.live,
            history=History(
                sites=s.site,
                telemetry=s.telemetry,
                settings=s.settings,
                memory=s.memory,
                clock=self.clock,
            ),
            settings=settings,
            what_if=loop.what_if,
            proposals=loop.proposals,
            action_store=s.actions,
            decisions=s.decisions,
            emergency=loop.emergency,
            alerts=Alerts(
                store=s.alerts,
                facts=NoFacts(),
                sites=s.site,
                settings=s.settings,
                targets=Targets(),
                events=s.events,
                clock=self.clock,
            ),
            alert_store=s.alerts,
            notifications=Notifications(
                settings=s.settings, targets=Targets(), messenger=self.messenger
            ),
            health=health,
            metrics=Metrics(sites=s.site, jobs=s.jobs, clock=self.clock),
            runs=Runs(
                assistant=self.assistant,
                conversations=s.conversations,
                bus=s.events,
                clock=self.clock,
            ),
            conversations=s.conversations,
            events=s.events,
            clock=self.clock,
            config=self.config,
        )


_APPS: dict[ServerConfig, FastAPI] = {}


def _app_over(services: Services) -> FastAPI:
    """One application per configuration: describing its routes takes half a second."""
    if services.config not in _APPS:
        _APPS[services.config] = create_app(services)
    app = _APPS[services.config]
    app.state.services = services
    return app
