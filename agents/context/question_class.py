"""Classes of questions; each has a budget of tokens for its prompt."""

from __future__ import annotations

import re
from enum import StrEnum


class QuestionClass(StrEnum):
    """Kinds of questions."""

    STATUS = "status"
    HISTORY = "history"
    PLANNING = "planning"
    DOCUMENTS = "documents"
    GENERAL = "general"


BUDGETS: dict[QuestionClass, int] = {
    QuestionClass.STATUS: 2_000,
    QuestionClass.HISTORY: 2_500,
    QuestionClass.PLANNING: 3_500,
    QuestionClass.DOCUMENTS: 4_000,
    QuestionClass.GENERAL: 1_000,
}
"""Tokens of the whole bundle, question included."""

_PATTERNS: tuple[tuple[QuestionClass, str], ...] = (
    (
        QuestionClass.DOCUMENTS,
        r"\bmanual\b(?! hold)|datasheet|document|warranty|according to|\bpdf\b",
    ),
    (
        QuestionClass.PLANNING,
        (
            r"what if|should|\bplan|optimi|\bif\b|would|when (will|can|does)|propose|turn|switch|"
            r"^(start|stop|run|pause)|tomorrow|tonight|forecast|budget|enough|allocator"
        ),
    ),
    (
        QuestionClass.HISTORY,
        (
            r"yesterday|today|\blast\b|\bpast\b|history|trend|lowest|highest|average|k?wh\b|"
            r"week|month|overnight|peak|chart|what happened|\bwhen was|produced|consumed|generated"
        ),
    ),
    (
        QuestionClass.STATUS,
        (
            r"batter|volt|\bsoc\b|solar|\bpv\b|\bsun\b|load|grid|power|miner|s19|s21|\bwhy\b|alert|alarm|"
            r"health|status|temperature|room|fan|heat|running|\bon\b|\boff\b|charg|zone|watt|"
            r"setting|mode|how (is|are)|priorit|threshold|decision"
        ),
    ),
)


def classify(question: str) -> QuestionClass:
    """The class of a question; general when it does not concern the site."""
    low = question.casefold()
    for kind, pattern in _PATTERNS:
        if re.search(pattern, low) is not None:
            return kind
    return QuestionClass.GENERAL
