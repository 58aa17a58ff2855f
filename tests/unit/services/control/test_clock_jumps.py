"""The host's clock jumps: no NTP until late after boot, a battery-less clock, daylight saving."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from energy.allocation.decision import Decision
from energy.allocation.explanation.sentences import Explanations
from energy.site.loads import Actor
from services.actions.records import Action
from services.control.decided import decided
from tests.fakes.clock import EPOCH
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import PRIMARY, ScriptedSite

HOUSE_W, DRAW_W = 1_850.0, 3_878.0
MINUTE, HOUR, DAY, YEAR = 60.0, 3_600.0, 86_400.0, 365 * 86_400.0

BACK = [
    pytest.param(-10 * MINUTE, id="back 10 min"),
    pytest.param(-HOUR, id="back an hour"),
    pytest.param(-DAY, id="back a day"),
    pytest.param(-56 * YEAR, id="back to 1970"),
]
FORWARD = [
    pytest.param(HOUR, id="on an hour"),
    pytest.param(DAY, id="on a day"),
    pytest.param(YEAR, id="on a year"),
]


@pytest.fixture
async def site() -> ScriptedSite:
    return await ScriptedSite().set_up()


async def cycles(site: ScriptedSite, minutes: int, *, polled: bool = True, **seen: Any) -> Decision:
    record = None
    for _ in range(minutes):
        site.clock.advance(60.0)
        if polled:
            await site.see(**seen)
        record = await site.loop.control.run_cycle(SYSTEM_ID)
    assert record is not None
    return decided(record).decision


def jump(site: ScriptedSite, seconds: float) -> None:
    """No instant comes twice to the microsecond."""
    site.clock.set(site.clock.now() + timedelta(seconds=seconds + 0.25))


async def running(site: ScriptedSite) -> None:
    """The primary has run for twenty minutes."""
    await cycles(site, 6)
    await cycles(site, 20, load_w=HOUSE_W + DRAW_W)
    assert site.primary.relay


async def switched(site: ScriptedSite) -> list[Action]:
    return list(await site.stores.actions.page(SYSTEM_ID, before=None, limit=99, load_id=PRIMARY))


@pytest.mark.parametrize("seconds", BACK + FORWARD)
async def test_no_cycle_raises_and_all_stays_readable(site: ScriptedSite, seconds: float) -> None:
    await running(site)
    jump(site, seconds)
    await cycles(site, 3, load_w=HOUSE_W + DRAW_W)
    jump(site, -seconds)
    await cycles(site, 3, load_w=HOUSE_W + DRAW_W)
    records = await site.stores.decisions.page(SYSTEM_ID, before=None, limit=99)
    assert len(records) == 32
    assert all(decided(record).decision.miners for record in records)


@pytest.mark.parametrize("seconds", BACK)
async def test_back_the_home_page_shows_what_was_decided_last(
    site: ScriptedSite, seconds: float
) -> None:
    await running(site)
    jump(site, seconds)
    await cycles(site, 1, load_w=HOUSE_W + DRAW_W)
    shown = (await site.loop.live.now(SYSTEM_ID))["decision"]
    assert shown is not None
    assert shown["at"] == site.clock.now().isoformat()


@pytest.mark.parametrize("seconds", BACK)
async def test_back_a_falling_battery_still_stops_it_after_its_delay(
    site: ScriptedSite, seconds: float
) -> None:
    """The delay that had begun before counts from the jump at the latest."""
    await site.prefer(night_reserve_enabled=False, voltage_low=46.0)
    await running(site)
    await cycles(site, 1, load_w=HOUSE_W + DRAW_W, voltage_v=46.5)
    assert site.primary.relay
    jump(site, seconds)
    await cycles(site, 1, load_w=HOUSE_W + DRAW_W, voltage_v=46.5)
    assert site.primary.relay
    await cycles(site, 2, load_w=HOUSE_W + DRAW_W, voltage_v=46.5)
    assert not site.primary.relay


LIVED = [
    pytest.param(-20 * MINUTE, id="back 20 min"),
    pytest.param(-HOUR, id="back an hour"),
    pytest.param(-DAY, id="back a day"),
]
"""The site has samples of that time."""


@pytest.mark.parametrize("seconds", LIVED)
async def test_back_nothing_starts_on_what_was_measured_before(
    site: ScriptedSite, seconds: float
) -> None:
    """The battery is low now; what it was then looks fresh again, and nothing new is polled."""
    await site.pass_minutes(int(-seconds / MINUTE) + 60)
    await cycles(site, 1, voltage_v=48.5)
    jump(site, seconds)
    await cycles(site, 12, polled=False)
    assert "on" not in [word for word, _ in site.primary.commands]


@pytest.mark.parametrize("seconds", LIVED)
async def test_back_what_runs_stops_when_nothing_proves_that_values_are_new(
    site: ScriptedSite, seconds: float
) -> None:
    await site.prefer(failsafe_after_s=600.0)
    await site.pass_minutes(int(-seconds / MINUTE))
    await running(site)
    jump(site, seconds)
    await cycles(site, 12, polled=False)
    assert not site.primary.relay


@pytest.mark.parametrize("seconds", BACK)
async def test_it_starts_again_once_the_time_is_right(site: ScriptedSite, seconds: float) -> None:
    await running(site)
    jump(site, seconds)
    await cycles(site, 5, load_w=HOUSE_W)
    jump(site, -seconds)
    site.primary.flip(on=False)
    before = len(await switched(site))
    await cycles(site, 20, load_w=HOUSE_W)
    assert len(await switched(site)) > before


async def test_a_clock_that_stays_back_is_believed_after_a_day(site: ScriptedSite) -> None:
    """It was ahead before: the site is not left dark until that time comes again."""
    await cycles(site, 2)
    jump(site, -YEAR)
    await cycles(site, 2)
    site.clock.advance(DAY)
    await cycles(site, 20)
    assert site.primary.relay


@pytest.mark.parametrize("seconds", FORWARD)
async def test_forward_nothing_starts_on_what_is_old(site: ScriptedSite, seconds: float) -> None:
    await site.pass_minutes(4)
    await site.loop.control.run_cycle(SYSTEM_ID)
    jump(site, seconds)
    await cycles(site, 12, polled=False)
    assert site.primary.commands == []


@pytest.mark.parametrize(
    "at",
    [
        pytest.param("2026-03-08T09:30:00+00:00", id="an hour is left out"),
        pytest.param("2026-11-01T08:30:00+00:00", id="an hour comes twice"),
    ],
)
async def test_daylight_saving_changes_nothing_of_delays(site: ScriptedSite, at: str) -> None:
    """Instants are counted, not local hours."""
    site.clock.set(EPOCH.fromisoformat(at))
    await cycles(site, 5)
    assert site.primary.commands == []
    await cycles(site, 1)
    assert len(site.primary.commands) == 1
    await cycles(site, 60, load_w=HOUSE_W + DRAW_W)
    assert [action.target_on for action in await switched(site)] == [True]


@pytest.mark.parametrize(
    ("seconds", "holds"),
    [
        pytest.param(-119.0, True, id="a clock that drifts"),
        pytest.param(-10 * MINUTE, False, id="back 10 min"),
        pytest.param(-YEAR, False, id="back a year"),
        pytest.param(HOUR, False, id="on an hour"),
    ],
)
async def test_a_hold_lasts_no_longer_than_it_was_meant_to(
    site: ScriptedSite, seconds: float, holds: bool
) -> None:
    """The stop that the owner's hold delayed comes, whatever the clock says."""
    await site.do(actor=Actor.OWNER)
    stored = (await site.stores.settings.miners(SYSTEM_ID))[0]
    await site.stores.settings.save_miner(
        SYSTEM_ID, replace(stored.value, enabled=False), expected_version=None, actor="owner"
    )
    await cycles(site, 10, load_w=HOUSE_W + DRAW_W)
    assert site.primary.relay
    jump(site, seconds - 10 * MINUTE if seconds < 0 else seconds)
    decision = await cycles(site, 10, load_w=HOUSE_W + DRAW_W)
    assert site.primary.relay is holds, decision.miners[0]


