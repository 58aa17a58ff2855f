"""The read-only views of a site, for people and tools."""

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
    """Live view, history, what-if, health and metrics."""

    def __init__(self, base: Foundation, *, addresses: AddressCheck) -> None:
        """Adds the measurement check to health; the model's check is added with the assistant."""
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
            sites=stores.site,
            telemetry=stores.telemetry,
            settings=stores.settings,
            memory=stores.memory,
            clock=clock,
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
            timer_faults=stores.timer_faults,
            clock=clock,
        )
        measurements = MeasurementCheck(
            sites=stores.site, snapshots=snapshots, memory=stores.memory, clock=clock
        )
        self.health.add("measurements", measurements, kind="site")
