"""The state of one run while its crew works: stop reason, usage, limits.

It is kept in a context variable, which the crew's threads inherit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field

from services.chat.records import RunLimits
from services.errors import CommandCenterError


class RunAborted(BaseException):
    """Ends the run.

    Not an ``Exception``, because the crew turns those into text for the model and goes on.
    """


class Stopped(RunAborted):
    """The run was stopped, or has reached a limit; what was written so far is the answer."""

    def __init__(self, reason: str) -> None:
        """``reason`` is a sentence for the owner."""
        super().__init__(reason)
        self.reason = reason


class GivenUp(RunAborted):
    """No model can go on; ``error`` says why and what to do."""

    def __init__(self, error: CommandCenterError) -> None:
        """Carry ``error`` out of the crew."""
        super().__init__(str(error))
        self.error = error


@dataclass(slots=True, kw_only=True)
class Usage:
    """Model calls of one run, counted by ourselves. Tokens as the provider says, else by tiktoken.

    ``cost_usd`` is None while no price of any model used is known.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    models: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, *, model: str, prompt: int, completion: int, cost_usd: float | None) -> None:
        """Count one finished call; consulted specialists do so from several threads."""
        with self._lock:
            self.calls += 1
            self.prompt_tokens += prompt
            self.completion_tokens += completion
            if cost_usd is not None:
                self.cost_usd = (0.0 if self.cost_usd is None else self.cost_usd) + cost_usd
            if model not in self.models:
                self.models.append(model)

    def to_json(self) -> dict[str, object]:
        """As sent in ``usage`` events and kept with the message."""
        return {
            "calls": self.calls,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "cost_usd": self.cost_usd,
            "models": list(self.models),
        }


@dataclass(slots=True, kw_only=True)
class RunContext:
    """One run's state.

    Attributes:
        stop_reason: Asked before every model call, tool call and chunk: None, or why to stop.
        limits: Limits of the run.
        usage: Calls, tokens and cost so far.
        notices: Sentences for the owner, e.g. that the built-in model answered instead.
        stood_in: The built-in model answers the rest of the run.
    """

    stop_reason: Callable[[], str | None]
    limits: RunLimits = field(default_factory=RunLimits)
    usage: Usage = field(default_factory=Usage)
    notices: list[str] = field(default_factory=list)
    stood_in: bool = False
    _calls: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def check(self) -> None:
        """Stop here if the run was stopped.

        Raises:
            Stopped: It was.
        """
        reason = self.stop_reason()
        if reason is not None:
            raise Stopped(reason)

    def begin_call(self) -> None:
        """Count a model call that begins.

        Raises:
            Stopped: The run was stopped, or may make no further call.
        """
        self.check()
        with self._lock:
            self._calls += 1
            calls = self._calls
        if calls > self.limits.calls:
            raise Stopped(_over(f"{self.limits.calls} model calls", "RUN_MAX_CALLS"))
        if self.usage.prompt_tokens + self.usage.completion_tokens >= self.limits.tokens:
            raise Stopped(_over(f"{self.limits.tokens} tokens", "RUN_MAX_TOKENS"))

    def too_long(self) -> Stopped:
        """The error that ends a run whose model writes more than allowed."""
        return Stopped(_over(f"{self.limits.answer_chars} characters", "RUN_MAX_ANSWER_CHARS"))

    def notice(self, sentence: str) -> None:
        """Keep a sentence for the owner, once."""
        if sentence not in self.notices:
            self.notices.append(sentence)


RUN: ContextVar[RunContext] = ContextVar("commandcenter_run")


def current() -> RunContext:
    """The run that this thread works for; a fresh one outside of any run."""
    run = RUN.get(None)
    return run if run is not None else RunContext(stop_reason=lambda: None)


def _over(what: str, setting: str) -> str:
    return f"The answer was ended: it took more than {what} ({setting})."
