"""Waiting times of runs, in wall seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Waits of runs, wall seconds.

    Attributes:
        piece_s: Least time between two pieces of text; a page needs no more than about ten a
            second.
        flush_s: How long events are collected before they are stored as a batch.
        look_s: Time between two checks of the store for a stop asked in another process.
        grace_s: How long an answer may take to end after it was told to stop; then it is abandoned.
        store_s: Limit of one try to store the end of a run.
        retry_s: Time between two such tries.
        tell_after_s: After failing for this long, followers are told that the answer is not stored.
        close_s: How long all runs may take to end when the program stops.
    """

    piece_s: float = 0.075
    flush_s: float = 0.1
    look_s: float = 1.0
    grace_s: float = 5.0
    store_s: float = 5.0
    retry_s: float = 1.0
    tell_after_s: float = 20.0
    close_s: float = 3.0
