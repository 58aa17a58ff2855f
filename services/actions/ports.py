"""What switching needs: switches, the action log, locks, the emergency stop."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol, runtime_checkable
from uuid import UUID

from services.actions.records import (
    Action,
    ActionChanges,
    ActionEvent,
    ActionStatus,
    EmergencyStop,
    SwitchStatus,
    TimerFault,
)
from services.sites.records import ControlledLoad


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


@runtime_checkable
class HasSpeed(Protocol):
    """A switch that can also set a fan's speed, where the device behind it has one: see
    ``SwitchStatus.speed``.
    """

    async def turn_on_at(self, speed: int, *, auto_off_s: float | None) -> None:
        """As ``turn_on``, at ``speed`` tenths (1 to 10) of the range."""
        ...


class Switches(Protocol):
    """Finds the switch of a controlled load."""

    async def of(self, load: ControlledLoad) -> Switch:
        """The switch that drives ``load``."""
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
        changes: ActionChanges | None = None,
    ) -> Action | None:
        """Atomically move to ``status`` if the current status is in ``expect``; None when it is
        not.
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
    async def open_sites(self) -> frozenset[UUID]:
        """Ids of systems with an action that has not ended."""
        ...

    async def since(self, load_id: UUID, at: datetime) -> Sequence[Action]:
        """Actions of one load whose command was sent at or after ``at`` (for switch counts, holds,
        minimum times).
        """
        ...

    async def asked_since(self, system_id: UUID, at: datetime) -> Sequence[Action]:
        """Actions of people and agents whose command was sent at or after ``at``, and those still
        open; in the order of sending, unsent ones last.
        """
        ...


class DeviceLocks(Protocol):
    """One command at a time per device, across processes."""

    def hold(self, load_id: UUID) -> AbstractAsyncContextManager[bool]:
        """Enters with True when the lock was taken, with False when another holder has it; never
        waits.
        """
        ...


class TimerFaultStore(Protocol):
    """Switches that do not keep their dead-man timer, seen by every process."""

    async def faults(self, system_id: UUID) -> Sequence[TimerFault]:
        """Those of a site's loads, by load."""
        ...

    async def keep(self, fault: TimerFault) -> None:
        """Replace the load's; nothing happens where the load is gone."""
        ...

    async def clear(self, load_id: UUID) -> None:
        """The load's switch keeps its timer."""
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
