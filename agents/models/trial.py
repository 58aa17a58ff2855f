"""Tries the configured models: each is asked one short question."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from agents.models.chat_model import ChatRequest, ModelFailed, ModelRefused
from agents.models.gateway import GatewayLoop, GatewayModel, Spending
from agents.models.settings import ModelSettings
from services.clock import Clock

QUESTION = "Answer with the single word: ready"
TOKENS = 500
"""Room for the thoughts of a model that thinks before it answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Result for one model; ``problem`` is None when it answered."""

    model: str
    seconds: float
    problem: str | None = None
    advice: str | None = None


class _Silent:
    """A sink that discards the text."""

    def text(self, piece: str) -> None:
        """Nothing."""

    def restart(self) -> None:
        """Nothing."""


def try_models(settings: ModelSettings, *, clock: Clock) -> list[Trial]:
    """Ask the model, the manager's and the fallbacks, each once and without retries.

    Blocks for up to ``timeout_s`` a model, and for the seconds that LiteLLM takes to load.
    """
    names = [settings.model, settings.manager_model, *settings.fallbacks]
    short = replace(settings, retries=0, max_output_tokens=TOKENS)
    gateway = GatewayLoop()
    gateway.start()
    spending = Spending(clock=clock, limit_usd=None)
    try:
        return [
            _try(GatewayModel(model=name, settings=short, gateway=gateway, spending=spending))
            for name in dict.fromkeys(name for name in names if name is not None)
        ]
    finally:
        gateway.close()


def _try(model: GatewayModel) -> Trial:
    started_s = time.monotonic()
    request = ChatRequest(messages=[{"role": "user", "content": QUESTION}])
    problem = advice = None
    try:
        model.complete(request, _Silent())
    except ModelRefused as error:
        problem, advice = error.detail, error.advice
    except ModelFailed as error:
        problem = error.detail
    seconds = time.monotonic() - started_s
    return Trial(model=model.name, seconds=seconds, problem=problem, advice=advice)
