"""Wires the replay of a measured series with the clear sky of its place."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from energy.site.preference_rules import preference_violations
from energy.site.preferences import Preferences
from forecasting.clear_sky import ArrayGeometry, ClearSkyModel
from services.errors import Invalid
from simulator.replay.outcome import ReplayResult
from simulator.replay.replay import ReplayOptions, replay
from simulator.replay.series import Series, read_series

SWITZERLAND = (47.4, 8.1, "Europe/Zurich")
LONGEST_DAYS = 400
FIRST_S = datetime(1950, 1, 1, tzinfo=UTC).timestamp()
LAST_S = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
_YEARS = "holds a time outside 1950…2099: check its time column"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPlace:
    """Place where a series was measured; None means that of a known file, else the defaults."""

    latitude: float | None = None
    longitude: float | None = None
    timezone: str | None = None

    def for_file(self, path: Path) -> tuple[float, float, str]:
        """Latitude, longitude and time zone."""
        defaults = Preferences()
        known = (defaults.latitude, defaults.longitude, defaults.timezone)
        if _is_swiss(path):
            known = SWITZERLAND
        return (
            known[0] if self.latitude is None else self.latitude,
            known[1] if self.longitude is None else self.longitude,
            known[2] if self.timezone is None else self.timezone,
        )

    def assumed_for(self, path: Path) -> tuple[str, ...]:
        """Names of the values that are neither given nor known for the file."""
        if _is_swiss(path):
            return ()
        given = {
            "latitude": self.latitude,
            "longitude": self.longitude,
            "timezone": self.timezone,
        }
        return tuple(name for name, value in given.items() if value is None)

    def sentence(self, path: Path) -> str:
        """A sentence that names the place, and which part of it is assumed."""
        latitude, longitude, timezone = self.for_file(path)
        place = f"The sun is that of {latitude:g}°, {longitude:g}° ({timezone})"
        assumed = self.assumed_for(path)
        if not assumed:
            return f"{place}."
        options = ", ".join(f"--{name}" for name in assumed)
        return f"{place}, which is partly assumed: name the series' own with {options}."


def _is_swiss(path: Path) -> bool:
    return path.name.startswith("aew_")


def run_replay(
    path: Path,
    *,
    pv_peak_kw: float | None,
    load_scale: float,
    home: str | None,
    step_s: float,
    start_soc_pct: float,
    place: SeriesPlace,
    progress: Callable[[int, int], None] | None,
) -> ReplayResult:
    """Read and replay a file.

    Raises:
        Invalid: A bad option, or a file that is not of a known format.
        NotFound: No such file.
    """
    preferences = _preferences(place, path)
    series = _series(path, home)
    peak_w = max(series.pv_w) if pv_peak_kw is None else pv_peak_kw * 1_000.0
    if peak_w <= 0.0:
        problem = (
            "the file has no PV" if pv_peak_kw is None else f"must be above 0, got {pv_peak_kw}"
        )
        raise Invalid([(str(path) if pv_peak_kw is None else "--pv-peak-kw", problem)])
    sky = ClearSkyModel(
        ArrayGeometry(latitude=preferences.latitude, longitude=preferences.longitude, peak_w=peak_w)
    )
    sky.prepare(datetime.fromtimestamp(series.at_s[0], UTC), days=_days(series))
    options = ReplayOptions(
        pv_peak_w=None if pv_peak_kw is None else peak_w,
        load_scale=load_scale,
        step_s=step_s,
        start_soc_pct=start_soc_pct,
        preferences=preferences,
    )
    return replay(series, options, sky=sky, progress=progress)


def _preferences(place: SeriesPlace, path: Path) -> Preferences:
    """The defaults at the place, which obeys the rules of every owner's preferences."""
    latitude, longitude, timezone = place.for_file(path)
    chosen = replace(Preferences(), latitude=latitude, longitude=longitude, timezone=timezone)
    problems = preference_violations(chosen)
    if problems:
        raise Invalid([(f"--{name}", rule) for name, rule in problems])
    return chosen


def _series(path: Path, home: str | None) -> Series:
    """The file's series, checked to lie in the years of the sun's model."""
    try:
        series = read_series(path, home=home)
    except zlib.error as error:
        raise Invalid([(str(path), f"is a damaged gzip file: {error}")]) from None
    except OverflowError:
        raise Invalid([(str(path), _YEARS)]) from None
    if not FIRST_S <= series.at_s[0] <= series.at_s[-1] < LAST_S:
        raise Invalid([(str(path), _YEARS)])
    return series


def _days(series: Series) -> int:
    days = int((series.at_s[-1] - series.at_s[0]) // 86_400.0) + 4
    return min(days, LONGEST_DAYS)
