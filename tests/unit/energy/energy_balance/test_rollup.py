"""Energy out of power samples: exact areas, honest gaps, local hours and days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from energy.energy_balance.rollup import (
    EnergyPeriod,
    Integral,
    MinerSeries,
    Runtime,
    SiteSeries,
    TimedValues,
    battery_cycles,
    combine,
    day_bounds,
    hour_start,
    hours_between,
    integrate,
    runtime,
    summarize,
)

START = datetime(2026, 6, 21, 19, 0, tzinfo=UTC)
END = START + timedelta(hours=1)
PACIFIC = ZoneInfo("America/Los_Angeles")


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def series(*points: tuple[float, float | None]) -> TimedValues:
    return [(at(minutes), value) for minutes, value in points]


def steady(value: float, *, first: int = -10, last: int = 70, step: int = 5) -> TimedValues:
    return series(*((float(minute), value) for minute in range(first, last + 1, step)))


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        pytest.param(
            steady(1_000.0),
            Integral(
                positive_h=1_000.0,
                negative_h=0.0,
                mean=1_000.0,
                minimum=1_000.0,
                maximum=1_000.0,
                covered_s=3_600.0,
                missing_s=0.0,
            ),
            id="a steady kilowatt for an hour",
        ),
        pytest.param(
            series((0, 0.0), (10, 600.0)),
            Integral(
                positive_h=50.0,
                negative_h=0.0,
                mean=300.0,
                minimum=0.0,
                maximum=600.0,
                covered_s=600.0,
                missing_s=3_000.0,
            ),
            id="a gap of exactly ten minutes is bridged",
        ),
        pytest.param(
            series((0, 0.0), (10.1, 600.0)),
            Integral(
                positive_h=0.0,
                negative_h=0.0,
                mean=300.0,
                minimum=0.0,
                maximum=600.0,
                covered_s=0.0,
                missing_s=3_600.0,
            ),
            id="a longer one is not, its samples still count as extremes",
        ),
        pytest.param(
            series((0, -600.0), (5, None), (10, 600.0)),
            Integral(
                positive_h=25.0,
                negative_h=25.0,
                mean=0.0,
                minimum=-600.0,
                maximum=600.0,
                covered_s=600.0,
                missing_s=3_000.0,
            ),
            id="the zero between charge and discharge is found, a None left out",
        ),
        pytest.param(
            series((-5, 0.0), (5, 600.0), (5, 900.0)),
            Integral(
                positive_h=37.5,
                negative_h=0.0,
                mean=450.0,
                minimum=600.0,
                maximum=900.0,
                covered_s=300.0,
                missing_s=3_300.0,
            ),
            id="the edge is interpolated, a sample twice has no width",
        ),
        pytest.param(
            series((55, 0.0), (65, 600.0)),
            Integral(
                positive_h=12.5,
                negative_h=0.0,
                mean=150.0,
                minimum=0.0,
                maximum=0.0,
                covered_s=300.0,
                missing_s=3_300.0,
            ),
            id="the later edge, too",
        ),
        pytest.param(
            series((0, float("nan")), (70, 1.0)),
            Integral(
                positive_h=0.0,
                negative_h=0.0,
                mean=None,
                minimum=None,
                maximum=None,
                covered_s=0.0,
                missing_s=3_600.0,
            ),
            id="nothing usable",
        ),
    ],
)
def test_integrals(points: TimedValues, expected: Integral) -> None:
    found = integrate(points, start=START, end=END)
    assert found.positive_h == pytest.approx(expected.positive_h)
    assert (found.covered_s, found.missing_s) == (expected.covered_s, expected.missing_s)
    assert (found.minimum, found.maximum) == (expected.minimum, expected.maximum)
    assert found.negative_h == pytest.approx(expected.negative_h)
    assert found.mean == (None if expected.mean is None else pytest.approx(expected.mean))


def test_runtime_starts_and_unknown_time() -> None:
    switch = series((-5, 0.0), (5, 1.0), (10, 1.0), (15, 0.0), (18, 1.0), (40, 1.0), (45, 0.0))
    assert runtime(switch, start=START, end=END) == Runtime(
        on_s=(10 + 5) * 60.0, starts=2, missing_s=(60 - 18 - 5) * 60.0
    )


def test_a_site_is_summed_over_its_devices() -> None:
    found = summarize(
        SiteSeries(
            pv=(steady(3_000.0), steady(1_000.0, first=-8)),
            load=(steady(2_000.0),),
            battery=(steady(-500.0),),
            grid=(steady(-250.0),),
            voltage=(steady(52.0), steady(54.0)),
            soc=(steady(60.0),),
            miners=(MinerSeries(switch=steady(1.0), power=steady(3_878.0), hashrate_ths=235.0),),
        ),
        start=START,
        end=END,
    )
    assert found == EnergyPeriod(
        pv_wh=4_000.0,
        load_wh=2_000.0,
        battery_charge_wh=0.0,
        battery_discharge_wh=500.0,
        grid_import_wh=0.0,
        grid_export_wh=250.0,
        pv_peak_w=4_000.0,
        load_peak_w=2_000.0,
        battery_charge_peak_w=0.0,
        battery_discharge_peak_w=500.0,
        grid_import_peak_w=0.0,
        voltage_min_v=52.0,
        voltage_max_v=54.0,
        voltage_mean_v=53.0,
        soc_min_pct=60.0,
        soc_max_pct=60.0,
        soc_mean_pct=60.0,
        covered_s=3_600.0,
        missing_s=0.0,
        battery_covered_s=3_600.0,
        battery_missing_s=0.0,
        miner_wh=3_878.0,
        miner_runtime_s=3_600.0,
        terahash_hours=235.0,
    )
    assert found.self_consumption_pct == 93.75
    assert found.self_sufficiency_pct == 100.0
    assert battery_cycles(found, capacity_wh=1_000.0) == 0.5


def test_the_peak_of_a_sum_leaves_out_who_is_silent() -> None:
    found = summarize(
        SiteSeries(
            pv=(
                series((0, 100.0), (5, 100.0), (30, 100.0)),
                series((2.5, 1_000.0), (7.5, 1_000.0), (20, 500.0)),
            )
        ),
        start=START,
        end=END,
    )
    assert found.pv_peak_w == 1_100.0


def test_nothing_measured_is_none_not_zero() -> None:
    nothing = summarize(SiteSeries(), start=START, end=END)
    assert nothing == EnergyPeriod(missing_s=3_600.0, battery_missing_s=3_600.0)
    assert nothing.self_consumption_pct is None
    assert nothing.self_sufficiency_pct is None
    assert battery_cycles(nothing, capacity_wh=48_000) is None


def test_without_a_grid_all_is_self_made() -> None:
    period = EnergyPeriod(pv_wh=10.0, load_wh=10.0)
    assert (period.self_consumption_pct, period.self_sufficiency_pct) == (100.0, 100.0)


def test_hours_combine_into_a_day() -> None:
    first = EnergyPeriod(
        pv_wh=10.0,
        pv_peak_w=5.0,
        voltage_min_v=50.0,
        voltage_max_v=52.0,
        voltage_mean_v=51.0,
        battery_covered_s=1_000.0,
        miner_wh=1.0,
    )
    second = EnergyPeriod(
        pv_wh=30.0,
        pv_peak_w=9.0,
        voltage_min_v=49.0,
        voltage_max_v=51.0,
        voltage_mean_v=50.0,
        battery_covered_s=3_000.0,
        miner_wh=2.0,
        missing_s=60.0,
    )
    assert combine([first, second, EnergyPeriod()]) == EnergyPeriod(
        pv_wh=40.0,
        pv_peak_w=9.0,
        voltage_min_v=49.0,
        voltage_max_v=52.0,
        voltage_mean_v=50.25,
        battery_covered_s=4_000.0,
        miner_wh=3.0,
        missing_s=60.0,
    )
    assert combine([]) == EnergyPeriod()


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param(datetime(2026, 3, 8, 20, tzinfo=UTC), 23, id="spring forward"),
        pytest.param(datetime(2026, 11, 1, 20, tzinfo=UTC), 25, id="fall back"),
        pytest.param(datetime(2026, 6, 21, 20, tzinfo=UTC), 24, id="any day"),
        pytest.param(datetime(2026, 6, 22, 6, 59, tzinfo=UTC), 24, id="its last minute"),
    ],
)
def test_local_days(day: datetime, hours: int) -> None:
    start, end = day_bounds(day, PACIFIC)
    assert start <= day < end
    assert (end - start) == timedelta(hours=hours)
    assert start.astimezone(PACIFIC).hour == end.astimezone(PACIFIC).hour == 0
    assert len(hours_between(start, end, PACIFIC)) == hours


def test_hours_begin_on_the_local_hour() -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")
    assert hour_start(datetime(2026, 1, 1, 12, 20, tzinfo=UTC), kathmandu) == datetime(
        2026, 1, 1, 12, 15, tzinfo=UTC
    )
    assert hours_between(START + timedelta(minutes=59), START, PACIFIC) == []
    assert hours_between(START + timedelta(minutes=59), END + timedelta(minutes=1), PACIFIC) == [
        START,
        END,
    ]


def test_single_samples_have_a_mean_but_no_energy() -> None:
    found = summarize(SiteSeries(voltage=(series((5, 52.0)),)), start=START, end=END)
    assert (found.voltage_mean_v, found.battery_covered_s) == (52.0, 0.0)
