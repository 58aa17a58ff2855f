"""The built-in model: answers by fixed rules, without key or network.

It gets the same input as any model (messages and tool schemas) and returns the same output (tool
calls or text), so it works in the same crew and can replace a failed model during a run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.builtin.answers import say
from agents.builtin.intents import General, Plan, Step, plan
from agents.builtin.phrases import PromptedSite, display_in, local_hour
from agents.builtin.reply import Reply
from agents.models.chat_model import ChatRequest, Completion, TextSink, ToolCall
from agents.models.settings import BUILT_IN
from agents.roles.prompts import (
    CONVERSATION,
    MONITOR,
    OPTIMIZER,
    QUESTION,
    SITE,
    SOLAR,
    VICTRON,
    read,
)
from agents.roles.roster import TOOLS_OF
from energy.site.display import Display
from services.stored import Json

CONSULT, HAND_OFF = "consult", "hand_off"

CAN = (
    "I answer from this site's live data: battery, solar, load, grid and rooms now and in history, "
    "why a miner runs or not, what-if, settings, alerts, health and the action log, and I can "
    "propose to switch a load, which waits for your approval."
)

GENERAL_ANSWERS: dict[General, str] = {
    General.GREETING: (f"Hello. I am the built-in model: no key or network needed. {CAN}"),
    General.FORECAST: "I am the built-in model and have no forecast, so I can't tell the future. "
    "I can say what is measured now, what the night reserve needs, and what the allocator decides.",
    General.SETTINGS: "I can't change settings: only you can, through the API (/api/preferences, "
    "/api/miners, /api/hvac/zones). I can read them to you, try a change with a what-if, and "
    "propose to switch a load for your approval.",
    General.MANIPULATION: "I can't do that. Switching always goes through the safety checks and "
    "your approval, settings and secrets are out of my reach, and nothing was switched.",
    General.DOCUMENTS: "I am the built-in model and have no documents to search. " + CAN,
    General.OUT_OF_SCOPE: f"That is out of scope for the built-in model. {CAN}",
}

_ORDER = (MONITOR, VICTRON, SOLAR, OPTIMIZER)


@dataclass(frozen=True, slots=True)
class _Result:
    """The result of a tool: JSON, or a sentence of the crew."""

    tool: str
    text: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """The parsed request: plan, owner's units, tool results so far, available tools."""

    plan: Plan
    display: Display
    results: tuple[_Result, ...]
    tools: frozenset[str]


class BuiltInModel:
    """A ``ChatModel`` of fixed rules; the same request gives the same answer."""

    @property
    def name(self) -> str:
        """``built-in``."""
        return BUILT_IN

    def complete(self, request: ChatRequest, sink: TextSink) -> Completion:
        """Tool calls for what the question needs, or the answer out of their results."""
        asked = _read_request(request)
        if HAND_OFF in asked.tools:
            return _route(asked, sink)
        return _work(asked, sink)


def _route(asked: _Asked, sink: TextSink) -> Completion:
    consulted = [result.text for result in asked.results if result.tool == CONSULT]
    if consulted:
        return _text(_without_names(consulted[-1]), sink)
    if asked.results:
        return _text(f"I could not get that answered: {asked.results[-1].text[:300]}", sink)
    if not asked.plan.steps:
        return _text(_without_tools(asked.plan), sink)
    agents = choose_agents([step.tool for step in asked.plan.steps])
    request = "; ".join(step.about for step in asked.plan.steps)[:400]
    if len(agents) == 1:
        return _calls([(HAND_OFF, {"agent": agents[0], "request": request})])
    return _calls([(CONSULT, {"agents": list(agents), "request": request})])


def _work(asked: _Asked, sink: TextSink) -> Completion:
    own_steps = [step for step in asked.plan.steps if step.tool in asked.tools]
    if asked.results:
        return _text(_answer(own_steps, asked.results, asked.display), sink)
    if not own_steps:
        return _text(CAN if asked.plan.steps else _without_tools(asked.plan), sink)
    return _calls([(step.tool, step.arguments) for step in own_steps])


