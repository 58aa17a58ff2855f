"""The values that cross the ports: what is measured, decided, done, said and stored. Signs and
units as in ``energy``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from energy.loads import Actor, LoadKind
from energy.miners import ControlMemory, Learned
from energy.snapshot import Link

T = TypeVar("T")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored(Generic[T]):
    """A stored value with the version that a later write has to name (ETag)."""

    value: T
    version: int
    updated_at: datetime


# --- the site -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One site. ``owner_id`` is the user whose preferences rule it."""

    id: UUID
    name: str
    owner_id: UUID
    timezone: str
    latitude: float
    longitude: float
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterConfig:
    """One configured driver instance. ``secrets`` is decrypted and never leaves the wiring.

    ``adapter_type`` is ``solark_cloud``, ``victron_vrm`` or ``shelly_rpc``; ``settings`` holds base
    URL, site or plant id.
    """

    id: UUID
    system_id: UUID
    adapter_type: str
    name: str
    settings: Json
    secrets: Json = field(default_factory=dict)
    poll_interval_s: float = 120.0
    link: Link = Link.CLOUD
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlledLoad:
    """One thing that we can switch. Its id is the ``device_id`` of miner profiles and zones.

    ``channel`` is the switch's channel on its adapter; ``rated_w`` stands in where ``has_meter`` is
    False;
    ``has_timer`` says that the switch has a hardware auto-off.
    """

    id: UUID
    system_id: UUID
    adapter_id: UUID
    name: str
    kind: LoadKind
    channel: int = 0
    rated_w: float = 0.0
    has_meter: bool = True
    has_timer: bool = True


# --- telemetry ------------------------------------------------------------------------------------

Suspicions = Mapping[str, str]
"""Metric → why its value is not to be trusted, in plain words.

A value that is possible but doubtful is kept beside its reason. One that cannot be (10³⁰⁸ W, 140 %)
is not kept: the metric is None then and the reason says what was sent.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergySample:
    """One reading of an inverter."""

    device_id: UUID
    at: datetime
    pv_power_w: float | None = None
    load_power_w: float | None = None
    battery_power_w: float | None = None
    grid_power_w: float | None = None
    battery_voltage_v: float | None = None
    soc_pct: float | None = None
    temperature_c: float | None = None
    suspect: Suspicions = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatterySample:
    """One reading of a battery monitor."""

    device_id: UUID
    at: datetime
    voltage_v: float | None = None
    current_a: float | None = None
    power_w: float | None = None
    soc_pct: float | None = None
    temperature_c: float | None = None
    state: str | None = None
    suspect: Suspicions = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSample:
    """One reading of a controlled load; ``device_id`` is the controlled load's id."""

    device_id: UUID
    at: datetime
    is_on: bool | None = None
    power_w: float | None = None
    energy_wh: float | None = None
    temperature_c: float | None = None
    suspect: Suspicions = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneSample:
    """One reading of a zone's sensor; ``device_id`` is the zone's id."""

    device_id: UUID
    at: datetime
    temperature_c: float | None = None
    suspect: Suspicions = field(default_factory=dict, hash=False)


Sample = EnergySample | BatterySample | LoadSample | ZoneSample


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The newest value of one metric of one device, as the snapshot builder needs it.

    ``measured_at`` is the time of the newest sample in which the metric was not None;
    ``unchanged_since`` the start of
    the run of identical values that ends with it; ``changed`` is False where no other value is
    known before it (then the run may be older).
    """

    device_id: UUID
    metric: str
    value: float
    measured_at: datetime
    unchanged_since: datetime
    source: str
    link: Link
    changed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point of a series."""

    at: datetime
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollHealth:
    """How polling one adapter goes. ``success_rate_24h`` is 0…1, None before the first poll."""

    adapter_id: UUID
    name: str
    adapter_type: str
    interval_s: float
    last_success_at: datetime | None
    last_attempt_at: datetime | None
    last_error: str | None
    success_rate_24h: float | None
    gaps_24h: int = 0


# --- decisions and actions ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMemory:
    """What the loop keeps between cycles for one system: learned values, allocator memory, HVAC
    memory, raw extras.

    ``hvac`` and ``learning`` are JSON of the pure modules that own them (``energy.hvac``,
    ``energy.learning``).
    """

    learned: Learned = field(default_factory=Learned)
    control: ControlMemory = field(default_factory=ControlMemory)
    hvac: Json = field(default_factory=dict)
    learning: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """One stored decision. ``document`` is the canonical JSON of ``energy.decision.Decision`` with
    zone decisions beside.

    ``hash`` = SHA-256 over ``previous_hash`` and the canonical JSON, so that the history can't be
    edited unseen.
    """

    id: UUID
    system_id: UUID
    at: datetime
    document: Json
    version: str
    previous_hash: str
    hash: str


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