async def told(site: ScriptedSite) -> tuple[str, str, str]:
    """Reason, sentence and what would change it, of the primary."""
    record = await site.stores.decisions.latest(SYSTEM_ID)
    assert record is not None
    decision = decided(record).decision
    primary = decision.miners[0]
    words = Explanations(decision).of(primary)
    return primary.reason.code.value, words.explanation, words.would_change


async def test_while_the_clock_is_behind_the_miner_says_why_it_is_not_started(
    site: ScriptedSite,
) -> None:
    """It is 12:04 at the site; the clock is set back to 11:34."""
    await cycles(site, 4)
    jump(site, -31 * MINUTE)
    await cycles(site, 1)
    reason, sentence, change = await told(site)
    assert reason == "telemetry_stale"
    assert sentence == (
        "Off: the clock of this computer was set back by 30 min; until it shows 12:04 no value is"
        " known to be new, and nothing starts."
    )
    assert change == "this computer's clock shows 12:04"


async def test_while_the_clock_is_behind_the_miner_says_why_it_was_stopped(
    site: ScriptedSite,
) -> None:
    await site.prefer(failsafe_after_s=600.0)
    await running(site)
    jump(site, -DAY)
    await cycles(site, 12, load_w=HOUSE_W + DRAW_W)
    assert not site.primary.relay
    reason, sentence, change = await told(site)
    assert reason == "telemetry_lost"
    assert sentence.endswith(
        "the clock of this computer was set back by 23 h 59 min; until it shows 12:26 no value is"
        " known to be new, and nothing runs."
    )
    assert change == "this computer's clock shows 12:26"


async def test_the_correction_of_a_clock_that_drifts_stops_no_start(site: ScriptedSite) -> None:
    """A minute and a half back is no jump: values stay fresh, and the start delay begins anew."""
    await cycles(site, 4)
    jump(site, -150.0)
    await cycles(site, 1)
    reason, _, _ = await told(site)
    assert reason == "start_hysteresis"
    await cycles(site, 6)
    assert site.primary.relay
