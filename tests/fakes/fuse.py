"""Kills the program at the n-th call to the outside, before or after the call took effect."""

from __future__ import annotations

import inspect
from typing import Any


class Killed(BaseException):
    """The process is gone: nobody catches this."""


class Fuse:
    """Counts half steps: each call has one before its effect and one after."""

    def __init__(self, *, burns_at: int | None = None) -> None:
        self.burns_at = burns_at
        self.burnt = 0

    def step(self) -> None:
        self.burnt += 1
        if self.burnt == self.burns_at:
            raise Killed


class Fused:
    """Stands before a port; every awaited call passes the fuse on the way in and out."""

    def __init__(self, port: Any, fuse: Fuse) -> None:
        self._port, self._fuse = port, fuse

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def call(*arguments: Any, **named: Any) -> Any:
            self._fuse.step()
            answer = await found(*arguments, **named)
            self._fuse.step()
            return answer

        return call
