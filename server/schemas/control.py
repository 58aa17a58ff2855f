"""Actions, decisions, the emergency stop and alerts as they go over the wire."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from energy.site.loads import Actor
from server.schemas.shortened_addresses import without_stored
from services.actions.records import Action, ActionEvent, ActionStatus, EmergencyStop
from services.alerting.records import Alert, Severity
from services.control.records import DecisionRecord
from services.stored import Json

STRICT = ConfigDict(extra="forbid")
REASON_LENGTH = 500
DEFAULT_REASON = "no reason given"


class ActionEventView(BaseModel):
    """One change of state of an action."""

    at: datetime
    status: ActionStatus
    actor: str
    detail: str


class ActionView(BaseModel):
    """One action with its life so far."""

    id: UUID
    system_id: UUID
    load_id: UUID
    load_name: str | None = None
    target_on: bool
    actor: Actor
    requested_by: str
    reason: str
    explanation: str
    status: ActionStatus
    urgent: bool
    decision_id: UUID | None
    created_at: datetime
    expires_at: datetime | None
    executed_at: datetime | None
    finished_at: datetime | None
    tries: int
    measured_w: float | None
    result: str | None
    events: list[ActionEventView] | None = None

    @classmethod
    def of(
        cls,
        action: Action,
        *,
        load_name: str | None = None,
        events: list[ActionEvent] | None = None,
    ) -> ActionView:
        """From the record; ``events`` only where one action is asked for."""
        names = [name for name in cls.model_fields if name not in {"load_name", "events"}]
        values = {name: getattr(action, name) for name in names}
        log = None if events is None else [_event_view(event) for event in events]
        return cls(**values, load_name=load_name, events=log)


def _event_view(event: ActionEvent) -> ActionEventView:
    return ActionEventView(at=event.at, status=event.status, actor=event.actor, detail=event.detail)


class NewAction(BaseModel):
    """A load to switch by hand."""

    model_config = STRICT | ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "load_id": "b1b1b1b1-0000-0000-0000-000000000001",
                    "target_on": False,
                    "explanation": "Guests in the workshop",
                }
            ]
        }
    )

    load_id: UUID
    target_on: bool
    explanation: str = Field(default="", max_length=REASON_LENGTH)


class DecisionSummary(BaseModel):
    """A decision as listed."""

    id: UUID
    system_id: UUID
    at: datetime
    version: str
    hash: str
    previous_hash: str

    @classmethod
    def of(cls, record: DecisionRecord) -> DecisionSummary:
        """From the record."""
        return cls(**{name: getattr(record, name) for name in DecisionSummary.model_fields})


class DecisionView(DecisionSummary):
    """A decision with its whole document: budget, miners with explanations, inputs."""

    document: Json

    @classmethod
    def whole(cls, record: DecisionRecord) -> DecisionView:
        """From the record, with the document."""
        values = {name: getattr(record, name) for name in cls.model_fields}
        allocation = without_stored(record.document.get("allocation", {}))
        return cls(**values | {"document": record.document | {"allocation": allocation}})


class ReplayRequest(BaseModel):
    """Which decision to decide again."""

    model_config = STRICT

    decision_id: UUID


class StopRequest(BaseModel):
    """Why everything is to stop."""

    model_config = STRICT | ConfigDict(
        json_schema_extra={"examples": [{"reason": "Smoke in the miner room"}]}
    )

    reason: str = Field(default="", max_length=REASON_LENGTH)


class ReleaseRequest(BaseModel):
    """Why it is safe to go on."""

    model_config = STRICT | ConfigDict(
        json_schema_extra={"examples": [{"reason": "Checked the room, breaker is fine"}]}
    )

    reason: str = Field(min_length=3, max_length=REASON_LENGTH)


class EmergencyStopView(BaseModel):
    """The latch. ``not_stopped``, after a press: loads that have not shown that they are off."""

    latched: bool
    changed_at: datetime | None
    changed_by: str | None
    reason: str | None
    not_stopped: list[str] = []

    @classmethod
    def of(cls, state: EmergencyStop) -> EmergencyStopView:
        """From the record."""
        return cls(
            latched=state.latched,
            changed_at=state.changed_at,
            changed_by=state.changed_by,
            reason=state.reason,
            not_stopped=list(state.not_stopped),
        )


class AlertView(BaseModel):
    """One alert."""

    id: UUID
    system_id: UUID
    key: str
    category: str
    severity: Severity
    title: str
    detail: str
    advice: str
    opened_at: datetime
    updated_at: datetime
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    snoozed_until: datetime | None

    @classmethod
    def of(cls, alert: Alert) -> AlertView:
        """From the record."""
        return cls(**{name: getattr(alert, name) for name in cls.model_fields})


class Snooze(BaseModel):
    """Until when an alert is to be quiet: an instant, or minutes from now."""

    model_config = STRICT | ConfigDict(json_schema_extra={"examples": [{"minutes": 60}]})

    until: AwareDatetime | None = None
    minutes: float | None = Field(default=None, gt=0, le=43_200, allow_inf_nan=False)
