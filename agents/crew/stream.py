"""Turns the crew's events into the events of a run's stream.

Order: ``start`` is sent by ``services.chat.runs``; then ``progress`` and ``token`` as they happen,
``action`` per proposed action. A ``token`` event carries ``text`` to append; with ``"replace":
true`` its ``text`` replaces all text shown so far (to remove a thought before a tool call, or a
call that is tried again).

This is the only module that knows CrewAI's events.
"""

from __future__ import annotations

import contextlib
import importlib
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from crewai.events.event_bus import crewai_event_bus
from crewai.events.types.llm_events import (
    LLMCallCompletedEvent,
    LLMCallFailedEvent,
    LLMCallType,
    LLMStreamChunkEvent,
)
from crewai.events.types.tool_usage_events import ToolUsageStartedEvent

from agents.roles.prompts import MASTER
from services.stored import Json


def _sinks() -> Any:  # noqa: ANN401 - a module, or None
    """CrewAI's context-scoped sinks, an internal of it; None where it has none."""
    try:
        return importlib.import_module("crewai.events.stream_context")
    except ImportError:
        return None


Emit = Callable[[str, Json], None]
Words = Callable[[str, Json], str]

_FOLLOWED: ContextVar[CrewStream] = ContextVar("commandcenter_followed_stream")

DELEGATION = frozenset({"hand_off", "consult"})


class CrewStream:
    """Follows one run. ``text`` is what the owner has been shown of the answer."""

    def __init__(
        self, *, emit: Emit, words: Words, picked: str | None, scoped: bool = True
    ) -> None:
        """``words(tool, arguments)`` says in words what a tool does.

        ``scoped`` False uses CrewAI's global handlers instead of its context-scoped sinks.
        """
        self._emit, self._words = emit, words
        self._sinks = _sinks() if scoped else None
        self._speaker = MASTER if picked is None else picked
        self._lock = threading.Lock()
        self._call: tuple[str, str] | None = None
        self.text = ""
        self.agents: list[str] = [self._speaker]

    @contextlib.contextmanager
    def following(self) -> Iterator[None]:
        """Follow everything that this context's crew does."""
        sinks = self._sinks
        if sinks is None:
            with self._following_globally():
                yield
            return
        token = sinks.add_stream_sink(self._on_event)
        try:
            yield
        finally:
            sinks.reset_stream_sinks(token)

    @contextlib.contextmanager
    def _following_globally(self) -> Iterator[None]:
        def handle(source: Any, event: Any) -> None:  # noqa: ANN401 - CrewAI's handler signature
            if _FOLLOWED.get(None) is self:
                self._on_event(source, event)

        token = _FOLLOWED.set(self)
        with crewai_event_bus.scoped_handlers():
            for kind in (
                LLMStreamChunkEvent,
                LLMCallCompletedEvent,
                LLMCallFailedEvent,
                ToolUsageStartedEvent,
            ):
                crewai_event_bus.on(kind)(handle)
            try:
                yield
            finally:
                _FOLLOWED.reset(token)

    def _on_event(self, _source: Any, event: Any) -> None:  # noqa: ANN401 - CrewAI's signature
        match event:
            case LLMStreamChunkEvent():
                self._chunk(event)
            case LLMCallFailedEvent():
                self._take_back(event.call_id)
            case LLMCallCompletedEvent() if event.call_type is LLMCallType.TOOL_CALL:
                self._take_back(event.call_id)
            case ToolUsageStartedEvent():
                self._tool(event)
            case _:
                pass

    def _chunk(self, event: LLMStreamChunkEvent) -> None:
        with self._lock:
            if event.agent_role != self._speaker or not event.chunk:
                return
            if self._call is None or self._call[0] != event.call_id:
                self._call = (event.call_id, self.text)
            self.text += event.chunk
            self._emit("token", {"text": event.chunk})

    def _take_back(self, call_id: str) -> None:
        with self._lock:
            if self._call is None or self._call[0] != call_id:
                return
            if self.text != self._call[1]:
                self.text = self._call[1]
                self._emit("token", {"text": self.text, "replace": True})
            self._call = None

    def _tool(self, event: ToolUsageStartedEvent) -> None:
        arguments = event.tool_args if isinstance(event.tool_args, dict) else {}
        if event.tool_name in DELEGATION:
            self._delegated(event.tool_name, arguments)
            return
        data = {"agent": event.agent_role, "tool": event.tool_name, "arguments": arguments}
        self._emit("progress", {**data, "text": self._words(event.tool_name, arguments)})

    def _delegated(self, name: str, arguments: Json) -> None:
        asked = arguments.get("agents") or [arguments.get("agent")]
        names = [str(agent) for agent in asked if agent]
        if name == "hand_off" and names:
            self._speaker = names[0]
        self.agents.extend(name for name in names if name not in self.agents)
        text = f"asking the {' and the '.join(names)} agent{'s' if len(names) > 1 else ''}"
        self._emit(
            "progress", {"agent": MASTER, "tool": name, "arguments": arguments, "text": text}
        )
