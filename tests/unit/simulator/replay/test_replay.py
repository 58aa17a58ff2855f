from __future__ import annotations

import gzip
import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.errors import Invalid, NotFound
from simulator.replay.replay import ReplayOptions, replay
from simulator.replay.report import page_html, result_json, table_rows, write_chart
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
