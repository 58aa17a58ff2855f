"""What the use cases need of the outside, by role. Adapters (``storage``, ``integrations``,
``agents``) implement these.

Every method may raise ``services.errors.Unavailable`` when the thing behind it cannot be reached.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from energy.loads import Zone
from energy.miners import MinerProfile
from energy.preferences import Preferences
from services.records import (
    Action,
    ActionEvent,
    ActionStatus,
    AdapterConfig,
    Alert,
    ApiToken,
    ControlledLoad,
    Conversation,
    DecisionRecord,
    EmergencyStop,
    Json,
    Latest,
    Message,
    OutboxMessage,
    Point,
    PollHealth,
    Role,
    Run,
    RunEvent,
    RunStatus,
    Sample,
    Scope,
    SiteMemory,
    Stored,
    SwitchStatus,
    System,
    User,
)

# --- time -----------------------------------------------------------------------------------------


class Clock(Protocol):
    """The site's time. A simulated site's clock may run faster than the wall's."""

    @property
    def speed(self) -> float:
        """Site seconds per wall second."""
        ...

    def now(self) -> datetime:
        """The aware UTC instant."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Sleep for site seconds."""
        ...


class SkyModel(Protocol):
    """Clear-sky power of the site's array."""

    def clear_sky_w(self, at: datetime) -> float:
        """Array power under a clear sky at ``at``, W ≥ 0, limited by the inverter."""
        ...


# --- devices --------------------------------------------------------------------------------------


class TelemetryReader(Protocol):
    """Reads one adapter. An adapter that answered nonsense raises; it never returns made-up
    values.
    """

    async def read(self) -> Sequence[Sample]:
        """All samples to be had now, stamped by the payload's own time.

        Raises:
            services.errors.VendorError: Unreachable, refused, rate-limited or not understood.
        """
        ...


class Switch(Protocol):
    """A relay, perhaps with a meter and a hardware timer."""

    async def turn_on(self, *, auto_off_s: float | None) -> None:
        """Close the relay; with ``auto_off_s`` it opens by itself unless renewed by another
        call.
        """
        ...

    async def turn_off(self) -> None:
        """Open the relay."""
        ...

    async def status(self) -> SwitchStatus:
        """The state and watts read back from the device."""
        ...


class Switches(Protocol):
    """Finds the switch of a controlled load."""

    def of(self, load: ControlledLoad) -> Switch:
        """The switch that drives ``load``."""
        ...


class Messenger(Protocol):
    """Delivers one message to one target."""

    async def send(self, *, target: str, subject: str, body: str) -> None:
        """Send, or raise ``services.errors.DeliveryError`` saying whether a retry makes sense."""
        ...


# --- storage --------------------------------------------------------------------------------------


class SiteStore(Protocol):
    """Systems and what they are made of."""

    async def systems(self) -> Sequence[System]: ...
    async def system(self, system_id: UUID) -> System | None: ...
    async def save_system(self, system: System) -> None: ...
    async def adapters(self, system_id: UUID) -> Sequence[AdapterConfig]: ...
    async def save_adapter(self, adapter: AdapterConfig) -> None: ...
    async def loads(self, system_id: UUID) -> Sequence[ControlledLoad]: ...
    async def save_load(self, load: ControlledLoad) -> None: ...
    async def devices(self, system_id: UUID) -> Sequence[Json]:
        """Inverters and battery packs: ``{id, kind: inverter|battery_pack, name, adapter_id,
        external_id}``.
        """
        ...

    async def save_device(
        self,
        *,
        device_id: UUID,
        system_id: UUID,
        kind: str,
        name: str,
        adapter_id: UUID,
        external_id: str,
    ) -> None:
        """Insert or update an inverter or battery pack (with the array rows that its keys need)."""
        ...


