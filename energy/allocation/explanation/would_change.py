"""What would change a load's command: typed, so that a test can try it out, and in words.

``starts`` is a promise: once it is so, the load starts in the same cycle. ``may start`` only
removes the named obstacle; another rule may still prevent the start. A time is only named where
there is a delay.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, assert_never

from energy.wording import kilowatt_hours, volts, watts

_SECONDS_SHOWN_BELOW_S = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VoltageReached:
    """It may start at a rest voltage that has held for its start hysteresis."""

    voltage_v: float
    held_min: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VoltageHeld:
    """It may start when the rest voltage has held for ``more_s`` seconds more."""

    voltage_v: float
    more_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LockoutEnds:
    """The lockout ends; ``voltage_v`` is the higher of restart voltage and the load's start
    voltage.
    """

    voltage_v: float
    held_min: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetFree:
    """More budget, W. ``promised``: the load starts as soon as there is that much."""

    more_w: float
    promised: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SunFree:
    """More free sun, now and on the mean of ten minutes, W."""

    more_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SunProduced:
    """More PV production, W."""

    more_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyStored:
    """More energy in the battery, Wh, or, where ``sun_w`` is given, that much more free sun, W."""

    more_wh: float
    sun_w: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed:
    """It may start after ``seconds`` more, when its minimum off time has passed."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowOpens:
    """Its window opens at a whole local hour."""

    hour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StopsBelow:
    """A running load: stops below its stop voltage, at once at its emergency voltage."""

    stop_voltage_v: float
    held_min: float
    emergency_voltage_v: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StopsIn:
    """A running load: stops after ``seconds`` unless ``unless`` (a clause) comes true."""

    seconds: float
    unless: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldEnds:
    """A hold or request ends and automation decides again; local time."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NextCycle:
    """It starts in the next cycle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OthersMinimumOver:
    """It starts when the loads that hold its power may be stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happens:
    """An event without a number, as a phrase."""

    event: str


WouldChange: TypeAlias = (
    VoltageReached
    | VoltageHeld
    | LockoutEnds
    | BudgetFree
    | SunFree
    | SunProduced
    | EnergyStored
    | TimePassed
    | WindowOpens
    | StopsBelow
    | StopsIn
    | HoldEnds
    | NextCycle
    | OthersMinimumOver
    | Happens
)


def minutes(seconds: float) -> str:
    """A duration in words: seconds below 90 s, else whole minutes; never below zero."""
    if seconds < _SECONDS_SHOWN_BELOW_S:
        return f"{max(0.0, seconds):.0f} s"
    return f"{seconds / 60.0:.0f} min"


def phrase(change: WouldChange) -> str:  # noqa: C901, PLR0911, PLR0912 - one line per kind
    """The change in words, without a full stop."""
    match change:
        case VoltageReached(voltage_v=voltage_v, held_min=held_min):
            return f"may start at {volts(voltage_v)} rest voltage held for {held_min:g} min"
        case VoltageHeld(voltage_v=voltage_v, more_s=more_s):
            held = f"has held {volts(voltage_v)} for {minutes(more_s)} more"
            return f"may start when the rest voltage {held}"
        case LockoutEnds(voltage_v=voltage_v, held_min=held_min):
            return f"may start from {volts(voltage_v)} rest voltage held for {held_min:g} min"
        case BudgetFree(more_w=more_w, promised=promised):
            return f"{'starts' if promised else 'may start'} when {watts(more_w)} more are free"
        case SunFree(more_w=more_w):
            mean = "now and on the mean of 10 min"
            return f"may start when {watts(more_w)} more of sun are free, {mean}"
        case SunProduced(more_w=more_w):
            return f"may start when {watts(more_w)} more come from the sun"
        case EnergyStored(more_wh=more_wh, sun_w=sun_w):
            energy = f"with {kilowatt_hours(more_wh)} more in the battery"
            sun = "" if sun_w is None else f"when {watts(sun_w)} more of sun are free, or "
            return f"may start {sun}{energy}"
        case TimePassed(seconds=seconds):
            return f"may start in {minutes(seconds)}"
        case WindowOpens(hour=hour):
            return f"may start from {hour:02d}:00"
        case StopsBelow(stop_voltage_v=stop_v, held_min=held_min, emergency_voltage_v=at_once_v):
            below = f"stops below {volts(stop_v)} rest voltage held for {held_min:g} min"
            return f"{below}, at once at {volts(at_once_v)}"
        case StopsIn(seconds=seconds, unless=unless):
            return f"stops in {minutes(seconds)} unless {unless}"
        case HoldEnds(until=until):
            return f"automation decides again at {until:%H:%M}, or when the owner switches it"
        case NextCycle():
            return "starts in the next cycle"
        case OthersMinimumOver():
            return "starts when that miner may be stopped"
        case Happens(event=event):
            return event
        case _:
            assert_never(change)
