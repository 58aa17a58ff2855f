"""Measured PV and load over time, read from CSV (``.csv`` or ``.csv.gz``) by the names of columns.

Time is ``utc_start`` or ``at`` (ISO 8601 with its zone). Values are ``pv_w``/``load_w``,
``pv_kw``/``load_kw`` (means of the interval) or ``pv_kwh_NN``/``load_kwh_NN`` of home NN.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median

from services.errors import Invalid, NotFound

_NOISE_W = -50.0
_FEWEST_ROWS = 2
_TIME_COLUMNS = ("utc_start", "at")
_GAP_INTERVALS = 1.5
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Measurements in rising order of time: epoch seconds, W. ``interval_s`` is the usual step."""

    name: str
    at_s: tuple[float, ...]
    pv_w: tuple[float, ...]
    load_w: tuple[float, ...]
    interval_s: float

    def gaps(self) -> tuple[tuple[float, float], ...]:
        """The times without measurements: (from, to), epoch seconds."""
        return tuple(
            (at_s + self.interval_s, later_s)
            for at_s, later_s in pairwise(self.at_s)
            if later_s - at_s > _GAP_INTERVALS * self.interval_s
        )

    def row_for(self, index: int, at_s: float) -> int:
        """The row whose values stand for ``at_s``; ``index`` is the last one measured by then.

        Within a gap it is the row of the same time on the last day before the gap, because held
        values would let the noon sun shine all night. Before a first whole day the last row is
        held.
        """
        gap_s = self.at_s[index] + self.interval_s
        if at_s < gap_s or index + 1 >= len(self.at_s):
            return index
        if self.at_s[index + 1] - self.at_s[index] <= _GAP_INTERVALS * self.interval_s:
            return index
        days = (at_s - gap_s) // _DAY_S + 1.0
        earlier = bisect_right(self.at_s, at_s - days * _DAY_S) - 1
        return earlier if earlier >= 0 else index


def read_series(path: Path, *, home: str | None = None) -> Series:
    """Read one file.

    Args:
        path: The file.
        home: Two digits that choose among homes in one file; the first home when None.

    Raises:
        NotFound: There is no such file.
        Invalid: Wrong columns or a bad value, with file, line, column, value and rule.
    """
    lines = _lines(path)
    header = next(lines, (0, []))[1]
    columns = _columns(path, header, home)
    times: list[float] = []
    pv: list[float] = []
    load: list[float] = []
    for line, row in lines:
        if not row:
            continue
        if len(row) != len(header):
            raise _bad(path, line, "", f"has {len(row)} values, the heading names {len(header)}")
        at_s = _time(path, line, columns.time, row[columns.time.index])
        if times and at_s <= times[-1]:
            raise _bad(path, line, columns.time.name, "is not later than the line before")
        times.append(at_s)
        pv.append(_power(path, line, columns.pv, row))
        load.append(_power(path, line, columns.load, row))
    if len(times) < _FEWEST_ROWS:
        raise _bad(path, 1, "", "needs two lines of values at least")
    interval_s = median(later - at for at, later in pairwise(times))
    return Series(
        name=path.name,
        at_s=tuple(times),
        pv_w=_in_watts(pv, columns.pv, interval_s),
        load_w=_in_watts(load, columns.load, interval_s),
        interval_s=interval_s,
    )


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    index: int

    @property
    def unit(self) -> str:
        return self.name.split("_")[1]


@dataclass(frozen=True, slots=True)
class _Columns:
    time: _Column
    pv: _Column
    load: _Column


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    if not path.is_file():
        raise NotFound(kind="file", key=str(path))
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
        text = raw.decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise Invalid([(str(path), f"cannot be read as CSV or gzipped CSV: {error}")]) from error
    reader = csv.reader(io.StringIO(text))
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise _bad(path, reader.line_num, "", f"is no CSV: {error}") from error


def _columns(path: Path, header: list[str], home: str | None) -> _Columns:
    names = [name.strip() for name in header]
    time = next((name for name in _TIME_COLUMNS if name in names), None)
    if time is None:
        raise _bad(path, 1, "", f"names no time column (utc_start or at); found {names}")
    homes = sorted(
        {name[-2:] for name in names if name.startswith("pv_kwh_")}
        & {name[-2:] for name in names if name.startswith("load_kwh_")}
    )
    columns: list[_Column] = []
    for kind in ("pv", "load"):
        wanted = [f"{kind}_w", f"{kind}_kw", f"{kind}_kwh"]
        if homes:
            wanted = [f"{kind}_kwh_{home if home is not None else homes[0]}"]
        name = next((name for name in wanted if name in names), None)
        if name is None:
            hint = f"; homes with both are {homes}" if homes else ""
            raise _bad(path, 1, "", f"names no column {' or '.join(wanted)}; found {names}{hint}")
        columns.append(_Column(name, names.index(name)))
    return _Columns(_Column(time, names.index(time)), *columns)


def _time(path: Path, line: int, column: _Column, text: str) -> float:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise _bad(path, line, column.name, f"{text!r} is no ISO 8601 time") from None
    if at.tzinfo is None:
        raise _bad(path, line, column.name, f"{text!r} has no time zone (Z or +hh:mm)")
    return at.timestamp()


def _power(path: Path, line: int, column: _Column, row: list[str]) -> float:
    text = row[column.index]
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _bad(path, line, column.name, f"{text!r} is not a finite number")
    watts = value if column.unit == "w" else value * 1_000.0
    if watts < _NOISE_W:
        raise _bad(path, line, column.name, f"{text!r} is negative")
    return max(0.0, watts)


def _in_watts(values: list[float], column: _Column, interval_s: float) -> tuple[float, ...]:
    factor = 3_600.0 / interval_s if column.unit == "kwh" else 1.0
    return tuple(value * factor for value in values)


def _bad(path: Path, line: int, column: str, rule: str) -> Invalid:
    where = f"{path}, line {line}" + (f", column {column}" if column else "")
    return Invalid([(where, rule)])
