"""What a model's words can't make true: that something was switched.

Agents never switch; the one tool that leads there makes a proposal. A model that says "Done, it is
running" is contradicted in the same answer, by what the run has really done.
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
    """What has to be added to a remote model's answer; None when it claims and was asked nothing.

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
