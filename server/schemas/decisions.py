"""Answers of what-if and replay."""

from __future__ import annotations

from uuid import UUID

from energy.allocation import what_if
from energy.allocation.decision import Command, Decision
from energy.allocation.explanation.decision_codec import decision_json
from energy.allocation.proposals import Wanted
from energy.site.loads import Actor, LoadKind
from server.schemas.json_shapes import Instant, JsonObject, Number, Shape
from server.schemas.now import BudgetView
from server.schemas.shortened_addresses import without_stored
from services.control.what_if import Replayed


class WinnerView(Shape):
    """Who decided about a load."""

    actor: Actor
    by: str


class ProposalView(Shape):
    """What somebody wanted of a load."""

    load_id: str
    actor: Actor
    by: str
    until: Instant | None
    wanted: Wanted
    speed: int | None
    reason: str
    explanation: str


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
    decided_by: WinnerView
    over: list[ProposalView]


class LoadDecisionView(Shape):
    """What a heater or fan is to do."""

    load_id: str
    name: str
    kind: LoadKind
    command: Command
    speed: int | None
    power_w: Number
    urgent: bool
    reason: str
    explanation: str
    decided_by: WinnerView
    over: list[ProposalView]


class WhatIfAnswer(Shape):
    """What would be decided, in priority order, with the question as it was understood."""

    budget: BudgetView
    miners: list[MinerDecisionView]
    loads: list[LoadDecisionView]
    inputs: JsonObject
    limits: list[str]
    version: str

    @classmethod
    def of(cls, decision: Decision) -> WhatIfAnswer:
        """A decision in its documented shape."""
        return cls.model_validate(what_if.answer(decision))


class ReplayAnswer(Shape):
    """A stored decision, decided again."""

    decision_id: UUID
    identical: bool
    stored_version: str
    stored: JsonObject
    replayed: JsonObject

    @classmethod
    def of(cls, replayed: Replayed) -> ReplayAnswer:
        """Both decisions as they are stored, without addresses."""
        return cls(
            decision_id=replayed.record.id,
            identical=replayed.identical,
            stored_version=replayed.record.version,
            stored=without_stored(replayed.record.document["allocation"]),
            replayed=without_stored(decision_json(replayed.replayed)),
        )
