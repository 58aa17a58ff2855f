"""The product's ``Assistant``: answers questions with the crew.

CrewAI takes seconds and much memory to import, so this module doesn't import it. ``warm`` does, in
a background thread, and the first question waits for that.
"""

from __future__ import annotations

import asyncio
import contextvars
import importlib
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import structlog

from agents.builtin.model import BuiltInModel
from agents.claims import correction
from agents.context.bundle import Bundle
from agents.context.site_context import ContextManager
from agents.models.chat_model import ChatModel
from agents.models.gateway import GatewayLoop, GatewayModel, Spending
from agents.models.settings import BUILT_IN, ModelSettings
from agents.roles.roster import SPECIALISTS
from agents.run_context import RUN, GivenUp, RunContext, Stopped
from services.accounts.records import Role
from services.accounts.rights import rights
from services.chat.records import Message, Run, RunLimits
from services.errors import CommandCenterError, Invalid, NotFound
from services.stored import Json
from tools.registry import AnyTool, build_tools
from tools.services import ToolScope, ToolServices

PROPOSING = "propose_action"

_log = structlog.get_logger(__name__)

Emit = Callable[[str, Json], None]
CLOSE_S = 2.0
"""Wall seconds for the threads to notice that their runs were stopped."""

WhoAsks = Callable[[Run], Awaitable[tuple[str, Role]]]


class AnswerFailed(CommandCenterError):
    """The crew could not answer."""

    retry = True

    def __init__(self, *, detail: str) -> None:
        """``detail`` is shown to the owner and logged."""
        super().__init__(f"The question could not be answered: {detail}. Ask again in a moment.")


@dataclass(slots=True, kw_only=True)
class _Work:
    """One question that is being answered."""

    run: Run
    emit: Emit
    context: RunContext
    tools: Mapping[str, AnyTool]
    bundle: Bundle
    routing: Bundle
    started: float
    calls: list[Json] = field(default_factory=list)
    first_ms: float | None = None

    def record(self, call: Json) -> None:
        """Keep a tool call, and show the card of a proposed action."""
        self.calls.append(call)
        action = call["result"].get("action") if call["name"] == PROPOSING else None
        if action is not None:
            self.emit("action", action)

    def emit_timed(self, event: str, data: Json) -> None:
        """Emit an event; remember the time of the first token."""
        if event == "token" and self.first_ms is None:
            self.first_ms = _ms_since(self.started)
        self.emit(event, data)