class SettingsStore(Protocol):
    """Preferences, miner profiles, zones. Writes name the version they change; a lost update raises
    ``Conflict``.
    """

    async def preferences(self, system_id: UUID) -> Stored[Preferences]: ...
    async def save_preferences(
        self, system_id: UUID, value: Preferences, *, expected_version: int | None, actor: str
    ) -> Stored[Preferences]: ...
    async def miners(self, system_id: UUID) -> Sequence[Stored[MinerProfile]]: ...
    async def save_miner(
        self, system_id: UUID, value: MinerProfile, *, expected_version: int | None, actor: str
    ) -> Stored[MinerProfile]: ...
    async def delete_miner(self, system_id: UUID, miner_id: str, *, actor: str) -> bool: ...
    async def zones(self, system_id: UUID) -> Sequence[Stored[Zone]]: ...
    async def save_zone(
        self, system_id: UUID, value: Zone, *, expected_version: int | None, actor: str
    ) -> Stored[Zone]: ...
    async def delete_zone(self, system_id: UUID, zone_id: str, *, actor: str) -> bool: ...


class TelemetryStore(Protocol):
    """Append-only samples and what is read out of them. Metric names are the sample fields'."""

    async def append(self, samples: Sequence[Sample]) -> int:
        """Insert in one batch; duplicates are ignored. Returns how many were new."""
        ...

    async def latest(self, system_id: UUID, *, until: datetime) -> Sequence[Latest]:
        """Newest value per device and metric measured at or before ``until``, no older than 24
        h.
        """
        ...

    async def series(
        self,
        system_id: UUID,
        metric: str,
        *,
        start: datetime,
        end: datetime,
        step_s: float | None,
        device_id: UUID | None = None,
    ) -> Sequence[Point]:
        """One metric over [start, end): raw points, or means of ``step_s`` buckets (None where a
        bucket is empty).

        Powers of several devices are summed per bucket, other metrics averaged.
        """
        ...

    async def at_or_before(self, device_id: UUID, metric: str, at: datetime) -> Point | None:
        """The newest point of one device's metric measured at or before ``at``."""
        ...

    async def energy_rows(
        self, system_id: UUID, *, start: datetime, end: datetime
    ) -> Sequence[Sample]:
        """All raw samples over [start, end), by time, for the rollup."""
        ...

    async def save_rollup(self, table: str, rows: Sequence[Json]) -> None:
        """Upsert rollup rows (``system_hourly_energy``, ``system_daily_summary``,
        ``battery_bank_hourly``).
        """
        ...

    async def rollup(
        self, table: str, system_id: UUID, *, start: datetime, end: datetime
    ) -> Sequence[Json]:
        """Rollup rows over [start, end)."""
        ...

    async def record_poll(
        self, adapter_id: UUID, *, at: datetime, error: str | None, ms: float
    ) -> None: ...
    async def poll_health(self, system_id: UUID, *, now: datetime) -> Sequence[PollHealth]: ...
    async def apply_retention(self, *, now: datetime, raw_hours: float) -> int:
        """Drop raw partitions wholly older than ``raw_hours``; make the partitions of the coming
        days. Returns dropped.
        """
        ...


class MemoryStore(Protocol):
    """What the loop remembers of a system."""

    async def load(self, system_id: UUID) -> SiteMemory: ...
    async def save(self, system_id: UUID, memory: SiteMemory) -> None: ...


class DecisionStore(Protocol):
    """Hash-chained decisions."""

    async def append(
        self, system_id: UUID, at: datetime, document: Json, version: str
    ) -> DecisionRecord:
        """Store with the chain's next hash. The same (system, at) again returns the stored
        record.
        """
        ...

    async def latest(self, system_id: UUID) -> DecisionRecord | None: ...
    async def get(self, decision_id: UUID) -> DecisionRecord | None: ...
    async def page(
        self, system_id: UUID, *, before: datetime | None, limit: int
    ) -> Sequence[DecisionRecord]: ...
    async def count(self, system_id: UUID) -> int:
        """How many decisions are stored: the total of the paginated list."""
        ...


