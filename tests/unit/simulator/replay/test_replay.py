from __future__ import annotations

import gzip
import json
import math
from bisect import bisect_right
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from matplotlib.patches import Rectangle

from energy.site.preferences import OperatingMode, Preferences
from energy.site.reference_site import REFERENCE_MINERS
from services.errors import Invalid, NotFound
from simulator.replay.chart import chart_figure
from simulator.replay.outcome import MinerResult
from simulator.replay.replay import ReplayOptions, replay
from simulator.replay.replayed_miner import ReplayedMiner
from simulator.replay.report import notes, page_html, result_json, table_rows, write_chart
from simulator.replay.series import Series, read_series

START = datetime(2026, 6, 21, 7, 0, tzinfo=UTC)
RECORDED = Path(__file__).parents[4] / "../shared/data/series"


class BellSky:
    """A clear sky without pvlib."""

    def clear_sky_w(self, at: datetime) -> float:
        hour = (at.timestamp() / 3_600.0 - 13.0) % 24.0
        return 12_000.0 * math.sin(math.pi * hour / 14.0) if hour < 14.0 else 0.0


def days_of_sun(days: int, *, share: float = 0.95) -> Series:
    sky, times = BellSky(), [START + timedelta(minutes=15 * n) for n in range(96 * days)]
    return Series(
        name="made",
        at_s=tuple(at.timestamp() for at in times),
        pv_w=tuple(sky.clear_sky_w(at) * share for at in times),
        load_w=(900.0,) * len(times),
        interval_s=900.0,
    )


