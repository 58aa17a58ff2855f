"""Decisions that are asked for: what-if and replay."""

from __future__ import annotations

from uuid import UUID

from energy.allocation.decision import Command
from server.schemas.json_shapes import JsonObject, Number, Shape
from server.schemas.now import BudgetView


class MinerDecisionView(Shape):
    """One miner's command with the numbers behind it."""

    miner_id: str
    name: str
    priority: int
    command: Command
    reason: str
    compared: dict[str, Number | bool | str | None]
    power_w: Number
    from_battery_w: Number
    urgent: bool
    explanation: str
    would_change: str


class WhatIfAnswer(Shape):
    """What would be decided, in priority order, with the question as it was understood."""

    budget: BudgetView
    miners: list[MinerDecisionView]
    inputs: JsonObject
    limits: list[str]
    version: str


class ReplayAnswer(Shape):
    """A stored decision, decided again."""

    decision_id: UUID
    identical: bool
    stored_version: str
    stored: JsonObject
    replayed: JsonObject
