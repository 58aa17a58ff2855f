"""Our offline token counts are tiktoken's own."""

from __future__ import annotations

import pytest
import tiktoken

from agents.models.tokens import ENCODING, count, cut


@pytest.mark.parametrize(
    "text",
    ["", "52.31 V (12 s old)", "don't\n\n  stop — größe 8 450 W\r\n", "<|endoftext|> {braces}"],
)
def test_counts_equal_those_of_tiktoken(text: str) -> None:
    theirs = tiktoken.get_encoding(ENCODING).encode(text, disallowed_special=())
    assert count(text) == len(theirs)
    assert cut(text, 10_000) == text
