"""What the control level allows: observing sends nothing, approval waits for the owner."""

from __future__ import annotations

from energy.site.loads import Actor
from energy.site.preferences import ControlLevel
from services.actions.records import ActionStatus
from tests.fakes.sites.control_cycles import actions, cycles
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import PRIMARY, ScriptedSite


async def test_observing_sends_nothing(site: ScriptedSite) -> None:
    await site.level(ControlLevel.OBSERVE)
    await cycles(site, 10)
    assert await actions(site) == []
    assert all(switch.commands == [] for switch in site.switches.values())
    assert await site.stores.decisions.count(SYSTEM_ID) == 10


async def test_observing_arms_no_timer_anew(site: ScriptedSite) -> None:
    """The owner's own two hours, set at the device, stay two hours."""
    await site.level(ControlLevel.OBSERVE)
    await site.primary.turn_on(auto_off_s=7_200.0)
    sent = list(site.primary.commands)
    await cycles(site, 20)
    assert site.primary.commands == sent
    status = await site.primary.status()
    assert status.auto_off_in_s == 7_200.0 - 20 * 60.0


async def test_what_the_owner_starts_while_observing_has_no_timer_that_nobody_refreshes(
    site: ScriptedSite,
) -> None:
    await site.level(ControlLevel.OBSERVE)
    await site.do(actor=Actor.OWNER)
    await cycles(site, 20)
    assert site.primary.commands == [("on", None)]
    assert site.primary.relay


async def test_asking_for_approval(site: ScriptedSite) -> None:
    await site.level(ControlLevel.APPROVE)
    await cycles(site, 8)
    (pending,) = await actions(site)
    assert (pending.status, pending.load_id) == (ActionStatus.PENDING, PRIMARY)
    assert site.primary.commands == []
