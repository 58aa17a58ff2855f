from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from forecasting.clear_sky import ArrayGeometry, ClearSkyModel

MIDSUMMER = datetime(2026, 6, 21, 20, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def sky() -> ClearSkyModel:
    return ClearSkyModel(ArrayGeometry(latitude=37.3382, longitude=-121.8863))


def test_noon_and_midnight_of_the_reference_array(sky: ClearSkyModel) -> None:
    assert 11_000.0 < sky.clear_sky_w(MIDSUMMER) < 13_500.0
    assert sky.clear_sky_w(MIDSUMMER + timedelta(hours=12)) == 0.0


def test_the_zone_of_the_question_does_not_matter(sky: ClearSkyModel) -> None:
    local = MIDSUMMER.astimezone(ZoneInfo("America/Los_Angeles"))
    assert sky.clear_sky_w(local) == sky.clear_sky_w(MIDSUMMER)


def test_between_knots_it_interpolates(sky: ClearSkyModel) -> None:
    knot = datetime(2026, 6, 21, 16, 0, tzinfo=UTC)
    low, high = sky.clear_sky_w(knot), sky.clear_sky_w(knot + timedelta(minutes=5))
    middle = sky.clear_sky_w(knot + timedelta(seconds=150))
    assert middle == pytest.approx((low + high) / 2.0)


def test_days_join_without_a_step(sky: ClearSkyModel) -> None:
    today, tomorrow = sky.table(MIDSUMMER.date()), sky.table(MIDSUMMER.date() + timedelta(days=1))
    assert len(today) == 289
    assert today[-1] == pytest.approx(tomorrow[0])


def test_the_inverter_limits_the_array() -> None:
    array = ArrayGeometry(latitude=37.3, longitude=-121.9, inverter_limit_w=8_000.0)
    assert ClearSkyModel(array).clear_sky_w(MIDSUMMER) == 8_000.0


def test_many_days_at_once() -> None:
    sky = ClearSkyModel(ArrayGeometry(latitude=37.3382, longitude=-121.8863))
    assert not sky.is_prepared(MIDSUMMER)
    sky.prepare(MIDSUMMER, days=3)
    assert sky.is_prepared(MIDSUMMER + timedelta(days=2))
    single = ClearSkyModel(ArrayGeometry(latitude=37.3382, longitude=-121.8863))
    assert sky.clear_sky_w(MIDSUMMER) == pytest.approx(single.clear_sky_w(MIDSUMMER))
