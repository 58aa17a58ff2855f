"""The site in memory behind a real server on loopback, with faults that a browser would meet."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast
from uuid import UUID

import uvicorn
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override

from energy.site.preferences import Preferences
from server.container import ServerConfig
from services.errors import Unavailable
from services.stored import Json
from services.views.live import LiveView
from services.views.site_picture import SitePicture
from tests.fakes.run_assistant import ScriptedAssistant
from tests.fakes.sites.web_site import SYSTEM_ID, WebSite

T = TypeVar("T")
PATIENCE_S = 20.0
OF_THE_DISPLAY = ("units", "temperature_unit", "power_unit", "user_prefers_soc_display")
CONFIG = ServerConfig(refresh_s=0.5, heartbeat_s=5.0)


@dataclass
class Door:
    """Stands before the application: refuses paths, and counts who listens.

    Attributes:
        refused: Answers by path instead of the application's, each for as many requests as it says.
        silent: Live streams say nothing, without an error, as on a line that is dead.
        line: Streams opened before the newest line never say anything again, without an error.
        hung: How many more requests get no answer at all, by path.
        streams: How many live streams are open.
        paths: What was asked for, in order.
        sent: Bytes sent by path, headers included.
    """

    app: ASGIApp
    refused: dict[str, tuple[int, int]] = field(default_factory=dict)
    silent: bool = False
    line: int = 0
    hung: Counter[str] = field(default_factory=Counter)
    streams: int = 0
    paths: list[str] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        self.paths.append(path)
        status, left = self.refused.get(path, (0, 0))
        if left > 0:
            self.refused[path] = (status, left - 1)
            await JSONResponse({"detail": "refused"}, status_code=status)(scope, receive, send)
            return
        if self.hung[path] > 0:
            self.hung[path] -= 1
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        listens = path == "/api/stream"
        self.streams += listens
        try:
            await self.app(scope, receive, self._weighing(path, send))
        finally:
            self.streams -= listens

    def cut(self) -> None:
        """The line dies under all streams: no error, no word; new ones work."""
        self.line += 1

    def _weighing(self, path: str, send: Send) -> Send:
        line = self.line

        async def weigh(message: Message) -> None:
            is_stream = path == "/api/stream" or path.endswith("/events")
            while is_stream and (self.silent or line < self.line):
                await asyncio.sleep(0.05)
            headers = message.get("headers", [])
            self.sent[path] += sum(len(name) + len(value) + 4 for name, value in headers)
            self.sent[path] += len(message.get("body", b""))
            await send(message)

        return weigh


class Picture(LiveView):
    """The live view, with what a test changes in it: its values, or that it fails or hangs."""

    def __init__(self, *, real: LiveView) -> None:
        self.real = real
        self.change: Callable[[Json], None] | None = None
        self.away = False
        self.hangs = False

    @override
    async def now(self, system_id: UUID) -> SitePicture:
        while self.hangs:
            await asyncio.sleep(0.05)
        if self.away:
            raise Unavailable(what="The database", detail="gone", advice="Wait.")
        shown = deepcopy(await self.real.now(system_id))
        if self.change is not None:
            self.change(cast(Json, shown))
        return shown


class ServedSite:
    """Everything that runs in the server's thread, and a way to reach it."""

    def __init__(self) -> None:
        self.assistant = ScriptedAssistant()
        self.site = WebSite(assistant=self.assistant, config=CONFIG)
        self.picture = Picture(real=self.site.services.live)
        self.site.services = replace(self.site.services, live=self.picture)
        self.site.app.state.services = self.site.services
        self.door = Door(self.site.app)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._port = 0
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do ``work`` in the server's thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def begin(self) -> None:
        self._thread.start()
        self.run(self.site.set_up())
        self.serve()

    def serve(self) -> None:
        """Listen, on the same port as before."""
        self.run(self._serve())

    def hang_up(self) -> None:
        """Stop serving: connections are closed and new ones refused."""
        self.run(self._hang_up())

    def end(self) -> None:
        self.hang_up()
        self.run(_cancel_the_rest())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    def session(self, email: str = "owner@example.com") -> str:
        return self.run(self.site.session(email))

    def link(self, email: str = "owner@example.com") -> str:
        """The secret of a one-time link to sign in."""
        return self.run(self.site.link(email))

    def publish(self, topic: str) -> None:
        """An event of the site."""
        self.run(self.site.stores.events.publish(topic, {"system_id": str(SYSTEM_ID)}))

    def prefer(self, **changes: Any) -> None:
        """Change the owner's preferences until the next reset."""
        self.run(self._prefer(changes))

    async def _prefer(self, changes: dict[str, Any]) -> None:
        store = self.site.stores.settings
        value = (await store.preferences(SYSTEM_ID)).value
        await store.save_preferences(
            SYSTEM_ID, replace(value, **changes), expected_version=None, actor="test"
        )

    def latched(self) -> str | None:
        """The reason of the emergency stop, None while nothing is latched."""
        state = self.run(self.site.services.emergency.state(SYSTEM_ID))
        return state.reason if state.latched else None

    def reset(self) -> None:
        """As before the first test: nothing refused, stopped, open or pending."""
        self.door.refused.clear()
        self.door.silent = False
        self.door.hung.clear()
        self.door.paths.clear()
        self.door.sent.clear()
        self.picture.change, self.picture.away, self.picture.hangs = None, False, False
        self.run(self._reset())

    async def _reset(self) -> None:
        services = self.site.services
        if (await services.emergency.state(SYSTEM_ID)).latched:
            await services.emergency.release(SYSTEM_ID, by="test", reason="reset")
        for alert in await services.alert_store.open(SYSTEM_ID):
            await services.alert_store.save(replace(alert, cleared_at=self.site.clock.now()))
        self.site.stores.actions._actions.clear()
        await self._prefer({name: getattr(Preferences(), name) for name in OF_THE_DISPLAY})

    async def _serve(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            self.door, log_level="critical", lifespan="off", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        await _until(lambda: self._server is not None and self._server.started)

    async def _hang_up(self) -> None:
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving


@contextmanager
def serving() -> Iterator[ServedSite]:
    """A site for as long as the block runs."""
    served = ServedSite()
    served.begin()
    try:
        yield served
    finally:
        served.end()


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.01)


async def _cancel_the_rest() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
