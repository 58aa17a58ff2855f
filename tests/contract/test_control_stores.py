"""Memory, decisions, actions, locks, emergency stop."""

from __future__ import annotations

import asyncio
import math
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import pytest

from energy.dataclass_json import JsonObject
from energy.site.loads import Actor
from energy.site.miners import ControlMemory, Learned, MinerMemory
from services.actions.records import (
    OPEN_STATUSES,
    Action,
    ActionChanges,
    ActionEvent,
    ActionStatus,
    EmergencyStop,
)
from services.control.decision_chain import GENESIS, first_broken, next_hash
from services.control.records import ChainAnchor, DecisionRecord
from services.errors import Invalid, NotFound
from services.memory.records import SiteMemory
from services.stored import Json
from tests.contract.conftest import NOON, Site
from tests.waiting import HANGS_S

PROPOSED = frozenset({ActionStatus.PROPOSED})


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def action(site: Site, number: int = 1, **changes: object) -> Action:
    made = Action(
        id=UUID(int=number),
        system_id=site.system_id,
        load_id=site.miner_load,
        target_on=True,
        actor=Actor.ALLOCATOR,
        requested_by="allocator",
        reason="eligible",
        explanation="52.3 V is above 50.0 V.",
        status=ActionStatus.PROPOSED,
        created_at=at(number),
        expires_at=at(300),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize("status", list(ActionStatus))
async def test_a_site_is_open_while_an_action_has_not_ended(
    site: Site, status: ActionStatus
) -> None:
    store = site.stores.actions
    assert await store.open_sites() == frozenset()
    await store.create(action(site, status=status), detail="")
    expected = {site.system_id} if status in OPEN_STATUSES else set()
    assert await store.open_sites() == frozenset(expected)


async def test_memory_is_empty_at_first_and_then_what_was_saved(site: Site) -> None:
    store = site.stores.memory
    assert await store.load(site.system_id) == SiteMemory()
    memory = SiteMemory(
        learned=Learned(resistance_ohm=0.0123, clear_sky_ratio=0.9, mean_base_load_w=None),
        control=ControlMemory(
            lockout=True,
            miners=(("m1", MinerMemory(start_since=at(0), potential_started_at=at(1))),),
            potential_factor=0.5,
            potential_lowered_at=at(2),
        ),
        hvac={"zones": {"z": {"fan_on": True, "since": None}}},
        learning={"steps": [[1.5, -2.0]]},
    )
    await store.save(site.system_id, SiteMemory())
    await store.save(site.system_id, memory)
    assert await store.load(site.system_id) == memory
    assert await store.load(site.other_system_id) == SiteMemory()


async def test_decisions_are_chained_and_stored_once(site: Site) -> None:
    store = site.stores.decisions
    documents: list[JsonObject] = [
        {"budget": {"total_w": 11600.0, "soc_pct": n / 3}, "e": 1e-7, "b": 1e22} for n in range(3)
    ]
    records = [
        await store.append(site.system_id, at(60 * n), document, "1")
        for n, document in enumerate(documents)
    ]
    assert records[0].previous_hash == GENESIS
    assert [record.hash for record in records[:2]] == [r.previous_hash for r in records[1:]]
    again = await store.append(site.system_id, at(60), {"other": True}, "2")
    assert again == records[1]
    page = await store.page(site.system_id, before=None, limit=10)
    assert list(page) == records[::-1]
    assert first_broken(page[::-1]) is None
    assert list(await store.page(site.system_id, before=at(120), limit=1)) == [records[1]]
    assert await store.latest(site.system_id) == records[2]
    assert await store.get(records[0].id) == records[0]
    assert await store.count(site.system_id) == 3


async def decided_at(site: Site, *seconds: float) -> list[DecisionRecord]:
    store = site.stores.decisions
    return [await store.append(site.system_id, at(s), {"n": s}, "1") for s in seconds]


YEAR_S = 365 * 86_400.0


async def test_the_newest_decision_is_the_last_that_was_decided(site: Site) -> None:
    """The clock ran a year ahead for two cycles and was then set right."""
    made = await decided_at(site, 0, 60, YEAR_S, YEAR_S + 60, 120, 180)
    store = site.stores.decisions
    assert await store.latest(site.system_id) == made[-1]
    assert list(await store.page(site.system_id, before=None, limit=10)) == made[::-1]


@pytest.mark.parametrize(
    ("before_s", "places"),
    [
        pytest.param(120.001, [4, 3, 2, 1, 0], id="just after one that was decided after the jump"),
        pytest.param(90, [1, 0], id="the time before the jump"),
        pytest.param(YEAR_S + 60, [2, 1, 0], id="in the time that was wrong"),
        pytest.param(-1, [], id="before all"),
    ],
)
async def test_a_page_goes_on_in_the_order_of_deciding(
    site: Site, before_s: float, places: list[int]
) -> None:
    made = await decided_at(site, 0, 60, YEAR_S, YEAR_S + 60, 120, 180)
    page = await site.stores.decisions.page(site.system_id, before=at(before_s), limit=10)
    assert list(page) == [made[place] for place in places]


@pytest.mark.parametrize(
    ("times", "dropped"),
    [
        pytest.param((0, 60, 600, 660), 2, id="time goes on"),
        pytest.param((0, YEAR_S, 60, 600), 3, id="ahead for a while, among old ones"),
        pytest.param((0, 600, -YEAR_S, 660), 1, id="back for a while, among ones that are kept"),
        pytest.param((0, YEAR_S, 600), 1, id="ahead for a while, then a kept one"),
        pytest.param((YEAR_S, YEAR_S + 60), 0, id="the clock is behind all of them"),
        pytest.param((YEAR_S, 600), 0, id="the clock was behind, and now is right"),
    ],
)
async def test_the_oldest_decisions_are_a_beginning_of_the_chain(
    site: Site, times: tuple[float, ...], dropped: int
) -> None:
    made = await decided_at(site, *times)
    old = await site.stores.decisions.oldest(site.system_id, before=at(300), now=at(900), limit=10)
    assert list(old) == made[:dropped]


async def test_each_system_has_its_own_chain(site: Site) -> None:
    store = site.stores.decisions
    await store.append(site.system_id, at(0), {"n": 1}, "1")
    other = await store.append(site.other_system_id, at(0), {"n": 1}, "1")
    assert other.hash == next_hash(GENESIS, {"n": 1})
    assert await store.latest(UUID(int=99)) is None
    assert await store.get(UUID(int=99)) is None


async def test_an_edited_decision_breaks_the_chain(site: Site) -> None:
    store = site.stores.decisions
    for n in range(3):
        await store.append(site.system_id, at(n), {"n": n}, "1")
    chain = list(await store.page(site.system_id, before=None, limit=10))[::-1]
    edited = [chain[0], replace(chain[1], document={"n": 9}), chain[2]]
    assert first_broken(edited) == edited[1]
    assert first_broken([chain[0], chain[2]]) == chain[2]


async def test_a_cycle_keeps_its_decision_and_its_memory_and_tells_of_them(site: Site) -> None:
    stores = site.stores
    heard = stores.events.subscribe("decision")
    memory = SiteMemory(last_cycle_at=at(0))
    kept = await stores.cycles.keep(site.system_id, at(0), {"n": 1}, "1", memory)
    assert kept == await stores.decisions.latest(site.system_id)
    assert await stores.memory.load(site.system_id) == memory
    event = await asyncio.wait_for(anext(heard), HANGS_S)
    assert event == (
        "decision",
        {"system_id": str(site.system_id), "id": str(kept.id), "at": at(0).isoformat()},
    )


async def test_a_cycle_that_is_kept_again_changes_nothing(site: Site) -> None:
    stores = site.stores
    memory = SiteMemory(last_cycle_at=at(0))
    kept = await stores.cycles.keep(site.system_id, at(0), {"n": 1}, "1", memory)
    again = await stores.cycles.keep(site.system_id, at(0), {"n": 2}, "2", SiteMemory())
    assert again == kept
    assert await stores.memory.load(site.system_id) == memory
    assert await stores.decisions.count(site.system_id) == 1


async def test_a_decision_that_cannot_be_stored_leaves_the_memory_as_it_was(site: Site) -> None:
    stores = site.stores
    memory = SiteMemory(last_cycle_at=at(0))
    await stores.cycles.keep(site.system_id, at(0), {"n": 1}, "1", memory)
    with pytest.raises(Invalid):
        await stores.cycles.keep(site.system_id, at(60), {"n": math.nan}, "1", SiteMemory())
    assert await stores.memory.load(site.system_id) == memory
    assert await stores.decisions.count(site.system_id) == 1


WHOLE: Json = {
    "allocation": {
        "budget": {"total_w": 11_600.0},
        "inputs": {
            "preferences": {"voltage_low": 47.0},
            "miners": [{"id": "m1", "name": "S21+"}],
            "snapshot": {"at": "2026-06-21T19:00:00+00:00"},
        },
    },
    "zones": {"zones": []},
}


async def test_a_decision_comes_back_with_its_settings(site: Site) -> None:
    store = site.stores.decisions
    other = deepcopy(WHOLE)
    other["allocation"]["inputs"]["preferences"]["voltage_low"] = 48.0
    made = [await store.append(site.system_id, at(n), d, "1") for n, d in enumerate((WHOLE, other))]
    assert [(await store.get(each.id)) for each in made] == made
    assert [each.document for each in made] == [WHOLE, other]


async def test_old_decisions_are_dropped_and_an_anchor_keeps_the_chain(site: Site) -> None:
    store = site.stores.decisions
    made = [await store.append(site.system_id, at(60 * n), WHOLE, "1") for n in range(4)]
    assert await store.anchor(site.system_id) is None
    old = await store.oldest(site.system_id, before=at(120), now=at(900), limit=10)
    assert list(old) == made[:2]
    one = await store.oldest(site.system_id, before=at(120), now=at(900), limit=1)
    assert list(one) == made[:1]
    anchor = ChainAnchor(at=made[1].at, hash=made[1].hash, dropped=2, intact=True)
    await store.drop(site.system_id, old, anchor)
    assert await store.anchor(site.system_id) == anchor
    assert await store.anchor(site.other_system_id) is None
    assert await store.count(site.system_id) == 2
    assert await store.get(made[0].id) is None
    kept = list(await store.oldest(site.system_id, before=at(900), now=at(900), limit=10))
    assert kept == made[2:]
    assert first_broken(kept, previous=anchor.hash) is None
    assert first_broken(kept, previous=GENESIS) == kept[0]


async def test_a_chain_of_which_all_is_dropped_goes_on(site: Site) -> None:
    store = site.stores.decisions
    made = await store.append(site.system_id, at(0), WHOLE, "1")
    anchor = ChainAnchor(at=made.at, hash=made.hash, dropped=1, intact=True)
    await store.drop(site.system_id, [made], anchor)
    following = await store.append(site.system_id, at(960), WHOLE, "1")
    assert following.previous_hash == made.hash


async def test_a_number_that_is_not_finite_is_no_decision(site: Site) -> None:
    with pytest.raises(Invalid):
        await site.stores.decisions.append(site.system_id, at(0), {"w": float("nan")}, "1")


async def test_an_action_lives_and_leaves_its_trace(site: Site) -> None:
    store = site.stores.actions
    await store.create(action(site), detail="wanted")
    moved = await store.transition(
        UUID(int=1),
        expect=PROPOSED,
        status=ActionStatus.EXECUTING,
        at=at(5),
        actor="loop",
        detail="sent",
        changes={"executed_at": at(5), "tries": 1, "previous_on": False, "previous_speed": 4},
    )
    executing = action(
        site,
        status=ActionStatus.EXECUTING,
        executed_at=at(5),
        tries=1,
        previous_on=False,
        previous_speed=4,
    )
    assert moved == executing
    done = await store.transition(
        UUID(int=1),
        expect=frozenset({ActionStatus.EXECUTING}),
        status=ActionStatus.DONE,
        at=at(9),
        actor="loop",
        detail="verified",
        changes={"finished_at": at(9), "measured_w": 3870.5, "result": "on"},
    )
    assert done == await store.get(UUID(int=1))
    assert done == replace(
        executing,
        status=ActionStatus.DONE,
        finished_at=at(9),
        measured_w=3870.5,
        result="on",
    )
    assert list(await store.events(UUID(int=1))) == [
        ActionEvent(action_id=UUID(int=1), at=when, status=status, actor=actor, detail=detail)
        for when, status, actor, detail in (
            (at(1), ActionStatus.PROPOSED, "allocator", "wanted"),
            (at(5), ActionStatus.EXECUTING, "loop", "sent"),
            (at(9), ActionStatus.DONE, "loop", "verified"),
        )
    ]


async def test_a_move_from_an_unexpected_status_does_nothing(site: Site) -> None:
    store = site.stores.actions
    await store.create(action(site, status=ActionStatus.REJECTED), detail="")
    moved = await store.transition(
        UUID(int=1), expect=PROPOSED, status=ActionStatus.DONE, at=at(2), actor="x", detail="y"
    )
    assert moved is None
    assert await store.get(UUID(int=1)) == action(site, status=ActionStatus.REJECTED)
    assert len(await store.events(UUID(int=1))) == 1


async def test_a_move_of_nothing_or_of_a_fixed_field_is_refused(site: Site) -> None:
    store = site.stores.actions
    await store.create(action(site), detail="")
    with pytest.raises(NotFound):
        await store.transition(
            UUID(int=9), expect=PROPOSED, status=ActionStatus.DONE, at=at(2), actor="x", detail=""
        )
    with pytest.raises(Invalid, match="target_on"):
        await store.transition(
            UUID(int=1),
            expect=PROPOSED,
            status=ActionStatus.DONE,
            at=at(2),
            actor="x",
            detail="",
            changes=cast(ActionChanges, {"target_on": False}),
        )
    assert await store.get(UUID(int=1)) == action(site)


async def test_the_same_key_creates_one_action(site: Site) -> None:
    store = site.stores.actions
    first = await store.create(action(site, 1, idempotency_key="cycle/1"), detail="first")
    second = await store.create(action(site, 2, idempotency_key="cycle/1"), detail="second")
    assert second == first
    assert await store.get(UUID(int=2)) is None
    assert [event.detail for event in await store.events(UUID(int=1))] == ["first"]


async def test_actions_are_found_by_time_load_and_status(site: Site) -> None:
    store = site.stores.actions
    for number in (1, 2, 3):
        load = site.fan_load if number == 3 else site.miner_load
        sent = None if number == 1 else at(100 * number)
        status = ActionStatus.PENDING if number == 1 else ActionStatus.DONE
        made = action(site, number, load_id=load, executed_at=sent, status=status)
        await store.create(made, detail="")

    def numbers(found: object) -> list[int]:
        return [each.id.int for each in found]  # type: ignore[attr-defined]  # sequences of actions

    assert numbers(await store.page(site.system_id, before=None, limit=2)) == [3, 2]
    assert numbers(await store.page(site.system_id, before=at(3), limit=9)) == [2, 1]
    mine = await store.page(site.system_id, before=None, limit=9, load_id=site.fan_load)
    assert numbers(mine) == [3]
    assert numbers(await store.page(site.other_system_id, before=None, limit=9)) == []
    statuses = frozenset({ActionStatus.PENDING, ActionStatus.DONE})
    assert numbers(await store.with_status(site.system_id, statuses)) == [1, 2, 3]
    assert numbers(await store.with_status(site.system_id, frozenset())) == []
    assert numbers(await store.since(site.miner_load, at(200))) == [2]
    assert numbers(await store.since(site.miner_load, at(201))) == []
    assert await store.count(site.system_id) == 3
    assert await store.count(site.system_id, load_id=site.fan_load) == 1


async def test_a_device_is_held_by_one(site: Site) -> None:
    locks = site.stores.locks
    async with locks.hold(site.miner_load) as mine, locks.hold(site.miner_load) as twin:
        async with locks.hold(site.fan_load) as other:
            assert (mine, twin, other) == (True, False, True)
        async with locks.hold(site.miner_load) as still:
            assert still is False
    async with locks.hold(site.miner_load) as again:
        assert again is True


async def test_a_lock_is_given_back_after_an_error(site: Site) -> None:
    locks = site.stores.locks
    with pytest.raises(RuntimeError):
        async with locks.hold(site.miner_load):
            raise RuntimeError
    async with locks.hold(site.miner_load) as again:
        assert again is True


async def test_the_emergency_stop_latches_until_released(site: Site) -> None:
    store = site.stores.emergency_stops
    assert await store.state(site.system_id) == EmergencyStop(latched=False)
    released = await store.release(site.system_id, at=at(0), by="a", reason="nothing")
    assert released == EmergencyStop(latched=False)
    latched = EmergencyStop(latched=True, changed_at=at(1), changed_by="owner", reason="smoke")
    assert await store.latch(site.system_id, at=at(1), by="owner", reason="smoke") == latched
    assert await store.latch(site.system_id, at=at(2), by="other", reason="again") == latched
    assert await store.state(site.system_id) == latched
    assert await store.state(site.other_system_id) == EmergencyStop(latched=False)
    free = EmergencyStop(latched=False, changed_at=at(3), changed_by="admin", reason="checked")
    assert await store.release(site.system_id, at=at(3), by="admin", reason="checked") == free


async def test_what_people_have_switched_and_ask_for(site: Site) -> None:
    store = site.stores.actions
    for number, actor in ((1, Actor.OWNER), (2, Actor.ALLOCATOR), (3, Actor.AGENT)):
        made = action(site, number, actor=actor)
        await store.create(made, detail="")
        await store.transition(
            made.id,
            expect=PROPOSED,
            status=ActionStatus.DONE,
            at=at(60 * number),
            actor="control",
            detail="",
            changes={"executed_at": at(60 * number)},
        )
    await store.create(action(site, 4, actor=Actor.OWNER), detail="not sent yet")
    await store.create(
        action(site, 5, actor=Actor.AGENT, status=ActionStatus.PENDING), detail="not agreed yet"
    )
    await store.create(
        action(site, 6, actor=Actor.AGENT, status=ActionStatus.REJECTED), detail="refused"
    )
    await store.create(action(site, 7, actor=Actor.RULE), detail="nobody's")
    for since, numbers in ((60, (1, 3, 4, 5)), (61, (3, 4, 5))):
        found = await store.asked_since(site.system_id, at(since))
        assert [each.id for each in found] == [UUID(int=number) for number in numbers]
    assert await store.asked_since(site.other_system_id, at(0)) == []
