"""Counts the tokens of what is sent (messages and tool schemas), without network."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import tiktoken

from agents.models.offline import tokenizer_folder

ENCODING = "cl100k_base"
"""One encoding for all models, so that counts are comparable; the smallest of those shipped."""

_FILE = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"
"""Its file as LiteLLM ships it (the SHA-1 of the address that tiktoken would load it from)."""

_PATTERN = (
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|"""
    r""" ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"""
)
"""How the encoding splits text, from tiktoken's own definition."""

PER_MESSAGE = 4
"""Tokens that frame a message in the chat format."""


@functools.cache
def _encoding() -> tiktoken.Encoding:
    """Read from the shipped file: tiktoken itself would ask the network without its cache."""
    lines = (Path(tokenizer_folder()) / _FILE).read_bytes().splitlines()
    pairs = (line.split() for line in lines if line)
    ranks = {base64.b64decode(token): int(rank) for token, rank in pairs}
    return tiktoken.Encoding(
        name=ENCODING, pat_str=_PATTERN, mergeable_ranks=ranks, special_tokens={}
    )


def count(text: str) -> int:
    """Tokens of a text; special tokens in it count as plain text."""
    return len(_encoding().encode(text, disallowed_special=()))


def count_request(
    messages: Sequence[Mapping[str, object]], tools: Sequence[Mapping[str, object]] | None
) -> int:
    """Prompt tokens of one request: contents, tool calls and results, roles, tool schemas."""
    total = sum(_of_message(message) for message in messages)
    return total if not tools else total + _of_tools(json.dumps(tools, separators=(",", ":")))


def _of_message(message: Mapping[str, object]) -> int:
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
