"""Finds the name that the owner means: "the dump load", "s19" → one of the site's names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from tools.tool import BadArguments

T = TypeVar("T")

_FILLERS = frozenset({"the", "my", "a", "an", "miner", "load", "please", "of", "in"})


def find(phrase: str, named: Mapping[str, T], *, kind: str) -> T:
    """The value whose name fits ``phrase`` best: a whole name, else the most shared words.

    A number decides between names that fit equally; by itself it names nothing.

    Raises:
        BadArguments: Nothing or more than one fits; the message lists the names.
    """
    wanted = phrase.casefold().strip()
    exact = [value for name, value in named.items() if name.casefold() == wanted]
    if len(exact) == 1:
        return exact[0]
    scores = {name: _score(wanted, name) for name in named}
    best = max(scores.values(), default=0.0)
    hits = [name for name, score in scores.items() if score == best]
    names = ", ".join(named) or "none"
    if best == 0:
        raise BadArguments(f"no {kind} is called {phrase!r}; there are: {names}")
    if len(hits) > 1:
        raise BadArguments(f"{phrase!r} fits {', '.join(hits)}; name one {kind} of: {names}")
    return named[hits[0]]


def _score(phrase: str, name: str) -> float:
    asked, has = _words(phrase), _words(name)
    if not asked:
        return 0.0
    shared = asked & has
    strong = {word for word in shared - _FILLERS if not word.isdigit()}
    if not strong:
        return 0.0
    numbers = {word for word in shared if word.isdigit()}
    return len(strong) + 0.5 * len(numbers) + 0.1 * len(shared & _FILLERS)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", text.casefold()))
