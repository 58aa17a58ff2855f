"""The emergency stop on the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from commandcenter.cli import options
from commandcenter.cli.edge import command, print_json
from commandcenter.cli.running_site import RunningSite, running_site
from commandcenter.settings import Settings, load_settings
from services.errors import Conflict, Invalid, Unavailable
from services.stored import Json

_PATH = "/api/emergency-stop"
_NO_SITE = (
    "There is no site in {home} yet, so nothing was done: bring it up with `commandcenter up`, or"
    " set COMMANDCENTER_HOME or DATABASE_URL to those of the running site."
)
_NO_LOADS = (
    "note: the site in {home} has no controlled loads, so nothing was switched off. If another is"
    " meant, set COMMANDCENTER_HOME or DATABASE_URL to those of the running site."
)
_BREAKER = "If this lasts, cut the power at the breaker."
_NO_REASON = "asked for on the command line"


@command
async def emergency_stop(
    reason: Annotated[
        str | None, typer.Option(help="Why, for the log; needed for --release.")
    ] = None,
    release: Annotated[
        bool, typer.Option("--release", help="Let automation go on; say with --reason why.")
    ] = False,
    status: Annotated[
        bool, typer.Option("--status", help="Only say whether it is latched.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Stop every controlled load at once and suspend automation.

    The stop stays until it is released: on the home page by an admin, or with --release and a
    reason.
    """
    if release and status:
        raise Invalid([("emergency-stop", "takes one of --release and --status")])
    given = (reason or "").strip()
    if release and not given:
        raise Invalid([("--reason", "say why it is safe to go on")])
    latched = None if status else not release
    state = await _done(load_settings(), latched, given or _NO_REASON)
    if json:
        print_json(state)
        return
    word = "LATCHED" if state["latched"] else "not latched"
    typer.echo(f"Emergency stop: {word} ({state['by'] or 'never used'}: {state['reason'] or '-'})")
    if state["not_stopped"]:
        typer.echo(f"NOT STOPPED: {', '.join(state['not_stopped'])}. {_BREAKER}", err=True)


async def _done(settings: Settings, latched: bool | None, reason: str) -> Json:
    """Ask the running program; a stop that it does not accept is made from this process."""
    async with running_site(settings) as site:
        if site is not None:
            try:
                return await _by_the_running(site, latched, reason)
            except Unavailable:
                if latched is not True:
                    raise
    return await _from_here(settings, latched, reason)


async def _by_the_running(site: RunningSite, latched: bool | None, reason: str) -> Json:
    method = {None: "GET", True: "POST", False: "DELETE"}[latched]
    state = await site.ask(method, _PATH, None if latched is None else {"reason": reason})
    return _told(state["latched"], state["changed_by"], state["reason"], state["not_stopped"])


async def _from_here(settings: Settings, latched: bool | None, reason: str) -> Json:
    from commandcenter.wiring.composition import open_site

    async with open_site(settings) as site:
        if not await site.stores.site.systems():
            raise Conflict(_NO_SITE.format(home=settings.home))
        emergency, by = site.services.emergency, "command line"
        if latched is None:
            state = await emergency.state(site.system_id)
        elif latched:
            state = await emergency.latch(site.system_id, by=by, reason=reason)
            if not await site.stores.site.loads(site.system_id):
                typer.echo(_NO_LOADS.format(home=settings.home), err=True)
        else:
            state = await emergency.release(site.system_id, by=by, reason=reason)
    return _told(state.latched, state.changed_by, state.reason, list(state.not_stopped))


def _told(latched: bool, by: str | None, reason: str | None, not_stopped: list[str]) -> Json:
    return {"latched": latched, "by": by, "reason": reason, "not_stopped": not_stopped}
