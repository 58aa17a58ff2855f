"""What the sun will do: tonight's length, and whether it is sunny."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from energy.battery.storing import STORED_SHARE
from energy.site.miners import Learned
from energy.site.snapshot import Sky
from services.telemetry.ports import SkyModel
from services.telemetry.sky import sky_now

NOTHING_LEARNED = Learned()
MIDNIGHT = datetime(2026, 6, 21, tzinfo=UTC)


class TwelveHourSun:
    """10 kW from 6 to 18 o'clock UTC, nothing else."""

    def clear_sky_w(self, at: datetime) -> float:
        return 10_000.0 if 6 <= at.hour < 18 else 0.0


def at(hour: float) -> datetime:
    return MIDNIGHT + timedelta(hours=hour)


def seen(
    model: SkyModel | None,
    hour: float,
    learned: Learned = NOTHING_LEARNED,
    *,
    pv_w: float | None = None,
    voltage_v: float | None = 52.0,
) -> Sky:
    return sky_now(model, learned, at(hour), pv_w=pv_w, voltage_v=voltage_v, full_v=55.0)


def test_without_a_model_nothing_is_known() -> None:
    assert seen(None, 12) == Sky()


def test_before_a_base_load_is_known_the_night_is_not() -> None:
    sky = seen(TwelveHourSun(), 12, pv_w=9_000.0)
    assert sky == Sky(clear_sky_w=10_000.0, sunny=True)


@pytest.mark.parametrize(
    ("hour", "ratio", "night_hours", "to_come_wh", "carries"),
    [
        pytest.param(12, 1.0, 12.0, 54_000.0, True, id="by day the whole coming night"),
        pytest.param(17.75, 1.0, 12.0, 2_250.0, True, id="the last quarter of an hour of sun"),
        pytest.param(18, 1.0, 12.0, 0.0, False, id="at dusk all of it"),
        pytest.param(23, 1.0, 7.0, 0.0, False, id="at night the rest"),
        pytest.param(5.75, 1.0, 0.25, 0.0, False, id="before dawn a little"),
        pytest.param(12, 0.5, 12.0, 24_000.0, True, id="half the sky's sun"),
        pytest.param(12, None, 12.0, 54_000.0, True, id="a ratio not learned counts as one"),
        pytest.param(12, 0.05, 36.0, 0.0, False, id="sun that carries nothing is night"),
    ],
)
def test_nights(
    hour: float, ratio: float | None, night_hours: float, to_come_wh: float, *, carries: bool
) -> None:
    learned = Learned(clear_sky_ratio=ratio, mean_base_load_w=1_000.0)
    sky = seen(TwelveHourSun(), hour, learned)
    assert (sky.night_hours, sky.sun_carries_base_load) == (night_hours, carries)
    assert sky.sun_to_come_wh == pytest.approx(to_come_wh * STORED_SHARE)


@pytest.mark.parametrize(
    ("hour", "ratio", "bright_hours"),
    [
        pytest.param(6, 1.0, 12.0, id="at dawn the day after"),
        pytest.param(12, 0.5, 12.0, id="by day that of tomorrow"),
        pytest.param(23, 1.0, 12.0, id="at night the coming one"),
        pytest.param(12, 0.05, 0.0, id="none that carries the house"),
    ],
)
def test_the_day_after_the_night(hour: float, ratio: float, bright_hours: float) -> None:
    learned = Learned(clear_sky_ratio=ratio, mean_base_load_w=1_000.0)
    sky = seen(TwelveHourSun(), hour, learned)
    assert (sky.next_day_hours, sky.next_day_clear_wh) == (bright_hours, 10_000.0 * bright_hours)


def test_a_sun_that_never_sets() -> None:
    class Midsummer:
        def clear_sky_w(self, _: datetime) -> float:
            return 5_000.0

    learned = Learned(clear_sky_ratio=1.0, mean_base_load_w=1_000.0)
    assert seen(Midsummer(), 12, learned).night_hours == 0.0


@pytest.mark.parametrize(
    ("hour", "pv_w", "voltage_v", "ratio", "sunny"),
    [
        pytest.param(12, 7_000.0, 52.0, None, True, id="70 % of the clear sky"),
        pytest.param(12, 6_999.0, 52.0, None, False, id="less"),
        pytest.param(12, None, 52.0, None, None, id="no reading"),
        pytest.param(12, None, None, None, None, id="nothing at all"),
        pytest.param(22, 0.0, 52.0, 0.9, False, id="at night"),
        pytest.param(12, 500.0, 55.0, 0.7, True, id="full: the recent ratio tells"),
        pytest.param(12, 500.0, 55.0, 0.6, False, id="full under clouds"),
        pytest.param(12, 500.0, 55.0, None, None, id="full, and nothing learned"),
        pytest.param(12, 500.0, 54.9, 0.7, False, id="not full"),
    ],
)
def test_sunny(
    hour: int,
    pv_w: float | None,
    voltage_v: float | None,
    ratio: float | None,
    *,
    sunny: bool | None,
) -> None:
    learned = Learned(clear_sky_ratio=ratio)
    sky = seen(TwelveHourSun(), hour, learned, pv_w=pv_w, voltage_v=voltage_v)
    assert sky.sunny is sunny
