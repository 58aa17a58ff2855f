"""The battery monitor as VRM shows it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from integrations.victron.client import VrmClient
from integrations.victron.mapping import battery_samples
from services.clock import Clock
from services.telemetry.records import Sample


class VrmReader:
    """Reads one installation's battery; implements ``services.telemetry.ports.TelemetryReader``."""

    def __init__(self, *, client: VrmClient, site_id: int, device_id: UUID, clock: Clock) -> None:
        """``site_id`` is VRM's idSite; ``device_id`` is our battery pack."""
        self._client, self._site_id = client, site_id
        self._device_id, self._clock = device_id, clock

    async def read(self) -> Sequence[Sample]:
        """The newest battery values, each stamped by its own time of measurement.

        Raises:
            services.errors.VendorError: Unreachable, refused, rate-limited, no battery values.
        """
        attributes = await self._client.attributes(self._site_id)
        return battery_samples(
            attributes,
            device_id=self._device_id,
            now=self._clock.now(),
            call=self._client.call(f"installation {self._site_id}"),
        )