def _without_tools(answer: Plan) -> str:
    if answer.sentence is not None:
        return answer.sentence
    return GENERAL_ANSWERS[answer.general or General.OUT_OF_SCOPE]


def _answer(steps: Sequence[Step], results: Sequence[_Result], display: Display) -> str:
    parts = []
    for index, result in enumerate(results):
        about = steps[index].about if index < len(steps) else ""
        parts.append(say(result.tool, _read_json(result.text, display), about))
    return "\n\n".join(dict.fromkeys(parts))


def choose_agents(tools: Sequence[str]) -> tuple[str, ...]:
    """The one agent that has all ``tools``, else as few as cover them, in the tools' order."""
    wanted = set(tools)
    for agent in _ORDER:
        if wanted <= set(TOOLS_OF[agent]):
            return (agent,)
    chosen: list[str] = []
    for tool in tools:
        if not any(tool in TOOLS_OF[agent] for agent in chosen):
            chosen.append(_best(tool, wanted))
    return tuple(chosen)


def _best(tool: str, wanted: set[str]) -> str:
    able = [agent for agent in _ORDER if tool in TOOLS_OF[agent]]
    return max(able, key=lambda agent: len(wanted & set(TOOLS_OF[agent])))


def _read_request(request: ChatRequest) -> _Asked:
    prompt = "\n".join(
        str(message.get("content") or "")
        for message in request.messages
        if message.get("role") in {"system", "user"}
    )
    question, site = read(prompt, QUESTION) or "", _facts(prompt)
    tools = frozenset(str(tool["function"]["name"]) for tool in request.tools)
    return _Asked(
        plan=plan(question, site, _previous(prompt)),
        display=site.display,
        results=tuple(_results(request.messages)),
        tools=tools,
    )


def _facts(prompt: str) -> PromptedSite:
    site = read(prompt, SITE) or ""

    def names(label: str) -> tuple[str, ...]:
        line = re.search(rf"^{label}: (.*)$", site, re.MULTILINE)
        return () if line is None else tuple(name.strip() for name in line[1].split(";"))

    at = re.search(r"^local time: (.*)$", site, re.MULTILINE)
    return PromptedSite(
        miners=names("miners"),
        loads=names("loads"),
        fans_and_heaters=names("fans and heaters"),
        zones=names("zones"),
        local_hour=local_hour(at[1].strip()) if at is not None else 12.0,
        display=display_in(" ".join(re.findall(r"^owner reads: (.*)$", site, re.MULTILINE))),
    )


def _previous(prompt: str) -> list[str]:
    talk = read(prompt, CONVERSATION) or ""
    return re.findall(r"^owner: (.*)$", talk, re.MULTILINE)


def _results(messages: Sequence[Json]) -> list[_Result]:
    tools: dict[str, str] = {}
    results: list[_Result] = []
    for message in messages:
        for call in message.get("tool_calls") or []:
            tools[str(call["id"])] = str(call["function"]["name"])
        if message.get("role") == "tool":
            tool = tools.get(str(message.get("tool_call_id")), str(message.get("name", "")))
            results.append(_Result(tool, str(message.get("content") or "")))
    return results


def _read_json(text: str, display: Display) -> Reply:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    return Reply(value if isinstance(value, dict) else {"error": text[:300]}, display)


def _without_names(text: str) -> str:
    return re.sub(r"^\[\w+\]\n", "", text, flags=re.MULTILINE)


def _calls(calls: Sequence[tuple[str, Mapping[str, object]]]) -> Completion:
    return Completion(
        text="",
        tool_calls=tuple(
            ToolCall(id=f"call_{index}", name=name, arguments=json.dumps(arguments))
            for index, (name, arguments) in enumerate(calls)
        ),
    )


def _text(text: str, sink: TextSink) -> Completion:
    for piece in re.findall(r"\S+\s*", text):
        sink.text(piece)
    return Completion(text=text)
