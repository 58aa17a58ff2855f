"""A process killed at any point leaves no action in limbo and no load on beyond its timer."""

from __future__ import annotations

from typing import Any

import pytest

from services.actions.ports import Switch
from services.actions.records import OPEN_STATUSES, Action, ActionStatus
from services.sites.records import ControlledLoad
from tests.fakes.fuse import Fuse, Fused, Killed
from tests.fakes.scripted_switch import Mode, ScriptedSwitches
from tests.fakes.sites.reference_site import SYSTEM_ID, Loop
from tests.fakes.sites.scripted_site import PRIMARY, ScriptedSite
from tests.fakes.stores.control import InMemoryDeviceLocks

DENSE = 50
FUSED = (
    "actions",
    "telemetry",
    "settings",
    "memory",
    "emergency_stops",
    "events",
    "pauses",
    "timer_faults",
)


class FusedSwitches:
    """Switches whose calls pass the fuse."""

    def __init__(self, site: ScriptedSite, fuse: Fuse) -> None:
        self._switches, self._fuse = ScriptedSwitches(site.switches), fuse

    async def of(self, load: ControlledLoad) -> Switch:
        fused: Any = Fused(await self._switches.of(load), self._fuse)
        return fused  # type: ignore[no-any-return]  # it stands before a switch


def fused_loop(site: ScriptedSite, fuse: Fuse) -> Loop:
    """A process of its own on the same stores and devices."""
    stores: Any = type("Stores", (), {})()
    for name in ("site", "decisions", "cycles", "alerts"):
        setattr(stores, name, getattr(site.stores, name))
    for name in FUSED:
        setattr(stores, name, Fused(getattr(site.stores, name), fuse))
    stores.locks = InMemoryDeviceLocks()  # a dead process's locks are free
    return Loop(stores=stores, clock=site.clock, switches=FusedSwitches(site, fuse))


async def prepared(*, is_on: bool, mode: Mode) -> ScriptedSite:
    site = await ScriptedSite().set_up()
    site.primary.flip(on=is_on)
    await site.pass_minutes(20)
    site.primary.mode = mode
    return site


async def switch_over(site: ScriptedSite, fuse: Fuse, *, target_on: bool) -> None:
    site.loop = fused_loop(site, fuse)
    await site.do(target_on=target_on)


async def steps_of(*, target_on: bool, mode: Mode) -> int:
    fuse = Fuse()
    await switch_over(await prepared(is_on=not target_on, mode=mode), fuse, target_on=target_on)
    return fuse.burnt


def points(total: int) -> list[int]:
    """Every point, but of a long wait, which polls the same way again and again, some."""
    if total <= 2 * DENSE:
        return list(range(1, total + 1))
    middle = range(DENSE + 1, total - DENSE, 9)
    return [*range(1, DENSE + 1), *middle, *range(total - DENSE, total + 1)]


@pytest.mark.parametrize("mode", [Mode.OK, Mode.IGNORES, Mode.NO_WATTS, Mode.DEAF])
@pytest.mark.parametrize("target_on", [True, False], ids=["start", "stop"])
async def test_killed_at_every_point(mode: Mode, *, target_on: bool) -> None:
    total = await steps_of(target_on=target_on, mode=mode)
    assert total > 10
    for burns_at in points(total):
        site = await prepared(is_on=not target_on, mode=mode)
        with pytest.raises(Killed):
            await switch_over(site, Fuse(burns_at=burns_at), target_on=target_on)
        site.loop = fused_loop(site, Fuse())
        await site.loop.execution.reconcile(SYSTEM_ID)
        site.clock.advance(13 * 60.0)
        await site.see()
        await site.loop.open_actions.advance(SYSTEM_ID)
        in_limbo = await site.stores.actions.with_status(SYSTEM_ID, OPEN_STATUSES)
        assert (burns_at, in_limbo) == (burns_at, [])
        page = await site.stores.actions.page(SYSTEM_ID, before=None, limit=1)
        assert (burns_at, tells_the_truth(site, page[0] if page else None)) == (burns_at, True)
        if target_on:
            assert (burns_at, site.primary.relay) == (burns_at, False), "the timer has run out"


def tells_the_truth(site: ScriptedSite, action: Action | None) -> bool:
    """A stop that the log calls done has opened the relay; a failed one says so."""
    if action is None or action.target_on or action.status is not ActionStatus.DONE:
        return True
    return not site.primary.relay


async def test_a_dead_process_lets_every_load_switch_itself_off() -> None:
    site = await prepared(is_on=False, mode=Mode.OK)
    await site.do(PRIMARY)
    site.clock.advance(299.0)
    assert site.primary.relay
    site.clock.advance(1.0)
    assert not site.primary.relay
