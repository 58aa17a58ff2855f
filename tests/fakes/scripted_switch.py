"""A relay with a meter and a timer whose faults a test sets; passes the switches' contract."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from services.actions.records import SwitchStatus
from services.clock import Clock
from services.errors import NotFound, VendorError
from services.sites.records import ControlledLoad


class Mode(StrEnum):
    """How the device behaves."""

    OK = "ok"
    IGNORES = "ignores commands"
    LIES = "reports the state before the command"
    OFFLINE = "offline"
    DEAF = "answers status, refuses commands"
    NO_WATTS = "the load draws nothing"
    WELDED = "the relay says off, the watts stay"
    NO_METER = "no meter"
    SLOW = "the state follows after three seconds"


class ScriptedSwitch:
    """One switch. ``commands`` has every command that arrived; ``mode`` may change any time."""

    def __init__(
        self, *, clock: Clock, watts: float = 3878.0, mode: Mode = Mode.OK, is_on: bool = False
    ) -> None:
        self._clock, self.watts, self.mode = clock, watts, mode
        self._relay = self._reported = is_on
        self._changed_at = clock.now() - timedelta(hours=1)
        self._off_at_s: float | None = None
        self.commands: list[tuple[str, float | None]] = []
        self.speed: int | None = None
        """Of a fan on a dimmer; None for a relay."""
        self.keeps_speed = False
        """The dimmer ignores every speed that is sent."""
        self.highest_speed = 10
        """The highest speed that the dimmer reaches, whatever speed is sent."""
        self.when_commanded: Callable[[], None] = lambda: None
        """Called as each command arrives, before it takes effect."""
        self.timer_of: Callable[[float], float | None] = lambda asked_s: asked_s
        """What the switch makes of a timer that is asked of it, s."""
        self.refuses_for_s: float | None = None
        """Commands are refused as too many, to be sent again after this time."""
        self.when_refused: Callable[[], None] = lambda: None
        self.questions = 0
        """How often it was called, answered or not."""
        self.answers = asyncio.Event()
        """Cleared, the device answers nothing until it is set again."""
        self.answers.set()

    @property
    def relay(self) -> bool:
        """The relay's true state, whatever the device reports."""
        self._expire()
        return self._relay

    async def turn_on(self, *, auto_off_s: float | None) -> None:
        await self._answering()
        self._command("on", auto_off_s)
        if self.mode is not Mode.IGNORES:
            self._set(on=True)
            lasts_s = None if auto_off_s is None else self.timer_of(auto_off_s)
            self._off_at_s = None if lasts_s is None else self._now_s() + lasts_s

    async def turn_on_at(self, speed: int, *, auto_off_s: float | None) -> None:
        await self.turn_on(auto_off_s=auto_off_s)
        if self.speed is not None and not self.keeps_speed:
            self.speed = min(speed, self.highest_speed)

    async def turn_off(self) -> None:
        await self._answering()
        self._command("off", None)
        if self.mode is not Mode.IGNORES:
            self._set(on=False)
            self._off_at_s = None

    async def status(self) -> SwitchStatus:
        await self._answering()
        if self.mode is Mode.OFFLINE:
            raise _silent()
        is_on = self._shown()
        drawing = self.relay or self.mode is Mode.WELDED
        power_w = self.watts if drawing and self.mode is not Mode.NO_WATTS else 0.0
        return SwitchStatus(
            is_on=is_on,
            power_w=None if self.mode is Mode.NO_METER else power_w,
            measured_at=self._clock.now(),
            auto_off_in_s=None if self._off_at_s is None else self._off_at_s - self._now_s(),
            speed=self.speed,
        )

    async def _answering(self) -> None:
        self.questions += 1
        await self.answers.wait()

    def flip(self, *, on: bool) -> None:
        """Somebody presses the button on the device."""
        self._set(on=on)
        self._reported = on

    def _shown(self) -> bool:
        relay = self.relay
        if self.mode is Mode.LIES:
            return self._reported
        seconds = (self._clock.now() - self._changed_at).total_seconds()
        return not relay if self.mode is Mode.SLOW and seconds < 3.0 else relay

    def _command(self, word: str, auto_off_s: float | None) -> None:
        if self.mode in {Mode.OFFLINE, Mode.DEAF}:
            raise _silent()
        if self.refuses_for_s is not None:
            self.when_refused()
            raise VendorError(
                vendor="Scripted",
                call="rpc",
                detail="HTTP 429",
                retry=True,
                retry_after_s=self.refuses_for_s,
            )
        self.commands.append((word, auto_off_s))
        self.when_commanded()

    def _set(self, *, on: bool) -> None:
        if self._relay is not on:
            self._changed_at = self._clock.now()
        self._relay = on
        if self.mode is not Mode.LIES:
            self._reported = on

    def _expire(self) -> None:
        if self._off_at_s is not None and self._now_s() >= self._off_at_s:
            self._off_at_s = None
            self._set(on=False)

    def _now_s(self) -> float:
        return self._clock.now().timestamp()


class ScriptedSwitches:
    """``Switches`` in a dictionary by load id."""

    def __init__(self, switches: dict[UUID, ScriptedSwitch]) -> None:
        self.by_load = switches

    async def of(self, load: ControlledLoad) -> ScriptedSwitch:
        if load.id not in self.by_load:
            raise NotFound(kind="switch", key=load.name)
        return self.by_load[load.id]


def _silent() -> VendorError:
    return VendorError(vendor="Scripted", call="rpc", detail="no answer", retry=True)
