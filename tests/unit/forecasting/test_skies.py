"""Each site has the sky of its own place over its own arrays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from energy.site.pv_array import PvArray
from forecasting.skies import ClearSkies, sky_of
from services.sites.records import System

NOON = datetime(2026, 6, 21, 20, 0, tzinfo=UTC)
"""Noon in California, night in Europe."""

SOUTH = PvArray(peak_w=14_600.0, inverter_limit_w=15_000.0)
HOME = System(
    id=UUID(int=1),
    name="Home",
    owner_id=UUID(int=2),
    timezone="America/Los_Angeles",
    latitude=37.3382,
    longitude=-121.8863,
    pv_arrays=(SOUTH,),
)


async def test_a_sites_own_place_and_arrays() -> None:
    skies = ClearSkies()
    home = await skies.of(HOME, NOON)
    assert home is not None
    assert await skies.of(HOME, NOON) is home
    assert home.is_prepared(NOON + timedelta(days=2)), "tonight and tomorrow are known"
    small = await skies.of(replace(HOME, pv_arrays=(PvArray(peak_w=1_460.0),)), NOON)
    assert small is not None
    assert small.clear_sky_w(NOON) == pytest.approx(home.clear_sky_w(NOON) / 10.0)
    abroad = await skies.of(replace(HOME, latitude=47.4, longitude=8.1), NOON)
    assert abroad is not None
    assert abroad.clear_sky_w(NOON) < 100.0, "the sun sets there"


async def test_the_next_days_are_prepared_before_they_come() -> None:
    skies = ClearSkies()
    model = await skies.of(HOME, NOON)
    assert model is not None
    later = NOON + timedelta(days=5)
    assert not model.is_prepared(later)
    assert await skies.of(HOME, later) is model
    assert model.is_prepared(later + timedelta(days=2))


async def test_without_arrays_there_is_no_model() -> None:
    assert await ClearSkies().of(replace(HOME, pv_arrays=()), NOON) is None


def test_several_arrays_sum_each_within_its_inverter() -> None:
    east = PvArray(peak_w=8_000.0, azimuth_deg=90.0, inverter_limit_w=3_000.0)
    west = PvArray(peak_w=4_000.0, azimuth_deg=270.0)
    both = sky_of(37.3382, -121.8863, (east, west)).clear_sky_w(NOON)
    alone = [sky_of(37.3382, -121.8863, (each,)).clear_sky_w(NOON) for each in (east, west)]
    assert both == pytest.approx(sum(alone))
    assert alone[0] == 3_000.0