class CrewAssistant:
    """``Assistant`` over one hierarchical crew per question, in its own small thread pool."""

    def __init__(
        self,
        *,
        services: ToolServices,
        models: ModelSettings,
        who_asks: WhoAsks,
        limits: RunLimits = RunLimits(),  # noqa: B008 - a frozen value
        threads: int = 4,
        extra_models: Sequence[ChatModel] = (),
    ) -> None:
        """``who_asks`` gives the caller's name and present role, for the tools' scope.
        ``extra_models`` are asked before the configured ones (tests, benchmarks).
        """
        self._services, self._settings, self._who_asks = services, models, who_asks
        self._limits = limits
        self._context = ContextManager(services=services)
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="crew")
        self._gateway = GatewayLoop()
        spending = Spending(clock=services.clock, limit_usd=models.daily_budget_usd)
        self._chain = (*extra_models, *self._remote(models.model, spending), BuiltInModel())
        manager = models.manager_model or models.model
        self._manager_chain = (*extra_models, *self._remote(manager, spending), BuiltInModel())
        self._loading: Future[None] | None = None
        self._working: set[Future[Message]] = set()
        self._lock = threading.Lock()

    def _remote(self, first: str | None, spending: Spending) -> list[ChatModel]:
        if first is None:
            return []
        return [
            GatewayModel(
                model=name, settings=self._settings, gateway=self._gateway, spending=spending
            )
            for name in dict.fromkeys((first, *self._settings.fallbacks))
        ]

    @property
    def ready(self) -> bool:
        """Whether the crew's libraries are loaded."""
        return self._loading is not None and self._loading.done()

    def warm(self) -> Future[None]:
        """Load the crew's libraries in the background; a second call returns the same future."""
        with self._lock:
            if self._loading is None:
                self._loading = self._pool.submit(self._load)
            return self._loading

    def _load(self) -> None:
        importlib.import_module("agents.crew.crew")
        importlib.import_module("agents.crew.stream")
        if self._settings.remote:
            self._gateway.start()

    async def close(self) -> None:
        """End the threads within a few seconds; callers have stopped running questions before."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        await asyncio.to_thread(wait, set(self._working), CLOSE_S)
        await asyncio.to_thread(self._gateway.close)

    async def answer(
        self,
        run: Run,
        history: Sequence[Message],
        *,
        emit: Emit,
        stop_reason: Callable[[], str | None],
    ) -> Message:
        """The answer as streamed; for a stopped run the text so far, with status ``stopped``.

        Raises:
            Invalid: The picked agent doesn't exist.
            NotFound: The site doesn't exist.
            CommandCenterError: No model can be used; the message says what to do.
        """
        if run.agent is not None and run.agent not in SPECIALISTS:
            raise Invalid([("agent", f"one of {', '.join(SPECIALISTS)}, not {run.agent!r}")])
        started = time.perf_counter()
        emit("progress", {"agent": run.agent or "master", "text": "reading the site"})
        work = await self._prepare(run, history, emit, stop_reason, started)
        if not self.ready:
            emit("progress", {"agent": "master", "text": "loading the assistant (first question)"})
        await asyncio.wrap_future(self.warm())
        loop = asyncio.get_running_loop()
        token = RUN.set(work.context)
        try:
            context = contextvars.copy_context()
        finally:
            RUN.reset(token)
        future = self._pool.submit(context.run, self._work, work, loop)
        self._working.add(future)
        future.add_done_callback(self._working.discard)
        return await asyncio.wrap_future(future)

    async def _prepare(
        self,
        run: Run,
        history: Sequence[Message],
        emit: Emit,
        stop_reason: Callable[[], str | None],
        started: float,
    ) -> _Work:
        system = await self._services.site.system(run.system_id)
        if system is None:
            raise NotFound(kind="site", key=str(run.system_id))
        requested_by, role = await self._who_asks(run)
        scope = ToolScope(
            system_id=run.system_id,
            user_id=run.user_id,
            requested_by=requested_by,
            scope=rights(role, run.scope),
            timezone=system.timezone,
            words=run.question,
            most_proposals=self._limits.proposals,
        )
        bundle, routing = await self._context.build(
            system=system, question=run.question, history=history
        )
        return _Work(
            run=run,
            emit=emit,
            context=RunContext(stop_reason=stop_reason, limits=self._limits),
            tools=build_tools(self._services, scope),
            bundle=bundle,
            routing=routing,
            started=started,
        )

    def _work(self, work: _Work, loop: asyncio.AbstractEventLoop) -> Message:
        from agents.crew.crew import build_crew  # noqa: PLC0415 - loaded by warm()
        from agents.crew.stream import CrewStream  # noqa: PLC0415 - loaded by warm()
        from agents.models.crew_model import CrewModel  # noqa: PLC0415 - loaded by warm()

        stream = CrewStream(emit=work.emit_timed, words=_words(work.tools), picked=work.run.agent)
        crew = build_crew(
            context=(work.bundle.text, work.routing.text),
            question=work.run.question,
            tools=work.tools,
            models=(CrewModel.of(self._chain), CrewModel.of(self._manager_chain)),
            loop=loop,
            record=work.record,
            agent=work.run.agent,
        )
        status = "done"
        try:
            work.context.check()
            with stream.following():
                text = str(crew.kickoff())
        except Stopped as stop:
            work.context.notice(stop.reason)
            text, status = stream.text, "stopped"
        except GivenUp as error:
            raise error.error from error
        except Exception as error:
            _log.exception("crew_failed", run_id=str(work.run.id))
            raise AnswerFailed(detail=type(error).__name__) from error
        _contradict(work, text)
        return _message(work, stream.agents, _finish(work, stream.text, text), status)


def _contradict(work: _Work, text: str) -> None:
    """Add a notice of what the run really did where a remote model wrote about switching."""
    if work.context.usage.models == [BUILT_IN]:
        return
    actions = (call["result"].get("action") for call in work.calls if call["name"] == PROPOSING)
    note = correction(work.run.question, text, proposed=any(actions))
    if note is not None:
        work.context.notice(note)


def _finish(work: _Work, shown: str, text: str) -> str:
    """The whole text with the notices; streams the part that was not streamed yet."""
    whole = text.strip()
    whole += "".join(f"\n\n_{note}_" for note in work.context.notices)
    whole = whole.strip()
    if whole.startswith(shown.strip()) and shown.strip():
        rest = whole[len(shown.strip()) :]
        if rest:
            work.emit_timed("token", {"text": rest})
    elif whole != shown.strip():
        work.emit_timed("token", {"text": whole, "replace": True})
    work.emit("usage", work.context.usage.to_json())
    return whole


def _message(work: _Work, agents: Sequence[str], text: str, status: str) -> Message:
    run = work.run
    return Message(
        id=run.message_id,
        conversation_id=run.conversation_id,
        role="assistant",
        content=text,
        created_at=run.created_at,
        agent=agents[-1] if agents else run.agent,
        run_id=run.id,
        status=status,
        meta={
            "agents": list(agents),
            "tools": list(work.calls),
            "usage": work.context.usage.to_json(),
            "models": list(work.context.usage.models),
            "notices": list(work.context.notices),
            "first_token_ms": work.first_ms,
            "total_ms": _ms_since(work.started),
            "context": work.bundle.report(),
        },
    )


def _words(tools: Mapping[str, AnyTool]) -> Callable[[str, Json], str]:
    def words(name: str, arguments: Json) -> str:
        return tools[name].describe(arguments) if name in tools else name.replace("_", " ")

    return words


def _ms_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
