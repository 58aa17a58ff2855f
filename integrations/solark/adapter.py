"""The inverter as SolArk's cloud shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from integrations.freshness import AHEAD, from_iso, from_local, measured_at
from integrations.plausible import ANY_PLANT, MARGIN, Limits, plausible
from integrations.solark.client import SolArkClient
from integrations.solark.mapping import (
    POWERS,
    balanced,
    day_samples,
    energy_sample,
    temperature_c,
    voltage_v,
)
from integrations.solark.payloads import BatteryDetail, InverterPayload, Realtime
from integrations.solark.subtotals import Beside, subtotal
from integrations.vendor_calls import usable
from services.clock import Clock
from services.errors import VendorError
from services.telemetry.records import EnergySample, Sample

T = TypeVar("T")

OPTIONAL_S = 20.0
"""How long an optional call may take, with its retries, wall s."""

_W_PER_KW = 1_000.0


class SolArkReader:
    """Reads one plant; implements ``services.telemetry.ports.TelemetryReader``, ``TellsCautions``
    and ``TellsPast``.

    The platform refreshes about every five minutes. A poll in between gives the same sample with
    the same time again, which the store ignores: a successful poll does not mean fresh data.
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
        limits: Limits | None = None,
        optional_s: float = OPTIONAL_S,
    ) -> None:
        """``timezone`` is the plant's; with a serial number the battery's voltage is read too.

        ``optional_s`` limits the calls that may fail without failing the poll.
        """
        self._optional_s = optional_s
        self._client, self._plant_id, self._device_id = client, plant_id, device_id
        self._clock, self._zone, self._serial = clock, ZoneInfo(timezone), inverter_serial
        self._limits = ANY_PLANT if limits is None else limits
        self._before: EnergySample | None = None
        self._doubt: str | None = None
        self._cautions: dict[str, str] = {}

    async def read(self) -> Sequence[Sample]:
        """The powers, stamped by the plant's last report, and the battery as the inverter saw it.

        The time is requested before the values, so that a report in between makes the sample look
        older than it is, never fresher. The battery's values have the inverter's own time where it
        is given, because with several inverters the plant's time may be another one's.

        Raises:
            services.errors.VendorError: Unreachable, refused, without a time, not understood.
        """
        call = self._client.call("plant realtime")
        realtime = await self._client.realtime(self._plant_id)
        stamp = from_iso(realtime.update_at)
        if stamp is None:
            raise call.failed("it does not say when the plant last reported", retry=True)
        now = self._clock.now()
        flow = await self._client.flow(self._plant_id, on=now.astimezone(self._zone).date())
        detail, inverters = await self._beside()
        with usable(call):
            at = measured_at(stamp, now=now, call=call)
            powers = energy_sample(
                flow, None, device_id=self._device_id, at=at, limits=self._limits
            )
            powers = self._doubted(powers, Beside(realtime=realtime, inverters=inverters))
            samples = self._with_battery(powers, detail, inverters, now)
            return [plausible(sample, self._limits) for sample in samples]

    def cautions(self) -> Sequence[str]:
        """Optional calls that failed at the last ``read``, one clause each."""
        return tuple(self._cautions.values())

    async def between(self, start: datetime, end: datetime) -> Sequence[Sample]:
        """The five-minute samples after ``start`` and before ``end``, a request per local day.

        Raises:
            services.errors.VendorError: Unreachable, refused, not understood.
        """
        day, last = start.astimezone(self._zone).date(), end.astimezone(self._zone).date()
        samples: list[Sample] = []
        while day <= last:
            samples += await self.day(day)
            day += timedelta(days=1)
        return [sample for sample in samples if start < sample.at < end]

    async def day(self, on: date) -> Sequence[EnergySample]:
        """The five-minute samples of one local day; powers that don't balance are suspect.

        Raises:
            services.errors.VendorError: Unreachable, refused, not understood.
        """
        curves = await self._client.day(self._plant_id, on=on)
        with usable(self._client.call("plant day")):
            samples = day_samples(curves, device_id=self._device_id, on=on, zone=self._zone)
            return [balanced(plausible(sample, self._limits)) for sample in samples]

    async def _beside(self) -> tuple[BatteryDetail | None, list[InverterPayload] | None]:
        """The battery's detail and the list of inverters; None where a call fails, which must not
        fail the poll.
        """
        if self._serial is None:
            return None, None
        detail, inverters = await asyncio.gather(
            self._optional("battery", self._client.battery(self._serial)),
            self._optional("inverters", self._client.inverters(self._plant_id)),
        )
        return detail, inverters

    async def _optional(self, name: str, asked: Awaitable[T]) -> T | None:
        self._cautions.pop(name, None)
        try:
            async with asyncio.timeout(self._optional_s):
                return await asked
        except VendorError as error:
            self._cautions[name] = f"{error.call} could not be read: {error.detail}"
        except TimeoutError:
            limit = f"no answer within {self._optional_s:g} s"
            self._cautions[name] = f"{name} could not be read: {limit}"
        return None

    def _doubted(self, sample: EnergySample, beside: Beside) -> EnergySample:
        """The sample with doubtful powers marked suspect. A repeated report is judged as the first
        time.
        """
        before = self._before
        if before is None or before.at != sample.at:
            self._doubt = subtotal(sample, before, beside)
            self._before = sample
        doubts: dict[str, str] = {}
        if self._doubt is not None:
            doubts |= dict.fromkeys(POWERS, self._doubt)
        size_w = _size_w(beside.realtime)
        if size_w is not None and sample.pv_power_w is not None and sample.pv_power_w > size_w:
            doubts["pv_power_w"] = (
                f"{sample.pv_power_w:.0f} W is more than the array of {size_w / MARGIN:.0f} W gives"
            )
        known = {name: why for name, why in doubts.items() if getattr(sample, name) is not None}
        return replace(sample, suspect={**known, **sample.suspect}) if known else sample

    def _with_battery(
        self,
        powers: EnergySample,
        detail: BatteryDetail | None,
        inverters: Sequence[InverterPayload] | None,
        now: datetime,
    ) -> list[EnergySample]:
        """The samples of powers and battery: one where both have the same time, else two."""
        volts, celsius = voltage_v(detail), temperature_c(detail)
        if detail is None or (volts is None and celsius is None):
            return [powers]
        at = self._battery_at(detail, inverters or ()) or powers.at
        if at - now > AHEAD:
            self._cautions["battery"] = "the inverter's clock runs ahead; its battery is not read"
            return [powers]
        if min(at, now) == powers.at:
            return [replace(powers, battery_voltage_v=volts, temperature_c=celsius)]
        battery = EnergySample(
            device_id=self._device_id,
            at=min(at, now),
            battery_voltage_v=volts,
            temperature_c=celsius,
        )
        return sorted([powers, battery], key=lambda sample: sample.at)

    def _battery_at(
        self, detail: BatteryDetail, inverters: Sequence[InverterPayload]
    ) -> datetime | None:
        """When the inverter measured its battery, by itself or by the list of inverters."""
        own = from_local(detail.time, self._zone)
        if own is not None:
            return own
        listed = (
            from_iso(inverter.update_at) for inverter in inverters if inverter.sn == self._serial
        )
        return next((at for at in listed if at is not None), None)


def _size_w(realtime: Realtime) -> float | None:
    """The largest plausible PV power by the plant size that the platform gives, W."""
    size_kw = realtime.total_power_kw
    return None if size_kw is None or size_kw <= 0 else size_kw * _W_PER_KW * MARGIN
