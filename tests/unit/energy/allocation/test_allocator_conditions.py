"""The owner's conditions of one miner: times, sun, weather, heat, and the night reserve."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from energy.allocation.allocator import allocate
from energy.site.miners import MinerMode
from energy.site.preferences import Preferences
from energy.site.snapshot import Sky
from tests.fakes.sites.allocator_site import (
    PLAIN,
    SUNNY,
    WITHOUT_RESERVE,
    ask,
    off,
    outcomes,
    plain,
    snapshot,
)


@pytest.mark.parametrize(
    ("changes", "picture", "reason"),
    [
        pytest.param({"enabled": False}, {}, "disabled", id="disabled"),
        pytest.param(
            {"prefer_time_start": 13, "prefer_time_end": 18, "allow_outside_schedule": False},
            {},
            "outside_window",
            id="outside its window",
        ),
        pytest.param(
            {"prefer_time_start": 13, "prefer_time_end": 18}, {}, "eligible", id="a preference only"
        ),
        pytest.param(
            {"prefer_time_start": 12, "prefer_time_end": 12, "allow_outside_schedule": False},
            {},
            "eligible",
            id="a window without length is no window",
        ),
        pytest.param({"require_excess_solar": True}, {"pv_w": 4_850.0}, "eligible", id="sun"),
        pytest.param(
            {"require_excess_solar": True}, {"pv_w": 4_849.0}, "excess_solar", id="a watt short"
        ),
        pytest.param(
            {"require_excess_solar": True, "minimum_excess_watts": 3_500.0},
            {"pv_w": 5_349.0},
            "excess_solar",
            id="a watt short of its minimum excess",
        ),
        pytest.param(
            {"require_excess_solar": True},
            {"mean_pv_w": 4_849.0},
            "excess_solar",
            id="ten minutes' mean a watt short",
        ),
        pytest.param(
            {"require_excess_solar": True},
            {"pv_w": 4_849.0, "mean_pv_w": 9_000.0},
            "excess_solar",
            id="the sun now a watt short",
        ),
        pytest.param(
            {"minimum_solar_production_watts": 8_451.0}, {}, "minimum_solar", id="PV a watt short"
        ),
        pytest.param({"minimum_solar_production_watts": 8_450.0}, {}, "eligible", id="PV reached"),
        pytest.param({"require_sunny_weather": True}, {}, "not_sunny", id="weather unknown"),
        pytest.param(
            {"require_sunny_weather": True}, {"sky": Sky(sunny=False)}, "not_sunny", id="cloudy"
        ),
        pytest.param({"require_sunny_weather": True}, {"sky": SUNNY}, "eligible", id="sunny"),
        pytest.param(
            {"operating_mode": MinerMode.OPPORTUNISTIC},
            {"pv_w": 4_849.0},
            "night_reserve",
            id="opportunistic: on sun alone",
        ),
        pytest.param(
            {"operating_mode": MinerMode.OPPORTUNISTIC},
            {"pv_w": 4_850.0},
            "eligible",
            id="opportunistic: the sun carries it",
        ),
    ],
)
def test_conditions_for_a_start(
    changes: dict[str, Any], picture: dict[str, Any], reason: str
) -> None:
    opportunistic = changes.get("operating_mode") is MinerMode.OPPORTUNISTIC
    preferences = Preferences() if opportunistic else WITHOUT_RESERVE
    decision = plain(picture=snapshot(**picture), preferences=preferences, **changes)
    command = "start" if reason == "eligible" else "stay_off"
    assert outcomes(decision) == [(command, reason)]


@pytest.mark.parametrize(
    ("runtime_s", "reason"),
    [(28_799.0, "eligible"), (28_800.0, "maximum_runtime")],
)
def test_maximum_runtime(runtime_s: float, reason: str) -> None:
    state = replace(off(PLAIN), runtime_today_s=runtime_s)
    assert plain(state=state, maximum_runtime_hours=8.0).miners[0].reason.code == reason


def test_heat_waives_window_and_sun_but_not_voltage_reserve_and_budget() -> None:
    picky: dict[str, Any] = {
        "prefer_time_start": 1,
        "prefer_time_end": 2,
        "allow_outside_schedule": False,
        "require_excess_solar": True,
        "minimum_solar_production_watts": 20_000.0,
        "require_sunny_weather": True,
    }
    cold = replace(off(PLAIN), heat_wanted=True)
    assert outcomes(plain(state=cold, **picky)) == [("start", "heat_wanted")]
    low = snapshot(voltage_v=49.9)
    assert plain(state=cold, picture=low, **picky).miners[0].reason.code == "below_start_voltage"
    dark = snapshot(pv_w=0.0)
    opportunistic = {**picky, "operating_mode": MinerMode.OPPORTUNISTIC}
    kept = plain(state=cold, picture=dark, preferences=Preferences(), **opportunistic)
    assert kept.miners[0].reason.code == "night_reserve"
    big = {**picky, "power_draw_watts": 11_601.0}
    assert plain(state=cold, **big).miners[0].reason.code == "budget"


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        pytest.param("2026-03-08T09:59:00+00:00", "eligible", id="01:59 PST"),
        pytest.param("2026-03-08T10:00:00+00:00", "outside_window", id="spring: 03:00 PDT at once"),
        pytest.param("2026-11-01T08:59:00+00:00", "eligible", id="autumn: 01:59 PDT"),
        pytest.param("2026-11-01T09:30:00+00:00", "eligible", id="01:30 again, PST"),
        pytest.param("2026-11-01T10:00:00+00:00", "eligible", id="02:00 PST"),
        pytest.param("2026-11-01T11:00:00+00:00", "outside_window", id="03:00 PST"),
        pytest.param("2026-07-01T05:59:00+00:00", "outside_window", id="22:59"),
        pytest.param("2026-07-01T06:00:00+00:00", "eligible", id="23:00: it wraps midnight"),
    ],
)
def test_a_window_in_local_hours(at: str, reason: str) -> None:
    """From 23 to 3 o'clock, over midnight and over both changes of daylight saving."""
    decision = plain(
        picture=snapshot(at=datetime.fromisoformat(at)),
        prefer_time_start=23,
        prefer_time_end=3,
        allow_outside_schedule=False,
    )
    assert decision.miners[0].reason.code == reason


def test_usable_energy_counts_from_the_owners_minimum_or_the_low_voltage() -> None:
    assert allocate(ask()).budget.usable_wh == pytest.approx(48_000.0 * 0.324)
    lower = Preferences(soc_minimum_pct=10.0)
    assert allocate(ask(preferences=lower)).budget.usable_wh == pytest.approx(48_000.0 * 0.474)
