"""Quantities in words: a number with its unit, its age, its time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86_400.0

_UNITS = {
    "w": "W",
    "watts": "W",
    "wh": "Wh",
    "kwh": "kWh",
    "v": "V",
    "a": "A",
    "pct": "%",
    "percent": "%",
    "c": "°C",
    "s": "s",
    "ms": "ms",
    "minutes": "min",
    "hours": "h",
    "h": "h",
    "ths": "TH/s",
}
_WORDS = {"pv": "solar", "soc": "SOC", "hvac": "HVAC", "id": "id"}
_DIGITS = {"W": 0, "Wh": 0, "V": 2, "A": 1, "%": 1, "°C": 1, "kWh": 1}


def known(entry: object) -> bool:
    """Whether a value (plain, or with unit and age) is a number."""
    return number_of(entry) is not None


def number_of(entry: object) -> float | None:
    """The number of a value, plain or with unit and age; None without one."""
    value = entry.get("value") if isinstance(entry, Mapping) else entry
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def amount(entry: object, unit: str = "") -> str:
    """``52.31 V``; ``not known`` for a missing value."""
    value = number_of(entry)
    if value is None:
        return "not known"
    own = str(entry.get("unit") or unit) if isinstance(entry, Mapping) else unit
    if own == "s":
        return span(value)
    if own == "Wh" and abs(value) >= 1000:
        value, own = value / 1000, "kWh"
    digits = _DIGITS.get(own, 2)
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if own in {"%", ""} and digits else text
    return f"{text} {own}".strip()


def aged(entry: object) -> str:
    """``52.31 V (12 s old)``; without an age just the amount."""
    age_s = number_of(entry.get("age_s")) if isinstance(entry, Mapping) else None
    return amount(entry) if age_s is None else f"{amount(entry)} ({span(age_s)} old)"


def span(seconds: float) -> str:
    """``12 s``, ``3 min``, ``2.5 h``, ``2 days``."""
    if seconds < 2 * MINUTE_S:
        return f"{seconds:.0f} s"
    if seconds < 2 * HOUR_S:
        return f"{seconds / MINUTE_S:.0f} min"
    if seconds < 2 * DAY_S:
        return f"{seconds / HOUR_S:.1f} h"
    return f"{seconds / DAY_S:.0f} days"


def clock_time(iso: str) -> str:
    """``14:05`` of an ISO time."""
    try:
        return f"{datetime.fromisoformat(iso):%H:%M}"
    except ValueError:
        return iso


def day_time(iso: str) -> str:
    """``21 Jun 14:05`` of an ISO time."""
    try:
        return f"{datetime.fromisoformat(iso):%d %b %H:%M}"
    except ValueError:
        return iso


def titled(text: str) -> str:
    """With a capital first letter."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """The text with a punctuation mark at its end; an empty text stays empty."""
    stripped = text.strip()
    return stripped if not stripped or stripped[-1] in ".!?" else f"{stripped}."


def plain_words(data: Mapping[str, object]) -> str:
    """Any JSON object in words: keys with unit suffixes become labels and units."""
    return ", ".join(part for key, value in data.items() if (part := _pair(key, value)))


def _pair(key: str, value: object) -> str:
    if value is None or value == []:
        return ""
    if isinstance(value, Mapping):
        return _nested(key, value)
    if isinstance(value, bool):
        return f"{_label(key)} {'yes' if value else 'no'}"
    if isinstance(value, list):
        return f"{_label(key)} {'; '.join(_item(item) for item in value)}"
    number = number_of(value)
    return f"{_label(key)} {value}" if number is None else _measure(key, number)


def _nested(key: str, value: Mapping[str, object]) -> str:
    if "value" in value:
        return f"{_label(key)} {aged(value)}"
    base, _, suffix = key.rpartition("_")
    unit = _UNITS.get(suffix) if base else None
    if unit is not None:
        amounts = [f"{_label(name)} {amount(part, unit)}" for name, part in value.items()]
        return f"{_label(base)} {', '.join(amounts)}"
    inner = plain_words(value)
    return f"{_label(key)}: {inner}" if inner else ""


def _measure(key: str, value: float) -> str:
    base, _, suffix = key.rpartition("_")
    unit = _UNITS.get(suffix) if base else None
    if unit is not None:
        return f"{_label(base)} {amount(value, unit)}"
    return f"{_label(key)} {amount(value, _implied(key))}"


def _implied(key: str) -> str:
    if "voltage" in key or key.startswith("battery_absolute"):
        return "V"
    return "°C" if key.startswith("temp") else ""


def _item(value: object) -> str:
    if isinstance(value, Mapping):
        return plain_words(value)
    return " / ".join(_item(item) for item in value) if isinstance(value, list) else _plain(value)


def _plain(value: object) -> str:
    number = number_of(value)
    return str(value) if number is None else f"{number:g}"


def _label(key: str) -> str:
    return " ".join(_WORDS.get(word, word) for word in key.split("_"))
