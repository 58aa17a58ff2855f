"""The simulated plant of a process: its clock, its vendors' servers, its mail sink.

One process per data folder runs the plant; every other one shares its clock by the anchor file.
While no process runs, at most ten minutes of site time pass, enough for every hardware timer to
end.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx2

from commandcenter.clock import Anchor, SimulatedClock, WallClock
from commandcenter.settings import Settings, SiteKind
from energy.site.preferences import Preferences
from services.clock import Clock
from services.errors import Conflict, Unavailable

FIRST_MORNING = time(10, 0)
LONGEST_SLEEP = timedelta(minutes=10)
SAVED_EVERY_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedPlant:
    """The running plant: its clock, addresses and mail port.

    Attributes:
        clock: The site's time.
        url: Base address of the simulated vendors; None when there is no simulator.
        mail_port: Port of the mail sink; None when this process doesn't run it.
        running: Whether this process runs the simulator.
    """

    clock: Clock
    url: str | None = None
    mail_port: int | None = None
    running: bool = False


@asynccontextmanager
async def plant(
    settings: Settings, *, run: bool, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[SimulatedPlant]:
    """The plant for as long as the block runs.

    Args:
        settings: ``SITE``, ``SIM_URL``, ``SIM_SPEED``, the data folder.
        run: Start the simulator here unless another process of this data folder does.
        host: Address of the simulated vendors.
        port: Their port; 0 takes a free one.

    Raises:
        Conflict: The port is wanted, but another process runs the plant.
        Unavailable: The simulator at ``SIM_URL`` does not answer.
    """
    if settings.site is SiteKind.NONE:
        yield SimulatedPlant(clock=WallClock())
    elif settings.sim_url is not None:
        anchor = await _remote_anchor(settings.sim_url)
        yield SimulatedPlant(clock=SimulatedClock(anchor), url=settings.sim_url)
    else:
        async with _own_plant(settings, run=run, host=host, port=port) as own:
            yield own


@asynccontextmanager
async def _own_plant(
    settings: Settings, *, run: bool, host: str, port: int
) -> AsyncIterator[SimulatedPlant]:
    folder = settings.home / "simulator"
    folder.mkdir(parents=True, exist_ok=True)
    anchor_file = folder / "clock.json"
    with contextlib.ExitStack() as stack:
        lock = stack.enter_context((folder / "lock").open("a"))
        if not run or not _take(lock.fileno()):
            if port:
                raise Conflict(f"The simulator of {settings.home} is already running.")
            anchor = _read_anchor(anchor_file)
            clock = WallClock() if anchor is None else SimulatedClock(anchor)
            yield SimulatedPlant(clock=clock)
            return
        async with _running(settings, folder, anchor_file, host=host, port=port) as running:
            yield running


@asynccontextmanager
async def _running(
    settings: Settings, folder: Path, anchor_file: Path, *, host: str, port: int
) -> AsyncIterator[SimulatedPlant]:
    from simulator.physics.site import SimulatedSite
    from simulator.vendors.servers import SimulatorPace, SimulatorServers
    from simulator.vendors.smtp_sink import SmtpSink

    state_file = folder / "site.json"
    anchor = _next_anchor(settings, state_file)
    _replace(anchor_file, anchor.to_json())
    clock = SimulatedClock(anchor)
    site = SimulatedSite(start=clock.now(), seed=settings.sim_seed, cloud_plan=("clear",))
    servers = SimulatorServers(
        site=site,
        clock=clock,
        state_file=state_file,
        anchor=anchor.to_json(),
        pace=SimulatorPace(save_every_s=SAVED_EVERY_S),
    )
    sink = SmtpSink(file=folder / "mail.jsonl")
    url = await servers.start(host=host, port=port)
    try:
        mail_port = await sink.start()
        try:
            yield SimulatedPlant(clock=clock, url=url, mail_port=mail_port, running=True)
        finally:
            await sink.stop()
    finally:
        await servers.stop()


def _next_anchor(settings: Settings, state_file: Path) -> Anchor:
    """Site time at a start: 10:00 of today at the first one, later ones continue where the site
    stopped.
    """
    wall_at = WallClock().now()
    last = _saved_time(state_file)
    if last is None:
        zone = ZoneInfo(Preferences().timezone)
        site_at = datetime.combine(wall_at.astimezone(zone).date(), FIRST_MORNING, tzinfo=zone)
    else:
        saved_wall = datetime.fromtimestamp(state_file.stat().st_mtime, tz=wall_at.tzinfo)
        slept = (wall_at - saved_wall) * settings.sim_speed
        site_at = last + max(timedelta(0), min(LONGEST_SLEEP, slept))
    return Anchor(
        wall_at=wall_at, site_at=site_at.astimezone(wall_at.tzinfo), speed=settings.sim_speed
    )


def _saved_time(state_file: Path) -> datetime | None:
    try:
        state = json.loads(state_file.read_text(encoding="utf-8"))
        at_s = state["site"]["at_s"] if "site" in state else state["at_s"]
        return datetime.fromtimestamp(float(at_s), tz=WallClock().now().tzinfo)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _read_anchor(file: Path) -> Anchor | None:
    try:
        return Anchor.from_json(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError):
        return None


async def _remote_anchor(url: str) -> Anchor:
    try:
        async with httpx2.AsyncClient(timeout=5.0) as http:
            answer = await http.get(f"{url}/sim/clock")
            answer.raise_for_status()
            return Anchor.from_json(answer.json()["anchor"])
    except (httpx2.HTTPError, ValueError, KeyError) as error:
        raise Unavailable(
            what=f"The simulator at {url}",
            detail=str(error) or type(error).__name__,
            advice="Start it with `commandcenter simulate`, or unset SIM_URL.",
        ) from None


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _replace(file: Path, content: object) -> None:
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps(content), encoding="utf-8")
    draft.replace(file)
