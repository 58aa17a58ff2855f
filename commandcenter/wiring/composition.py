"""The composition root: every dependency is built here, once, and handed on."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import httpx2
import structlog

from agents.assistant import CrewAssistant
from agents.models.settings import ModelSettings
from commandcenter.clock import WallClock
from commandcenter.settings import Settings, SiteKind
from commandcenter.version import VERSION
from commandcenter.wiring.database import database, open_stores
from commandcenter.wiring.devices import Devices
from commandcenter.wiring.key import secret_key
from commandcenter.wiring.late_messenger import LateMessenger
from commandcenter.wiring.model_check import model_check
from commandcenter.wiring.plant import SimulatedPlant, plant
from commandcenter.wiring.seed import (
    OWNER_ID,
    SYSTEM_ID,
    Stores,
    seed_empty_site,
    seed_owner,
    seed_simulated_site,
)
from forecasting.skies import ClearSkies
from scheduler.execution import JobExecutor
from scheduler.jobs import Work
from server.container import ServerConfig, Services
from services.accounts.accounts import Accounts
from services.accounts.records import Role, User
from services.actions.execution import Execution
from services.actions.open_actions import OpenActions
from services.actions.proposals import Proposals
from services.actions.records import EmergencyStop
from services.actions.safety_check import Judge
from services.alerting.alert_facts import FactsOfSite
from services.alerting.alerts import Alerts
from services.alerting.notifications import Notifications, Targets
from services.alerting.outbox import Outbox
from services.alerting.ports import Messenger
from services.chat.records import Run, RunLimits
from services.chat.runs import Runs
from services.control.command_dispatch import CommandDispatch
from services.control.control_loop import ControlLoop
from services.control.decision_retention import DecisionRetention
from services.control.emergency_stop import Announce, Emergency
from services.control.holds import Holds
from services.control.what_if import WhatIf
from services.settings.site_settings import SiteSettings
from services.telemetry.polling import Polling
from services.telemetry.rollup import Rollup
from services.telemetry.snapshots import SnapshotBuilder
from services.views.health import Health
from services.views.history import History
from services.views.live import LiveView
from services.views.measurement_check import MeasurementCheck
from services.views.metrics import Metrics
from storage.all_stores import PostgresStores
from storage.schema import migrations
from tools.services import ToolServices

log = structlog.get_logger("commandcenter")

UNLIMITED = httpx2.Limits(max_connections=None, max_keepalive_connections=100)
"""Devices that hang keep their connections: the others' commands must find one all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Views:
    """What is read of a site, by people and tools alike."""

    live: LiveView
    health: Health
    history: History
    settings: SiteSettings
    what_if: WhatIf


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything of a running program."""

    settings: Settings
    plant: SimulatedPlant
    stores: PostgresStores
    services: Services
    runs: Runs
    accounts: Accounts
    work: Work
    executor: JobExecutor
    assistant: CrewAssistant
    execution: Execution
    dispatch: CommandDispatch
    skies: ClearSkies
    first_start: bool
    system_id: UUID = SYSTEM_ID

    async def prepare(self) -> None:
        """Load the sky models beside the event loop: their libraries take seconds."""
        now = self.plant.clock.now()
        for system in await self.stores.site.systems():
            await self.skies.of(system, now)

    async def owner(self) -> User:
        """The admin whom the first start created."""
        return await self.accounts.user(OWNER_ID)

    async def live_once(self) -> None:
        """Read every adapter and decide once, for a question to a site that is not running."""
        for adapter in await self.stores.site.adapters(self.system_id):
            await self.work.poll(adapter.id, self.system_id)
        await self.work.control(self.system_id, None)


@asynccontextmanager
async def open_site(settings: Settings, *, live: bool = False) -> AsyncIterator[Site]:
    """A site for one command: attached to a running program, or brought up for the moment.

    Args:
        settings: All settings.
        live: The command needs fresh values: without a running program the simulated site is
            brought up, read once and decided once.
    """
    async with AsyncExitStack() as stack:
        dsn = await stack.enter_async_context(database(settings))
        found = await stack.enter_async_context(plant(settings, run=live))
        site = await stack.enter_async_context(compose(settings, dsn=dsn, plant=found))
        if live and found.running:
            await site.live_once()
        yield site


@asynccontextmanager
async def compose(settings: Settings, *, dsn: str, plant: SimulatedPlant) -> AsyncIterator[Site]:
    """Migrate, seed and wire everything on one database."""
    await migrations.migrate(dsn)
    async with AsyncExitStack() as stack:
        opened = open_stores(dsn, key=secret_key(settings))
        stores, control = await stack.enter_async_context(opened)
        http = await stack.enter_async_context(httpx2.AsyncClient(timeout=15.0, limits=UNLIMITED))
        await _check_key(stores)
        first = await _seed(settings, stores, plant)
        builder = _Builder(
            settings=settings, plant=plant, stores=stores, control=control, http=http, first=first
        )
        site = builder.build()
        stack.push_async_callback(site.execution.close)
        stack.push_async_callback(site.dispatch.close)
        # Backwards: first the runs are told to stop, then the threads that answer them end.
        stack.push_async_callback(site.assistant.close)
        stack.push_async_callback(site.runs.close)
        yield site


def _log_run_error(run: Run, error: Exception) -> None:
    log.warning("run_failed", run_id=str(run.id), error=type(error).__name__, detail=str(error))


async def _check_key(stores: PostgresStores) -> None:
    """Refuse a key that doesn't open the stored credentials before anything is written with it."""
    for system in await stores.site.systems():
        await stores.site.adapters(system.id)


