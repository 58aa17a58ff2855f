"""Commands that look after the installation: migrations, people, tokens, settings, doctor."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commandcenter.cli import options
from commandcenter.cli.edge import FAILED, command, print_json
from commandcenter.settings import documented, load_settings
from services.accounts.records import Role, Scope
from services.errors import Invalid

user_app = typer.Typer(help="People who may sign in.", no_args_is_help=True)
token_app = typer.Typer(help="Tokens for machines.", no_args_is_help=True)


@command
async def migrate(
    to: Annotated[int | None, typer.Option("--to", help="Stop at this number.")] = None,
    rollback: Annotated[bool, typer.Option("--rollback", help="Undo the last one.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would run.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Only say what has run.")] = False,
    json: options.Json = False,
) -> None:
    """Bring the database's schema up to date, or back."""
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
    """List every setting: its variable, its value, what it does."""
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
    """Check every dependency and credential and say what to do."""
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


@user_app.command("add")
@command
async def user_add(
    email: Annotated[str, typer.Argument(help="E-mail address, the name to sign in with.")],
    role: Annotated[Role, typer.Option(help="What the person may do.")] = Role.USER,
) -> None:
    """Add a person and print a one-time sign-in link."""
    from commandcenter.wiring.composition import open_site

    async with open_site(load_settings()) as site:
        user = await site.accounts.create_user(email=email, role=role)
        typer.echo(await site.sign_in_url(user))


@user_app.command("link")
@command
async def user_link(email: Annotated[str, typer.Argument(help="E-mail address.")]) -> None:
    """Print a new one-time sign-in link for a person."""
    from commandcenter.wiring.composition import open_site

    async with open_site(load_settings()) as site:
        user = await site.user_named(email)
        typer.echo(await site.sign_in_url(user))


@token_app.command("add")
@command
async def token_add(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    scope: Annotated[Scope, typer.Option(help="What the token may do.")] = Scope.READ,
) -> None:
    """Create a token and print it alone: it is shown this once."""
    from commandcenter.wiring.composition import open_site

    async with open_site(load_settings()) as site:
        typer.echo(await site.add_token(name=name, scope=scope))
