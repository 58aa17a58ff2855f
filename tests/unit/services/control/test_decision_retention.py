"""Decisions are kept for a time; the chain of what is kept is whole, whatever was dropped."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import pytest

from services.control.decided import decided
from services.control.decision_chain import first_broken
from services.control.decision_retention import DecisionRetention
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import ScriptedSite


@pytest.fixture
async def site() -> ScriptedSite:
    """Ten minutes with a decision each."""
    site = await ScriptedSite().set_up()
    for _ in range(10):
        await site.pass_minutes(1)
        await site.loop.control.run_cycle(SYSTEM_ID)
    return site


def retention(site: ScriptedSite, minutes: float) -> DecisionRetention:
    return DecisionRetention(
        sites=site.stores.site, decisions=site.stores.decisions, keep=timedelta(minutes=minutes)
    )


async def test_what_is_older_goes_and_the_rest_continues_from_the_anchor(
    site: ScriptedSite,
) -> None:
    store, now = site.stores.decisions, site.clock.now()
    before = list(await store.page(SYSTEM_ID, before=None, limit=20))[::-1]
    (anchor,) = await retention(site, 4.0).apply(now)
    assert (anchor.at, anchor.dropped, anchor.intact) == (now - timedelta(minutes=5), 5, True)
    after = list(await store.page(SYSTEM_ID, before=None, limit=20))[::-1]
    assert after == before[5:]
    assert first_broken(after, previous=anchor.hash) is None
    assert await retention(site, 4.0).apply(now) == [], "nothing more is old"


async def test_a_decision_of_an_older_release_is_read(site: ScriptedSite) -> None:
    """It had a field beside each zone that said that no device of the site blocks charging."""
    record = await site.stores.decisions.latest(SYSTEM_ID)
    assert record is not None
    today = decided(record)
    assert today.zones.zones
    older = deepcopy(record.document)
    for zone in older["zones"]["zones"]:
        zone["charging_block_enforced"] = False
    assert decided(replace(record, document=older)) == today


async def test_the_chain_is_checked_from_anchor_to_anchor(site: ScriptedSite) -> None:
    now = site.clock.now()
    await retention(site, 6.0).apply(now)
    (second,) = await retention(site, 2.0).apply(now)
    assert (second.dropped, second.intact) == (4, True)


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(365 * 86_400.0, id="a year ahead"),
        pytest.param(74 * 365 * 86_400.0, id="in the year 2100"),
        pytest.param(-56 * 365 * 86_400.0, id="in 1970"),
    ],
)
async def test_nothing_is_dropped_by_a_clock_that_no_decision_confirms(
    site: ScriptedSite, seconds: float
) -> None:
    jumped = site.clock.now() + timedelta(seconds=seconds)
    assert await retention(site, 4.0).apply(jumped) == []
    site.clock.set(jumped)
    await site.pass_minutes(1)
    await site.loop.control.run_cycle(SYSTEM_ID)
    assert await retention(site, 4.0).apply(site.clock.now()) == []
    assert await site.stores.decisions.count(SYSTEM_ID) == 11


async def test_decisions_of_a_time_that_was_wrong_go_with_their_neighbours(
    site: ScriptedSite,
) -> None:
    """The clock ran a year ahead for a cycle; the chain that is dropped has no hole."""
    now = site.clock.now()
    site.clock.set(now + timedelta(days=365))
    await site.loop.control.run_cycle(SYSTEM_ID)
    site.clock.set(now)
    for _ in range(8):
        await site.pass_minutes(1)
        await site.loop.control.run_cycle(SYSTEM_ID)
    (anchor,) = await retention(site, 4.0).apply(site.clock.now())
    assert (anchor.dropped, anchor.intact) == (14, True)
    kept = await site.stores.decisions.page(SYSTEM_ID, before=None, limit=20)
    assert first_broken(kept[::-1], previous=anchor.hash) is None


async def test_a_history_that_somebody_changed_is_told(site: ScriptedSite) -> None:
    chain = site.stores.decisions._chains[SYSTEM_ID]
    third = list(chain.values())[2]
    chain[third.at] = replace(third, document={"allocation": {}})
    (anchor,) = await retention(site, 4.0).apply(site.clock.now())
    assert not anchor.intact
