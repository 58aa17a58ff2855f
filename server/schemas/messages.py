"""Test messages."""

from __future__ import annotations

from server.schemas.json_shapes import Shape


class TriedTarget(Shape):
    """One address for messages without its secrets, and the result of the test message."""

    target: str
    ok: bool
    detail: str


class TestMessages(Shape):
    """Every target that the owner has set."""

    __test__ = False  # for pytest, which takes the name for a test

    targets: list[TriedTarget]
