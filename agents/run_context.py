"""What belongs to one run while its crew works: the cancel flag, the usage, the models in use.

It travels in a context variable, which the crew's own threads inherit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field

from services.errors import CommandCenterError
from services.stored import Json


class RunAborted(BaseException):
    """The run ends here.

    Not an ``Exception``: the crew turns those into text for the model and goes on.
    """


class Cancelled(RunAborted):
    """The run was stopped by its owner."""


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

    def to_json(self) -> Json:
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
        cancelled: Asked before every model call, tool call and chunk.
        usage: What the models took.
        notices: Sentences that the owner has to know, e.g. that the built-in model stood in.
        stood_in: The built-in model has taken over for the rest of the run.
    """

    cancelled: Callable[[], bool]
    usage: Usage = field(default_factory=Usage)
    notices: list[str] = field(default_factory=list)
    stood_in: bool = False

    def check(self) -> None:
        """Stop here if the run was stopped.

        Raises:
            Cancelled: It was.
        """
        if self.cancelled():
            raise Cancelled

    def notice(self, sentence: str) -> None:
        """Keep a sentence for the owner, once."""
        if sentence not in self.notices:
            self.notices.append(sentence)


RUN: ContextVar[RunContext] = ContextVar("commandcenter_run")


def current() -> RunContext:
    """The run that this thread works for; a fresh one outside of any run."""
    found = RUN.get(None)
    return found if found is not None else RunContext(cancelled=lambda: False)
