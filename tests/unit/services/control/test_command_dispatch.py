"""A cycle's commands: waited for while they are quick, owned when they are slow."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import structlog

from energy.site.loads import Actor
from services.actions.records import Action, ActionStatus
from services.control.command_dispatch import CommandDispatch
from services.errors import Unavailable
from tests.fakes.clock import SteppingClock
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.waiting import HANGS_S, until


class Commands:
    """The two calls of ``Execution`` that a dispatch makes, as a test wants them to end.

    ``executed`` has the targets of the actions in the order of their ends.
    """

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.error: Exception | None = None

        self.executed: list[bool] = []

    async def execute(self, action: Action) -> None:
        await asyncio.sleep(0)
        self.executed.append(action.target_on)

    async def refresh_timers(self, _loads: object, _auto_off_s: float) -> list[str]:
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return []


def proposed(*, target_on: bool) -> Action:
    return Action(
        id=uuid4(),
        system_id=SYSTEM_ID,
        load_id=uuid4(),
        target_on=target_on,
        actor=Actor.ALLOCATOR,
        requested_by="allocator",
        reason="eligible",
        explanation="",
        status=ActionStatus.PROPOSED,
        created_at=datetime(2026, 6, 21, 19, 0, tzinfo=UTC),
    )


@pytest.fixture
def commands() -> Commands:
    return Commands()


@pytest.fixture
def dispatch(commands: Commands) -> CommandDispatch:
    """It waits a hundredth of a second for commands: too little for those that wait for a test."""
    return CommandDispatch(
        execution=commands,  # type: ignore[arg-type] # the call that is made
        clock=SteppingClock(speed=100.0),
        patience_s=1.0,
    )


async def test_quick_commands_are_waited_for(commands: Commands) -> None:
    dispatch = CommandDispatch(
        execution=commands,  # type: ignore[arg-type] # the call that is made
        clock=SteppingClock(),
        patience_s=HANGS_S,
    )
    commands.gate.set()
    commands.error = Unavailable(what="it", detail="d", advice="a")
    with pytest.raises(Unavailable):
        await dispatch.send([], [], 300.0)
    assert dispatch.under_way == 0
    await dispatch.close()


async def test_stops_have_ended_before_starts_begin(
    dispatch: CommandDispatch, commands: Commands
) -> None:
    """A stop frees the power that a start needs, in whichever order they come."""
    await dispatch.send([proposed(target_on=on) for on in (True, False, True, False)], [], None)
    assert commands.executed == [False, False, True, True]


async def test_without_a_timer_to_arm_nothing_is_asked(dispatch: CommandDispatch) -> None:
    await dispatch.send([], [], None)
    assert dispatch.under_way == 0


@pytest.mark.parametrize(
    ("error", "events"),
    [
        (Unavailable(what="it", detail="d", advice="a"), ["commands_failed"]),
        (RuntimeError("odd"), ["commands_broken"]),
        (None, []),
    ],
)
async def test_what_slow_commands_met_is_logged(
    dispatch: CommandDispatch, commands: Commands, error: Exception | None, events: list[str]
) -> None:
    commands.error = error
    with structlog.testing.capture_logs() as logged:
        await dispatch.send([], [], 300.0)
        assert dispatch.under_way == 1
        commands.gate.set()
        await dispatch.close()
        await asyncio.sleep(0)
    assert [line["event"] for line in logged] == events


async def test_what_hangs_is_cancelled_at_the_end(
    dispatch: CommandDispatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.control.command_dispatch.GRACE_S", 0.02)
    with structlog.testing.capture_logs() as logged:
        await dispatch.send([], [], 300.0)
        await dispatch.close()
        await until(lambda: dispatch.under_way == 0)
        await asyncio.sleep(0)
    assert logged == []
