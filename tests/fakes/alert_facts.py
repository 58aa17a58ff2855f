"""Facts of a site without any fault; tests of alerts change one of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from energy.alerts.facts import (
    AlertFacts,
    DeviceFact,
    IdleMinerFact,
    SourceFact,
    ZoneFact,
)
from energy.alerts.timing import AlertMemory, WatchMemory
from energy.site.preferences import Preferences

AT = datetime(2026, 6, 21, 19, 0, tzinfo=UTC)
IDLE = (IdleMinerFact(name="S19", power_w=0.0, reason="x"),)

FINE = AlertFacts(
    at=AT,
    preferences=Preferences(),
    raw_voltage_v=53.0,
    rest_voltage_v=53.2,
    voltage_age_s=5.0,
    soc_pct=69.6,
    battery_power_w=800.0,
    battery_temperature_c=20.0,
    pv_power_w=8_000.0,
    sky_allows_w=9_000.0,
    base_load_w=900.0,
    usual_base_load_w=800.0,
    grid_expected=True,
    grid_present=True,
    usable_wh=30_000.0,
    reserve_wh=10_000.0,
    sun_carries_base_load=True,
    sources=(SourceFact(id="vrm", name="VRM", silent_s=30.0),),
    devices=(DeviceFact(id="s19", name="S19", is_on=False, power_w=0.0),),
    zones=(ZoneFact(id="hot", name="Heat Room"),),
)


def remembering_open(keys: Iterable[str]) -> AlertMemory:
    """Only the open alerts are known, as after a restart."""
    return AlertMemory(watches=tuple((key, WatchMemory(active=True)) for key in sorted(set(keys))))
