"""Assembles a model's streamed answer from chunks; any of them may be malformed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from agents.models.chat_model import ModelFailed, ToolCall
from services.chat.pieces import UNSTORABLE

MOST_CALLS = 16
"""Most tool calls in one answer; a model that sends more counts as failed."""


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(slots=True, kw_only=True)
class AnswerStream:
    """Text and tool calls so far.

    Attributes:
        most_chars: Limit of characters of text, and of tool calls.
        text: The pieces of text.
        prompt_tokens: By the provider; None when it gives none.
        completion_tokens: Tokens of the answer, likewise.
    """

    most_chars: int
    text: list[str] = field(default_factory=list)
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    _calls: list[_Call] = field(default_factory=list)
    _slots: dict[int, _Call] = field(default_factory=dict)
    _written: int = 0
    _argued: int = 0

    @property
    def too_long(self) -> bool:
        """Whether text or tool calls have more characters than they may have."""
        return max(self._written, self._argued) > self.most_chars

    def add(self, chunk: Any) -> str:  # noqa: ANN401 - LiteLLM's chunk
        """Take a chunk in and return its text, cut at the limit."""
        usage = getattr(chunk, "usage", None)
        if usage is not None:
            self.prompt_tokens = _tokens(getattr(usage, "prompt_tokens", None))
            self.completion_tokens = _tokens(getattr(usage, "completion_tokens", None))
        if not chunk.choices:
            return ""
        delta = chunk.choices[0].delta
        for part in getattr(delta, "tool_calls", None) or []:
            self._add_call(part)
        piece = str(getattr(delta, "content", None) or "")[: self.most_chars + 1]
        piece = piece.translate(UNSTORABLE)
        self._written += len(piece)
        if piece:
            self.text.append(piece)
        return piece

    def tool_calls(self, model: str) -> tuple[ToolCall, ...]:
        """The calls, each with an id of its own.

        Raises:
            ModelFailed: Arguments that are no JSON object, or far too many calls.
        """
        if len(self._calls) > MOST_CALLS:
            raise ModelFailed(model=model, detail=f"it called {len(self._calls)} tools at once")
        used: set[str] = set()
        return tuple(
            ToolCall(
                id=_own_id(call.id, number, used),
                name=call.name,
                arguments=_arguments(call.arguments, model),
            )
            for number, call in enumerate(self._calls)
        )

    def _add_call(self, part: Any) -> None:  # noqa: ANN401 - LiteLLM's delta
        name = (part.function.name or "") if part.function is not None else ""
        arguments = (part.function.arguments or "") if part.function is not None else ""
        call = self._slots.get(part.index or 0)
        # Some providers number every call 0: a second id, or a second name, begins another call.
        another = (
            call is not None
            and call.name
            and ((part.id and call.id and part.id != call.id) or name)
        )
        if call is None or another:
            call = _Call()
            self._slots[part.index or 0] = call
            self._calls.append(call)
        call.id = part.id or call.id
        call.name += name.translate(UNSTORABLE)
        call.arguments += arguments.translate(UNSTORABLE)
        self._argued += len(name) + len(arguments)


def _own_id(given: str, number: int, used: set[str]) -> str:
    """The given id, or one made of it that no other call of this answer has."""
    own = given or f"call_{number}"
    if own in used:
        own = f"{own}_{number}"
    used.add(own)
    return own


def _arguments(text: str, model: str) -> str:
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ModelFailed(model=model, detail="it called a tool with arguments that are not JSON")
    return text or "{}"


def _tokens(given: object) -> int | None:
    """A count of tokens; None for what is none."""
    known = isinstance(given, int) and not isinstance(given, bool) and 0 <= given < 10**9
    return given if known and isinstance(given, int) else None
