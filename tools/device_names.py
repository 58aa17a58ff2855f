"""Finds the one load that a phrase names, or says that none or several fit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

MINER_WORDS = frozenset({"miner", "rig", "asic", "machine"})
GENERIC = MINER_WORDS | {
    *("load", "device", "unit", "relay", "plug", "number", "no", "nr", "one"),
    *("miners", "rigs", "asics", "machines", "loads", "devices", "units"),
}
"""Words for a kind of device, which by themselves name no particular one."""

KINDS = frozenset({"fan", "heater", "heating", "pump", "light", "lamp", "boiler", "cooler"})
"""A name that contains one of these words is only meant by a phrase with that word: "the heat room"
does not mean the heat room's fan.
"""

ARTICLES = frozenset({"the", "my", "our", "your", "this", "that", "a", "an", "in", "of"})
MARK = "\x01"
_WORD = re.compile(rf"{MARK}\d+{MARK}|\w+\+?", re.UNICODE)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedDevice:
    """A load as people call it."""

    name: str
    is_miner: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """A phrase that names no load, or several.

    Attributes:
        fits: Those that fit; none when no load is meant by the phrase.
    """

    fits: tuple[str, ...] = ()


def words(text: str) -> list[str]:
    """The words of a text, and the marks of whole names, in small letters."""
    return _WORD.findall(text.casefold())


def with_marks(text: str, devices: Sequence[NamedDevice]) -> str:
    """``text`` with every complete device name replaced by a mark, so that no part of a name is
    read as another word.
    """
    marked = text
    for number in sorted(range(len(devices)), key=lambda at: -len(devices[at].name)):
        marked = _whole(devices[number].name).sub(f" {MARK}{number}{MARK} ", marked)
    return marked


def marked_in(text: str) -> list[int]:
    """Numbers of the devices whose marks stand in a text, each once."""
    return list(dict.fromkeys(int(number) for number in re.findall(rf"{MARK}(\d+){MARK}", text)))


def device_named(phrase: str, devices: Sequence[NamedDevice]) -> NamedDevice | Unclear:
    """The one device that ``phrase`` names; every word of it must be one of the name's.

    A number alone names nothing, and a word for a kind only where there is one device of that kind.
    """
    phrase_words = [word for word in words(phrase) if word not in ARTICLES]
    marked = marked_in(phrase)
    if marked:
        rest = [word for word in phrase_words if not word.startswith(MARK) and word not in GENERIC]
        hits = [devices[number] for number in marked]
        return hits[0] if len(hits) == 1 and not rest else _unclear(hits if not rest else [])
    if not phrase_words:
        return Unclear()
    for exact in (True, False):
        fits = [device for device in devices if _fits(phrase_words, device, exact=exact)]
        if fits:
            return fits[0] if len(fits) == 1 else _unclear(fits)
    miners = [device for device in devices if device.is_miner]
    if set(phrase_words) <= MINER_WORDS:
        return miners[0] if len(miners) == 1 else _unclear(miners)
    return Unclear()


def _fits(phrase_words: Sequence[str], device: NamedDevice, *, exact: bool) -> bool:
    name = words(device.name)
    if not exact:
        phrase_words, name = ([word.rstrip("+") for word in text] for text in (phrase_words, name))
    generic = GENERIC if device.is_miner else GENERIC - MINER_WORDS
    kinds = set(name) & KINDS
    if kinds and not kinds & set(phrase_words):
        return False  # "the heat" is not the fan of the heat room
    specific = [word for word in phrase_words if word not in GENERIC and not word.isdigit()]
    if specific and set(phrase_words) <= {*name, *generic} and set(specific) <= set(name):
        return _numbers(phrase_words) <= _numbers(name)
    return _run_together(phrase_words, name)


def _numbers(phrase_words: Sequence[str]) -> set[str]:
    return {word for word in phrase_words if word.isdigit()}


def _run_together(phrase_words: Sequence[str], name: Sequence[str]) -> bool:
    """Whether the letters are the same: ``dumpload`` and ``s 19`` are in ``Dump Load S19``."""
    letters = "".join(phrase_words)
    if not any(char.isalpha() for char in letters) or letters in GENERIC or len(letters) < 3:
        return False
    runs = {
        "".join(name[start:end])
        for start in range(len(name))
        for end in range(start + 1, len(name) + 1)
    }
    return letters in runs


def _unclear(fits: Sequence[NamedDevice]) -> Unclear:
    return Unclear(fits=tuple(device.name for device in fits))


@cache
def _whole(name: str) -> re.Pattern[str]:
    inner = r"\s+".join(re.escape(part) for part in name.split())
    return re.compile(rf"(?<!\w){inner}(?![\w+])", re.IGNORECASE)
