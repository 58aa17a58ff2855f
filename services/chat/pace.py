"""How long a run waits for what, in wall seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Waits of runs, wall seconds.

    Attributes:
        piece_s: Text is shown in pieces of so long: a page and a database need ten a second.
        flush_s: Events wait so long for their batch on the way to the store.
        look_s: Between two looks into the store for a stop, or for events of another process's run.
        grace_s: For an answer to end after it was told to stop; then it is left behind.
        store_s: For one try to store the end of a run.
        retry_s: Between two tries.
        tell_after_s: Of trying; then followers are told that the answer is not stored yet.
        close_s: For all runs to end when the program stops.
    """

    piece_s: float = 0.075
    flush_s: float = 0.1
    look_s: float = 1.0
    grace_s: float = 5.0
    store_s: float = 5.0
    retry_s: float = 1.0
    tell_after_s: float = 20.0
    close_s: float = 3.0
