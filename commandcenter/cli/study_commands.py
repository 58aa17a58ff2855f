"""Commands that study: replay a measured series, run the benchmarks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from commandcenter import PACKAGES_FOLDER
from commandcenter.cli import options
from commandcenter.cli.edge import BAD_INPUT, MISSING, command, print_json
from services.errors import Invalid

BENCHES = (
    "allocator",
    "answers",
    "cycle",
    "chat",
    "startup",
    "week",
    "offgrid",
    "fleet",
    "replay",
    "chaos",
    "kill",
    "soak",
)
ON_REQUEST = frozenset({"replay", "chaos", "kill", "soak"})
"""Benchmarks that only run by name: one needs a file, the others take many minutes."""


@command
async def replay(
    file: Annotated[
        Path,
        typer.Argument(help="CSV or CSV.GZ: utc_start, pv_w, load_w (docs/examples/week.csv)."),
    ],
    pv_peak_kw: Annotated[
        float | None, typer.Option(help="Scale the PV so that its peak is this, kW.")
    ] = None,
    load_scale: Annotated[float, typer.Option(help="Multiply the load by this.")] = 1.0,
    home: Annotated[str | None, typer.Option(help="Which home of a file with several.")] = None,
    step_s: Annotated[float, typer.Option(help="Length of a control cycle, s.")] = 300.0,
    start_soc: Annotated[float, typer.Option(help="State of charge at the start, %.")] = 65.0,
    latitude: Annotated[float | None, typer.Option(help="Degrees north.")] = None,
    longitude: Annotated[float | None, typer.Option(help="Degrees east.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Time zone of the site.")] = None,
    chart: Annotated[
        Path | None, typer.Option(help="Write the chart here (.png or .html).")
    ] = None,
    json: options.Json = False,
) -> None:
    """Run the core over a measured series.

    Measured PV and load drive it through a simulated battery and miners.
    """
    from commandcenter.replay import SeriesPlace, run_replay
    from simulator.replay.report import notes, result_json, table_rows, write_chart

    if chart is not None:
        _check_chart(chart)
    place = SeriesPlace(latitude=latitude, longitude=longitude, timezone=timezone)
    bar_console = Console(stderr=True)
    with Progress(
        TextColumn("replaying"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=bar_console,
        disable=json or not bar_console.is_terminal,
    ) as bar:
        task = bar.add_task("replay", total=None)
        result = run_replay(
            file,
            pv_peak_kw=pv_peak_kw,
            load_scale=load_scale,
            home=home,
            step_s=step_s,
            start_soc_pct=start_soc,
            place=place,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if chart is not None:
        _write_whole(chart, lambda draft: write_chart(result, draft))
    if json:
        bar_console.print(place.sentence(file), highlight=False)
        print_json(result_json(result))
        return
    table = Table("What", "How much")
    for row in table_rows(result):
        table.add_row(*(str(cell) for cell in row))
    console = Console()
    console.print(table)
    for note in (place.sentence(file), *notes(result)):
        console.print(note)


def _check_chart(chart: Path) -> None:
    """Refuse a chart file that can't be written, before the long replay."""
    if chart.suffix.lower() not in {".png", ".html"}:
        raise Invalid([("--chart", f"must end with .png or .html, got {chart.name!r}")])
    if not chart.parent.is_dir() or chart.is_dir():
        raise Invalid([("--chart", f"must be a file in a folder that exists, got {chart}")])
    if not os.access(chart.parent, os.W_OK):
        raise Invalid([("--chart", f"can't be written, {chart.parent} is read-only for this user")])


def _write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Write a temporary file and rename it, so that a full disk leaves no partial file."""
    draft = path.with_name(f".{path.stem}.new{path.suffix}")
    try:
        write(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def bench(
    name: Annotated[str | None, typer.Argument(help=f"One of {', '.join(BENCHES)}.")] = None,
    json: options.Json = False,
) -> None:
    """Run the benchmarks, or one of them.

    Without a name all run that need neither a file nor half an hour.
    """
    if name is not None and name not in BENCHES:
        typer.echo(f"error: NAME: must be one of {', '.join(BENCHES)}; got {name!r}", err=True)
        raise typer.Exit(BAD_INPUT)
    if not (PACKAGES_FOLDER / "bench").is_dir():
        typer.echo(
            "error: the benchmarks are no part of the installation: run them in the repository.",
            err=True,
        )
        raise typer.Exit(MISSING)
    chosen = [name] if name is not None else [bench for bench in BENCHES if bench not in ON_REQUEST]
    code = 0
    for bench in chosen:
        words = [sys.executable, "-m", f"bench.{bench}", *(["--json"] if json else [])]
        run = subprocess.run(words, check=False, cwd=PACKAGES_FOLDER)  # noqa: S603 - our own modules
        code = max(code, run.returncode)
    raise typer.Exit(code)
