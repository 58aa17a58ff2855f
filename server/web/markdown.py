"""The Markdown renderer for texts of models and devices, which must never run as code.

Raw HTML is off, images become a note, only http(s) links are kept, and the result passes an
allow-list.
"""

from __future__ import annotations

from collections.abc import Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

TAGS = {
    *("p", "br", "hr", "em", "strong", "del", "code", "pre", "blockquote", "a"),
    *("ul", "ol", "li", "h1", "h2", "h3", "h4", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href"}, "ol": {"start"}, "th": {"class"}, "td": {"class"}}
ALIGNED = {"text-align:right": "right", "text-align:center": "center"}
SCHEMES = {"http", "https"}


def _image(
    _self: RendererProtocol,
    tokens: Sequence[Token],
    index: int,
    _options: OptionsDict,
    _env: EnvType,
) -> str:
    return f"[image removed: {nh3.clean_text(tokens[index].content)}]"


def _cell(
    _self: RendererProtocol,
    tokens: Sequence[Token],
    index: int,
    _options: OptionsDict,
    _env: EnvType,
) -> str:
    """Alignment as a class: our pages allow no inline style."""
    tag, side = tokens[index].tag, ALIGNED.get(str(tokens[index].attrGet("style")))
    return f"<{tag}>" if side is None else f'<{tag} class="{side}">'


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
    parser.add_render_rule("image", _image)
    parser.add_render_rule("th_open", _cell)
    parser.add_render_rule("td_open", _cell)
    return parser


_PARSER = _parser()


def render(text: str) -> str:
    """Safe HTML of Markdown."""
    return nh3.clean(
        _PARSER.render(text),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )


def blocks(text: str) -> list[str]:
    """The text cut into its top-level blocks: paragraph, list, table, fence.

    While a text grows at its end, all blocks but the last ones stay as they are, so that only those
    have to be rendered and sent again.
    """
    lines = text.splitlines(keepends=True)
    starts = [
        token.map[0]
        for token in _PARSER.parse(text)
        if token.level == 0 and token.map is not None and token.nesting != -1
    ]
    if not starts:
        return [text] if text.strip() else []
    starts[0] = 0
    ends = [*starts[1:], len(lines)]
    return ["".join(lines[start:end]) for start, end in zip(starts, ends, strict=True)]
