"""Corrects false claims of a model that it switched something.

Agents never switch; their only tool for that makes a proposal. Where a model writes "Done, it is
running", the same answer adds what the run really did.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tools.switch_request import asks_to_switch

NOTHING_DONE = "This answer has switched nothing and proposed nothing, whatever it says."
ONLY_PROPOSED = (
    "This answer has switched nothing by itself: its card says what was proposed and what became"
    " of it."
)

_SWITCHED = r"(?:turn|switch|start|stopp?|shutt?|power|enabl|disabl|(?:de)?activat|execut|approv)"
_CLAIM = re.compile(
    rf"\b(?:i|we)(?:['’](?:ve|m|re))?(?:\s+\w+){{0,3}}?\s+(?:{_SWITCHED}(?:e?d|ing)|shut)\b"
    rf"|\b(?:i|we)(?:['’]ll|\s+will)(?:\s+\w+){{0,2}}?\s+{_SWITCHED}\b"
    rf"|\b(?:has|have|was|were)(?:\s+\w+ly|\s+now|\s+just)*\s+been\s+{_SWITCHED}e?d?\b"
    r"|\b(?:is|are)\s+(?:now\s+(?:turned\s+|switched\s+)?(?:on|off|running|stopped|hashing))\b"
    r"|^\W*(?:done|all set|consider it done)\b",
    re.IGNORECASE,
)


def correction(question: str, text: str, *, proposed: bool) -> str | None:
    """The correction for a remote model's answer; None without a claim or a request to switch.

    Args:
        question: The owner's words.
        text: The model's answer.
        proposed: Whether the run has made a proposal.
    """
    if _CLAIM.search(text) is None and not any(map(asks_to_switch, _sentences(question))):
        return None
    return ONLY_PROPOSED if proposed else NOTHING_DONE


def _sentences(text: str) -> Iterable[str]:
    return (part for part in re.split(r"(?<=[.!?;])\s+", text.strip()) if part)
