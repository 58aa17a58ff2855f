"""The long-running processes: their parts, start and end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

import structlog
import uvicorn
from typing_extensions import override

from commandcenter.clock import WallClock
from commandcenter.liveness import Liveness
from commandcenter.logs import set_up_logging
from commandcenter.settings import Settings, SiteKind
from commandcenter.shutdown import leave, stop_on_signals
from commandcenter.wiring.announcement import announced
from commandcenter.wiring.composition import Site, compose
from commandcenter.wiring.database import database
from commandcenter.wiring.plant import plant
from scheduler.runner import RunJob, Scheduler
from server.app import create_app
from services.errors import Conflict, Invalid
from storage.connection.pool import kept_alive

GRACE_S = 4
_PUBLIC = (
    "{host} is reachable from outside: set PUBLIC_BASE_URL or ALLOWED_HOSTS, so that only those"
    " names are answered to"
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What one process does: serve the web, run the jobs itself, take them from the queue, or put
    them into it.
    """

    web: bool = False
    clock: bool = False
    queue: bool = False
    defer: bool = False

    @property
    def alone(self) -> bool:
        """Whether this process is the whole program."""
        return self.web and self.clock


async def run(settings: Settings, parts: Parts) -> None:
    """Run until a signal says stop.

    Raises:
        Conflict: The port or the data folder is taken.
        Invalid: A public address without a public name.
        Unavailable: The database can't be had.
    """
    set_up_logging(level=settings.log_level, form=settings.log_format)
    stopping = asyncio.Event()
    stop_on_signals(stopping)
    listening = _listen(settings) if parts.web else None
    async with AsyncExitStack() as stack:
        dsn = await stack.enter_async_context(database(settings, own=parts.alone))
        running = await stack.enter_async_context(plant(settings, run=parts.alone))
        site = await stack.enter_async_context(compose(settings, dsn=dsn, plant=running))
        await _settle(site, parts)
        if listening is not None:
            await stack.enter_async_context(_web(site, listening))
            await stack.enter_async_context(announced(site, *listening.getsockname()[:2]))
            await _greet(site, listening)
        gc.enable()
        gc.freeze()
        if await _unless(stopping, site.prepare()):
            liveness = Liveness(file=settings.watchdog_file, notify_socket=settings.notify_socket)
            await stack.enter_async_context(_jobs(site, parts, dsn, liveness))
            await stack.enter_async_context(liveness.kept())
            if parts.web:
                site.assistant.warm()
            if listening is None:
                _say("ready")
            await stopping.wait()
        log.info("stopping")
    leave()


async def _unless(stopping: asyncio.Event, work: Coroutine[None, None, None]) -> bool:
    """Do ``work``; False when the stop came first."""
    task = asyncio.ensure_future(work)
    stop = asyncio.ensure_future(stopping.wait())
    await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
    if not task.done():
        task.cancel()
        return False
    stop.cancel()
    await task
    return True


async def simulate_only(settings: Settings) -> None:
    """Run the simulated site until a signal says stop."""
    set_up_logging(level=settings.log_level, form=settings.log_format)
    if settings.site is not SiteKind.SIMULATED or settings.sim_url is not None:
        raise Invalid([("SITE", "must be `simulated`, without SIM_URL, to run the simulator")])
    stopping = asyncio.Event()
    stop_on_signals(stopping)
    async with plant(settings, run=True, host=settings.host, port=settings.port) as running:
        if not running.running:
            raise Conflict(f"The simulator of {settings.home} is already running.")
        _say(f"ready: {running.url}")
        await stopping.wait()


async def _settle(site: Site, parts: Parts) -> None:
    """Settle runs and actions that an earlier process left, before anything new can start."""
    if parts.clock or parts.queue:
        for system in await site.stores.site.systems():
            settled = await site.execution.reconcile(system.id)
            log.info("reconciled", system=system.name, actions=settled)
    if parts.web:
        await site.runs.recover()
    if parts.clock or parts.queue or parts.defer:
        await site.work.retain()


@asynccontextmanager
async def _jobs(site: Site, parts: Parts, dsn: str, liveness: Liveness) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        run: RunJob = site.executor.run
        if parts.queue or parts.defer:
            from scheduler.feeder import QueueFeeder
            from scheduler.worker import QueueWorker, apply_queue_schema, queue_app

            await apply_queue_schema(kept_alive(dsn))
            app = queue_app(kept_alive(dsn))
            await stack.enter_async_context(app.open_async())
            run = QueueFeeder(
                app=app,
                clock=site.plant.clock,
                wall=WallClock(),
                open_sites=site.stores.actions.open_sites,
            ).put
            if parts.queue:
                worker = QueueWorker(
                    app=app, executor=site.executor, clock=site.plant.clock, wall=WallClock()
                )
                await worker.start()
                liveness.watch("worker", lambda: worker.is_alive)
                stack.push_async_callback(worker.stop)
        if parts.clock or parts.defer:
            timer = Scheduler(run=run, sites=site.stores.site, clock=site.plant.clock)
            await timer.start()
            liveness.watch("scheduler", lambda: timer.is_alive)
            stack.push_async_callback(timer.stop)
        yield


class _Server(uvicorn.Server):
    """Leaves signals to the process."""

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def _web(site: Site, listening: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(
        create_app(site.services),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
        proxy_headers=False,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]), name="web")
    while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    if task.done():
        await task
    try:
        yield
    finally:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _greet(site: Site, listening: socket.socket) -> None:
    host, port = listening.getsockname()[:2]
    _say(f"ready: http://{host}:{port}")
    owner = await site.owner()
    link = await site.accounts.new_link(owner.id)
    base = site.settings.public_base_url or f"http://{host}:{port}"
    _say(f"sign in once with: {base}/sign-in/{link}")
    _say("a new link: commandcenter user link " + owner.email)


def _listen(settings: Settings) -> socket.socket:
    """The listening socket; opened first, so that a port in use is reported before anything
    starts.
    """
    loopback = settings.host in {"127.0.0.1", "localhost", "::1"}
    if not loopback and settings.public_base_url is None and not settings.allowed_hosts:
        raise Invalid(
            [
                ("COMMANDCENTER_HOST", _PUBLIC.format(host=settings.host)),
            ]
        )
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise Conflict(
            f"Can't listen on {settings.host}:{settings.port} ({error.strerror}): {_advice(error)}."
        ) from None
    listening.listen(128)
    return listening


def _advice(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "stop the other program or set COMMANDCENTER_PORT"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return "set COMMANDCENTER_PORT to one above 1023"
    return "set COMMANDCENTER_HOST to an address of this machine"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
