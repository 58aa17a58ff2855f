"""Commands the switches of a site's loads, reads them back and stores what they report."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from energy.site.preferences import ControlLevel, Preferences
from energy.wording import duration
from services.actions.ports import HasSpeed, Switches
from services.actions.records import SwitchStatus
from services.clock import Clock
from services.errors import Invalid, NotFound, VendorError
from services.sites.records import ControlledLoad
from services.sites.vendor_pauses import VendorPauses
from services.telemetry.ports import TelemetryStore
from services.telemetry.records import LoadSample

STATE_TIMEOUT_S = 15.0
STATE_TIMEOUT_WALL_S = 3.0
"""However fast a simulated site runs, a device gets at least this much wall time, s."""

ANSWER_WALL_S = 10.0
"""A device that has not answered one question in this time, with the retries of its client, counts
as silent, wall seconds."""

POLL_S = 1.0
POLL_WALL_S = 0.05

DEVICE_ERRORS = (VendorError, NotFound, Invalid)
"""Errors that a device can cause; a missing database is not among them and not caught here."""


def dead_man_s(preferences: Preferences) -> float | None:
    """Time to which dead-man timers are set, s.

    None at the level ``observe``: nothing would refresh the timer, so it is not armed.
    """
    observing = preferences.control_level is ControlLevel.OBSERVE
    return None if observing else preferences.dead_man_minutes * 60.0


class Relays:
    """Every status read back is stored as a sample, so that the next snapshot has the new state."""

    def __init__(
        self,
        *,
        switches: Switches,
        telemetry: TelemetryStore,
        clock: Clock,
        pauses: VendorPauses,
        answer_wall_s: float = ANSWER_WALL_S,
    ) -> None:
        """``switches`` finds the device of a load."""
        self._switches, self._telemetry, self._clock = switches, telemetry, clock
        self._pauses, self._answer_wall_s = pauses, answer_wall_s

    async def command(
        self,
        load: ControlledLoad,
        *,
        target_on: bool,
        auto_off_s: float | None,
        speed: int | None = None,
        protective: bool = False,
    ) -> str | None:
        """Send one command; returns what went wrong, or None. Arms the dead-man timer if there is
        one.

        ``speed`` (tenths) is sent to fans on devices that can set one. While the device's vendor
        wants no request only a ``protective`` stop is sent.
        """
        waits_s = await self.paused_s(load)
        if waits_s is not None and (target_on or not protective):
            return f"its vendor takes no further command for {duration(waits_s)}"
        timer_s = auto_off_s if load.has_timer else None
        try:
            async with asyncio.timeout(self._answer_wall_s):
                switch = await self._switches.of(load)
                if not target_on:
                    await switch.turn_off()
                elif speed is not None and isinstance(switch, HasSpeed):
                    await switch.turn_on_at(speed, auto_off_s=timer_s)
                else:
                    await switch.turn_on(auto_off_s=timer_s)
        except TimeoutError:
            return f"no answer within {self._answer_wall_s:g} s"
        except DEVICE_ERRORS as error:
            await self._pauses.note(load.adapter_id, error)
            return str(error)
        return None

    async def paused_s(self, load: ControlledLoad) -> float | None:
        """Site seconds for which the load's vendor wants no further command; None when it takes
        them.
        """
        until = await self._pauses.until(load.adapter_id)
        return None if until is None else (until - self._clock.now()).total_seconds()

    async def ask(self, load: ControlledLoad) -> SwitchStatus | None:
        """The device's status; None when it does not answer."""
        try:
            async with asyncio.timeout(self._answer_wall_s):
                return await (await self._switches.of(load)).status()
        except TimeoutError:
            return None
        except DEVICE_ERRORS as error:
            await self._pauses.note(load.adapter_id, error)
            return None

    async def read(self, load: ControlledLoad) -> SwitchStatus | None:
        """Ask the device and store its status as a sample; None when it does not answer."""
        status = await self.ask(load)
        if status is None:
            return None
        # Stamped by our clock: the answer is fresh, and the device's time may be whole seconds
        # only.
        sample = LoadSample(
            device_id=load.id,
            at=self._clock.now(),
            is_on=status.is_on,
            power_w=status.power_w,
            energy_wh=status.energy_wh,
            temperature_c=status.temperature_c,
            speed=status.speed,
        )
        await self._telemetry.append([sample])
        return status

    async def wait_for(
        self,
        load: ControlledLoad,
        *,
        target_on: bool,
        speed: int | None = None,
        given_up: Callable[[], Awaitable[bool]] | None = None,
    ) -> SwitchStatus | None:
        """Poll until the device shows ``target_on`` and ``speed``; None when it does not in time.

        ``given_up`` is asked after each poll without success; True ends the wait early.
        """
        pace = self._clock.speed
        timeout_s = max(STATE_TIMEOUT_S, STATE_TIMEOUT_WALL_S * pace)
        pause_s = max(POLL_S, POLL_WALL_S * pace)
        wall = asyncio.get_running_loop()
        late_s = wall.time() + timeout_s / pace
        for _ in range(int(timeout_s / pause_s)):
            status = await self.read(load)
            if status is not None and status.is_on == target_on and has_speed(status, speed):
                return status
            await self._clock.sleep(pause_s)
            # Each poll may have taken seconds: the limit is a time, not a number of polls.
            if wall.time() > late_s or (given_up is not None and await given_up()):
                return None
        return None


def state_word(*, on: bool, speed: int | None = None) -> str:
    """``on``, ``off``, or ``on at speed 4`` for a fan whose speed is known."""
    if not on:
        return "off"
    return "on" if speed is None else f"on at speed {speed}"


def has_speed(status: SwitchStatus, speed: int | None) -> bool:
    """Whether a fan runs at ``speed``; True where no speed is wanted or the device has none."""
    return speed is None or status.speed is None or status.speed == speed
