"""Whether a switch keeps the dead-man timer that was asked of it. Pure."""

from __future__ import annotations

from energy.wording import duration

TIMER_TOLERANCE_S = 60.0
"""A timer that ends so much later than asked still switches off in time, s."""


def keeps_timer(asked_s: float, reported_s: float | None) -> bool:
    """Whether a switch that was asked for a timer of ``asked_s`` runs one.

    ``reported_s`` is what it says is left; None where it says that none runs. One that ends sooner
    is kept: it errs to the safe side.
    """
    return reported_s is not None and reported_s <= asked_s + TIMER_TOLERANCE_S


def timer_clause(asked_s: float, reported_s: float | None) -> str:
    """What a switch makes of the timer that was asked of it, as a clause."""
    runs = "none runs" if reported_s is None else f"it switches off in {duration(reported_s)}"
    return f"does not keep the auto-off timer: {duration(asked_s)} were asked for and {runs}"
