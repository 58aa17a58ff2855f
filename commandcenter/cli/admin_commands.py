"""Commands that look after the installation: migrations, settings, doctor."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commandcenter.cli import options
from commandcenter.cli.edge import FAILED, command, print_json
from commandcenter.settings import documented, load_settings
from services.errors import Invalid


@command
async def migrate(
    to: Annotated[int | None, typer.Option("--to", help="Stop at this number.")] = None,
    rollback: Annotated[bool, typer.Option("--rollback", help="Undo the last one.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would run.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Only say what has run.")] = False,
    json: options.Json = False,
) -> None:
    """Bring the database's schema up to date."""
    if sum((rollback, dry_run, status, to is not None)) > 1:
        raise Invalid([("migrate", "takes one of --to, --rollback, --dry-run and --status")])
    from commandcenter.wiring.database import database
    from storage.schema import migrations

    async with database(load_settings()) as dsn:
        if rollback:
            ran = await migrations.rollback(dsn)
        elif dry_run:
            ran = await migrations.dry_run(dsn)
        elif not status:
            ran = await migrations.migrate(dsn, to=to)
        else:
            ran = []
        rows = await migrations.status(dsn)
    if json:
        print_json({"ran": list(ran), "migrations": rows})
        return
    word = "would run" if dry_run else "undone" if rollback else "ran"
    for name in ran:
        typer.echo(f"{word}: {name}")
    for row in rows:
        typer.echo(f"{'applied' if row['applied'] else 'open   '}  {row['name']}")


@command
async def settings(json: options.Json = False) -> None:
    """List every setting with its value."""
    rows = documented(load_settings())
    if json:
        print_json(rows)
        return
    table = Table("Variable", "Value", "Default", "What it does")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console(width=None if Console().is_terminal else 160).print(table)


@command
async def doctor(json: options.Json = False) -> int:
    """Try every dependency and say what to do.

    Models are asked one short question, adapters are read once.
    """
    from commandcenter.doctor import examine

    report = await examine(load_settings())
    if json:
        print_json({"ok": all(c.ok for c in report), "checks": [c.to_json() for c in report]})
    else:
        for check in report:
            mark = "ok  " if check.ok else "BAD "
            typer.echo(f"{mark} {check.name}: {check.detail}")
            if not check.ok:
                typer.echo(f"     → {check.advice}")
    return 0 if all(check.ok for check in report) else FAILED
