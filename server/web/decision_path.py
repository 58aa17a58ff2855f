"""How an answer came about: agents, tools, tokens, time, as the same HTML live and on a reload."""

from __future__ import annotations

import json
from collections.abc import Iterator

from server.web.rendering import environment, number
from services.stored import Json


def how_it_was_answered(meta: Json) -> str:
    """A closed ``<details>`` element; parts that ``meta`` lacks are left out."""
    return environment().get_template("how.html").render(lines=list(_lines(meta)))


def proposed_actions(meta: Json) -> list[str]:
    """Ids of the actions that the answer proposed."""
    results = (tool.get("result", {}) for tool in meta.get("tools", []))
    actions = (result.get("action") for result in results if isinstance(result, dict))
    return [str(action["id"]) for action in actions if isinstance(action, dict)]


def _lines(meta: Json) -> Iterator[str]:
    if agents := meta.get("agents"):
        yield f"Agents: {' → '.join(agents)}"
    for tool in meta.get("tools", []):
        given = tool.get("arguments")
        words = f" {json.dumps(given, ensure_ascii=False)}" if given else ""
        yield f"Tool {tool.get('name')}{words} in {number(tool.get('ms'))} ms"
    usage = meta.get("usage")
    if usage:
        yield _usage(meta.get("models", []), usage)
    context = meta.get("context")
    if context:
        parts = [f"{part['name']} {number(part['tokens'])}" for part in context.get("parts", [])]
        of = f"{number(context.get('tokens'))} of {number(context.get('budget'))} tokens"
        yield f"Context: {of} ({', '.join(parts)})"
    if meta.get("total_ms") is not None:
        first, last = number(meta.get("first_token_ms")), number(meta["total_ms"])
        yield f"Time: first words after {first} ms, all after {last} ms"
    yield from meta.get("notices", [])


def _usage(models: list[str], usage: Json) -> str:
    cost = usage.get("cost_usd")
    return (
        f"Model {', '.join(models)}: {number(usage.get('calls'))} calls,"
        f" {number(usage.get('prompt_tokens'))} tokens read,"
        f" {number(usage.get('completion_tokens'))} written"
        f"{'' if cost is None else f', {number(cost, 4)} USD'}"
    )