class ActionStore(Protocol):
    """The append-only action log."""

    async def create(self, action: Action, *, detail: str) -> Action:
        """Insert with its first event. An existing idempotency key returns the stored action
        unchanged.
        """
        ...

    async def transition(
        self,
        action_id: UUID,
        *,
        expect: frozenset[ActionStatus],
        status: ActionStatus,
        at: datetime,
        actor: str,
        detail: str,
        changes: Json | None = None,
    ) -> Action | None:
        """Atomically move to ``status`` if the current status is in ``expect``; None when it is
        not.

        ``changes`` may set executed_at, finished_at, previous_on, tries, measured_w, result.
        """
        ...

    async def get(self, action_id: UUID) -> Action | None: ...
    async def events(self, action_id: UUID) -> Sequence[ActionEvent]: ...
    async def page(
        self, system_id: UUID, *, before: datetime | None, limit: int, load_id: UUID | None = None
    ) -> Sequence[Action]: ...
    async def count(self, system_id: UUID, *, load_id: UUID | None = None) -> int:
        """How many actions are in the log: the total of the paginated list."""
        ...

    async def with_status(
        self, system_id: UUID, statuses: frozenset[ActionStatus]
    ) -> Sequence[Action]: ...
    async def since(self, load_id: UUID, at: datetime) -> Sequence[Action]:
        """Actions of one load whose command was sent at or after ``at`` (for switch counts, holds,
        minimum times).
        """
        ...


class DeviceLocks(Protocol):
    """One command at a time per device, across processes."""

    def hold(self, load_id: UUID) -> AbstractAsyncContextManager[bool]:
        """Enter with True when the lock was taken, False when another holder has it (does not
        wait).
        """
        ...


class EmergencyStopStore(Protocol):
    """The latch, which survives restarts and is seen by every process."""

    async def state(self, system_id: UUID) -> EmergencyStop: ...
    async def latch(
        self, system_id: UUID, *, at: datetime, by: str, reason: str
    ) -> EmergencyStop: ...
    async def release(
        self, system_id: UUID, *, at: datetime, by: str, reason: str
    ) -> EmergencyStop: ...


class AlertStore(Protocol):
    """Alerts by identity."""

    async def open(self, system_id: UUID) -> Sequence[Alert]: ...
    async def page(
        self, system_id: UUID, *, before: datetime | None, limit: int
    ) -> Sequence[Alert]: ...
    async def count(self, system_id: UUID) -> int:
        """How many alerts are stored: the total of the paginated list."""
        ...

    async def get(self, alert_id: UUID) -> Alert | None: ...
    async def save(self, alert: Alert, *, messages: Sequence[OutboxMessage] = ()) -> None:
        """Insert or update by id, in one transaction with the outbox messages that announce it."""
        ...


class OutboxStore(Protocol):
    """Messages to be delivered; a crash loses none and sends none twice."""

    async def put(self, messages: Sequence[OutboxMessage]) -> None:
        """Insert; an existing ``dedupe_key`` is ignored."""
        ...

    async def claim(self, *, now: datetime, limit: int) -> Sequence[OutboxMessage]:
        """Due messages, each claimed for this process for 60 s of wall time (SKIP LOCKED)."""
        ...

    async def sent(self, message_id: UUID, *, at: datetime) -> None: ...
    async def retry(self, message_id: UUID, *, error: str, next_try_at: datetime) -> None: ...
    async def give_up(self, message_id: UUID, *, at: datetime, error: str) -> None: ...
    async def pending(self, system_id: UUID) -> int: ...


