"""The dependencies of all parts: settings, stores, devices, the clock."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx2

from commandcenter.settings import Settings
from commandcenter.wiring.devices import Devices
from commandcenter.wiring.plant import SimulatedPlant
from forecasting.skies import ClearSkies
from services.clock import Clock
from services.telemetry.snapshots import SnapshotBuilder
from storage.all_stores import PostgresStores


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """Created first, shared by all parts.

    Attributes:
        settings: All settings.
        plant: The site behind the devices, its clock and its mail.
        stores: For people, pages and the assistant.
        control: The same stores over a pool of their own, so that an answer to somebody never keeps
            the control loop from the database.
        http: The client that reaches devices and vendors.
        devices: Readers and switches by adapter.
        skies: Clear-sky models by system.
    """

    settings: Settings
    plant: SimulatedPlant
    stores: PostgresStores
    control: PostgresStores
    http: httpx2.AsyncClient
    devices: Devices
    skies: ClearSkies = field(default_factory=ClearSkies)

    @property
    def clock(self) -> Clock:
        """The site's time, which runs faster where a simulated site does."""
        return self.plant.clock

    def snapshots(self, stores: PostgresStores) -> SnapshotBuilder:
        """The snapshot builder over one set of stores."""
        return SnapshotBuilder(
            sites=stores.site,
            settings=stores.settings,
            telemetry=stores.telemetry,
            skies=self.skies,
        )