OPEN_STATUSES = frozenset(
    {
        ActionStatus.PROPOSED,
        ActionStatus.PENDING,
        ActionStatus.APPROVED,
        ActionStatus.EXECUTING,
        ActionStatus.VERIFYING,
    }
)
IN_FLIGHT_STATUSES = frozenset({ActionStatus.EXECUTING, ActionStatus.VERIFYING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One command to one controlled load with its whole life.

    Attributes:
        load_id: The controlled load.
        target_on: The wanted state.
        target_speed: Wanted fan speed, None for plain switches.
        actor: Rank of whoever wants it; ``requested_by`` names the person, rule or agent.
        reason: Machine-readable code; ``explanation`` is the sentence with the numbers.
        urgent: A protective stop, never blocked by holds or minimum times.
        idempotency_key: (system, cycle, device) for automatic actions; unique.
        previous_on: The state found before the command, restored on a rollback.
        tries: Commands sent so far.
        measured_w: Power at verification, W.
        result: How it ended, in one sentence.
    """

    id: UUID
    system_id: UUID
    load_id: UUID
    target_on: bool
    target_speed: int | None = None
    actor: Actor
    requested_by: str
    reason: str
    explanation: str
    status: ActionStatus
    urgent: bool = False
    idempotency_key: str | None = None
    decision_id: UUID | None = None
    created_at: datetime
    expires_at: datetime | None = None
    executed_at: datetime | None = None
    finished_at: datetime | None = None
    previous_on: bool | None = None
    tries: int = 0
    measured_w: float | None = None
    result: str | None = None


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
    """What a switch says of itself. ``auto_off_in_s`` is the time left on its hardware timer, None
    when not armed.
    """

    is_on: bool
    power_w: float | None
    energy_wh: float | None = None
    temperature_c: float | None = None
    measured_at: datetime | None = None
    auto_off_in_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyStop:
    """The latch. ``latched`` False means normal operation; the other fields tell the last
    change.
    """

    latched: bool
    changed_at: datetime | None = None
    changed_by: str | None = None
    reason: str | None = None


# --- alerts and messages --------------------------------------------------------------------------


class Severity(StrEnum):
    """How bad an alert is."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert with one identity (``key``) while its condition lasts; ``cleared_at`` None means it
    still lasts.
    """

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
    cleared_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    snoozed_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """One message to one target, sent exactly once or given up with a reason.

    ``target`` is an Apprise URL (``mailto://…``, ``twilio://…``, ``json://…``); ``dedupe_key`` is
    unique.
    """

    id: UUID
    system_id: UUID
    alert_id: UUID | None
    dedupe_key: str
    target: str
    subject: str
    body: str
    created_at: datetime
    next_try_at: datetime
    tries: int = 0
    sent_at: datetime | None = None
    failed_at: datetime | None = None
    last_error: str | None = None


# --- people ---------------------------------------------------------------------------------------


class Role(StrEnum):
    """What a user may do: viewers look, users command, admins also re-enable and manage people."""

    ADMIN = "admin"
    USER = "user"
    VIEWER = "viewer"


class Scope(StrEnum):
    """What a machine's token may do; each includes the ones before it."""

    READ = "read"
    CONTROL = "control"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One person."""

    id: UUID
    email: str
    role: Role
    created_at: datetime
    last_login_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """One machine token as listed: never with its secret."""

    id: UUID
    name: str
    scope: Scope
    user_id: UUID
    created_at: datetime
    last_used_at: datetime | None = None


# --- chat -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One thread of questions and answers."""

    id: UUID
    system_id: UUID
    user_id: UUID
    title: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One question or answer with everything that produced it.

    ``meta`` of an answer: agents, tools (name, arguments, result, ms), usage (calls, prompt and
    completion tokens, cost),
    ms to the first token and in all, model, context bundle per part.
    """

    id: UUID
    conversation_id: UUID
    role: str
    content: str
    created_at: datetime
    agent: str | None = None
    run_id: UUID | None = None
    status: str = "done"
    meta: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """One numbered event of a run's stream: ``start progress token citation action usage done
    error``.
    """

    run_id: UUID
    seq: int
    event: str
    data: Json
    at: datetime


class RunStatus(StrEnum):
    """Life of one question."""

    RUNNING = "running"
    STOPPING = "stopping"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One question on the server; ``message_id`` is its answer's."""

    id: UUID
    conversation_id: UUID
    message_id: UUID
    user_id: UUID
    system_id: UUID
    question: str
    agent: str | None
    status: RunStatus
    created_at: datetime
    finished_at: datetime | None = None
