"""The composition root: every part of a program is built here, once, on one foundation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

import httpx2

from agents.assistant import CrewAssistant
from commandcenter.clock import WallClock
from commandcenter.settings import Settings, SiteKind
from commandcenter.version import VERSION
from commandcenter.wiring.assistant import build_assistant, build_runs
from commandcenter.wiring.control import Control
from commandcenter.wiring.database import database, open_stores
from commandcenter.wiring.devices import Devices
from commandcenter.wiring.foundation import Foundation
from commandcenter.wiring.key import secret_key
from commandcenter.wiring.messages import Messages
from commandcenter.wiring.plant import SimulatedPlant, plant
from commandcenter.wiring.seed import (
    OWNER_ID,
    SYSTEM_ID,
    Stores,
    seed_empty_site,
    seed_owner,
    seed_simulated_site,
)
from commandcenter.wiring.views import Views
from forecasting.skies import ClearSkies
from integrations.connections import ConnectionsByHost
from scheduler.execution import JobExecutor
from scheduler.jobs import Work
from server.container import ServerConfig, Services
from services.accounts.accounts import Accounts
from services.accounts.records import User
from services.actions.execution import Execution
from services.chat.runs import Runs
from services.control.command_dispatch import CommandDispatch
from services.errors import Postponed
from services.views.metrics import Metrics
from storage.all_stores import PostgresStores
from storage.schema import migrations
from storage.schema.first_rows import first_rows


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
            with suppress(Postponed):
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
        simulated = await stack.enter_async_context(plant(settings, run=live))
        site = await stack.enter_async_context(compose(settings, dsn=dsn, plant=simulated))
        if live and simulated.running:
            await site.live_once()
        yield site


@asynccontextmanager
async def compose(settings: Settings, *, dsn: str, plant: SimulatedPlant) -> AsyncIterator[Site]:
    """Migrate, seed and wire everything on one database."""
    await migrations.migrate(dsn)
    async with AsyncExitStack() as stack:
        opened = open_stores(dsn, key=secret_key(settings))
        stores, control = await stack.enter_async_context(opened)
        http = await stack.enter_async_context(
            httpx2.AsyncClient(timeout=15.0, mounts={"all://": ConnectionsByHost()})
        )
        await _check_key(stores)
        async with first_rows(dsn):
            await _seed(settings, stores, plant)
        devices = Devices(http=http, clock=plant.clock, adapters_of=control.site.adapters)
        base = Foundation(
            settings=settings,
            plant=plant,
            stores=stores,
            control=control,
            http=http,
            devices=devices,
        )
        site = build(base)
        stack.push_async_callback(site.execution.close)
        stack.push_async_callback(site.dispatch.close)
        # Backwards: first the runs are told to stop, then the threads that answer them end.
        stack.push_async_callback(site.assistant.close)
        stack.push_async_callback(site.runs.close)
        yield site


def build(base: Foundation) -> Site:
    """Every part on its foundation; nothing runs yet."""
    messages, control = Messages(base), Control(base)
    views = Views(base, addresses=messages.addresses())
    assistant = build_assistant(base, views, control.proposals)
    runs = build_runs(base, assistant)
    services = _services(base, messages, control, views, runs)
    work = control.work(messages)
    return Site(
        settings=base.settings,
        plant=base.plant,
        stores=base.stores,
        services=services,
        runs=runs,
        accounts=services.accounts,
        work=work,
        executor=JobExecutor(
            work=work, clock=base.clock, locks=base.control.locks, records=base.control.jobs
        ),
        assistant=assistant,
        execution=control.execution,
        dispatch=control.dispatch,
        skies=base.skies,
    )


def _services(
    base: Foundation, messages: Messages, control: Control, views: Views, runs: Runs
) -> Services:
    stores = base.stores
    return Services(
        accounts=Accounts(store=stores.accounts, clock=WallClock()),
        sites=stores.site,
        live=views.live,
        history=views.history,
        settings=views.settings,
        what_if=views.what_if,
        proposals=control.proposals,
        action_store=stores.actions,
        decisions=stores.decisions,
        emergency=control.emergency(messages.alerts),
        alerts=messages.alerts,
        alert_store=stores.alerts,
        notifications=messages.notifications(),
        health=views.health,
        metrics=Metrics(sites=stores.site, jobs=stores.jobs, clock=base.clock),
        runs=runs,
        conversations=stores.conversations,
        events=stores.events,
        clock=base.clock,
        config=_server_config(base.settings),
    )


def _server_config(settings: Settings) -> ServerConfig:
    public = settings.public_base_url
    return ServerConfig(
        version=VERSION,
        public_base_url=public,
        allowed_hosts=(*settings.allowed_hosts, settings.host),
        secure_cookies=public is not None and public.startswith("https://"),
    )


async def _check_key(stores: PostgresStores) -> None:
    """Refuse a key that doesn't open the stored credentials before anything is written with it."""
    for system in await stores.site.systems():
        await stores.site.adapters(system.id)


async def _seed(settings: Settings, stores: PostgresStores, plant: SimulatedPlant) -> None:
    wall = WallClock().now()
    await seed_owner(stores.accounts, email=settings.admin_email, at=wall)
    to_seed = Stores(site=stores.site, settings=stores.settings, accounts=stores.accounts)
    if settings.site is SiteKind.NONE:
        await seed_empty_site(to_seed)
    elif plant.url is not None:
        await seed_simulated_site(to_seed, simulator_url=plant.url)
