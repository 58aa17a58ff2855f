"""The interface of a chat model: one request in, streamed text, one completion out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.errors import CommandCenterError
from services.stored import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """Messages and tool schemas in the OpenAI shape, exactly as sent."""

    messages: Sequence[Json]
    tools: Sequence[Json] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One tool call; ``arguments`` is JSON text."""

    id: str
    name: str
    arguments: str

    def to_json(self) -> dict[str, object]:
        """In the OpenAI shape."""
        function = {"name": self.name, "arguments": self.arguments}
        return {"id": self.id, "type": "function", "function": function}


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One finished call: text, or tool calls (then the text is a thought, not the answer).

    Token counts are None where the provider doesn't say; ``cost_usd`` where no price is known.
    """

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None


class TextSink(Protocol):
    """Where the text goes as it comes."""

    def text(self, piece: str) -> None:
        """The next piece."""
        ...

    def restart(self) -> None:
        """Discard the text of this call so far: the call is tried again."""
        ...


class ChatModel(Protocol):
    """A model that is called from a worker thread."""

    @property
    def name(self) -> str:
        """As shown to the owner."""
        ...

    def complete(self, request: ChatRequest, sink: TextSink) -> Completion:
        """Ask once, with the model's own retries.

        Raises:
            ModelFailed: It can't answer now; another model may.
            agents.run_context.RunAborted: The run was stopped, or the model refused for good.
        """
        ...


class ModelFailed(CommandCenterError):
    """A model did not answer; the next one of the chain is asked."""

    retry = True

    def __init__(self, *, model: str, detail: str) -> None:
        """``model`` failed with ``detail``."""
        super().__init__(f"The model {model} does not answer: {detail}")
        self.model, self.detail = model, detail


class ModelRefused(CommandCenterError):
    """The provider refuses requests until the owner changes the configuration."""

    def __init__(self, *, model: str, detail: str, advice: str) -> None:
        """``model`` refused with ``detail``; ``advice`` says what to change."""
        super().__init__(f"The model {model} can't be used: {detail}. {advice}")
        self.model, self.detail, self.advice = model, detail, advice
