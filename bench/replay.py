"""Replay a measured series through the whole core and say how long it took.

``python -m bench.replay FILE --latitude 34.1 --longitude -117.4 --timezone America/Los_Angeles
[--pv-peak-kw 15] [--load-scale 1] [--json]``; the place may be left out where the file's is known.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from commandcenter.replay import SeriesPlace
from energy.site.preferences import Preferences
from forecasting.clear_sky import ArrayGeometry, ClearSkyModel
from services.errors import CommandCenterError
from simulator.replay.replay import ReplayOptions, replay
from simulator.replay.report import notes, result_json, table_rows, write_chart
from simulator.replay.series import read_series

_PREPARED_DAYS = 400


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    given = _parser().parse_args(arguments)
    place = SeriesPlace(latitude=given.latitude, longitude=given.longitude, timezone=given.timezone)
    if place.assumed_for(given.file):
        print(place.sentence(given.file), file=sys.stderr)
        return 2
    started = time.perf_counter()
    try:
        series = read_series(given.file, home=given.home)
        peak_w = given.pv_peak_kw * 1_000.0 if given.pv_peak_kw else max(series.pv_w)
        latitude, longitude, timezone = place.for_file(given.file)
        preferences = replace(
            Preferences(), latitude=latitude, longitude=longitude, timezone=timezone
        )
        sky = ClearSkyModel(
            ArrayGeometry(latitude=latitude, longitude=longitude, peak_w=max(1.0, peak_w))
        )
        first = datetime.fromtimestamp(series.at_s[0], UTC)
        days = int((series.at_s[-1] - series.at_s[0]) // 86_400.0) + 4
        sky.prepare(first, days=min(days, _PREPARED_DAYS))
        options = ReplayOptions(
            pv_peak_w=peak_w if given.pv_peak_kw else None,
            load_scale=given.load_scale,
            step_s=given.step_s,
            preferences=preferences,
        )
        result = replay(series, options, sky=sky)
    except CommandCenterError as error:
        print(error, file=sys.stderr)
        return 2
    took_s = time.perf_counter() - started
    if given.chart is not None:
        write_chart(result, given.chart)
    if given.json:
        print(json.dumps({**result_json(result), "took_s": round(took_s, 2)}))
        return 0
    for name, value in [*table_rows(result), ("Took", f"{took_s:.1f} s")]:
        print(f"{name:45} {value}")
    for note in notes(result):
        print(note)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Replay a measured series.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--pv-peak-kw", type=float)
    parser.add_argument("--load-scale", type=float, default=1.0)
    parser.add_argument("--step-s", type=float, default=300.0)
    parser.add_argument("--home")
    parser.add_argument("--latitude", type=float)
    parser.add_argument("--longitude", type=float)
    parser.add_argument("--timezone")
    parser.add_argument("--chart", type=Path, help="write a .png or .html chart")
    parser.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
