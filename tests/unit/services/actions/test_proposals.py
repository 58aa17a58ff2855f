"""Who may want what, what the owner answers, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from commandcenter.wiring import seed
from energy.site.loads import Actor
from energy.site.preferences import ControlLevel
from services.actions.proposals import needs_approval
from services.actions.records import ActionStatus
from services.errors import Conflict, NotFound
from services.telemetry.records import BatterySample, LoadSample
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import PRIMARY, ScriptedSite

PROPOSED, PENDING, BLOCKED = ActionStatus.PROPOSED, ActionStatus.PENDING, ActionStatus.BLOCKED
AUTOMATIC, APPROVE, OBSERVE = ControlLevel.AUTOMATIC, ControlLevel.APPROVE, ControlLevel.OBSERVE


@pytest.fixture
async def site() -> ScriptedSite:
    return await ScriptedSite().set_up()


@pytest.mark.parametrize(
    ("actor", "level", "urgent", "waits"),
    [
        pytest.param(Actor.AGENT, AUTOMATIC, False, True, id="an agent always asks"),
        pytest.param(Actor.AGENT, AUTOMATIC, True, True, id="whatever it calls urgent"),
        pytest.param(Actor.ALLOCATOR, AUTOMATIC, False, False, id="the loop acts"),
        pytest.param(Actor.ALLOCATOR, APPROVE, False, True, id="or asks where it has to"),
        pytest.param(Actor.RULE, APPROVE, False, True, id="like a rule"),
        pytest.param(Actor.SAFETY, APPROVE, True, False, id="but protects without asking"),
        pytest.param(Actor.ALLOCATOR, APPROVE, True, False, id="whoever does"),
        pytest.param(Actor.OWNER, APPROVE, False, False, id="the owner need not ask himself"),
        pytest.param(Actor.OWNER, OBSERVE, False, False, id="at any level"),
    ],
)
def test_who_waits_for_the_owner(
    actor: Actor, level: ControlLevel, *, urgent: bool, waits: bool
) -> None:
    assert needs_approval(actor, level, urgent=urgent) is waits


async def test_a_load_that_does_not_exist(site: ScriptedSite) -> None:
    with pytest.raises(NotFound, match="controlled load"):
        await site.wish(UUID(int=7))


async def test_an_approved_proposal_is_executed(site: ScriptedSite) -> None:
    action = await site.wish(actor=Actor.AGENT)
    assert action.status is PENDING
    await site.loop.open_actions.advance(SYSTEM_ID)
    assert not site.primary.relay, "nobody has approved it"
    approved = await site.loop.proposals.approve(action.id, by="owner@example.com")
    assert approved.status is ActionStatus.APPROVED
    await site.loop.open_actions.advance(SYSTEM_ID)
    assert (await site.now(action)).status is ActionStatus.DONE
    assert site.primary.relay


@pytest.mark.parametrize(
    ("wanted", "target_on", "approved"),
    [
        pytest.param("always", False, False, id="always: a stop waits"),
        pytest.param("always", True, False, id="always: a start waits"),
        pytest.param("sometimes", False, True, id="sometimes: a stop does not"),
        pytest.param("sometimes", True, False, id="sometimes: a start waits"),
        pytest.param("never", False, True, id="never: nor a stop"),
        pytest.param("never", True, True, id="never: nor a start"),
    ],
)
async def test_which_proposals_need_a_second_word_of_who_asked(
    site: ScriptedSite, wanted: str, *, target_on: bool, approved: bool
) -> None:
    await site.prefer(require_confirmation=wanted)
    site.primary.flip(on=not target_on)
    await site.pass_minutes(30)
    action = await site.wish(actor=Actor.AGENT, target_on=target_on)
    after = await site.loop.proposals.confirmed(action, by="owner@example.com")
    assert after.status is (ActionStatus.APPROVED if approved else PENDING)
    log = await site.stores.actions.events(action.id)
    assert [event.detail for event in log][1:] == (
        [f"approved by owner@example.com (confirmation: {wanted})"] if approved else []
    )


async def test_what_is_blocked_is_not_confirmed(site: ScriptedSite) -> None:
    await site.prefer(require_confirmation="never")
    action = await site.wish(actor=Actor.AGENT, target_on=False)
    assert action.status is ActionStatus.BLOCKED
    assert await site.loop.proposals.confirmed(action, by="owner@example.com") == action


async def test_a_rejected_proposal_is_not(site: ScriptedSite) -> None:
    action = await site.wish(actor=Actor.AGENT)
    await site.loop.proposals.reject(action.id, by="owner@example.com")
    await site.loop.open_actions.advance(SYSTEM_ID)
    ended = await site.now(action)
    assert (ended.status, ended.result) == (
        ActionStatus.REJECTED,
        "rejected by owner@example.com",
    )
    assert ended.finished_at == site.clock.now()
    assert site.primary.commands == []


@pytest.mark.parametrize(
    ("first", "later_s", "says"),
    [
        pytest.param(
            "approve", 0, "This action is approved already; nothing was done.", id="twice"
        ),
        pytest.param(
            "reject",
            0,
            "This action is rejected already (rejected by ann); nothing was done.",
            id="after a rejection",
        ),
        pytest.param(
            None,
            300,
            "This action is expired already (Nobody answered in time.); nothing was done.",
            id="late",
        ),
    ],
)
async def test_approving_what_is_no_longer_pending(
    site: ScriptedSite, first: str | None, later_s: int, says: str
) -> None:
    action = await site.wish(actor=Actor.AGENT)
    if first is not None:
        await getattr(site.loop.proposals, first)(action.id, by="ann")
    site.clock.advance(later_s)
    with pytest.raises(Conflict) as refused:
        await site.loop.proposals.approve(action.id, by="bob")
    assert str(refused.value) == says
    assert site.primary.commands == []


async def test_approving_what_never_was(site: ScriptedSite) -> None:
    with pytest.raises(NotFound, match="action"):
        await site.loop.proposals.approve(uuid4(), by="owner")


async def test_a_proposal_that_vanishes_while_it_is_approved(site: ScriptedSite) -> None:
    action = await site.wish(actor=Actor.AGENT)
    store = site.stores.actions
    found = [action, None]

    async def get(_: UUID) -> object:
        return found.pop(0)

    async def transition(*_: object, **__: object) -> None:
        return None

    store.get, store.transition = get, transition  # type: ignore[method-assign, assignment]  # another process deletes it meanwhile
    with pytest.raises(Conflict, match="This action is gone already; nothing was done"):
        await site.loop.proposals.approve(action.id, by="owner")


@pytest.mark.parametrize(
    ("seconds", "status"), [(299, PENDING), (300, ActionStatus.EXPIRED)], ids=["before", "after"]
)
async def test_a_proposal_expires_after_five_minutes(
    site: ScriptedSite, seconds: int, status: ActionStatus
) -> None:
    action = await site.wish(actor=Actor.AGENT)
    site.clock.advance(seconds)
    await site.loop.open_actions.advance(SYSTEM_ID)
    assert (await site.now(action)).status is status


@pytest.mark.parametrize(
    ("back_s", "status"),
    [
        pytest.param(119, PENDING, id="a clock that drifts"),
        pytest.param(121, ActionStatus.EXPIRED, id="set back by minutes"),
        pytest.param(365 * 86_400, ActionStatus.EXPIRED, id="asked in a year that was wrong"),
    ],
)
async def test_how_long_a_proposal_has_waited_is_unknown_once_the_clock_was_set_back(
    site: ScriptedSite, back_s: int, status: ActionStatus
) -> None:
    """Unknown is expired: a consent to what was asked hours ago starts nothing."""
    action = await site.wish(actor=Actor.AGENT)
    site.clock.set(site.clock.now() - timedelta(seconds=back_s))
    await site.loop.open_actions.advance(SYSTEM_ID)
    assert (await site.now(action)).status is status


async def test_an_approval_after_the_clock_was_set_back_starts_nothing(site: ScriptedSite) -> None:
    action = await site.wish(actor=Actor.AGENT)
    site.clock.set(site.clock.now() - timedelta(hours=1))
    with pytest.raises(Conflict, match="expired already"):
        await site.loop.proposals.approve(action.id, by="owner")
    await site.loop.open_actions.advance(SYSTEM_ID)
    assert site.primary.commands == []


@pytest.mark.parametrize(
    ("actor", "site_s", "status"),
    [
        pytest.param(Actor.AGENT, 60 * 299, PENDING, id="299 s by the wall"),
        pytest.param(Actor.AGENT, 60 * 300, ActionStatus.EXPIRED, id="5 min by the wall"),
        pytest.param(Actor.OWNER, 299, PROPOSED, id="what asks nobody: 299 s of the site"),
        pytest.param(Actor.OWNER, 300, ActionStatus.EXPIRED, id="5 min of the site"),
    ],
)
async def test_people_answer_by_the_walls_clock(
    actor: Actor, site_s: int, status: ActionStatus
) -> None:
    site = await ScriptedSite(speed=60.0).set_up()
    action = await site.wish(actor=actor)
    site.clock.advance(site_s)
    await site.loop.proposals.expire(SYSTEM_ID)
    assert (await site.now(action)).status is status


async def test_an_approval_in_the_last_second_has_a_minute_by_the_wall() -> None:
    site = await ScriptedSite(speed=60.0).set_up()
    action = await site.wish(actor=Actor.AGENT)
    site.clock.advance(60 * 299)
    await site.loop.proposals.approve(action.id, by="owner")
    site.clock.advance(60 * 60)
    await site.loop.proposals.expire(SYSTEM_ID)
    assert (await site.now(action)).status is ActionStatus.APPROVED
    site.clock.advance(60)
    await site.loop.proposals.expire(SYSTEM_ID)
    assert (await site.now(action)).status is ActionStatus.EXPIRED


@pytest.mark.parametrize(
    ("later_s", "status", "result"),
    [
        pytest.param(59, ActionStatus.DONE, "Verified: on, 3 878 W.", id="within a minute"),
        pytest.param(60, ActionStatus.EXPIRED, "It was not executed in time.", id="later"),
    ],
)
async def test_approved_in_the_last_second(
    site: ScriptedSite, later_s: int, status: ActionStatus, result: str
) -> None:
    action = await site.wish(actor=Actor.AGENT)
    site.clock.advance(299.0)
    await site.see()
    await site.loop.proposals.approve(action.id, by="owner")
    site.clock.advance(1.0 + later_s)
    await site.loop.open_actions.advance(SYSTEM_ID)
    ended = await site.now(action)
    assert (ended.status, ended.result) == (status, result)


async def test_what_never_expires(site: ScriptedSite) -> None:
    action = await site.wish(actor=Actor.AGENT)
    known = site.stores.actions._actions
    known[action.id] = replace(action, expires_at=None)
    site.clock.advance(86_400.0)
    assert await site.loop.proposals.expire(SYSTEM_ID) == 0


async def test_somebody_else_was_quicker_to_expire_it(site: ScriptedSite) -> None:
    await site.wish(actor=Actor.AGENT)
    site.clock.advance(300.0)

    async def transition(*_: object, **__: object) -> None:
        return None

    site.stores.actions.transition = transition  # type: ignore[method-assign]  # another process was there first
    assert await site.loop.proposals.expire(SYSTEM_ID) == 0


async def test_a_pending_wish_is_not_repeated(site: ScriptedSite) -> None:
    await site.level(APPROVE)
    first = await site.wish()
    site.clock.advance(60.0)
    assert await site.wish() == first
    assert await site.stores.actions.count(SYSTEM_ID) == 1


async def test_a_wish_the_other_way_is_another(site: ScriptedSite) -> None:
    await site.level(APPROVE)
    start = await site.wish()
    site.primary.flip(on=True)
    await site.pass_minutes(1)
    stop = await site.wish(target_on=False)
    assert stop.id != start.id


async def test_a_pending_wish_does_not_hold_up_the_owner(site: ScriptedSite) -> None:
    await site.wish(actor=Actor.AGENT)
    own = await site.wish(actor=Actor.OWNER)
    assert own.status is PROPOSED


async def test_a_wish_that_is_about_to_be_executed_does_not_hold_up_a_protective_stop(
    site: ScriptedSite,
) -> None:
    site.primary.flip(on=True)
    await site.pass_minutes(20)
    slow = await site.wish(target_on=False)
    urgent = await site.wish(target_on=False, urgent=True, actor=Actor.SAFETY)
    assert (slow.urgent, urgent.urgent) == (False, True)


@pytest.mark.parametrize(
    ("minutes", "asks_again"),
    [pytest.param(59, False, id="within the hold"), pytest.param(60, True, id="after it")],
)
async def test_what_the_owner_rejected_is_not_asked_again_at_once(
    site: ScriptedSite, minutes: int, *, asks_again: bool
) -> None:
    await site.level(APPROVE)
    first = await site.wish()
    await site.loop.proposals.reject(first.id, by="owner")
    site.clock.advance(minutes * 60.0)
    await site.see()
    again = await site.wish()
    assert (again.id != first.id) is asks_again


async def test_a_blocked_wish_is_logged_once(site: ScriptedSite) -> None:
    await site.see()
    site.clock.advance(60.0)
    await site.see(voltage_v=45.0)
    first = await site.wish()
    assert first.status is BLOCKED
    for _ in range(3):
        await site.wish()
    assert await site.stores.actions.count(SYSTEM_ID) == 1


async def test_what_is_so_already_is_not_logged(site: ScriptedSite) -> None:
    assert (await site.wish(target_on=False)).status is BLOCKED
    assert await site.stores.actions.count(SYSTEM_ID) == 0


async def test_the_owner_hears_it_every_time(site: ScriptedSite) -> None:
    for _ in range(2):
        action = await site.wish(target_on=False, actor=Actor.OWNER)
        assert (action.status, action.result) == (
            BLOCKED,
            "Primary S21+ is off already.",
        )
    assert await site.stores.actions.count(SYSTEM_ID) == 2


async def test_an_automatic_action_is_created_once_per_cycle(site: ScriptedSite) -> None:
    first = await site.do(key="site/12:00/primary")
    again = await site.wish(target_on=False, key="site/12:00/primary", urgent=True)
    assert again.id == first.id
    assert len(site.primary.commands) == 1


# --- the hold of a manual switch


@pytest.mark.parametrize(
    ("actor", "urgent", "minutes", "status"),
    [
        pytest.param(Actor.ALLOCATOR, False, 59, BLOCKED, id="the loop waits"),
        pytest.param(Actor.AGENT, False, 59, BLOCKED, id="an agent waits"),
        pytest.param(Actor.ALLOCATOR, False, 60, PROPOSED, id="until the hold ends"),
        pytest.param(Actor.OWNER, False, 59, PROPOSED, id="the owner may change his mind"),
        pytest.param(Actor.SAFETY, True, 59, PROPOSED, id="a protective stop does not wait"),
    ],
)
async def test_a_manual_switch_holds_the_device(
    site: ScriptedSite, actor: Actor, minutes: int, status: ActionStatus, *, urgent: bool
) -> None:
    await site.prefer(dead_man_minutes=30.0)
    await site.do(actor=Actor.OWNER)
    for _ in range(minutes):
        site.clock.advance(60.0)
        await site.primary.turn_on(auto_off_s=1_800.0)
        await site.see(load_w=5_700.0)
    action = await site.wish(target_on=False, actor=actor, urgent=urgent)
    assert action.status is status


async def test_nothing_new_is_asked_of_a_device_that_is_silent(site: ScriptedSite) -> None:
    site.clock.advance(301.0)
    await site.see(silent=(PRIMARY,))
    action = await site.wish()
    assert (action.status, action.result) == (BLOCKED, "Primary S21+ does not answer.")
    assert (await site.wish(actor=Actor.OWNER)).status is PROPOSED, "the owner may try"


@pytest.mark.parametrize(
    ("seen", "result"),
    [
        pytest.param(
            {"voltage_v": 45.0},
            "The battery is at 45.00 V, at or below critical (45.00 V): nothing may add load.",
            id="critical",
        ),
        pytest.param(
            {"grid_w": 500.0},
            "The site imports 500 W from the grid and would import 4 378 W; no import is allowed.",
            id="importing",
        ),
    ],
)
async def test_safety_has_the_last_word(
    site: ScriptedSite, seen: dict[str, float], result: str
) -> None:
    site.clock.advance(60.0)
    await site.see(**seen)  # type: ignore[arg-type]  # numbers only
    action = await site.wish()
    assert (action.status, action.result) == (BLOCKED, result)


async def test_safety_is_asked_again_when_an_approved_action_is_executed(
    site: ScriptedSite,
) -> None:
    action = await site.wish(actor=Actor.AGENT)
    site.clock.advance(60.0)
    await site.see(voltage_v=44.9)
    await site.loop.proposals.approve(action.id, by="owner")
    await site.loop.open_actions.advance(SYSTEM_ID)
    assert (await site.now(action)).status is BLOCKED
    assert site.primary.commands == []


async def test_an_old_voltage_is_no_voltage(site: ScriptedSite) -> None:
    site.clock.advance(601.0)
    await site.see(voltage_v=None)
    action = await site.wish()
    assert action.result == (
        "There is no recent battery voltage: nothing is started by itself without one."
    )


async def test_an_old_import_counts_no_more(site: ScriptedSite) -> None:
    site.clock.advance(60.0)
    await site.see(grid_w=5_000.0)
    site.clock.advance(601.0)
    at = site.clock.now()
    await site.stores.telemetry.append(
        [
            BatterySample(device_id=seed.BATTERY_PACK, at=at, voltage_v=52.3, current_a=0.0),
            LoadSample(device_id=PRIMARY, at=at, is_on=False, power_w=0.0),
        ]
    )
    assert (await site.wish()).status is PROPOSED
