"""Commands that run until stopped: up, serve, worker, scheduler, simulate."""

from __future__ import annotations

import gc
from typing import Annotated

import typer

from commandcenter.cli import options
from commandcenter.cli.edge import command
from commandcenter.settings import SiteKind, load_settings


@command
async def up(
    host: options.Host = None,
    port: options.Port = None,
    site: Annotated[SiteKind | None, typer.Option(help="simulated or none.")] = None,
    speed: options.Speed = None,
) -> None:
    """Bring everything up in one process.

    Site, control loop, scheduler and web; `serve`, `worker` and `scheduler` are the same as
    processes of their own.
    """
    gc.disable()  # loading libraries makes little garbage; saves a quarter of the start-up time
    from commandcenter.processes import Parts, run

    settings = load_settings(
        COMMANDCENTER_HOST=host, COMMANDCENTER_PORT=port, SITE=site, SIM_SPEED=speed
    )
    await run(settings, Parts(web=True, clock=True, queue=False))


@command
async def serve(host: options.Host = None, port: options.Port = None) -> None:
    """Serve the web only; a scheduler runs elsewhere."""
    from commandcenter.processes import Parts, run

    settings = load_settings(COMMANDCENTER_HOST=host, COMMANDCENTER_PORT=port)
    await run(settings, Parts(web=True))


@command
async def worker() -> None:
    """Take jobs from the queue and do them."""
    from commandcenter.processes import Parts, run

    await run(load_settings(), Parts(queue=True))


@command
async def scheduler() -> None:
    """Put the jobs that are due into the queue."""
    from commandcenter.processes import Parts, run

    await run(load_settings(), Parts(defer=True))


@command
async def simulate(
    host: options.Host = None,
    port: options.Port = None,
    speed: options.Speed = None,
) -> None:
    """Run the simulated plant alone, on one port.

    It speaks like the vendors' APIs; faults can be switched on.
    """
    from commandcenter.processes import simulate_only

    settings = load_settings(COMMANDCENTER_HOST=host, COMMANDCENTER_PORT=port, SIM_SPEED=speed)
    await simulate_only(settings)
