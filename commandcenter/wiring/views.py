"""What is read of a site, by people and tools alike."""

from __future__ import annotations

from commandcenter.wiring.foundation import Foundation
from services.control.asked_by_people import AskedByPeople
from services.control.what_if import WhatIf
from services.settings.ports import AddressCheck
from services.settings.site_settings import SiteSettings
from services.views.health import Health
from services.views.history import History
from services.views.live import LiveView
from services.views.measurement_check import MeasurementCheck


class Views:
    """The site as it is, as it was, and as it would be decided."""

    def __init__(self, base: Foundation, *, addresses: AddressCheck) -> None:
        """Health knows the site's measurements; the model's check is added with the model."""
        stores, clock = base.stores, base.clock
        snapshots = base.snapshots(stores)
        self.live = LiveView(
            snapshots=snapshots,
            memory=stores.memory,
            decisions=stores.decisions,
            emergency=stores.emergency_stops,
            alerts=stores.alerts,
            clock=clock,
        )
        self.history = History(
            sites=stores.site, telemetry=stores.telemetry, settings=stores.settings, clock=clock
        )
        self.settings = SiteSettings(store=stores.settings, sites=stores.site, addresses=addresses)
        self.what_if = WhatIf(
            snapshots=snapshots,
            memory=stores.memory,
            decisions=stores.decisions,
            emergency=stores.emergency_stops,
            asked=AskedByPeople(actions=stores.actions),
            clock=clock,
        )
        self.health = Health(
            store_health=stores.health,
            sites=stores.site,
            telemetry=stores.telemetry,
            jobs=stores.jobs,
            clock=clock,
        )
        measurements = MeasurementCheck(
            sites=stores.site, snapshots=snapshots, memory=stores.memory, clock=clock
        )
        self.health.add("measurements", measurements, kind="site")
