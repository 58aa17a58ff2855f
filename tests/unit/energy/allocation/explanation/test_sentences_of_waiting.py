"""What is off says what it waits for: conditions, the reserve, the budget, other miners."""

from __future__ import annotations

from dataclasses import replace

import pytest

from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput
from energy.allocation.reasons import ReasonCode
from energy.site.miners import Learned, MinerMode, MinerState
from energy.site.preferences import Preferences
from energy.site.snapshot import Sky
from tests.fakes.sites.allocator_site import MINER, WITHOUT_RESERVE, off
from tests.fakes.sites.explained_miner import (
    ago,
    ask,
    decided_with_sentences,
    picture,
    reason_and_sentences,
)

BRIGHT_AFTER_NIGHT = Sky(night_hours=10.0, next_day_hours=10.0, next_day_clear_wh=200_000.0)
NO_DARK_DAY = Preferences(dark_day_reserve_wh=0.0, aggressive_start_band_pct=8.0)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param(
            ask(profile=replace(MINER, enabled=False)),
            ("disabled", "Off: it is disabled in the settings.", "enabling it in the settings"),
            id="disabled",
        ),
        pytest.param(
            ask(
                profile=replace(
                    MINER, prefer_time_start=18, prefer_time_end=8, allow_outside_schedule=False
                )
            ),
            (
                "outside_window",
                "Off: 12:00 is outside its window 18:00–08:00.",
                "may start from 18:00",
            ),
            id="window",
        ),
        pytest.param(
            ask(
                state=replace(off(MINER), runtime_today_s=9_000.0),
                profile=replace(MINER, maximum_runtime_hours=2.5),
            ),
            (
                "maximum_runtime",
                "Off: it has run 2.5 h today, its limit is 2.5 h.",
                "the next local day",
            ),
            id="runtime",
        ),
        pytest.param(
            ask(profile=replace(MINER, require_excess_solar=True), snapshot=picture(pv_w=3_690.0)),
            (
                "excess_solar",
                "Off: it needs 3 000 W of free sun and 2 690 W are free.",
                "may start when 310 W more of sun are free, now and on the mean of 10 min",
            ),
            id="excess",
        ),
        pytest.param(
            ask(profile=replace(MINER, minimum_solar_production_watts=9_500.0)),
            (
                "minimum_solar",
                "Off: solar production of 9 000 W is below its minimum 9 500 W.",
                "may start when 500 W more come from the sun",
            ),
            id="minimum solar",
        ),
        pytest.param(
            ask(profile=replace(MINER, require_sunny_weather=True)),
            (
                "not_sunny",
                "Off: it is not known to be sunny, and it runs in sunny weather only.",
                "sunny weather",
            ),
            id="unknown weather",
        ),
        pytest.param(
            ask(
                profile=replace(MINER, require_sunny_weather=True),
                snapshot=picture(sky=Sky(sunny=False)),
            ),
            (
                "not_sunny",
                "Off: it is not sunny, and it runs in sunny weather only.",
                "sunny weather",
            ),
            id="cloudy",
        ),
        pytest.param(
            ask(
                snapshot=picture(pv_w=3_000.0, sky=Sky(night_hours=10.0)),
                learned=Learned(mean_base_load_w=2_000.0),
                preferences=NO_DARK_DAY,
            ),
            (
                "night_reserve",
                "Off: the night reserve comes first: 18.2 kWh usable, 30.7 kWh wanted.",
                "may start with 12.4 kWh more in the battery",
            ),
            id="reserve, balanced",
        ),
        pytest.param(
            ask(
                profile=replace(MINER, operating_mode=MinerMode.AGGRESSIVE),
                snapshot=picture(pv_w=3_000.0, sky=BRIGHT_AFTER_NIGHT),
                learned=Learned(mean_base_load_w=2_000.0),
                preferences=NO_DARK_DAY,
            ),
            (
                "night_reserve",
                "Off: the night reserve comes first: 18.2 kWh usable, 26.8 kWh wanted.",
                "may start when 1 000 W more of sun are free, or with 8.6 kWh more in the battery",
            ),
            id="reserve, aggressive",
        ),
        pytest.param(
            ask(snapshot=picture(pv_w=3_000.0), preferences=Preferences()),
            (
                "night_reserve",
                "Off: the night reserve is not known yet: nothing starts on battery.",
                "may start when 1 000 W more of sun are free, now and on the mean of 10 min",
            ),
            id="reserve unknown",
        ),
        pytest.param(
            ask(
                profile=replace(MINER, operating_mode=MinerMode.OPPORTUNISTIC),
                snapshot=picture(pv_w=3_000.0),
                preferences=Preferences(),
            ),
            (
                "night_reserve",
                "Off: the sun alone does not carry it.",
                "may start when 1 000 W more of sun are free, now and on the mean of 10 min",
            ),
            id="reserve, opportunistic",
        ),
        pytest.param(
            ask(
                snapshot=picture(pv_w=3_690.0),
                preferences=replace(WITHOUT_RESERVE, battery_discharge_allowance_w=0.0),
            ),
            (
                "budget",
                "Off: it needs 3 000 W and 2 690 W of the budget are left.",
                "starts when 310 W more are free",
            ),
            id="budget",
        ),
        pytest.param(
            ask(state=replace(off(MINER), since=ago(200))),
            ("minimum_off_time", "Off: it rests for its minimum off time.", "may start in 7 min"),
            id="minimum off time",
        ),
        pytest.param(
            ask(state=replace(off(MINER), is_on=None)),
            (
                "device_unknown",
                "Not started: its switch does not answer, it may be on.",
                "its switch answering again",
            ),
            id="unknown",
        ),
    ],
)
def test_what_is_off_says_what_it_waits_for(
    question: AllocationInput, expected: tuple[str, str, str]
) -> None:
    assert reason_and_sentences(question) == expected


def pair(*, young: bool) -> AllocationInput:
    """The first of two wants the watts of the second, which runs."""
    low = replace(MINER, id="low", name="Low", priority_level=6)
    running_low = MinerState(
        miner_id="low",
        is_on=True,
        power_w=3_000.0,
        power_in_load_w=0.0,
        since=ago(60 if young else 6_000),
    )
    return ask(
        snapshot=picture(pv_w=4_000.0),
        preferences=replace(WITHOUT_RESERVE, battery_discharge_allowance_w=0.0),
        miners=(MINER, low),
        states=(off(MINER), running_low),
    )


def test_the_shed_one_hears_who_takes_its_power() -> None:
    assert decided_with_sentences(allocate(pair(young=False)), 1) == (
        ReasonCode.SHED,
        "Stop: a miner of higher priority takes its power (3 000 W needed, 0 W left).",
        "may start when 3 000 W more are free",
    )


def test_who_waits_for_a_minimum_on_time_hears_it() -> None:
    assert decided_with_sentences(allocate(pair(young=True)), 0) == (
        ReasonCode.WAITS_FOR_MINIMUM_ON,
        "Off: its 3 000 W are held by a miner that may not be stopped yet (3 000 W).",
        "starts when that miner may be stopped",
    )


def test_who_starts_next_hears_it() -> None:
    other = replace(MINER, id="other", name="Other")
    assert decided_with_sentences(
        allocate(ask(miners=(MINER, other), states=(off(MINER), off(other)))), 1
    ) == (
        ReasonCode.ONE_START_PER_CYCLE,
        "Off: another miner starts first in this cycle.",
        "starts in the next cycle",
    )
