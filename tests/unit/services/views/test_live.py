"""What is true now: every number with unit, age and source; what is unknown is null, never 0."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from commandcenter.wiring import seed
from services.alerting.records import Alert, Severity
from services.telemetry.records import EnergySample
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import ScriptedSite
from tests.unit.services.telemetry.test_snapshots import save_primary


@pytest.fixture
async def site() -> ScriptedSite:
    return await ScriptedSite().set_up()


LIMITS = {"Victron VRM": 600.0, "SolArk cloud": 600.0, "Heat Room": 600.0, None: None}
"""Ages from which the owner's preferences call a source's values stale, s."""


def value(
    number: float | None,
    unit: str,
    age_s: float | None,
    source: str | None,
    limit_s: float | None = None,
) -> dict[str, Any]:
    """A number without a judgement: computed by the decision, or of a switch."""
    return {
        "value": number,
        "unit": unit,
        "age_s": age_s,
        "stale_after_s": LIMITS.get(source, limit_s),
        "source": source,
    }


def quantity(
    number: float | None,
    unit: str,
    age_s: float | None,
    source: str | None,
    limit_s: float | None = None,
    *,
    quality: str = "good",
    reason: str = "",
) -> dict[str, Any]:
    """A measured quantity."""
    plain = value(number, unit, age_s, source, limit_s)
    return plain | {"quality": quality, "reason": reason}


async def test_a_running_site(site: ScriptedSite) -> None:
    for _ in range(6):
        await site.pass_minutes(1, current_a=-50.0, grid_w=12.0)
        await site.loop.control.run_cycle(SYSTEM_ID)
    await site.pass_minutes(1, current_a=-50.0, grid_w=12.0, load_w=5_728.0)
    site.clock.advance(15.0)
    now = await site.loop.live.now(SYSTEM_ID)
    assert now["battery"] == {
        "range": {
            "code": "optimal",
            "sentence": "In its optimal range of 50.00 V to 54.50 V.",
        },
        "voltage": quantity(52.3, "V", 15.0, "Victron VRM"),
        "rest_voltage": quantity(52.8, "V", 15.0, "computed", 600.0),
        "soc": quantity(66.4, "%", 15.0, "computed", 600.0),
        "current": quantity(-50.0, "A", 15.0, "Victron VRM"),
        "power": quantity(-2_615.0, "W", 15.0, "Victron VRM"),
        "temperature": quantity(None, "°C", None, None, quality="missing"),
    }
    assert now["solar"] == {
        "power": quantity(8_450.0, "W", 15.0, "SolArk cloud"),
        "potential": value(8_450.0, "W", 75.0, "computed", 180.0),
    }
    assert now["load"]["base"] == quantity(1_850.0, "W", 15.0, "computed", 600.0)
    assert now["grid"]["power"] == quantity(12.0, "W", 15.0, "SolArk cloud")
    assert (now["control_level"], now["alerts_open"]) == ("automatic", 0)
    primary = now["miners"][0]
    assert (primary["name"], primary["is_on"], primary["command"], primary["reason"]) == (
        "Primary S21+ (Revenue)",
        True,
        "start",
        "eligible",
    )
    assert primary["power"] == value(3_878.0, "W", 15.0, "Primary S21+ (Revenue)", 300.0)
    assert primary["explanation"]
    assert now["zones"][0]["temperature"] == value(20.0, "°C", 15.0, "Heat Room")
    assert now["zones"][0]["reason"] == "comfortable"
    assert [load["is_on"] for load in now["loads"] if load["kind"] == "miner"] == [False, True]
    decision: Any = now["decision"]
    assert decision["age_s"] == 75.0
    assert decision["budget"]["total_w"] == 11_600.0


async def test_a_site_before_its_first_cycle(site: ScriptedSite) -> None:
    now = await site.loop.live.now(SYSTEM_ID)
    assert now["decision"] is None
    assert now["solar"]["potential"] == value(None, "W", None, "computed", 180.0)
    assert now["miners"][0]["command"] is None
    assert now["zones"][0]["explanation"] == ""
    assert now["emergency_stop"] == {
        "latched": False,
        "changed_at": None,
        "changed_by": None,
        "reason": None,
    }


async def test_a_site_that_is_silent(site: ScriptedSite) -> None:
    site.clock.advance(2 * 86_400.0)
    now = await site.loop.live.now(SYSTEM_ID)
    waiting = "Waiting for the first readings: nothing starts."
    missing = quantity(None, "V", None, None, quality="missing", reason=waiting)
    assert now["battery"]["voltage"] == missing
    assert now["battery"]["soc"] == missing | {"unit": "%"}
    assert now["miners"][0]["is_on"] is None
    assert now["miners"][0]["power"] == value(None, "W", None, "Primary S21+ (Revenue)", 300.0)


async def test_the_inverters_voltage_stands_in(site: ScriptedSite) -> None:
    site.clock.advance(2 * 86_400.0)
    at = site.clock.now()
    sample = EnergySample(device_id=seed.INVERTER, at=at, battery_voltage_v=53.0)
    await site.stores.telemetry.append([sample])
    now = await site.loop.live.now(SYSTEM_ID)
    stands_in = "The battery monitor's voltage is missing; the inverter's stands in."
    assert now["battery"]["voltage"] == quantity(53.0, "V", 0.0, "SolArk cloud", reason=stands_in)
    assert now["battery"]["rest_voltage"]["value"] == 53.0
    assert now["battery"]["soc"]["value"] == 68.0


async def test_a_latched_emergency_stop_and_open_alerts(site: ScriptedSite) -> None:
    await site.loop.emergency.latch(SYSTEM_ID, by="ann", reason="smoke")
    at = site.clock.now()
    await site.stores.alerts.save(
        Alert(
            id=UUID(int=1),
            system_id=SYSTEM_ID,
            key="x",
            category="battery",
            severity=Severity.CRITICAL,
            title="x",
            detail="x",
            advice="x",
            opened_at=at - timedelta(minutes=1),
            updated_at=at,
        )
    )
    now = await site.loop.live.now(SYSTEM_ID)
    assert now["emergency_stop"] == {
        "latched": True,
        "changed_at": at.isoformat(),
        "changed_by": "ann",
        "reason": "smoke",
    }
    assert now["alerts_open"] == 1


async def test_a_miner_without_a_switch(site: ScriptedSite) -> None:
    await save_primary(site, device_id=None)
    miner = (await site.loop.live.now(SYSTEM_ID))["miners"][0]
    assert (miner["load_id"], miner["is_on"], miner["power"]["value"]) == (None, None, None)