class AccountStore(Protocol):
    """People, sessions, sign-in links, tokens. Secrets are stored hashed; ``*_hash`` arguments are
    SHA-256 hex.
    """

    async def users(self) -> Sequence[User]: ...
    async def user_by_email(self, email: str) -> User | None: ...
    async def user(self, user_id: UUID) -> User | None: ...
    async def add_user(
        self, *, user_id: UUID, email: str, role: Role, password_hash: str | None, at: datetime
    ) -> User: ...
    async def password_hash(self, user_id: UUID) -> str | None: ...
    async def add_login_link(
        self, *, link_hash: str, user_id: UUID, expires_at: datetime, at: datetime
    ) -> None: ...
    async def use_login_link(self, *, link_hash: str, at: datetime) -> User | None:
        """Atomically consume an unexpired, unused link."""
        ...

    async def add_session(
        self, *, session_hash: str, user_id: UUID, at: datetime, expires_at: datetime
    ) -> None: ...
    async def session_user(self, *, session_hash: str, at: datetime) -> User | None: ...
    async def end_session(self, *, session_hash: str) -> None: ...
    async def add_token(
        self,
        *,
        token_id: UUID,
        name: str,
        scope: Scope,
        token_hash: str,
        user_id: UUID,
        at: datetime,
    ) -> ApiToken: ...
    async def token(self, *, token_hash: str, at: datetime) -> ApiToken | None:
        """The live token with this hash; updates its last use."""
        ...

    async def tokens(self) -> Sequence[ApiToken]: ...
    async def delete_token(self, token_id: UUID) -> bool: ...


class ConversationStore(Protocol):
    """Conversations, messages, and the resumable event log of runs."""

    async def conversations(self, user_id: UUID, *, limit: int) -> Sequence[Conversation]: ...
    async def conversation(self, conversation_id: UUID) -> Conversation | None: ...
    async def save_conversation(self, conversation: Conversation) -> None: ...
    async def delete_conversation(self, conversation_id: UUID) -> bool: ...
    async def messages(self, conversation_id: UUID) -> Sequence[Message]: ...
    async def save_message(self, message: Message) -> None: ...
    async def save_run(self, run: Run) -> None: ...
    async def run(self, run_id: UUID) -> Run | None: ...
    async def runs_with_status(self, status: RunStatus) -> Sequence[Run]: ...
    async def append_events(self, events: Sequence[RunEvent]) -> None: ...
    async def events(self, run_id: UUID, *, after: int) -> Sequence[RunEvent]: ...


class StoreHealth(Protocol):
    """Whether the database answers."""

    async def check(self) -> Json:
        """``{"ok": bool, "ms": float, "size_bytes": int | None, "detail": str}``; never raises."""
        ...


# --- live events ----------------------------------------------------------------------------------


class EventBus(Protocol):
    """Fan-out of live events to every process (``telemetry decision action alert estop run
    agent``).
    """

    async def publish(self, topic: str, payload: Json) -> None:
        """Publish a small JSON object (≤ 7 kB); losing one is allowed, blocking is not."""
        ...

    def subscribe(self, *topics: str) -> AsyncIterator[tuple[str, Json]]:
        """Events from now on, as (topic, payload), until the iterator is closed."""
        ...


# --- the assistant --------------------------------------------------------------------------------


class Assistant(Protocol):
    """Answers one question through the crew. Runs until done, cancelled or failed; emits stream
    events as it goes.
    """

    async def answer(
        self,
        run: Run,
        history: Sequence[Message],
        *,
        emit: Callable[[str, Json], None],
        cancelled: Callable[[], bool],
    ) -> Message:
        """The answer (role ``assistant``, meta filled).

        ``emit(event, data)`` may be called from any thread; event names are those of ``RunEvent``.
        """
        ...


class JobStore(Protocol):
    """How each scheduled job last went, from every process."""

    async def record(
        self, job: str, *, system_id: UUID | None, at: datetime, ms: float, error: str | None
    ) -> None: ...
    async def all(self) -> Sequence[Json]:
        """``{job, system_id, last_run_at, last_ok_at, last_error, ms}`` per job and system."""
        ...
