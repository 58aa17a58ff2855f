"""The context of one prompt: parts within a budget of tokens, and a report of what was left out.

Pure. A unit (a line, a turn) is kept or dropped whole, never cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agents.context.question_class import BUDGETS, QuestionClass
from agents.models.tokens import count
from agents.roles.prompts import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPart:
    """One candidate part.

    Attributes:
        name: The part's mark in the prompt.
        source: Where the part comes from, in words.
        units: Lines or turns, the most useful first.
        most: Most tokens of the part.
        cached: The part came from a cache.
        required: How many of the first units are never dropped.
        reverse: Units are shown in reverse order (turns: the latest is the most useful).
    """

    name: str
    source: str
    units: tuple[str, ...]
    most: int
    cached: bool = False
    required: int = 0
    reverse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PartReport:
    """How much of a part is in the prompt."""

    name: str
    source: str
    tokens: int
    cached: bool
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The context of one question.

    Attributes:
        kind: The question's class.
        budget: Tokens allowed for ``text`` and the question together.
        tokens: Tokens that they take.
        text: The marked parts, as sent.
        parts: The report, in the order of the prompt.
    """

    kind: QuestionClass
    budget: int
    tokens: int
    text: str
    parts: tuple[PartReport, ...]

    def report(self) -> dict[str, object]:
        """The report as JSON, stored with the answer."""
        return {
            "class": self.kind.value,
            "budget": self.budget,
            "tokens": self.tokens,
            "parts": [
                {
                    "name": part.name,
                    "source": part.source,
                    "tokens": part.tokens,
                    "cached": part.cached,
                    "left_out": part.left_out,
                }
                for part in self.parts
            ],
        }


def assemble(question: str, kind: QuestionClass, parts: Sequence[PromptPart]) -> Bundle:
    """The bundle for a question; ``parts`` in the order of the prompt, most useful first.

    The question and every part's required units always stay. What is left of the budget goes to the
    parts in their order.
    """
    budget = BUDGETS[kind]
    asked = count(question)
    kept = {part.name: list(part.units[: part.required]) for part in parts}
    for part in parts:
        for unit in part.units[part.required :]:
            trial = {**kept, part.name: [*kept[part.name], unit]}
            own = count(_rendered(part, trial[part.name]))
            if own > part.most or asked + count(_text(parts, trial)) > budget:
                break
            kept = trial
    text = _text(parts, kept)
    return Bundle(
        kind=kind,
        budget=budget,
        tokens=asked + count(text),
        text=text,
        parts=tuple(_report(part, kept[part.name]) for part in parts if part.units),
    )


def _text(parts: Sequence[PromptPart], kept: dict[str, list[str]]) -> str:
    shown = [_rendered(part, kept[part.name]) for part in parts if kept[part.name]]
    return "\n".join(shown)


def _rendered(part: PromptPart, units: Sequence[str]) -> str:
    ordered = reversed(units) if part.reverse else units
    return mark(part.name, "\n".join(ordered)) if units else ""


def _report(part: PromptPart, kept: Sequence[str]) -> PartReport:
    return PartReport(
        name=part.name,
        source=part.source,
        tokens=count(_rendered(part, kept)) if kept else 0,
        cached=part.cached,
        left_out=len(part.units) - len(kept),
    )
