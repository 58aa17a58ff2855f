"""A Shelly as a switch that can be commanded, and as a source of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from integrations.shelly.client import ShellyClient
from integrations.shelly.mapping import (
    device_time,
    load_samples,
    switch_of,
    switch_status,
    zone_samples,
)
from services.actions.records import SwitchStatus
from services.clock import Clock
from services.telemetry.records import Sample


class ShellySwitch:
    """One channel of one device; implements ``services.actions.ports.Switch``."""

    def __init__(self, *, client: ShellyClient, clock: Clock, channel: int = 0) -> None:
        """``channel`` is the number in ``switch:N``."""
        self._client, self._clock, self._channel = client, clock, channel

    async def turn_on(self, *, auto_off_s: float | None) -> None:
        """Close the relay; with ``auto_off_s`` the device itself opens it then, unless renewed.

        Raises:
            services.errors.VendorError: Unreachable, refused, busy, not understood.
        """
        await self._client.set_switch(self._channel, on=True, toggle_after_s=auto_off_s)

    async def turn_off(self) -> None:
        """Open the relay. A running timer ends with it: nothing switches it on again.

        Raises:
            services.errors.VendorError: As above.
        """
        await self._client.set_switch(self._channel, on=False, toggle_after_s=None)

    async def status(self) -> SwitchStatus:
        """State, watts and time left, read back from the device.

        Raises:
            services.errors.VendorError: As above, or no such channel.
        """
        call = self._client.call("Shelly.GetStatus")
        status = await self._client.status()
        at = device_time(status, now=self._clock.now(), call=call)
        return switch_status(switch_of(status, self._channel, call), at=at, call=call)


class ShellyReader:
    """All configured channels and add-on sensors of one device in one request.

    Implements ``services.telemetry.ports.TelemetryReader``.
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

    async def read(self) -> Sequence[Sample]:
        """Load samples, then zone samples, stamped by the device's clock.

        Raises:
            services.errors.VendorError: Unreachable, refused, busy, no such channel.
        """
        call = self._client.call("Shelly.GetStatus")
        status = await self._client.status()
        at = device_time(status, now=self._clock.now(), call=call)
        return [
            *load_samples(status, loads=self._loads, at=at, call=call),
            *zone_samples(status, zones=self._zones, at=at),
        ]
