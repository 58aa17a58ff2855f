"""Sentences of the built-in model from tool results; every number comes from a result.

A missing value is reported as missing; numbers are rounded as on the pages.
"""

from __future__ import annotations

from collections.abc import Callable

from agents.builtin import decision_answers, energy_answers, site_answers
from agents.builtin.quantities import plain_words
from agents.builtin.reply import Reply

WORDINGS: dict[str, Callable[[Reply, str], str]] = {
    "battery_status": energy_answers.battery_status,
    "energy_status": energy_answers.energy_status,
    "energy_history": energy_answers.history,
    "battery_history": energy_answers.series,
    "time_series": energy_answers.series,
    "voltage_soc_convert": energy_answers.conversion,
    "allocator_now": decision_answers.allocator,
    "allocator_what_if": decision_answers.what_if,
    "decision_explanation": decision_answers.explanation,
    "miner_profiles": decision_answers.miner_profiles,
    "preferences": site_answers.preferences,
    "zones": site_answers.zones,
    "alerts": site_answers.alerts,
    "health": site_answers.health,
    "recent_actions": site_answers.actions,
    "propose_action": site_answers.proposal,
}
"""The function that words the results of each tool."""


def say(tool: str, reply: Reply, about: str) -> str:
    """The part of the answer that the result of ``tool`` gives for the clause ``about``, in the
    owner's units.
    """
    if "error" in reply:
        return f"I could not answer that part: {reply.text('error')}"
    words_of = WORDINGS.get(tool)
    answer = plain_words(reply.values) if words_of is None else words_of(reply, about.casefold())
    return reply.display.sentence(answer)
