"""All commands in one table, grouped as in the documentation."""

from __future__ import annotations

from typing import Annotated

import typer

from commandcenter.cli import (
    account_commands,
    admin_commands,
    assistant_commands,
    run_commands,
    site_commands,
    stop_commands,
    study_commands,
)
from commandcenter.offline import keep_libraries_offline
from commandcenter.version import VERSION

app = typer.Typer(
    name="commandcenter",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.command("up")(run_commands.up)
app.command("serve")(run_commands.serve)
app.command("worker")(run_commands.worker)
app.command("scheduler")(run_commands.scheduler)
app.command("simulate")(run_commands.simulate)
app.command("allocate")(site_commands.allocate)
app.command("ask")(assistant_commands.ask)
app.command("emergency-stop")(stop_commands.emergency_stop)
app.command("replay")(study_commands.replay)
app.command("bench")(study_commands.bench)
app.command("migrate")(admin_commands.migrate)
app.command("doctor")(admin_commands.doctor)
app.command("settings")(admin_commands.settings)
app.add_typer(account_commands.user_app, name="user")
app.add_typer(account_commands.token_app, name="token")


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"commandcenter {VERSION}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version."),
    ] = False,
) -> None:
    """Energy command center: solar, battery and miners, decided, explained and run."""


def main() -> None:
    """Run the command line."""
    keep_libraries_offline()
    app()