async def _seed(settings: Settings, stores: PostgresStores, found: SimulatedPlant) -> bool:
    wall = WallClock().now()
    first = await seed_owner(stores.accounts, email=settings.admin_email, at=wall)
    to_seed = Stores(site=stores.site, settings=stores.settings, accounts=stores.accounts)
    if settings.site is SiteKind.NONE:
        await seed_empty_site(to_seed)
    elif found.url is not None:
        await seed_simulated_site(to_seed, simulator_url=found.url)
    return first


def model_settings(settings: Settings) -> ModelSettings:
    """Which models answer."""
    return ModelSettings(
        model=settings.llm_model,
        manager_model=settings.llm_manager_model,
        base_url=settings.llm_base_url,
        fallbacks=settings.llm_fallback_models,
        timeout_s=settings.llm_timeout_s,
        daily_budget_usd=settings.llm_daily_budget_usd,
    )


class _Builder:
    """Wires the parts; each method builds one of them."""

    def __init__(
        self,
        *,
        settings: Settings,
        plant: SimulatedPlant,
        stores: PostgresStores,
        control: PostgresStores,
        http: httpx2.AsyncClient,
        first: bool,
    ) -> None:
        self._settings, self._plant = settings, plant
        self._stores, self._control = stores, control
        self._http, self._first = http, first
        self._clock = plant.clock
        self._devices = Devices(http=http, clock=plant.clock, adapters_of=control.site.adapters)
        self._skies = ClearSkies()
        self._judge = Judge(
            sites=control.site,
            settings=control.settings,
            telemetry=control.telemetry,
            actions=control.actions,
            emergency=control.emergency_stops,
            memory=control.memory,
        )

    def build(self) -> Site:
        s, control = self._stores, self._control
        proposals, execution = self._proposals(), self._execution()
        messenger, targets = LateMessenger(build=self._messenger), self._targets()
        alerts = self._alerts(targets)
        emergency = Emergency(
            store=control.emergency_stops,
            sites=control.site,
            proposals=proposals,
            execution=execution,
            clock=self._clock,
            events=control.events,
            announce=self._announce(alerts),
        )
        views = self._views()
        assistant = self._assistant(self._tools(views, proposals))
        check = model_check(
            model=self._settings.llm_model,
            base_url=self._settings.llm_base_url,
            ready=lambda: assistant.ready,
            http=self._http,
        )
        views.health.add("assistant", check, kind="model")
        measurements = MeasurementCheck(
            sites=s.site, snapshots=self._snapshots(s), memory=s.memory, clock=self._clock
        )
        views.health.add("measurements", measurements, kind="site")
        runs = Runs(
            assistant=assistant,
            conversations=s.conversations,
            bus=s.events,
            clock=self._clock,
            limits=self._run_limits(),
            on_error=_log_run_error,
        )
        outbox = Outbox(store=s.outbox, messenger=messenger, clock=WallClock())
        dispatch = CommandDispatch(execution=execution, clock=self._clock)
        work = self._work(proposals, execution, dispatch, alerts, outbox)
        services = Services(
            accounts=Accounts(store=s.accounts, clock=WallClock()),
            sites=s.site,
            live=views.live,
            history=views.history,
            settings=views.settings,
            what_if=views.what_if,
            proposals=proposals,
            action_store=s.actions,
            decisions=s.decisions,
            emergency=emergency,
            alerts=alerts,
            alert_store=s.alerts,
            notifications=Notifications(settings=s.settings, targets=targets, messenger=messenger),
            health=views.health,
            metrics=Metrics(sites=s.site, jobs=s.jobs, clock=self._clock),
            runs=runs,
            conversations=s.conversations,
            events=s.events,
            clock=self._clock,
            config=self._server_config(),
        )
        return Site(
            settings=self._settings,
            plant=self._plant,
            stores=s,
            services=services,
            runs=runs,
            accounts=Accounts(store=s.accounts, clock=WallClock()),
            work=work,
            executor=JobExecutor(
                work=work, clock=self._clock, locks=control.locks, records=control.jobs
            ),
            assistant=assistant,
            execution=execution,
            dispatch=dispatch,
            skies=self._skies,
            first_start=self._first,
        )

    def _assistant(self, tools: ToolServices) -> CrewAssistant:
        settings = self._settings
        return CrewAssistant(
            services=tools,
            models=model_settings(settings),
            who_asks=self._who_asks,
            limits=self._run_limits(),
        )

    def _run_limits(self) -> RunLimits:
        settings = self._settings
        return RunLimits(
            seconds=settings.run_max_seconds,
            calls=settings.run_max_calls,
            tokens=settings.run_max_tokens,
            answer_chars=settings.run_max_answer_chars,
            proposals=settings.run_max_proposals,
        )

    def _execution(self) -> Execution:
        s = self._control
        return Execution(
            actions=s.actions,
            sites=s.site,
            settings=s.settings,
            telemetry=s.telemetry,
            switches=self._devices,
            locks=s.locks,
            judge=self._judge,
            clock=self._clock,
            events=s.events,
        )

    def _proposals(self) -> Proposals:
        s = self._control
        return Proposals(
            actions=s.actions,
            sites=s.site,
            settings=s.settings,
            judge=self._judge,
            clock=self._clock,
            events=s.events,
        )

    def _messenger(self) -> Messenger:
        from integrations.messages.adapter import AppriseMessenger
        from integrations.messages.client import AppriseClient, TwilioClient
        from integrations.messages.guard import HostGuard

        sink = self._plant.mail_port
        allowed = frozenset() if sink is None else frozenset({f"127.0.0.1:{sink}"})
        return AppriseMessenger(
            sms=TwilioClient(http=self._http, base_url=self._settings.twilio_base_url),
            guard=HostGuard(allowed_hosts=allowed),
            library=AppriseClient(),
        )

    def _targets(self) -> Targets:
        settings, sink = self._settings, self._plant.mail_port
        mail = None if settings.mail_url is None else settings.mail_url.get_secret_value()
        if mail is None and sink is not None:
            mail = f"mailto://127.0.0.1:{sink}?from=site@example.com"
        sms = None if settings.sms_url is None else settings.sms_url.get_secret_value()
        return Targets(mail_url=mail, sms_url=sms)

    def _alerts(self, targets: Targets) -> Alerts:
        s = self._stores
        facts = FactsOfSite(
            snapshots=self._snapshots(s),
            sites=s.site,
            telemetry=s.telemetry,
            memory=s.memory,
            decisions=s.decisions,
            actions=s.actions,
            emergency_stops=s.emergency_stops,
        )
        return Alerts(
            store=s.alerts,
            facts=facts,
            sites=s.site,
            settings=s.settings,
            targets=targets,
            events=s.events,
            clock=self._clock,
            delivery_clock=WallClock(),
        )

    def _announce(self, alerts: Alerts) -> Announce:
        async def announce(system_id: UUID, _state: EmergencyStop) -> None:
            """The latch is an alert condition: checking at once notifies every channel."""
            await alerts.check(system_id)

        return announce

    def _snapshots(self, stores: PostgresStores) -> SnapshotBuilder:
        return SnapshotBuilder(
            sites=stores.site,
            settings=stores.settings,
            telemetry=stores.telemetry,
            skies=self._skies,
        )

    def _views(self) -> _Views:
        s = self._stores
        snapshots = self._snapshots(s)
        return _Views(
            live=LiveView(
                snapshots=snapshots,
                memory=s.memory,
                decisions=s.decisions,
                emergency=s.emergency_stops,
                alerts=s.alerts,
                clock=self._clock,
            ),
            health=Health(
                store_health=s.health,
                sites=s.site,
                telemetry=s.telemetry,
                jobs=s.jobs,
                clock=self._clock,
            ),
            history=History(
                sites=s.site, telemetry=s.telemetry, settings=s.settings, clock=self._clock
            ),
            settings=SiteSettings(store=s.settings),
            what_if=WhatIf(
                snapshots=snapshots,
                memory=s.memory,
                decisions=s.decisions,
                emergency=s.emergency_stops,
                holds=Holds(actions=s.actions),
                clock=self._clock,
            ),
        )

    def _tools(self, views: _Views, proposals: Proposals) -> ToolServices:
        s = self._stores
        return ToolServices(
            live=views.live,
            history=views.history,
            settings=views.settings,
            what_if=views.what_if,
            decisions=s.decisions,
            actions=s.actions,
            proposals=proposals,
            alerts=s.alerts,
            health=views.health,
            site=s.site,
            clock=self._clock,
        )

    async def _who_asks(self, run: Run) -> tuple[str, Role]:
        user = await self._stores.accounts.user(run.user_id)
        return ("somebody", Role.VIEWER) if user is None else (user.email, user.role)

    def _work(
        self,
        proposals: Proposals,
        execution: Execution,
        dispatch: CommandDispatch,
        alerts: Alerts,
        outbox: Outbox,
    ) -> Work:
        s, control = self._stores, self._control
        polling = Polling(
            sites=control.site,
            telemetry=control.telemetry,
            reader_of=self._devices.reader_of,
            clock=self._clock,
            events=control.events,
            stopwatch=time.monotonic,
        )
        loop = ControlLoop(
            snapshots=self._snapshots(control),
            memory=control.memory,
            decisions=control.decisions,
            emergency=control.emergency_stops,
            switching=proposals,
            dispatch=dispatch,
            holds=Holds(actions=control.actions),
            clock=self._clock,
            events=control.events,
        )
        rollup = Rollup(sites=s.site, telemetry=s.telemetry, settings=s.settings, clock=self._clock)

        decisions = DecisionRetention(
            sites=s.site,
            decisions=s.decisions,
            keep=timedelta(days=self._settings.decision_retention_days),
        )

        async def retain() -> object:
            now = self._clock.now()
            await s.jobs.forget_cycles(now=now)
            for anchor in await decisions.apply(now):
                if not anchor.intact:
                    log.error("decision_chain_broken", until=anchor.at.isoformat())
            return await s.telemetry.apply_retention(
                now=now, raw_hours=self._settings.raw_retention_hours
            )

        return Work(
            poll=polling.poll,
            control=loop.run_cycle,
            advance=OpenActions(proposals=proposals, execution=execution).advance,
            check_alerts=alerts.check,
            roll_up=rollup.roll_recent,
            deliver=outbox.deliver_due,
            retain=retain,
        )

    def _server_config(self) -> ServerConfig:
        settings = self._settings
        public = settings.public_base_url
        return ServerConfig(
            version=VERSION,
            public_base_url=public,
            allowed_hosts=(*settings.allowed_hosts, settings.host),
            secure_cookies=public is not None and public.startswith("https://"),
        )
