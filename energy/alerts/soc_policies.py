"""Alerts about the owner's state-of-charge targets: the pause level and the sun's hours.

They inform only: miners start and stop by their voltages, not by these levels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from energy.alerts.facts import AlertFacts
from energy.alerts.timing import AlertSeverity, Watch
from energy.safety.validator import within_window
from energy.wording import listed, percent

HELD_S = 600.0
"""The voltage dips while a load starts: a level must be missed for this long, s."""


def _miners_below_pause(facts: AlertFacts) -> Iterator[Watch]:
    """Miners run below the pause level; ends when they are off or the resume level is reached."""
    soc, wanted = facts.soc_pct, facts.preferences
    running = facts.running_miners
    holds = cleared = None
    detail = ""
    if soc is not None:
        holds = bool(running) and soc < wanted.soc_pause_miners_pct
        cleared = not running or soc >= wanted.soc_resume_miners_pct
        subject = f"{listed(running)} run" if running else "No miner runs"
        verb = "s" if len(running) == 1 else ""
        detail = (
            f"{subject}{verb}; the battery is at {percent(soc)}. You want miners to pause below "
            f"{percent(wanted.soc_pause_miners_pct)} and to resume from "
            f"{percent(wanted.soc_resume_miners_pct)}."
        )
    yield Watch(
        key="miners_below_pause",
        category="battery",
        severity=AlertSeverity.INFO,
        title=f"Miners run below {percent(wanted.soc_pause_miners_pct)}",
        detail=detail,
        advice="They stop by their voltages: raise their stop voltages if they should pause "
        "earlier.",
        holds=holds,
        cleared=cleared,
        for_s=HELD_S,
        clear_for_s=HELD_S,
    )


def _below_target(facts: AlertFacts) -> Iterator[Watch]:
    """The battery was not at its target when the sun's hours ended.

    Judged only in the hour after them, because later the night discharges the battery; the alert
    lasts until the next sun's hours begin or the target is reached.
    """
    soc, wanted, hour = facts.soc_pct, facts.preferences, facts.local_hour
    start, end = wanted.solar_priority_start, wanted.solar_priority_end
    holds = cleared = None
    detail = ""
    if soc is not None and hour is not None:
        filling = within_window(hour, start, end)
        holds = not filling and hour == end and soc < wanted.soc_target_pct
        cleared = filling or soc >= wanted.soc_target_pct
        detail = (
            f"The battery is at {percent(soc)}; it was to be at {percent(wanted.soc_target_pct)} "
            f"when the sun's hours ended ({start}:00 to {end}:00)."
        )
    yield Watch(
        key="below_target",
        category="battery",
        severity=AlertSeverity.INFO,
        title=f"The sun did not bring the battery to {percent(wanted.soc_target_pct)}",
        detail=detail,
        advice="On a dull day that is the weather. If it repeats, let miners start later or at a "
        "higher voltage.",
        holds=holds,
        cleared=cleared,
        for_s=HELD_S,
        clear_for_s=HELD_S,
    )


SOC_WATCHES: tuple[Callable[[AlertFacts], Iterator[Watch]], ...] = (
    _miners_below_pause,
    _below_target,
)
