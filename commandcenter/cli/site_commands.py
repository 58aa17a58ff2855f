"""Commands that ask the allocator: allocate."""

from __future__ import annotations

import json as json_module
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commandcenter.cli import options
from commandcenter.cli.edge import command, print_json
from commandcenter.cli.running_site import running_site
from commandcenter.settings import Settings, load_settings
from energy.dataclass_json import JsonObject, from_json
from energy.site.display import Display, display_of
from energy.site.preferences import Preferences
from energy.wording import watts
from server.schemas.decisions import WhatIfAnswer
from server.schemas.json_shapes import Number
from services.errors import Invalid

_NO_VOLTAGE = (
    "note: no battery voltage is given, so nothing may start. Give --voltage, or --live for the"
    " site's own values."
)


@command
async def allocate(
    file: Annotated[
        str | None, typer.Argument(help="What-if document (JSON), `-` for standard input.")
    ] = None,
    voltage: Annotated[float | None, typer.Option(help="Battery voltage, V.")] = None,
    current: Annotated[float | None, typer.Option(help="Battery current, A, + charging.")] = None,
    pv: Annotated[float | None, typer.Option(help="PV production, W.")] = None,
    load: Annotated[float | None, typer.Option(help="Load, W, miners included.")] = None,
    temperature: Annotated[float | None, typer.Option(help="Battery temperature, °C.")] = None,
    mode: Annotated[str | None, typer.Option(help="conservative, balanced or aggressive.")] = None,
    at: Annotated[str | None, typer.Option(help="ISO 8601 time with offset.")] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Take what is not given from the site as it is now.")
    ] = False,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow",
            help="Co-simulate: JSON Lines in (settings, then a line a cycle), decisions out.",
        ),
    ] = False,
    json: options.Json = False,
) -> None:
    """Say what would be decided, without any effect.

    Runs the control loop's own function.

    Settings and miners are the site's, or the reference site's where there is none. Readings that
    are not given are unknown and every miner is off, unless --live takes them from the site.
    """
    if follow:
        _follow(
            file,
            alone=not live
            and all(given is None for given in (voltage, current, pv, load, temperature, mode, at)),
        )
        return
    document = _document(file)
    snapshot = {
        "battery_voltage_v": voltage,
        "battery_current_a": current,
        "pv_power_w": pv,
        "load_power_w": load,
        "battery_temperature_c": temperature,
    }
    given = {name: value for name, value in snapshot.items() if value is not None}
    if given:
        document["snapshot"] = {**_part(document, "snapshot"), **given}
    if mode is not None:
        document["preferences"] = {**_part(document, "preferences"), "operating_mode": mode}
    if at is not None:
        document["at"] = at
    settings = load_settings()
    answer = await (_live if live else _alone)(settings, document)
    if json:
        print_json(answer.model_dump(mode="json", exclude_unset=True))
    else:
        print_decision(answer)


def _follow(file: str | None, *, alone: bool) -> None:
    """Answer each line of standard input before the next is read."""
    from commandcenter.follow import answers

    if not alone or file not in {None, "-"}:
        raise Invalid([("--follow", "reads standard input and takes no other option")])
    if sys.stdin is None:
        raise Invalid([("--follow", "reads standard input, which is closed")])
    # Reading blocks, and the event loop's signal handler would not interrupt it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for answer in answers(iter(sys.stdin.buffer.readline, b"")):
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


async def _alone(settings: Settings, document: JsonObject) -> WhatIfAnswer:
    from commandcenter.stand_alone import decide

    decision = await decide(settings, document)
    if decision.inputs.snapshot.battery_voltage_v is None:
        typer.echo(_NO_VOLTAGE, err=True)
    return WhatIfAnswer.of(decision)


async def _live(settings: Settings, document: JsonObject) -> WhatIfAnswer:
    """The same question to the running program; without one, to a site brought up for it."""
    async with running_site(settings) as running:
        if running is not None:
            answer = await running.ask("POST", "/api/allocate", document)
            return WhatIfAnswer.model_validate(answer)
    from commandcenter.wiring.composition import open_site

    async with open_site(settings, live=True) as site:
        return WhatIfAnswer.of(await site.services.what_if.allocate(site.system_id, document))


def _document(file: str | None) -> JsonObject:
    """The what-if document from a file or standard input; empty when neither is given."""
    if file is None and not _is_piped():
        return {}
    source = "standard input" if file in {None, "-"} else str(file)
    raw = sys.stdin.buffer.read() if file in {None, "-"} else Path(str(file)).read_bytes()
    if not raw.strip():
        return {}
    try:
        document = json_module.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Invalid([(source, f"is not UTF-8: {error}")]) from None
    except (ValueError, RecursionError) as error:
        raise Invalid([(source, f"is not JSON: {error}")]) from None
    if not isinstance(document, dict):
        raise Invalid([(source, f"must hold an object, got {type(document).__name__}")])
    return document


def _part(document: JsonObject, name: str) -> JsonObject:
    """One object of the document; empty when it is not given."""
    part = document.get(name, {})
    if not isinstance(part, dict):
        raise Invalid([(name, f"must be an object, got {part!r}")])
    return part


def _is_piped() -> bool:
    if sys.stdin is None:
        return False
    return not sys.stdin.isatty() and sys.stdin.readable() and _has_input()


def _has_input() -> bool:
    import select

    ready, _, _ = select.select([sys.stdin], [], [], 0.0)
    return bool(ready)


def print_decision(answer: WhatIfAnswer) -> None:
    """Print a decision as a table: budget, every miner, decided heaters and fans."""
    budget, display = answer.budget, _display(answer)
    console = Console(width=None if sys.stdout.isatty() else 140)
    soc = "unknown" if budget.soc_pct is None else f"{float(budget.soc_pct):.0f} %"
    watts = (
        f"Budget {_watts(budget.total_w)} = solar surplus {_watts(budget.solar_surplus_w)}"
        f" + battery allowance {_watts(budget.battery_allowance_w)}"
    )
    charge = f"(state of charge {soc}, for display only)"
    shown = (charge, watts) if display.soc_first else (watts, charge)
    console.print(display.sentence("   ".join(shown)))
    table = Table("Priority", "Load", "Command", "Why", "What would change it")
    for miner in answer.miners:
        table.add_row(
            str(miner.priority),
            miner.name,
            f"{miner.command.value} ({miner.reason})",
            display.sentence(miner.explanation),
            display.sentence(miner.would_change),
        )
    for load in answer.loads:
        done = f"{load.command.value} ({load.reason})"
        table.add_row("", load.name, done, display.sentence(load.explanation), "")
    console.print(table)
    for limit in answer.limits:
        console.print(f"• {display.sentence(limit)}")


def _watts(power_w: Number | None) -> str:
    return "unknown" if power_w is None else watts(float(power_w))


def _display(answer: WhatIfAnswer) -> Display:
    """The owner's units, from the settings of the decision."""
    return display_of(from_json(Preferences, answer.inputs["preferences"]))
