"""A Shelly as a switch that can be commanded, and as a source of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from integrations.plausible import plausible
from integrations.shelly.client import ShellyClient
from integrations.shelly.mapping import (
    LIMITS,
    brightness_pct,
    load_samples,
    output_of,
    setup_cautions,
    switch_status,
    zone_samples,
)
from integrations.shelly.payloads import ConfigPayload, StatusPayload
from integrations.vendor_calls import usable
from services.actions.records import SwitchStatus
from services.clock import Clock
from services.errors import VendorError
from services.telemetry.records import Sample

CLOCK_STANDS_S = 60.0
"""A device whose clock stands still for this long repeats old values, s."""


class ShellySwitch:
    """One channel of one device; implements ``services.actions.ports.Switch`` and
    ``HasSpeed``.
    """

    def __init__(self, *, client: ShellyClient, clock: Clock, channel: int = 0) -> None:
        """``channel`` is the number in ``switch:N`` or ``light:N``."""
        self._client, self._clock, self._channel = client, clock, channel

    async def turn_on(self, *, auto_off_s: float | None) -> None:
        """Close the relay; with ``auto_off_s`` the device itself opens it then, unless renewed.

        Raises:
            services.errors.VendorError: Unreachable, refused, busy, not understood, or another
                device than the configured one.
        """
        await self._client.set_output(self._channel, on=True, toggle_after_s=auto_off_s)

    async def turn_on_at(self, speed: int, *, auto_off_s: float | None) -> None:
        """As ``turn_on``, at ``speed`` tenths of the output's range.

        Raises:
            services.errors.VendorError: As above.
        """
        await self._client.set_output(
            self._channel,
            on=True,
            toggle_after_s=auto_off_s,
            brightness_pct=brightness_pct(speed),
        )

    async def turn_off(self) -> None:
        """Open the relay. This ends a running timer, so nothing switches it on again.

        Raises:
            services.errors.VendorError: As above.
        """
        await self._client.set_output(self._channel, on=False)

    async def status(self) -> SwitchStatus:
        """State, watts, speed and time left, read back from the device.

        Stamped with the time of receipt, because the values are live and the device's clock may be
        hours wrong. The timer's remaining time is computed with the device's clock, on which it was
        started.

        Raises:
            services.errors.VendorError: As above, or no such channel.
        """
        call = self._client.call("Shelly.GetStatus")
        status = await self._client.status()
        with usable(call):
            output = output_of(status, self._channel, call)
            return switch_status(output, status.sys, at=self._clock.now(), call=call)


class ShellyReader:
    """All configured channels and add-on sensors of one device in one request.

    Implements ``services.telemetry.ports.TelemetryReader``, ``TellsCautions`` and
    ``TellsIdentity``.
    """

    def __init__(
        self,
        *,
        client: ShellyClient,
        clock: Clock,
        loads: Mapping[int, UUID],
        zones: Mapping[int, UUID] | None = None,
    ) -> None:
        """``loads``: channel → controlled load. ``zones``: sensor number (100 …) → zone."""
        self._client, self._clock = client, clock
        self._loads, self._zones = dict(loads), dict(zones or {})
        self._last_stamp: tuple[float, datetime] | None = None
        self._config: tuple[float | None, ConfigPayload] | None = None
        self._problem: tuple[str, ...] = ()

    async def read(self) -> Sequence[Sample]:
        """Load samples, then zone samples, stamped by receipt.

        Raises:
            services.errors.VendorError: Unreachable, refused, busy, no such channel, or another
                device than the configured one.
        """
        call = self._client.call("Shelly.GetStatus")
        status = await self._client.status()
        at = self._clock.now()
        with usable(call):
            samples: list[Sample] = [
                *load_samples(status, loads=self._loads, at=at, call=call),
                *zone_samples(status, zones=self._zones, at=at),
            ]
            stands = self._clock_stands(status.sys.unixtime, at)
            believed = [plausible(sample, LIMITS, doubt=stands) for sample in samples]
        await self._read_setup(status)
        return believed

    def cautions(self) -> Sequence[str]:
        """What the owner should change in the device's set-up, as last read; one clause each."""
        dangers = () if self._config is None else setup_cautions(self._config[1], self._loads)
        return (*dangers, *self._problem)

    def identity(self) -> str | None:
        """The device's MAC."""
        return self._client.mac

    async def _read_setup(self, status: StatusPayload) -> None:
        """Read the set-up when it has changed. A failure gives a caution; the readings stay
        valid.
        """
        revision = status.sys.cfg_rev
        if self._config is not None and revision is not None and revision == self._config[0]:
            return
        try:
            self._config = (revision, await self._client.config())
        except VendorError as error:
            self._problem = (f"its set-up could not be read: {error.detail}",)
        else:
            self._problem = ()

    def _clock_stands(self, unixtime: float | None, at: datetime) -> str | None:
        """Why all values are doubtful, when the device's clock stands still; None while it
        moves.
        """
        before = self._last_stamp
        if unixtime is None or before is None or unixtime != before[0]:
            self._last_stamp = None if unixtime is None else (unixtime, at)
            return None
        stood_s = (at - before[1]).total_seconds()
        if stood_s < CLOCK_STANDS_S:
            return None
        return f"the device's clock has stood still for {stood_s:.0f} s"
