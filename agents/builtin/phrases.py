"""Finds time spans, clock times, numbers and device names in a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from energy.site.display import Display
from tools.device_names import NamedDevice

DAY_H = 24.0
LONGEST_H = 720.0

_NUMBER_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "six": 6, "twelve": 12, "few": 3}
_UNIT_HOURS = {"h": 1.0, "hour": 1.0, "hr": 1.0, "day": 24.0, "week": 168.0, "month": 720.0}
_WEAK = frozenset(
    {"the", "a", "my", "and", "of", "in", "on", "off", "is", "it", "load", "miner", "room", "zone"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptedSite:
    """Facts of the site from the prompt: names, local hour, the owner's units.

    Attributes:
        miners: Names of the miner profiles; their switches may have other names.
        loads: Names of all controlled loads; ``fans_and_heaters`` those that are no miners.
        zones: Names of the rooms.
        local_hour: Of the site's day, 0 to 24.
        display: How the owner reads numbers.
    """

    miners: tuple[str, ...] = ()
    loads: tuple[str, ...] = ()
    fans_and_heaters: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    local_hour: float = 12.0
    display: Display = field(default_factory=Display)

    @property
    def devices(self) -> tuple[NamedDevice, ...]:
        """The loads as people name them."""
        return tuple(
            NamedDevice(name=name, is_miner=name not in self.fans_and_heaters)
            for name in self.loads
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Quantities in a sentence; ``watts`` as (value, position in the text)."""

    volts: float | None = None
    percent: float | None = None
    watts: tuple[tuple[float, int], ...] = ()


def numbers_in(text: str) -> Numbers:
    """Volts, percent and watts (kW converted) of a sentence."""
    low = text.casefold().replace(",", "")
    volts = re.search(r"(\d+(?:\.\d+)?) ?(?:v|volts?)\b", low)
    percent = re.search(r"(\d+(?:\.\d+)?) ?(?:%|percent|pct)", low)
    watts = tuple(
        (float(m[1]) * (1000 if m[2].startswith("k") else 1), m.start())
        for m in re.finditer(r"(\d+(?:\.\d+)?) ?(kw|kilowatts?|w|watts?)\b", low)
    )
    return Numbers(
        volts=None if volts is None else float(volts[1]),
        percent=None if percent is None else float(percent[1]),
        watts=watts,
    )


def hours_in(text: str, local_hour: float) -> float:
    """How far back a sentence asks, in hours; a day unless it says otherwise."""
    low = text.casefold()
    counted = re.search(
        r"(\d+(?:\.\d+)?|one|two|three|four|six|twelve|few) ?(h|hour|hr|day|week|month)s?\b", low
    )
    if counted is not None:
        number = _NUMBER_WORDS.get(counted[1])
        count = float(counted[1]) if number is None else float(number)
        return min(LONGEST_H, max(1.0, count * _UNIT_HOURS[counted[2]]))
    if re.search(r"today|so far|this morning|since midnight", low):
        return max(1.0, round(local_hour, 1))
    if re.search(r"yesterday", low):
        return round(DAY_H + local_hour, 1)
    if re.search(r"tonight|overnight|last night|the night", low):
        return 12.0
    if re.search(r"\b(last|past) hour\b", low):
        return 1.0
    named = re.search(r"\b(week|month)\b", low)
    return DAY_H if named is None else _UNIT_HOURS[named[1]]


def is_past(text: str) -> bool:
    """Whether a sentence names a span of the past."""
    return (
        re.search(
            r"yesterday|today|last (night|week|month|hour|\d)|past|overnight|this (week|month)|"
            r"\d+ ?(h|hours|days)\b",
            text.casefold(),
        )
        is not None
    )


def moment_in(text: str) -> str | None:
    """``HH:MM`` of a clock time in a sentence ("at 3 pm", "at 14:30"), None without one."""
    twelve_hours = re.search(r"\b(\d{1,2})(?::(\d{2}))? ?(am|pm|a\.m\.|p\.m\.)", text)
    if twelve_hours is not None:
        hour = int(twelve_hours[1]) % 12 + (12 if twelve_hours[3].startswith("p") else 0)
        return f"{hour:02d}:{twelve_hours[2] or '00'}"
    clock = re.search(r"\b(?:at|around) (\d{1,2}):(\d{2})\b", text)
    return None if clock is None else f"{int(clock[1]):02d}:{clock[2]}"


def device_in(text: str, names: Sequence[str]) -> str | None:
    """The one name of ``names`` that fits a sentence best; None when none or several fit."""
    words = set(re.findall(r"[a-z0-9]+", text.casefold()))
    scores = {name: _score(words, name) for name in names}
    best = max(scores.values(), default=0.0)
    hits = [name for name, score in scores.items() if score == best]
    return hits[0] if best >= 1 and len(hits) == 1 else None


def _score(words: set[str], name: str) -> float:
    own = set(re.findall(r"[a-z0-9]+", name.casefold()))
    strong = {word for word in own - _WEAK if not word.isdigit()} & words
    numbers = {word for word in own & words if word.isdigit()}
    return len(strong) + 0.2 * len(own & _WEAK & words) + 0.1 * len(numbers)


def display_in(habit: str) -> Display:
    """How the owner reads numbers, by the prompt's line about it."""
    return Display(
        fahrenheit="°F" in habit,
        kilowatts="kW" in habit,
        soc_first="state of charge before" in habit,
    )


def local_hour(text: str) -> float:
    """Hour of day, with its fraction, of an ISO time; noon where there is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return 12.0
    return moment.hour + moment.minute / 60
