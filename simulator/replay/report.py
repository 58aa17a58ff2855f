"""A replay's outcome for people: table, notes, and a self-contained HTML page."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from simulator.replay.chart import chart_png
from simulator.replay.outcome import Gap, MinerResult, ReplayDay, ReplayResult

Rows = list[tuple[str, str]]
_GAPS_NAMED = 5
_HOUR_S = 3_600.0
_ROUNDING_KWH = 0.05
_WHOLE_FROM_KWH = 10.0


def table_rows(result: ReplayResult) -> Rows:
    """The outcome as (what, value with unit)."""
    without = result.without_miners
    rows = [
        ("Series", result.series),
        ("From … to (UTC)", f"{result.start:%Y-%m-%d %H:%M} … {result.end:%Y-%m-%d %H:%M}"),
        ("Cycles", f"{result.steps:,}"),
        ("PV used", _kwh(result.pv_kwh)),
        ("PV throttled", _kwh(result.curtailed_kwh)),
        ("House load", _kwh(result.load_kwh)),
        ("Miners", _kwh(result.miners_kwh)),
        ("Battery charged", _kwh(result.charged_kwh)),
        ("Battery discharged", _kwh(result.discharged_kwh)),
        ("Unserved to the house", _unserved(result.unserved_kwh, result.unserved_s)),
        ("Unserved without miners", _unserved(without.unserved_kwh, without.unserved_s)),
        ("Most unserved on", _worst_day(result.days)),
        ("Lowest voltage", f"{result.lowest_voltage_v:.2f} V"),
        ("Lowest state of charge", f"{result.lowest_soc_pct:.1f} %"),
        ("Lowest state of charge without miners", f"{without.lowest_soc_pct:.1f} %"),
        ("Gaps in the series", _gaps(result.gaps)),
    ]
    for miner in result.miners:
        rows += _miner_rows(miner)
    return rows


def _miner_rows(miner: MinerResult) -> Rows:
    most = f"most in a day {miner.most_starts_a_day}, switches {miner.most_switches_a_day}"
    return [
        (
            f"{miner.name}: hashing",
            f"{miner.hashing_s / _HOUR_S:,.0f} h, and {miner.booting_s / _HOUR_S:,.1f} h of boots",
        ),
        (
            f"{miner.name}: starts",
            f"{miner.starts} ({most}; urgent stops {miner.urgent_stops})",
        ),
        (
            f"{miner.name}: shortest run",
            _shortest_run(miner),
        ),
    ]


def _shortest_run(miner: MinerResult) -> str:
    """The shortest run; runs ended by urgent stops don't count, because no minimum time delays
    those.
    """
    if miner.shortest_run_s is not None:
        return f"{miner.shortest_run_s / 60.0:.0f} min"
    return "ended by urgent stops only" if miner.urgent_stops else "none ended"


def notes(result: ReplayResult) -> list[str]:
    """Sentences that explain the table's figures."""
    sentences = []
    without_kwh = result.without_miners.unserved_kwh
    if result.unserved_kwh > 0.0 or without_kwh > 0.0:
        sentences.append(_unserved_note(result))
    if result.gaps:
        sentences.append(
            "In a gap the values of the same time of the last day before it are taken; before a "
            "first whole day the last values are held."
        )
    return sentences


def _unserved_note(result: ReplayResult) -> str:
    more_kwh = result.unserved_kwh - result.without_miners.unserved_kwh
    # In a long dark time both sites lose the same hours; a slightly smaller loss is not due to
    # miners.
    cost = (
        f"The miners cost the house {_kwh(more_kwh)} of it."
        if more_kwh > _ROUNDING_KWH
        else "The miners cost the house nothing of it: it lacks as much without them."
    )
    return (
        "Unserved is what the house wanted while the inverter's output was off (at or below "
        f"{result.cutoff_v:.1f} V, until the battery rests at {result.reconnect_v:.1f} V) or "
        f"beyond what battery and sun could give. {cost}"
    )


def result_json(result: ReplayResult) -> dict[str, Any]:
    """The outcome for machines."""
    data = asdict(result)
    gaps = [{"start": gap.start.isoformat(), "end": gap.end.isoformat()} for gap in result.gaps]
    times = {"start": result.start.isoformat(), "end": result.end.isoformat()}
    return {**data, **times, "gaps": gaps, "notes": notes(result)}


def page_html(result: ReplayResult) -> str:
    """The table and the chart on one self-contained page."""
    rows = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
        for name, value in table_rows(result)
    )
    texts = "".join(f"<p>{html.escape(note)}</p>" for note in notes(result))
    picture = base64.b64encode(chart_png(result)).decode()
    title = f"Replay of {html.escape(result.series)}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        "<style>body{font:16px system-ui;margin:2rem auto;max-width:70rem;padding:0 1rem}"
        "th{text-align:left;padding-right:2rem;font-weight:500}img{max-width:100%}</style></head>"
        f"<body><h1>{title}</h1><table>{rows}</table>{texts}"
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
    """With one decimal below 10 kWh, else whole kWh."""
    return f"{value:,.1f} kWh" if 0.0 < abs(value) < _WHOLE_FROM_KWH else f"{value:,.0f} kWh"


def _unserved(energy_kwh: float, time_s: float) -> str:
    if energy_kwh <= 0.0:
        return "none"
    return f"{_kwh(energy_kwh)} in {time_s / _HOUR_S:,.1f} h"


def _worst_day(days: Sequence[ReplayDay]) -> str:
    worst = max(days, key=lambda day: day.unserved_kwh)
    if worst.unserved_kwh <= 0.0:
        return "no day"
    touched = sum(day.unserved_kwh > 0.0 for day in days)
    without = _kwh(worst.unserved_without_miners_kwh)
    here = f"{worst.date}: {_kwh(worst.unserved_kwh)}"
    return f"{here}, without miners {without} ({touched} days in all)"


def _gaps(gaps: Sequence[Gap]) -> str:
    if not gaps:
        return "none"
    longest = sorted(gaps, key=lambda gap: gap.length_s, reverse=True)[:_GAPS_NAMED]
    named = ", ".join(
        f"{gap.start:%Y-%m-%d %H:%M} for {gap.length_s / _HOUR_S:,.1f} h"
        for gap in sorted(longest, key=lambda gap: gap.start)
    )
    whole_h = sum(gap.length_s for gap in gaps) / _HOUR_S
    which = f"; the longest {_GAPS_NAMED}" if len(gaps) > _GAPS_NAMED else ""
    return f"{len(gaps)}, {whole_h:,.1f} h in all{which}: {named} (UTC)"
