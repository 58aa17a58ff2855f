"""The battery monitor as VRM shows it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from integrations.plausible import ANY_PLANT, Limits, plausible
from integrations.vendor_calls import usable
from integrations.victron.client import VrmClient
from integrations.victron.mapping import battery_samples
from services.clock import Clock
from services.telemetry.records import Sample


class VrmReader:
    """Reads one installation's battery; implements ``services.telemetry.ports.TelemetryReader``."""

    def __init__(
        self,
        *,
        client: VrmClient,
        site_id: int,
        device_id: UUID,
        clock: Clock,
        instance: int | None = None,
        limits: Limits | None = None,
    ) -> None:
        """``site_id`` is VRM's idSite; ``device_id`` is our battery pack.

        ``instance`` chooses a battery monitor by its number in VRM's device list, where the
        system's own choice is not the one to read.
        """
        self._client, self._site_id = client, site_id
        self._device_id, self._clock, self._instance = device_id, clock, instance
        self._limits = ANY_PLANT if limits is None else limits

    async def read(self) -> Sequence[Sample]:
        """The newest battery values, each stamped by its own time of measurement.

        Raises:
            services.errors.VendorError: Unreachable, refused, rate-limited, no battery values, no
                such monitor.
        """
        call = self._client.call(f"installation {self._site_id}")
        if self._instance is None:
            attributes = await self._client.attributes(self._site_id)
        else:  # only the diagnostics have each monitor's rows
            attributes = await self._client.diagnostics(self._site_id)
        with usable(call):
            samples = battery_samples(
                attributes,
                device_id=self._device_id,
                now=self._clock.now(),
                call=call,
                instance=self._instance,
            )
            return [plausible(sample, self._limits) for sample in samples]
