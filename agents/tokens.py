"""Counting tokens, offline, of what is really sent: the messages and the tools' schemas."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import tiktoken

ENCODING = "cl100k_base"
"""One encoding for all models: counts that compare, and the smallest in memory that is shipped."""

PER_MESSAGE = 4
"""Tokens that frame a message in the chat format."""


@functools.cache
def _encoding() -> tiktoken.Encoding:
    return tiktoken.get_encoding(ENCODING)


def count(text: str) -> int:
    """Tokens of a text; special tokens in it count as plain text."""
    return len(_encoding().encode(text, disallowed_special=()))


def count_request(
    messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] | None
) -> int:
    """Prompt tokens of one request: contents, tool calls and results, roles, tool schemas."""
    total = sum(_of_message(message) for message in messages)
    return total if not tools else total + _of_tools(json.dumps(tools, separators=(",", ":")))


def _of_message(message: Mapping[str, Any]) -> int:
    total = PER_MESSAGE + count(str(message.get("content") or ""))
    calls = message.get("tool_calls")
    return total if not calls else total + count(json.dumps(calls, separators=(",", ":")))


@functools.lru_cache(maxsize=64)
def _of_tools(schema: str) -> int:
    return count(schema)


def cut(text: str, tokens: int) -> str:
    """The first ``tokens`` tokens of a text."""
    encoded = _encoding().encode(text, disallowed_special=())
    return text if len(encoded) <= tokens else _encoding().decode(encoded[:tokens])
