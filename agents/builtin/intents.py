"""From a question to the tools that answer it, for the built-in model.

Plain patterns in a fixed order, the most specific first. A question that matches none is answered
as out of scope.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from agents.builtin.patterns import PATTERNS, ToolArguments, about_miner, compiled
from agents.builtin.phrases import PromptedSite, device_in, hours_in, is_past, numbers_in
from tools.switch_request import NotPossible, Wish, asks_to_switch, switch_request


class General(StrEnum):
    """Kinds of questions that are answered without a tool."""

    GREETING = "greeting"
    FORECAST = "forecast"
    SETTINGS = "settings"
    MANIPULATION = "manipulation"
    DOCUMENTS = "documents"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One tool call that answers one part of the question."""

    tool: str
    arguments: ToolArguments = field(default_factory=dict)
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The steps in the order of the question; without steps, how to answer.

    Attributes:
        general: A kind of question that is answered without a tool.
        sentence: The whole answer: why a switch can't be proposed, and what can be done.
    """

    steps: tuple[Step, ...] = ()
    general: General | None = None
    sentence: str | None = None


_WHAT_IF = compiled(
    r"what if|suppose|assum|\bif\b.*\b(batter|voltage|soc|pv|solar|sun|load|mode|house)|"
    r"\b(would|could)\b.*\b(at|with|if)\b.*\d|\bif\b.*\d ?(v\b|volt|w\b|watt|kw|%|percent)"
)
_GENERAL: tuple[tuple[General, re.Pattern[str]], ...] = (
    (
        General.MANIPULATION,
        compiled(
            r"ignore .*(instruction|rule|previous|above|everything|safety)|system prompt|jailbreak|"
            r"\bpretend\b|you are now|developer mode|bypass|without (asking|approval|confirm)|"
            r"api.?key|password|secret|credential|disregard|override (the )?safety|drop table|"
            r"</?(question|site|system|request)|execute (it )?(right )?(now|immediately)|"
            r"approve (it|the|all|that|every)"
        ),
    ),
    (
        General.SETTINGS,
        compiled(
            r"^(please |can you |could you )*(set|change|raise|lower|increase|decrease|"
            r"adjust|update|"
            r"delete|remove|add|create|rename|release|reset|edit|enable|disable) "
        ),
    ),
    (
        General.DOCUMENTS,
        compiled(
            r"\bmanual\b(?! hold)|datasheet|document|warranty|according to|\bpdf\b|knowledge base"
        ),
    ),
    (
        General.OUT_OF_SCOPE,
        compiled(
            r"poem|\bjokes?\b|\bstory\b|recipe|\bsong\b|python|javascript|\bcode\b|"
            r"translate|news|capital of|"
            r"president|(bitcoin|btc|eth|hash) ?price|price of|stock|football|movie|"
            r"write (me )?an? |"
            r"who (won|invented|wrote)|meaning of life|e-?mail to|revenue|profit|earn(ed|ing)?\b"
        ),
    ),
    (
        General.FORECAST,
        compiled(
            r"tomorrow|forecast|next (week|month|days?|hours?)|weather|predict|\brain\b|in \d+ days"
        ),
    ),
)
_GREETING = compiled(
    r"^\W*(hi|hello|hey|good (morning|evening|day|afternoon)|thanks?|thank you)\b[^a-z]*$|"
    r"^\W*(help|who are you|what can you (do|answer)|what are you)\b|how do you work"
)
_SPLIT = re.compile(
    (
        r"[?;!]+|\.(?=\s|$)|,?\s+\band\b(?: also)?\s+|,\s+(?=(?:what|why|how|when|which|is|"
        r"are|show)\b)"
    ),
    re.IGNORECASE,
)


def plan(question: str, facts: PromptedSite, previous: Sequence[str] = ()) -> Plan:
    """What to call for ``question``; ``previous`` are earlier questions, oldest first."""
    text = " ".join(question.split())
    wish = switch_request(text, facts.devices)
    general = next((kind for kind, pattern in _GENERAL if pattern.search(text)), None)
    manipulated = general is General.MANIPULATION
    if isinstance(wish, NotPossible) and (wish.stop or not manipulated):
        return Plan(sentence=wish.sentence)
    if general is not None and (wish is None or manipulated):
        return Plan(general=general)
    if _GREETING.search(text):
        return Plan(general=General.GREETING)
    steps = _steps(text, facts, wish if isinstance(wish, Wish) else None)
    if not steps or _leans_on_previous(text):
        steps = _follow_up(text, facts, previous) or steps
    return Plan(steps=steps) if steps else Plan(general=General.OUT_OF_SCOPE)


def _steps(text: str, facts: PromptedSite, wish: Wish | None = None) -> tuple[Step, ...]:
    if wish is None and _WHAT_IF.search(text):
        arguments = _what_if(text, facts)
        if arguments:
            return (Step(tool="allocator_what_if", arguments=arguments, about=text),)
    steps: list[Step] = []
    for clause in _clauses(text):
        steps.extend(step for step in _of_clause(clause, facts, wish) if not _known(step, steps))
    return tuple(steps)


def _clauses(text: str) -> list[str]:
    return [clause.strip() for clause in _SPLIT.split(text) if clause and clause.strip()]


def _of_clause(clause: str, facts: PromptedSite, wish: Wish | None) -> list[Step]:
    if wish is not None and asks_to_switch(clause):
        return [_proposal(clause, wish)]
    for pattern in PATTERNS:
        if pattern.match.search(clause) is None:
            continue
        if pattern.unless is not None and pattern.unless.search(clause) is not None:
            continue
        arguments = pattern.arguments(clause.casefold(), facts)
        return [Step(tool=pattern.tool, arguments=arguments, about=clause)]
    return []


def _known(step: Step, steps: list[Step]) -> bool:
    return any(step.tool == other.tool and step.arguments == other.arguments for other in steps)


def _proposal(clause: str, wish: Wish) -> Step:
    why = f"The owner asked: {clause}"[:300]
    arguments: ToolArguments = {"load": wish.load, "turn_on": wish.on, "why": why}
    return Step(tool="propose_action", arguments=arguments, about=clause)


def _what_if(text: str, facts: PromptedSite) -> ToolArguments:
    numbers = numbers_in(text)
    low = text.casefold()
    arguments: ToolArguments = {}
    own = re.search(
        r"(start|stop)(?:s|ed|ing)? ?(?:voltage|at|from)[^.?]{0,30}?(\d+(?:\.\d+)?) ?v", low
    )
    if own is not None and re.search(r"\bif\b.{0,60}(start|stop)", low):
        name = device_in(low, facts.miners)
        arguments[f"{own[1]}_voltage"] = float(own[2])
        return arguments if name is None else {**arguments, "miner": name}
    if numbers.volts is not None:
        arguments["battery_voltage_v"] = numbers.volts
    if numbers.percent is not None:
        arguments["soc_pct"] = numbers.percent
    if numbers.watts:
        arguments.update(_watts(low, numbers.watts))
    mode = re.search(r"conservative|balanced|aggressive", low)
    return arguments if mode is None else {**arguments, "operating_mode": mode[0]}


def _watts(low: str, watts: Sequence[tuple[float, int]]) -> ToolArguments:
    arguments: ToolArguments = {}
    for value, position in watts:
        around = low[max(0, position - 30) : position + 25]
        is_load = re.search(r"\bload\b(?! s19)|house|consum", around) and "dump load" not in around
        arguments.setdefault("load_power_w" if is_load else "pv_power_w", value)
    return arguments


def _leans_on_previous(text: str) -> bool:
    short = len(text.split()) <= 6
    return (
        short and re.match(r"(?i)^\W*(and|what about|how about|why|same|then)\b", text) is not None
    )


def _follow_up(text: str, facts: PromptedSite, previous: Sequence[str]) -> tuple[Step, ...]:
    if not previous:
        return ()
    before = _steps(previous[-1], facts)
    low = text.casefold()
    if re.search(r"\bwhy\b", low) and device_in(low, facts.miners) is None:
        arguments = about_miner(previous[-1].casefold(), facts)
        return (Step(tool="decision_explanation", arguments=arguments, about=text),)
    own = _steps(re.sub(r"(?i)^\W*(and|what about|how about|then)\b", "", text), facts)
    if own and device_in(low, facts.miners) is None and not is_past(low):
        return own
    return tuple(_adapted(step, low, facts) for step in before)


def _adapted(step: Step, low: str, facts: PromptedSite) -> Step:
    arguments = dict(step.arguments)
    tool = step.tool
    if is_past(low):
        tool = {"battery_status": "battery_history", "energy_status": "energy_history"}.get(
            tool, tool
        )
        if tool in {"battery_history", "energy_history", "time_series"}:
            arguments["hours"] = hours_in(low, facts.local_hour)
    name = device_in(low, facts.miners)
    if name is not None and tool in {"decision_explanation", "miner_profiles"}:
        arguments["miner"] = name
    return Step(tool=tool, arguments=arguments, about=f"{step.about} ({low})")
