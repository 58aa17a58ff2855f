"""The inverter as SolArk's cloud shows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from integrations.freshness import from_iso, measured_at
from integrations.solark.client import SolArkClient
from integrations.solark.mapping import day_samples, energy_sample
from integrations.solark.payloads import BatteryDetail
from services.clock import Clock
from services.errors import VendorError
from services.telemetry.records import EnergySample, Sample


class SolArkReader:
    """Reads one plant; implements ``services.telemetry.ports.TelemetryReader``.

    The platform refreshes about every five minutes. A poll in between gives the same sample with
    the same time again, which the store knows already: a poll that works proves no fresh data.
    """

    def __init__(
        self,
        *,
        client: SolArkClient,
        plant_id: int,
        device_id: UUID,
        clock: Clock,
        timezone: str,
        inverter_serial: str | None = None,
    ) -> None:
        """``timezone`` is the plant's; with a serial number the battery's voltage is read too."""
        self._client, self._plant_id, self._device_id = client, plant_id, device_id
        self._clock, self._zone, self._serial = clock, ZoneInfo(timezone), inverter_serial

    async def read(self) -> Sequence[Sample]:
        """One sample, stamped by the plant's last report.

        The time is asked for before the values, so that a report in between makes the sample look
        older than it is, never fresher.

        Raises:
            services.errors.VendorError: Unreachable, refused, without a time, not understood.
        """
        call = self._client.call("plant realtime")
        stamp = from_iso((await self._client.realtime(self._plant_id)).update_at)
        if stamp is None:
            raise call.failed("it does not say when the plant last reported", retry=True)
        now = self._clock.now()
        flow = await self._client.flow(self._plant_id, on=now.astimezone(self._zone).date())
        detail = await self._battery()
        at = measured_at(stamp, now=now, call=call)
        return [energy_sample(flow, detail, device_id=self._device_id, at=at)]

    async def day(self, on: date) -> Sequence[EnergySample]:
        """The five-minute samples of one local day, to fill gaps.

        Raises:
            services.errors.VendorError: Unreachable, refused, not understood.
        """
        curves = await self._client.day(self._plant_id, on=on)
        return day_samples(curves, device_id=self._device_id, on=on, zone=self._zone)

    async def _battery(self) -> BatteryDetail | None:
        """The battery's detail; None where the account may not see it: the powers count more."""
        if self._serial is None:
            return None
        try:
            return await self._client.battery(self._serial)
        except VendorError as error:
            if error.retry:
                raise
            return None
