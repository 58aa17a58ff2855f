"""All commands in one table, grouped as in the documentation."""

from __future__ import annotations

import typer

from commandcenter.cli import admin_commands, run_commands, site_commands, study_commands
from commandcenter.offline import keep_libraries_offline

app = typer.Typer(
    name="commandcenter",
    help="Energy command center: solar, battery and miners, explained and run by themselves.",
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
app.command("ask")(site_commands.ask)
app.command("emergency-stop")(site_commands.emergency_stop)
app.command("replay")(study_commands.replay)
app.command("bench")(study_commands.bench)
app.command("migrate")(admin_commands.migrate)
app.command("doctor")(admin_commands.doctor)
app.command("settings")(admin_commands.settings)
app.add_typer(admin_commands.user_app, name="user")
app.add_typer(admin_commands.token_app, name="token")


def main() -> None:
    """Run the command line."""
    keep_libraries_offline()
    app()
