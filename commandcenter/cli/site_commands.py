"""Commands that ask the site something, or stop it: allocate, ask, emergency-stop."""

from __future__ import annotations

import json as json_module
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from agents.roles.roster import SPECIALISTS
from commandcenter.cli import options
from commandcenter.cli.edge import command, print_json
from commandcenter.settings import load_settings
from services.accounts.rights import rights
from services.errors import Conflict, Invalid
from services.stored import Json

_NO_SITE = (
    "There is no site in {home} yet, so nothing was done: bring it up with `commandcenter up`, or"
    " set COMMANDCENTER_HOME or DATABASE_URL to those of the running site."
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
    json: options.Json = False,
) -> None:
    """What would the allocator decide? Runs the loop's own function without any effect."""
    from commandcenter.wiring.composition import open_site

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
    async with open_site(load_settings(), live=True) as site:
        answer = await site.services.what_if.allocate(site.system_id, document)
    if json:
        print_json(answer)
    else:
        _print_decision(answer)


def _document(file: str | None) -> dict[str, Any]:
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


def _part(document: dict[str, Any], name: str) -> dict[str, Any]:
    """One object of the document; empty when it is not given."""
    part = document.get(name, {})
    if not isinstance(part, dict):
        raise Invalid([(name, f"must be an object, got {part!r}")])
    return part


def _is_piped() -> bool:
    return not sys.stdin.isatty() and sys.stdin.readable() and _has_input()


def _has_input() -> bool:
    import select

    ready, _, _ = select.select([sys.stdin], [], [], 0.0)
    return bool(ready)


def _print_decision(answer: Json) -> None:
    budget = answer["budget"]
    console = Console(width=None if sys.stdout.isatty() else 140)
    soc = "unknown" if budget["soc_pct"] is None else f"{budget['soc_pct']:.0f} %"
    console.print(
        f"Budget {budget['total_w']:,.0f} W = solar surplus {budget['solar_surplus_w']:,.0f} W"
        f" + battery allowance {budget['battery_allowance_w']:,.0f} W"
        f"   (state of charge {soc}, for display only)"
    )
    table = Table("Priority", "Miner", "Command", "Why", "What would change it")
    for miner in answer["miners"]:
        table.add_row(
            str(miner["priority"]),
            miner["name"],
            f"{miner['command']} ({miner['reason']})",
            miner["explanation"],
            miner["would_change"],
        )
    console.print(table)
    for limit in answer["limits"]:
        console.print(f"• {limit}")


@command
async def ask(
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    agent: Annotated[
        str | None, typer.Option(help="monitor, solar, victron or optimizer: skips the routing.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Ask the assistant; the answer streams to the terminal."""
    from commandcenter.wiring.composition import open_site

    if not question.strip():
        raise Invalid([("QUESTION", "is empty: write what you want to know in quotes")])
    if agent is not None and agent not in SPECIALISTS:
        raise Invalid([("--agent", f"must be one of {', '.join(SPECIALISTS)}; got {agent!r}")])
    async with open_site(load_settings(), live=True) as site:
        owner = await site.owner()
        run = await site.runs.start(
            user=owner,
            system_id=site.system_id,
            question=question,
            conversation_id=None,
            agent=agent,
            scope=rights(owner.role),
        )
        message = None
        async for event in site.runs.events(run.id, after=0):
            if not json:
                _show(event.event, event.data)
            if event.event == "error":
                raise_run_error(event.data)
        for stored in await site.stores.conversations.messages(run.conversation_id):
            if stored.id == run.message_id:
                message = stored
    if json and message is not None:
        print_json(
            {
                "answer": message.content,
                "agent": message.agent,
                "meta": message.meta,
                "run": str(run.id),
            }
        )
    elif not json:
        typer.echo()


def raise_run_error(data: Json) -> None:
    """Turn a run's error event into this process's error."""
    from services.errors import Unavailable

    raise Unavailable(
        what="The assistant",
        detail=str(data.get("message", "failed")),
        advice=str(data.get("advice", "Ask again.")),
    )


def _show(event: str, data: Json) -> None:
    if event == "token":
        typer.echo(data.get("text", ""), nl=False)
    elif event == "progress":
        typer.echo(f"· {data.get('text', '')}", err=True)


@command
async def emergency_stop(
    reason: Annotated[
        str, typer.Option(help="Why, for the log.")
    ] = "asked for on the command line",
    release: Annotated[bool, typer.Option("--release", help="End the emergency stop.")] = False,
    status: Annotated[
        bool, typer.Option("--status", help="Only say whether it is latched.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Stop every controlled load at once and suspend automation until an admin re-enables it."""
    if release and status:
        raise Invalid([("emergency-stop", "takes one of --release and --status")])
    from commandcenter.wiring.composition import open_site

    settings = load_settings()
    async with open_site(settings) as site:
        if not await site.stores.site.systems():
            raise Conflict(_NO_SITE.format(home=settings.home))
        emergency = site.services.emergency
        if release:
            state = await emergency.release(site.system_id, by="command line", reason=reason)
        elif status:
            state = await emergency.state(site.system_id)
        else:
            state = await emergency.latch(site.system_id, by="command line", reason=reason)
    if json:
        print_json({"latched": state.latched, "by": state.changed_by, "reason": state.reason})
    else:
        word = "LATCHED" if state.latched else "not latched"
        typer.echo(
            f"Emergency stop: {word} ({state.changed_by or 'never used'}: {state.reason or '-'})"
        )
