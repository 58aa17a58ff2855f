"""Records of switching: actions and their events, the status of a switch, the emergency stop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypedDict
from uuid import UUID

from energy.safety.dead_man import timer_clause
from energy.site.loads import Actor


class ActionStatus(StrEnum):
    """Life of an action: propose → validate → (approve) → execute → verify → an end."""

    PROPOSED = "proposed"
    PENDING = "pending"
    APPROVED = "approved"
    EXECUTING = "executing"
    VERIFYING = "verifying"
    DONE = "done"
    ROLLED_BACK = "rolled_back"
    FAILED = "failed"
    BLOCKED = "blocked"
    EXPIRED = "expired"
    REJECTED = "rejected"


IN_FLIGHT_STATUSES = frozenset({ActionStatus.EXECUTING, ActionStatus.VERIFYING})
OPEN_STATUSES = IN_FLIGHT_STATUSES | {
    ActionStatus.PROPOSED,
    ActionStatus.PENDING,
    ActionStatus.APPROVED,
}
"""Statuses of actions that have not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchProposal:
    """A wish to switch one load, from which an action is created.

    Attributes:
        load_id: The controlled load.
        target_on: The wanted state.
        target_speed: Wanted fan speed, None for plain switches.
        actor: Rank of whoever wants it; ``requested_by`` names the person, rule or agent.
        reason: Machine-readable code; ``explanation`` is the sentence with the numbers.
        urgent: A protective stop, never blocked by holds or minimum times.
        decision_id: The decision it comes from, None where a person or an agent asks.
        idempotency_key: (system, cycle, device) for what the loop wants; unique.
    """

    load_id: UUID
    target_on: bool
    target_speed: int | None = None
    actor: Actor
    requested_by: str
    reason: str
    explanation: str
    urgent: bool = False
    decision_id: UUID | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(SwitchProposal):
    """One command to one controlled load: what was proposed and what became of it.

    Attributes:
        previous_on: The state found before the command, restored on a rollback; a fan's
            ``previous_speed`` with it.
        tries: Commands sent so far.
        measured_w: Power at verification, W.
        result: How it ended, in one sentence.
    """

    id: UUID
    system_id: UUID
    status: ActionStatus
    created_at: datetime
    expires_at: datetime | None = None
    executed_at: datetime | None = None
    finished_at: datetime | None = None
    previous_on: bool | None = None
    previous_speed: int | None = None
    tries: int = 0
    measured_w: float | None = None
    result: str | None = None


class ActionChanges(TypedDict, total=False):
    """Fields that a change of state may set as well; as in ``Action``."""

    executed_at: datetime
    finished_at: datetime
    previous_on: bool | None
    previous_speed: int | None
    tries: int
    measured_w: float | None
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionEvent:
    """One change of state in the append-only log."""

    action_id: UUID
    at: datetime
    status: ActionStatus
    actor: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchStatus:
    """Status read from a switch.

    Attributes:
        auto_off_in_s: Time left on its hardware timer; None when not armed.
        speed: A fan's speed in tenths of its range; None where the device can't set one.
    """

    is_on: bool
    power_w: float | None
    energy_wh: float | None = None
    temperature_c: float | None = None
    measured_at: datetime | None = None
    auto_off_in_s: float | None = None
    speed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFault:
    """A switch that did not keep the dead-man timer asked of it.

    Attributes:
        since: When that was first seen.
        asked_s: The timer that was asked for, s.
        reported_s: What the switch said was left, s; None where no timer ran.
    """

    load_id: UUID
    since: datetime
    asked_s: float
    reported_s: float | None

    @property
    def clause(self) -> str:
        """What the switch does, as a clause."""
        return timer_clause(self.asked_s, self.reported_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyStop:
    """State of the emergency stop. ``latched`` False means normal operation; the other fields
    describe the last change. ``not_stopped`` (in the answer to a latch): loads whose state and
    power have not shown yet that they are off.
    """

    latched: bool
    changed_at: datetime | None = None
    changed_by: str | None = None
    reason: str | None = None
    not_stopped: tuple[str, ...] = ()
