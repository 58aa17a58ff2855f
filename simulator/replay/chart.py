"""A replay's chart by day: energy, state of charge, lowest voltage with its thresholds."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from simulator.replay.outcome import ReplayResult, Threshold

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROOM_V = 0.5
_EPOCH = date(1970, 1, 1).toordinal()
_MINUTES_A_DAY = 1_440.0


def chart_png(result: ReplayResult) -> bytes:
    """The chart as a picture."""
    picture = io.BytesIO()
    chart_figure(result).savefig(picture, format="png", dpi=110)
    return picture.getvalue()


def chart_figure(result: ReplayResult) -> Figure:
    """The chart as matplotlib's figure."""
    from matplotlib.backends.backend_agg import (  # noqa: PLC0415 - seconds that only charts need
        FigureCanvasAgg,
    )
    from matplotlib.figure import Figure  # noqa: PLC0415 - see above

    figure = Figure(figsize=(11.0, 9.0), layout="constrained")
    FigureCanvasAgg(figure)
    energy, charge, voltage = figure.subplots(3, 1, sharex=True)
    days = [_day_number(date.fromisoformat(day.date)) for day in result.days]
    _draw_energy(energy, days, result)
    _draw_charge(charge, days, result)
    _draw_voltage(voltage, days, result)
    for axes in (energy, charge, voltage):
        _shade_gaps(axes, result)
        axes.grid(visible=True, alpha=0.25)
    _date_axis(voltage, days, result.timezone)
    return figure


def _draw_energy(axes: Axes, days: list[float], result: ReplayResult) -> None:
    load = [day.load_kwh for day in result.days]
    miners = [day.miners_kwh for day in result.days]
    unserved = [day.unserved_kwh for day in result.days]
    labels = ["House", "Miners", "Unserved to the house"]
    colours = ["#4c78a8", "#f2a541", "#d62728"]
    axes.stackplot(days, load, miners, unserved, labels=labels, colors=colours)
    without = [day.unserved_without_miners_kwh for day in result.days]
    axes.plot(days, [day.pv_kwh for day in result.days], "k-", linewidth=0.8, label="PV used")
    axes.plot(days, [day.curtailed_kwh for day in result.days], "g:", label="PV throttled")
    axes.plot(days, without, "m--", linewidth=0.8, label="Unserved without miners")
    axes.set_ylabel("kWh a day")
    axes.legend(loc="upper right", fontsize="small", ncols=2)
    axes.set_title(f"Replay of {result.series}")


def _draw_charge(axes: Axes, days: list[float], result: ReplayResult) -> None:
    lowest = [day.lowest_soc_pct for day in result.days]
    highest = [day.highest_soc_pct for day in result.days]
    without = [day.lowest_soc_without_miners_pct for day in result.days]
    axes.fill_between(days, lowest, highest, alpha=0.5, label="Lowest to highest")
    axes.plot(days, without, "m--", linewidth=0.8, label="Lowest without miners")
    axes.set_ylabel("State of charge, %")
    axes.set_ylim(0.0, 100.0)
    axes.legend(loc="lower right", fontsize="small", ncols=2)


def _draw_voltage(axes: Axes, days: list[float], result: ReplayResult) -> None:
    lowest = [day.lowest_voltage_v for day in result.days]
    axes.plot(days, lowest, linewidth=0.9, label="Lowest of the day")
    for voltage_v, names in sorted(lines_of(result.thresholds).items(), reverse=True):
        axes.axhline(voltage_v, color="#d62728", linewidth=0.8, linestyle="--")
        text = f"{names}, {voltage_v:.1f} V"
        axes.annotate(
            text,
            (0.005, voltage_v),
            xycoords=("axes fraction", "data"),
            xytext=(0, 2),
            textcoords="offset points",
            fontsize="small",
            color="#d62728",
        )
    shown = [*lowest, *(threshold.voltage_v for threshold in result.thresholds)]
    axes.set_ylim(min(shown) - _ROOM_V, max(shown) + _ROOM_V)
    axes.set_ylabel("Lowest voltage, V")


def lines_of(thresholds: tuple[Threshold, ...]) -> dict[float, str]:
    """One line per voltage, with the names of all thresholds at it."""
    lines: dict[float, str] = {}
    for threshold in thresholds:
        known = lines.get(threshold.voltage_v)
        lines[threshold.voltage_v] = (
            threshold.name if known is None else f"{known}; {threshold.name}"
        )
    return lines


def _shade_gaps(axes: Axes, result: ReplayResult) -> None:
    zone = ZoneInfo(result.timezone)
    for gap in result.gaps:
        start, end = (_time_number(at.astimezone(zone)) for at in (gap.start, gap.end))
        axes.axvspan(start, end, color="grey", alpha=0.35, linewidth=0.0)


def _day_number(day: date) -> float:
    """Days since 1970, the unit of the chart's date axis."""
    return float(day.toordinal() - _EPOCH)


def _time_number(local: datetime) -> float:
    """A local time of day on the same axis."""
    return _day_number(local.date()) + (local.hour * 60 + local.minute) / _MINUTES_A_DAY


def _date_axis(axes: Axes, days: list[float], timezone: str) -> None:
    from matplotlib.dates import (  # noqa: PLC0415 - seconds that only charts need
        AutoDateLocator,
        DateFormatter,
    )

    axes.xaxis.set_major_locator(AutoDateLocator(minticks=3, maxticks=13))
    axes.xaxis.set_major_formatter(DateFormatter("%Y-%m-%d"))
    axes.tick_params(axis="x", labelrotation=30.0)
    # A single day has no width of its own; without it the axis would show years.
    axes.set_xlim(days[0], max(days[-1], days[0] + 1.0))
    axes.set_xlabel(f"Local day ({timezone})")