@pytest.mark.parametrize(
    ("text", "pv_w", "load_w"),
    [
        pytest.param(
            "at,pv_w,load_w\n2026-01-01T00:00:00Z,100,50\n2026-01-01T00:05:00Z,-3,60\n",
            (100.0, 0.0),
            (50.0, 60.0),
            id="watts, noise below zero",
        ),
        pytest.param(
            "utc_start,load_kw,pv_kw\n2026-01-01T00:00Z,0.5,1\n2026-01-01T00:30Z,0.6,2\n",
            (1_000.0, 2_000.0),
            (500.0, 600.0),
            id="kilowatts",
        ),
        pytest.param(
            "utc_start,load_kwh_03,pv_kwh_03,load_kwh_04\n"
            "2026-01-01T00:00Z,0.5,1,9\n\n2026-01-01T00:30Z,0.6,2,9\n",
            (2_000.0, 4_000.0),
            (1_000.0, 1_200.0),
            id="energies of the first home with both",
        ),
    ],
)
def test_columns_are_found_by_name(
    tmp_path: Path, text: str, pv_w: tuple[float, ...], load_w: tuple[float, ...]
) -> None:
    plain, packed = tmp_path / "a.csv", tmp_path / "a.csv.gz"
    plain.write_text(text)
    packed.write_bytes(gzip.compress(text.encode()))
    for path in (plain, packed):
        series = read_series(path)
        assert series.pv_w == pytest.approx(pv_w)
        assert series.load_w == pytest.approx(load_w)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("when,pv_w,load_w\n", "line 1: names no time column", id="no time"),
        pytest.param("at,load_w\n", "names no column pv_w or pv_kw or pv_kwh", id="no PV"),
        pytest.param("at,pv_w,load_w\nmonday,1,2\n", "line 2, column at: 'monday'", id="time"),
        pytest.param("at,pv_w,load_w\n2026-01-01T00:00,1,2\n", "has no time zone", id="naive"),
        pytest.param(
            "at,pv_w,load_w\n2026-01-01T00:00Z,many,2\n",
            "line 2, column pv_w: 'many' is not a finite number",
            id="word",
        ),
        pytest.param(
            "at,pv_w,load_w\n2026-01-01T00:00Z,nan,2\n", "'nan' is not a finite number", id="nan"
        ),
        pytest.param("at,pv_w,load_w\n2026-01-01T00:00Z,1,-90\n", "'-90' is negative", id="sign"),
        pytest.param("at,pv_w,load_w\n2026-01-01T00:00Z,1\n", "has 2 values", id="short line"),
        pytest.param(
            "at,pv_w,load_w\n2026-01-01T00:05Z,1,2\n2026-01-01T00:00Z,1,2\n",
            "line 3, column at: is not later",
            id="backwards",
        ),
        pytest.param("at,pv_w,load_w\n", "needs two lines of values", id="nothing in it"),
        pytest.param("", "names no time column", id="empty"),
    ],
)
def test_bad_files_name_file_line_column_and_rule(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(Invalid) as error:
        read_series(path)
    assert str(path) in str(error.value)
    assert says in str(error.value)


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no file"):
        read_series(tmp_path / "none.csv")
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(b"no gzip")
    with pytest.raises(Invalid, match="cannot be read"):
        read_series(broken)
    path = tmp_path / "homes.csv"
    path.write_text("at,pv_kwh_01,load_kwh_01\n")
    with pytest.raises(Invalid, match=r"homes with both are \['01'\]"):
        read_series(path, home="07")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param(ReplayOptions(step_s=0.0), "step_s: 0 is not within", id="step"),
        pytest.param(ReplayOptions(start_soc_pct=101.0), "start_soc_pct: 101", id="charge"),
        pytest.param(ReplayOptions(load_scale=-1.0), "load_scale: -1", id="load"),
        pytest.param(ReplayOptions(pv_peak_w=math.nan), "pv_peak_w: nan", id="peak"),
    ],
)
def test_bad_options(options: ReplayOptions, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        replay(days_of_sun(1), options)


def test_a_series_without_sun_cannot_be_scaled() -> None:
    with pytest.raises(Invalid, match="no PV"):
        replay(days_of_sun(1, share=0.0), ReplayOptions(pv_peak_w=5_000.0))


@pytest.mark.parametrize("step_s", [60.0, 300.0])
def test_sunny_days_run_the_miners_and_energy_adds_up(step_s: float) -> None:
    told: list[tuple[int, int]] = []
    result = replay(
        days_of_sun(2),
        ReplayOptions(step_s=step_s),
        sky=BellSky(),
        progress=lambda done, steps: told.append((done, steps)),
    )
    assert told[-1] == (result.steps, result.steps)
    assert result.steps == 2 * 86_400 / step_s
    assert result.load_kwh == pytest.approx(0.9 * 48.0)
    assert result.available_kwh == pytest.approx(result.pv_kwh + result.curtailed_kwh)
    own_kwh = 0.25 * 48.0
    given = result.pv_kwh + result.discharged_kwh - result.charged_kwh
    assert given == pytest.approx(result.load_kwh + result.miners_kwh + own_kwh, rel=1e-6)
    assert result.unserved_kwh == 0.0
    assert result.lowest_voltage_v > 45.0
    assert result.miners[0].hashing_s > 3_600.0
    assert all(miner.most_switches_a_day <= 8 for miner in result.miners)
    assert sum(day.miners_kwh for day in result.days) == pytest.approx(result.miners_kwh)


def test_replay_is_deterministic_and_works_without_a_sky() -> None:
    runs = [replay(days_of_sun(1), ReplayOptions(pv_peak_w=9_000.0)) for _ in range(2)]
    assert runs[0] == runs[1]


def test_reports(tmp_path: Path) -> None:
    result = replay(days_of_sun(2), ReplayOptions(), sky=BellSky())
    assert dict(table_rows(result))["House load"] == "43 kWh"
    assert json.loads(json.dumps(result_json(result)))["series"] == "made"
    page = page_html(result)
    assert "data:image/png;base64," in page
    assert "http" not in page
    write_chart(result, tmp_path / "a.png")
    write_chart(result, tmp_path / "a.html")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize("step_s", [60.0, 300.0, 900.0])
def test_a_boot_costs_hashing_however_long_the_cycle_is(step_s: float) -> None:
    result = replay(days_of_sun(2), ReplayOptions(step_s=step_s), sky=BellSky())
    for miner in result.miners:
        boots_s = miner.on_s - miner.hashing_s
        assert miner.starts >= 1
        assert 120.0 * miner.starts <= boots_s <= 300.0 * miner.starts
        assert miner.booting_s == pytest.approx(boots_s)


def test_a_boot_and_its_ramp_draw_less_than_hashing_within_one_cycle() -> None:
    miner = ReplayedMiner(REFERENCE_MINERS[0], seed=1)
    miner.switch(START, on=True)
    first_w, second_w = (miner.step(600.0, powered=True) for _ in range(2))
    boot_s, full_w = miner.device.boot_s, miner.profile.power_draw_watts
    expected_w = (90.0 * boot_s + (90.0 + full_w) / 2.0 * 90.0 + full_w * (510.0 - boot_s)) / 600.0
    assert first_w == pytest.approx(expected_w, rel=0.02)
    assert second_w == pytest.approx(full_w, rel=0.01)
    assert miner.state().power_w == second_w
    assert miner.step(600.0, powered=False) == 0.0
    assert miner.result.on_s == 1_800.0
    assert miner.result.booting_s + miner.result.hashing_s == pytest.approx(1_200.0)


@pytest.mark.parametrize(
    ("shortest_s", "urgent_stops", "says"),
    [
        pytest.param(None, 0, "none ended", id="never stopped"),
        pytest.param(None, 373, "ended by urgent stops only", id="urgent stops alone"),
        pytest.param(900.0, 3, "15 min", id="stopped for want of power"),
    ],
)
def test_the_shortest_run_is_told(shortest_s: float | None, urgent_stops: int, says: str) -> None:
    result = replay(days_of_sun(1, share=0.0), ReplayOptions())
    miner = MinerResult(name="S21", shortest_run_s=shortest_s, urgent_stops=urgent_stops)
    assert dict(table_rows(replace(result, miners=(miner,))))["S21: shortest run"] == says


def dark_days(load_w: float, *, days: int = 2) -> Series:
    sunny = days_of_sun(days, share=0.0)
    return replace(sunny, load_w=(load_w,) * len(sunny.at_s))


def test_unserved_energy_stands_beside_that_without_miners() -> None:
    """No sun: nothing is started, so both sites are the same and the battery alone decides."""
    result = replay(dark_days(2_000.0), ReplayOptions())
    assert result.miners_kwh == 0.0
    assert result.load_kwh + result.unserved_kwh == pytest.approx(2.0 * 48.0)
    assert result.unserved_kwh == pytest.approx(2.0 * result.unserved_s / 3_600.0, rel=0.02)
    assert result.without_miners.unserved_kwh == pytest.approx(result.unserved_kwh)
    assert result.without_miners.unserved_s == result.unserved_s
    assert result.without_miners.lowest_soc_pct == pytest.approx(result.lowest_soc_pct)
    assert sum(day.unserved_kwh for day in result.days) == pytest.approx(result.unserved_kwh)
    rows = dict(table_rows(result))
    assert rows["Unserved without miners"] == rows["Unserved to the house"]
    assert "kWh, without miners" in rows["Most unserved on"]
    assert "at or below 44.0 V, until the battery rests at 47.5 V" in notes(result)[0]
    assert "cost the house nothing" in notes(result)[0]


def test_what_the_miners_cost_the_house_is_told() -> None:
    """A day of sun, then two dark ones: what the miners took by day is missing at their end."""
    series = days_of_sun(3, share=0.5)
    sun = tuple(pv_w if row < 96 else 0.0 for row, pv_w in enumerate(series.pv_w))
    house = replace(series, pv_w=sun, load_w=(1_400.0,) * len(series.at_s))
    preferences = replace(Preferences(), operating_mode=OperatingMode.AGGRESSIVE)
    options = ReplayOptions(preferences=preferences, start_soc_pct=60.0)
    result = replay(house, options, sky=BellSky())
    without = result.without_miners
    assert result.miners_kwh > 2.0
    assert result.load_kwh + result.unserved_kwh == pytest.approx(1.4 * 72.0)
    more_kwh = result.unserved_kwh - without.unserved_kwh
    assert 1.0 < more_kwh < result.miners_kwh
    assert without.unserved_kwh > 0.0
    assert without.unserved_s < result.unserved_s
    assert f"The miners cost the house {more_kwh:.0f} kWh of it" in " ".join(notes(result))
    worst = max(result.days, key=lambda day: day.unserved_kwh)
    assert dict(table_rows(result))["Most unserved on"].startswith(worst.date)


def without_rows(series: Series, first: int, last: int) -> Series:
    kept = [*range(first), *range(last, len(series.at_s))]
    return replace(
        series,
        at_s=tuple(series.at_s[row] for row in kept),
        pv_w=tuple(series.pv_w[row] for row in kept),
        load_w=tuple(series.load_w[row] for row in kept),
    )


def test_gaps_are_named_and_take_the_day_before() -> None:
    whole = days_of_sun(4)
    holed = without_rows(whole, 120, 260)  # from 13:00 UTC of the second day for 35 h
    result = replay(holed, ReplayOptions(), sky=BellSky())
    (gap,) = result.gaps
    assert (gap.start, gap.end) == (START + timedelta(hours=30), START + timedelta(hours=65))
    assert dict(table_rows(result))["Gaps in the series"] == (
        "1, 35.0 h in all: 2026-06-22 13:00 for 35.0 h (UTC)"
    )
    assert "same time of the last day before" in notes(result)[-1]
    unbroken = replay(whole, ReplayOptions(), sky=BellSky())
    assert result.available_kwh == pytest.approx(unbroken.available_kwh)
    assert unbroken.gaps == ()
    assert dict(table_rows(unbroken))["Gaps in the series"] == "none"
    assert json.loads(json.dumps(result_json(result)))["gaps"] == [
        {"start": "2026-06-22T13:00:00+00:00", "end": "2026-06-24T00:00:00+00:00"}
    ]


def test_many_gaps_name_the_longest() -> None:
    series = days_of_sun(2)
    for first, rows in ((170, 9), (150, 3), (130, 2), (110, 4), (90, 5), (70, 6), (50, 7)):
        series = without_rows(series, first, first + rows)
    text = dict(table_rows(replay(series, ReplayOptions())))["Gaps in the series"]
    assert text.startswith("7, 9.0 h in all; the longest 5: 2026-06-21 19:30 for 1.8 h, ")
    assert "for 0.5 h" not in text


@pytest.mark.parametrize(
    ("at_h", "row"),
    [
        pytest.param(0.9, 0, id="in the first interval"),
        pytest.param(1.2, 1, id="a late row is no gap"),
        pytest.param(26.5, 2, id="a day before the gap"),
        pytest.param(51.5, 3, id="two days on: still the last day before the gap"),
        pytest.param(99.0, 5, id="after the last row"),
    ],
)
def test_the_row_for_a_time(at_h: float, row: int) -> None:
    hours = (0.0, 1.0, 2.3, 3.3, 60.0, 61.0)
    series = Series(
        name="made",
        at_s=tuple(hour * 3_600.0 for hour in hours),
        pv_w=(0.0,) * 6,
        load_w=(0.0,) * 6,
        interval_s=3_600.0,
    )
    at_s = at_h * 3_600.0
    index = bisect_right(series.at_s, at_s) - 1
    assert series.row_for(index, at_s) == row


def test_a_gap_before_a_whole_day_holds_the_last_row() -> None:
    series = without_rows(days_of_sun(2), 4, 40)
    assert series.row_for(3, series.at_s[3] + 7_200.0) == 3


def test_the_chart_has_dates_thresholds_and_gaps() -> None:
    result = replay(without_rows(days_of_sun(4), 120, 260), ReplayOptions(), sky=BellSky())
    figure = chart_figure(result)
    figure.draw_without_rendering()
    energy, charge, voltage = figure.axes
    assert [tick.get_text() for tick in voltage.get_xticklabels()][:2] == [
        "2026-06-21",
        "2026-06-22",
    ]
    assert "Local day (America/Los_Angeles)" in voltage.get_xlabel()
    lines = [text.get_text() for text in voltage.texts]
    assert "inverter's cut-off, 44.0 V" in lines
    assert "Primary S21+ (Revenue): stop; low voltage, 47.0 V" in lines
    assert "Dump Load S19 #1: stop, 53.0 V" in lines
    low, high = voltage.get_ylim()
    assert all(low < each.voltage_v < high for each in result.thresholds)
    for axes in (energy, charge, voltage):
        assert any(isinstance(patch, Rectangle) for patch in axes.patches)


def test_the_chart_of_one_day_shows_that_day() -> None:
    at = [START + timedelta(minutes=15 * n) for n in range(8)]
    hours = replace(
        days_of_sun(1),
        at_s=tuple(each.timestamp() for each in at),
        pv_w=(1_000.0,) * 8,
        load_w=(500.0,) * 8,
    )
    figure = chart_figure(replay(hours, ReplayOptions()))
    figure.draw_without_rendering()
    labels = {tick.get_text() for tick in figure.axes[2].get_xticklabels()}
    assert labels <= {"2026-06-21", "2026-06-22"}


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "home", "interval_s", "rows"),
    [
        pytest.param("ch_aew_sites/aew_A_15min_2019.csv.gz", None, 900.0, 35_040, id="aew A"),
        pytest.param(
            "au_ausgrid_c12/ausgrid_c12_30min.csv.gz", None, 1_800.0, 17_566, id="ausgrid"
        ),
        pytest.param(
            "us_fontana_homes/fontana_hourly_dev9.csv.gz", "10", 3_600.0, None, id="homes"
        ),
    ],
)
def test_recorded_series(file: str, home: str | None, interval_s: float, rows: int | None) -> None:
    path = RECORDED / file
    if not path.exists():
        pytest.skip(f"recorded series {file} is not beside the project")
    series = read_series(path, home=home)
    assert series.interval_s == interval_s
    assert rows is None or len(series.at_s) == rows
    assert max(series.pv_w) > 500.0
    week = slice(0, int(7 * 86_400 / interval_s))
    part = Series(
        name=series.name,
        at_s=series.at_s[week],
        pv_w=series.pv_w[week],
        load_w=series.load_w[week],
        interval_s=interval_s,
    )
    assert replay(part, ReplayOptions(pv_peak_w=15_000.0)).steps == 2_016
