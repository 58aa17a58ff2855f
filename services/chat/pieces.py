"""Streamed text, joined into pieces: pages and the database get about ten a second, not each token.

A token a write took so many database turns that a long answer left none for anything else.
"""

from __future__ import annotations

import threading

TOKEN = "token"  # noqa: S105 - the name of an event

UNSTORABLE = str.maketrans(dict.fromkeys([0, *range(0xD800, 0xE000)], "\N{REPLACEMENT CHARACTER}"))
"""NUL and lone surrogates: a model can write them, PostgreSQL and UTF-8 can't hold them."""

EventData = dict[str, object]
"""The JSON body of an event."""

Event = tuple[str, EventData]


class Pieces:
    """Events that wait to be shown, from any thread; text that follows text is one event."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Event] = []

    def add(self, event: str, data: EventData) -> bool:
        """Keep an event. True when it is to be shown at once, with all that waits before it."""
        with self._lock:
            last = self._waiting[-1] if self._waiting else None
            if event == TOKEN and last is not None and last[0] == TOKEN:
                self._waiting[-1] = (TOKEN, _joined(last[1], data))
            else:
                self._waiting.append((event, data))
        return event != TOKEN

    def take(self) -> list[Event]:
        """What waits, in order; nothing waits afterwards."""
        with self._lock:
            taken, self._waiting = self._waiting, []
        return taken


def _joined(before: EventData, data: EventData) -> EventData:
    """A piece that replaces all text makes what waits before it void."""
    if data.get("replace"):
        return data
    return {**before, "text": f"{before['text']}{data['text']}"}


def storable(value: object) -> object:
    """The same JSON value without characters that can't be stored."""
    match value:
        case str():
            return value.translate(UNSTORABLE)
        case dict():
            return {str(storable(key)): storable(part) for key, part in value.items()}
        case list() | tuple():
            return [storable(part) for part in value]
        case _:
            return value
