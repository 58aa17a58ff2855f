"""Joins streamed text into pieces of about a tenth of a second, for pages and the database.

One write per token kept the database so busy that a long answer starved everything else.
"""

from __future__ import annotations

import threading

TOKEN = "token"  # noqa: S105 - the name of an event

UNSTORABLE = str.maketrans(dict.fromkeys([0, *range(0xD800, 0xE000)], "\N{REPLACEMENT CHARACTER}"))
"""NUL and lone surrogates: a model can produce them, but PostgreSQL and UTF-8 can't store them."""

EventData = dict[str, object]
"""The JSON body of an event."""

Event = tuple[str, EventData]


class Pieces:
    """Events that wait to be shown, from any thread; text that follows text is one event."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Event] = []

    def add(self, event: str, data: EventData) -> bool:
        """Queue an event. True when it must be shown at once, with all events that wait before
        it.
        """
        with self._lock:
            last = self._waiting[-1] if self._waiting else None
            if event == TOKEN and last is not None and last[0] == TOKEN:
                self._waiting[-1] = (TOKEN, _joined(last[1], data))
            else:
                self._waiting.append((event, data))
        return event != TOKEN

    def take(self) -> list[Event]:
        """Remove and return the waiting events, in order."""
        with self._lock:
            taken, self._waiting = self._waiting, []
        return taken


def _joined(before: EventData, data: EventData) -> EventData:
    """Two pieces of text as one; a piece that replaces the whole text drops what waits before
    it.
    """
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
