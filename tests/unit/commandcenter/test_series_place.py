"""Where a replayed series was measured is known, given, or said to be assumed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.replay import main
from commandcenter.replay import SeriesPlace


@pytest.mark.parametrize(
    ("place", "name", "assumed", "told"),
    [
        pytest.param(
            SeriesPlace(),
            "aew_A.csv",
            (),
            "The sun is that of 47.4°, 8.1° (Europe/Zurich).",
            id="known of the file",
        ),
        pytest.param(
            SeriesPlace(latitude=34.1, longitude=-117.4, timezone="America/Los_Angeles"),
            "homes.csv",
            (),
            "The sun is that of 34.1°, -117.4° (America/Los_Angeles).",
            id="given",
        ),
        pytest.param(
            SeriesPlace(latitude=34.1, longitude=-117.4),
            "homes.csv",
            ("timezone",),
            "The sun is that of 34.1°, -117.4° (America/Los_Angeles), which is partly assumed:"
            " name the series' own with --timezone.",
            id="in part",
        ),
    ],
)
def test_the_place_of_a_series(
    place: SeriesPlace, name: str, assumed: tuple[str, ...], told: str
) -> None:
    assert place.assumed_for(Path(name)) == assumed
    assert place.sentence(Path(name)) == told


def test_the_benchmark_assumes_no_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["homes.csv"]) == 2
    assert "--latitude, --longitude, --timezone" in capsys.readouterr().err
