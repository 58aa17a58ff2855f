"""The simulated site behind its vendors' addresses, on one HTTP port.

``/solark`` is SolArk's cloud, ``/vrm/v2`` Victron's, ``/shelly/<slug>`` each switch. ``/sim``
shows the simulator's state and switches its faults.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override

from services.clock import Clock
from simulator.physics.site import SimulatedSite
from simulator.vendors.answers import Gate, json_answer, json_body
from simulator.vendors.faults import TARGETS, FaultKind, Faults
from simulator.vendors.live_site import LiveSite
from simulator.vendors.shelly_device import ShellyDevice, ShellyServer
from simulator.vendors.solark_cloud import SolArkCloud
from simulator.vendors.vrm_cloud import VrmCloud

_STOP_S = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorAccess:
    """What the simulated vendors accept; ``shelly_password`` None switches the sign-in off."""

    solark_username: str = "owner@example.com"
    solark_password: str = field(default="simulated", repr=False)
    vrm_token: str = field(default="simulated", repr=False)
    shelly_password: str | None = field(default="simulated", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorPace:
    """Intervals of the simulator's steps, uploads and saves.

    Attributes:
        solark_every_s: The inverter reports to SolArk's cloud, site seconds.
        vrm_every_s: The gateway reports to VRM, site seconds.
        token_lifetime_s: A SolArk session lasts so long, wall seconds.
        tick_s: The physics is brought up to the clock without a request, wall seconds.
        save_every_s: The state is saved (after every command as well), wall seconds.
    """

    solark_every_s: float = 300.0
    vrm_every_s: float = 60.0
    token_lifetime_s: float = 7_200.0
    tick_s: float = 0.5
    save_every_s: float = 10.0


class SimulatorServers:
    """Serves one simulated site and keeps it in step with the clock."""

    def __init__(
        self,
        *,
        site: SimulatedSite,
        clock: Clock,
        access: SimulatorAccess | None = None,
        state_file: Path | None = None,
        anchor: Mapping[str, object] | None = None,
        pace: SimulatorPace | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing listens before ``start``.

        Args:
            site: The physics.
            clock: Site time.
            access: What the vendors accept as credentials.
            state_file: Where the site's state survives a restart; what happened since lives on
                in fast-forward. None keeps nothing.
            anchor: The clock's anchor, shown at ``/sim/clock`` for other processes to share.
            pace: Intervals of the simulator's steps, uploads and saves.
            monotonic: The wall's monotonic seconds.
        """
        access = access if access is not None else SimulatorAccess()
        pace = pace if pace is not None else SimulatorPace()
        self.faults = Faults()
        self.live = LiveSite(
            site=site,
            clock=clock,
            solark_every_s=pace.solark_every_s,
            vrm_every_s=pace.vrm_every_s,
        )
        self._clock, self._anchor = clock, anchor
        self._state_file, self._pace = state_file, pace
        self._monotonic = monotonic
        self._stopping, self._ready = asyncio.Event(), asyncio.Event()
        self._saving = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._physics: asyncio.Task[None] | None = None
        self._server: uvicorn.Server | None = None
        gate = Gate(faults=self.faults, stopping=self._stopping)
        self.solark = SolArkCloud(
            live=self.live,
            faults=self.faults,
            gate=gate,
            username=access.solark_username,
            password=access.solark_password,
            token_lifetime_s=pace.token_lifetime_s,
            monotonic=monotonic,
        )
        self._vrm = VrmCloud(
            live=self.live,
            faults=self.faults,
            gate=gate,
            token=access.vrm_token,
            monotonic=monotonic,
        )
        devices = {
            slug: ShellyDevice(
                slug=slug,
                live=self.live,
                faults=self.faults,
                password=access.shelly_password,
                switched=self.save,
            )
            for slug in site.devices
        }
        self._shelly = ShellyServer(devices=devices, gate=gate, faults=self.faults)
        self.app: ASGIApp = _UpToDate(Starlette(routes=self._routes()), self._up_to_date)

    def _routes(self) -> list[BaseRoute]:
        return [
            Mount("/solark", routes=self.solark.routes()),
            Mount("/vrm/v2", routes=self._vrm.routes()),
            Mount("/shelly", routes=self._shelly.routes()),
            Route("/sim/state", self._show_state, methods=["GET"]),
            Route("/sim/state", self._change_state, methods=["POST"]),
            Route("/sim/clock", self._show_clock, methods=["GET"]),
            Route("/sim/faults", self._show_faults, methods=["GET"]),
            Route("/sim/faults", self._change_fault, methods=["POST"]),
            Route("/sim/faults", self._clear_faults, methods=["DELETE"]),
        ]

    # --- life -------------------------------------------------------------------------------------

    async def start(self, *, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen and return the base address, e.g. ``http://127.0.0.1:49152``.

        Requests wait until the physics is ready: a first start computes the sun for seconds.

        Raises:
            OSError: The port is taken.
        """
        config = uvicorn.Config(
            self.app,
            host=host,
            port=port,
            lifespan="off",
            log_config=None,
            log_level="error",
            timeout_graceful_shutdown=1,
        )
        config.load()
        sock = _bind(host, port)
        self._server = _Server(config)
        self._physics = asyncio.create_task(self._keep_in_step(), name="simulator physics")
        self._tasks = [
            asyncio.create_task(self._server.serve(sockets=[sock]), name="simulator http"),
            self._physics,
        ]
        address, listening = sock.getsockname()[:2]
        return f"http://{address}:{listening}"

    async def stop(self) -> None:
        """Stop serving, and save the state."""
        self._stopping.set()
        if self._server is not None:
            self._server.should_exit = True
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_STOP_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._ready.is_set():
                await self.save()
        self._tasks, self._server = [], None

    async def wait_ready(self) -> None:
        """Return when the site has caught up with the clock.

        Raises:
            RuntimeError: The physics has come to an end.
        """
        waiting = asyncio.create_task(self._ready.wait())
        watched = {waiting} if self._physics is None else {waiting, self._physics}
        await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._physics is not None and self._physics.done() and not self._stopping.is_set():
            raise RuntimeError("the simulated site stands still") from self._physics.exception()

    async def save(self) -> None:
        """Write the state file, if one is configured. One writer at a time.

        If the state can't be written (disk full), the site goes on.
        """
        if self._state_file is None:
            return
        async with self._saving:
            text = json.dumps(self.live.to_json())
            try:
                await asyncio.to_thread(_replace, self._state_file, text)
            except OSError as error:
                log.warning("simulator_not_saved", file=str(self._state_file), error=str(error))

    async def _keep_in_step(self) -> None:
        await asyncio.to_thread(self._catch_up)
        self._ready.set()
        saved_s = self._monotonic()
        while not self._stopping.is_set():
            if not self.live.is_prepared():
                await asyncio.to_thread(self.live.prepare)
            self.live.advance()
            if self._monotonic() - saved_s >= self._pace.save_every_s:
                saved_s = self._monotonic()
                await self.save()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._pace.tick_s)

    def _catch_up(self) -> None:
        if self._state_file is not None and self._state_file.exists():
            # With an unreadable state the site starts anew.
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                self.live.restore(json.loads(self._state_file.read_text(encoding="utf-8")))
        if not self.live.is_prepared():
            self.live.prepare()
        self.live.advance()

    async def _up_to_date(self) -> None:
        await self.wait_ready()
        self.live.advance()

    # --- the simulator's own addresses ------------------------------------------------------------

    async def _show_state(self, _request: Request) -> Response:
        state = asdict(self.live.site.measure())
        return json_answer({**state, "at": self.live.site.at.isoformat()})

    async def _change_state(self, request: Request) -> Response:
        body = await json_body(request)
        soc = body.get("soc_pct")
        if soc is not None:
            if isinstance(soc, bool) or not isinstance(soc, int | float) or not 0 <= soc <= 100:
                return json_answer({"error": f"soc_pct: {soc!r} is not 0…100"}, status=422)
            self.live.site.battery.soc = soc / 100.0
        switches = body.get("switches")
        for slug, on in (switches if isinstance(switches, dict) else {}).items():
            if slug not in self.live.site.devices or not isinstance(on, bool):
                return json_answer({"error": f"switches: no device {slug!r}"}, status=422)
            self.live.site.switch(slug, on=on, source="button")
        return await self._show_state(request)

    async def _show_clock(self, _request: Request) -> Response:
        return json_answer(
            {
                "at": self._clock.now().isoformat(),
                "speed": self._clock.speed,
                "anchor": self._anchor,
            }
        )

    async def _show_faults(self, _request: Request) -> Response:
        return json_answer({"faults": self.faults.to_json(), "kinds": [*FaultKind]})

    async def _change_fault(self, request: Request) -> Response:
        body = await json_body(request)
        target, kind = str(body.get("target")), str(body.get("kind"))
        known = {*TARGETS, *(f"shelly/{slug}" for slug in self.live.site.devices)}
        if target not in known or kind not in [*FaultKind]:
            wanted = f"target is one of {sorted(known)}, kind one of {[*FaultKind]}"
            return json_answer({"error": wanted}, status=422)
        if body.get("on", True) is False:
            self.faults.switch_off(target, FaultKind(kind))
        else:
            self._switch_on(target, FaultKind(kind), body.get("value"))
        return await self._show_faults(request)

    def _switch_on(self, target: str, kind: FaultKind, value: object) -> None:
        if kind is FaultKind.EXPIRED_LOGIN:
            self.solark.end_sessions()
            return
        held = {"solark": self.live.solark.latest, "vrm": self.live.vrm.latest}.get(target)
        self.faults.switch_on(
            target,
            kind,
            value=value,
            measurements=held if held is not None else self.live.site.measure(),
        )

    async def _clear_faults(self, request: Request) -> Response:
        self.faults.clear()
        return await self._show_faults(request)


def _bind(host: str, port: int) -> socket.socket:
    """A listening socket; opened here, so that a port in use raises an error instead of ending
    uvicorn.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(128)
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)  # noqa: FBT003 - the standard library takes it by position
    return sock


def _replace(file: Path, text: str) -> None:
    """Replace ``file`` at once, so that a reader finds either the old or the new state."""
    part = file.with_name(f"{file.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(file)


class _UpToDate:
    """Brings the physics up to the clock before every request."""

    def __init__(self, app: ASGIApp, up_to_date: Callable[[], Any]) -> None:
        self._app, self._up_to_date = app, up_to_date

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._up_to_date()
        await self._app(scope, receive, send)


class _Server(uvicorn.Server):
    """A server that leaves signal handling to the process it runs in."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the process's signal handlers alone."""
        yield
