"""A replay's outcome for people: table, chart as PNG, one HTML page without outside parts."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import asdict
from pathlib import Path
from typing import Any

from simulator.replay.replay import ReplayResult

Rows = list[tuple[str, str]]


def table_rows(result: ReplayResult) -> Rows:
    """The outcome as (what, value with unit)."""
    rows = [
        ("Series", result.series),
        ("From … to (UTC)", f"{result.start:%Y-%m-%d %H:%M} … {result.end:%Y-%m-%d %H:%M}"),
        ("Cycles", f"{result.steps:,}"),
        ("PV used", _kwh(result.pv_kwh)),
        ("PV curtailed", _kwh(result.curtailed_kwh)),
        ("House load", _kwh(result.load_kwh)),
        ("Miners", _kwh(result.miners_kwh)),
        ("Battery charged", _kwh(result.charged_kwh)),
        ("Battery discharged", _kwh(result.discharged_kwh)),
        ("Unserved", _kwh(result.unserved_kwh)),
        ("Lowest voltage", f"{result.lowest_voltage_v:.2f} V"),
        ("Lowest state of charge", f"{result.lowest_soc_pct:.1f} %"),
    ]
    for miner in result.miners:
        shortest = miner.shortest_run_s
        rows += [
            (f"{miner.name}: hashing", f"{miner.hashing_s / 3_600.0:,.0f} h"),
            (
                f"{miner.name}: starts",
                (
                    f"{miner.starts} (most in a day {miner.most_starts_a_day}, "
                    f"switches {miner.most_switches_a_day}; safety stops {miner.urgent_stops})"
                ),
            ),
            (
                f"{miner.name}: shortest run",
                "none ended" if shortest is None else f"{shortest / 60.0:.0f} min",
            ),
        ]
    return rows


def result_json(result: ReplayResult) -> dict[str, Any]:
    """The outcome for machines."""
    data = asdict(result)
    return {**data, "start": result.start.isoformat(), "end": result.end.isoformat()}


def chart_png(result: ReplayResult) -> bytes:
    """Energy, state of charge and lowest voltage per day."""
    from matplotlib.backends.backend_agg import (  # noqa: PLC0415 - seconds that only charts need
        FigureCanvasAgg,
    )
    from matplotlib.figure import Figure  # noqa: PLC0415 - see above

    days = range(len(result.days))
    figure = Figure(figsize=(11.0, 8.0), layout="constrained")
    FigureCanvasAgg(figure)
    energy, charge, voltage = figure.subplots(3, 1, sharex=True)
    load = [day.load_kwh for day in result.days]
    miners = [day.miners_kwh for day in result.days]
    energy.stackplot(days, load, miners, labels=["House", "Miners"])
    energy.plot(days, [day.pv_kwh for day in result.days], "k-", linewidth=0.8, label="PV used")
    energy.plot(days, [day.curtailed_kwh for day in result.days], "r:", label="PV curtailed")
    energy.set_ylabel("kWh a day")
    energy.legend(loc="upper right")
    energy.set_title(f"Replay of {result.series}")
    charge.fill_between(
        days,
        [day.lowest_soc_pct for day in result.days],
        [day.highest_soc_pct for day in result.days],
        alpha=0.5,
    )
    charge.set_ylabel("State of charge, %")
    charge.set_ylim(0.0, 100.0)
    voltage.plot(days, [day.lowest_voltage_v for day in result.days], linewidth=0.9)
    voltage.set_ylabel("Lowest voltage, V")
    voltage.set_xlabel(f"Days since {result.days[0].date}")
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    return picture.getvalue()


def page_html(result: ReplayResult) -> str:
    """The table and the chart on one self-contained page."""
    rows = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
        for name, value in table_rows(result)
    )
    picture = base64.b64encode(chart_png(result)).decode()
    title = f"Replay of {html.escape(result.series)}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        "<style>body{font:16px system-ui;margin:2rem auto;max-width:70rem;padding:0 1rem}"
        "th{text-align:left;padding-right:2rem;font-weight:500}img{max-width:100%}</style></head>"
        f"<body><h1>{title}</h1><table>{rows}</table>"
        f'<img alt="Energy, charge and voltage by day" src="data:image/png;base64,{picture}">'
        "</body></html>"
    )


def write_chart(result: ReplayResult, path: Path) -> None:
    """Write the chart: ``.png`` or ``.html`` by the file's name.

    Raises:
        OSError: The file cannot be written.
    """
    if path.suffix.lower() in {".html", ".htm"}:
        path.write_text(page_html(result), encoding="utf-8")
    else:
        path.write_bytes(chart_png(result))


def _kwh(value: float) -> str:
    return f"{value:,.0f} kWh"
