"""The sentences: why each miner does what it does, and what would change it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput, Decision
from energy.allocation.explanation.sentences import explained
from energy.allocation.reasons import ReasonCode
from energy.site.miners import (
    ControlMemory,
    Learned,
    MinerMemory,
    MinerMode,
    MinerProfile,
    MinerState,
)
from energy.site.preferences import Preferences
from energy.site.snapshot import Reading, Sky
from tests.fakes.sites.allocator_site import NOON, WITHOUT_RESERVE, off, running, snapshot

MINER = MinerProfile(
    id="m",
    name="Miner",
    power_draw_watts=3_000.0,
    start_voltage=52.0,
    stop_voltage=50.0,
    emergency_stop_voltage=46.0,
)
STARTS_AT = "may start at 52.00 V rest voltage held for 5 min"
STOPS = "stops below 50.00 V rest voltage held for 2 min, at once at 46.00 V"


def ago(seconds: float) -> Any:
    return NOON - timedelta(seconds=seconds)


def remembered(**since: Any) -> ControlMemory:
    return ControlMemory(miners=(("m", MinerMemory(**since)),))


def said(question: AllocationInput) -> tuple[str, str, str]:
    """(reason, explanation, what would change it) of the only miner."""
    decision = allocate(question)
    return told_of(decision, 0)


def told_of(decision: Decision, index: int) -> tuple[str, str, str]:
    miner = decision.miners[index]
    why, change = explained(decision)[miner.miner_id]
    return miner.reason.code.value, why, change


def ask(
    state: MinerState | None = None, profile: MinerProfile = MINER, **changes: Any
) -> AllocationInput:
    return replace(
        AllocationInput(
            snapshot=snapshot(voltage_v=53.0, pv_w=9_000.0, load_w=1_000.0),
            miners=(profile,),
            states=(off(MINER) if state is None else state,),
            preferences=WITHOUT_RESERVE,
            conditions_have_held=True,
        ),
        **changes,
    )


BRIGHT_AFTER_NIGHT = Sky(night_hours=10.0, next_day_hours=10.0, next_day_clear_wh=200_000.0)
NO_DARK_DAY = Preferences(dark_day_reserve_wh=0.0, aggressive_start_band_pct=8.0)
ON = replace(running(MINER), power_in_load_w=0.0)


def picture(**changes: Any) -> Any:
    return snapshot(**{"voltage_v": 53.0, "pv_w": 9_000.0, "load_w": 1_000.0, **changes})


def waiting(**changes: Any) -> AllocationInput:
    return ask(**{"conditions_have_held": False, **changes})


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param(
            ask(),
            (
                "eligible",
                (
                    "Starts: 53.00 V is at or above its start voltage 52.00 V and its 3 000 W fit"
                    " (3 000 W from the sun)."
                ),
                STOPS,
            ),
            id="starts on sun",
        ),
        pytest.param(
            ask(snapshot=picture(pv_w=2_000.0)),
            (
                "eligible",
                (
                    "Starts: 53.00 V is at or above its start voltage 52.00 V and its 3 000 W fit"
                    " (1 000 W from the sun, 2 000 W from the battery)."
                ),
                STOPS,
            ),
            id="starts on both",
        ),
        pytest.param(
            ask(state=replace(off(MINER), heat_wanted=True), snapshot=picture(pv_w=0.0)),
            (
                "heat_wanted",
                (
                    "Starts: 53.00 V is at or above its start voltage 52.00 V and its 3 000 W fit"
                    " (3 000 W from the battery). Its zone wants the heat."
                ),
                STOPS,
            ),
            id="starts for heat",
        ),
        pytest.param(
            ask(state=ON),
            ("running", "Keeps running at 53.00 V (3 000 W from the sun).", STOPS),
            id="runs",
        ),
        pytest.param(
            ask(state=ON, snapshot=picture(voltage_v=0.0)),
            ("running", "Keeps running at unknown voltage (3 000 W from the sun).", STOPS),
            id="runs, voltage broken",
        ),
        pytest.param(
            ask(
                state=ON,
                snapshot=picture(pv_w=3_900.0),
                preferences=replace(WITHOUT_RESERVE, battery_discharge_allowance_w=0.0),
            ),
            (
                "budget_tolerance",
                (
                    "Keeps running: of its 3 000 W the budget has 2 900 W left, which is within the"
                    " tolerance."
                ),
                STOPS,
            ),
            id="within the tolerance",
        ),
        pytest.param(
            waiting(
                state=replace(ON, since=ago(300)),
                profile=replace(MINER, enabled=False),
                memory=remembered(condition_failed_since=ago(200)),
            ),
            (
                "minimum_on_time",
                "Keeps running for its minimum on time, 10 min more, against: disabled.",
                "stops in 10 min unless the reason ceases",
            ),
            id="minimum on time",
        ),
        pytest.param(
            waiting(
                state=ON,
                snapshot=picture(pv_w=2_000.0),
                preferences=replace(WITHOUT_RESERVE, battery_discharge_allowance_w=0.0),
                memory=remembered(budget_short_since=ago(240)),
            ),
            (
                "budget_delay",
                (
                    "Keeps running: of its 3 000 W the budget has 1 000 W left, and the battery"
                    " lends the rest for 6 min more."
                ),
                "stops in 6 min unless the budget is back",
            ),
            id="the battery lends",
        ),
        pytest.param(
            waiting(
                state=replace(ON, since=ago(830)),
                profile=replace(MINER, enabled=False),
                memory=remembered(condition_failed_since=ago(200)),
            ),
            (
                "minimum_on_time",
                "Keeps running for its minimum on time, 70 s more, against: disabled.",
                "stops in 70 s unless the reason ceases",
            ),
            id="minimum on time, the last seconds",
        ),
        pytest.param(
            waiting(state=ON, snapshot=picture(voltage_v=49.0)),
            (
                "stop_hysteresis",
                (
                    "Keeps running (3 000 W from the sun), but 49.00 V is below its stop voltage"
                    " 50.00 V: it stops when that lasts 2 min."
                ),
                STOPS,
            ),
            id="voltage ceasing",
        ),
        pytest.param(
            waiting(
                state=ON,
                profile=replace(MINER, require_excess_solar=True),
                snapshot=picture(pv_w=2_000.0),
            ),
            (
                "stop_hysteresis",
                (
                    "Keeps running (1 000 W from the sun, 2 000 W from the battery), but a"
                    " condition has ceased (excess solar: solar surplus free 1 000 W, needed"
                    " 3 000 W): it stops when that lasts 2 min."
                ),
                STOPS,
            ),
            id="sun ceasing",
        ),
        pytest.param(
            waiting(state=ON, profile=replace(MINER, enabled=False)),
            (
                "stop_hysteresis",
                (
                    "Keeps running (3 000 W from the sun), but a condition has ceased (disabled):"
                    " it stops when that lasts 2 min."
                ),
                STOPS,
            ),
            id="disabled just now",
        ),
        pytest.param(
            ask(emergency_stop=True),
            (
                "emergency_stop",
                "Stop: the emergency stop is latched.",
                "an admin ends the emergency stop with a reason",
            ),
            id="emergency stop",
        ),
        pytest.param(
            ask(snapshot=picture(voltage_v=None)),
            (
                "telemetry_lost",
                "Stop: battery voltage is lost (there is none).",
                "a fresh battery voltage",
            ),
            id="no voltage",
        ),
        pytest.param(
            ask(snapshot=replace(picture(), battery_voltage_v=Reading(value=53.0, age_s=3_600.0))),
            (
                "telemetry_lost",
                "Stop: battery voltage is lost (the newest is 60 min old).",
                "a fresh battery voltage",
            ),
            id="old voltage",
        ),
        pytest.param(
            ask(snapshot=replace(picture(), battery_voltage_v=Reading(value=53.0, age_s=900.0))),
            (
                "telemetry_stale",
                "Off: the battery voltage is 15 min old; nothing starts on stale data.",
                "a fresh battery voltage",
            ),
            id="stale voltage",
        ),
        pytest.param(
            ask(snapshot=picture(voltage_v=0.0)),
            (
                "telemetry_stale",
                "Off: the battery voltage can't be used; nothing starts on stale data.",
                "a fresh battery voltage",
            ),
            id="broken voltage",
        ),
        pytest.param(
            ask(snapshot=picture(load_w=None)),
            (
                "telemetry_stale",
                "Off: the load is unknown; nothing starts on missing data.",
                "a fresh load reading",
            ),
            id="no load",
        ),
        pytest.param(
            ask(state=ON, snapshot=picture(voltage_v=44.9)),
            (
                "voltage_critical",
                "Stop: 44.90 V is at or below the critical 45.00 V.",
                "a charged battery",
            ),
            id="critical",
        ),
        pytest.param(
            ask(state=ON, snapshot=picture(voltage_v=46.0)),
            (
                "emergency_voltage",
                "Stop: 46.00 V is at or below its emergency voltage 46.00 V.",
                STARTS_AT,
            ),
            id="emergency voltage",
        ),
        pytest.param(
            ask(snapshot=picture(voltage_v=47.0)),
            ("voltage_low", "Off: 47.00 V is at or below the low voltage 47.00 V.", STARTS_AT),
            id="low",
        ),
        pytest.param(
            ask(snapshot=picture(voltage_v=49.0), memory=ControlMemory(lockout=True)),
            (
                "low_voltage_lockout",
                "Off: the low-voltage lockout holds: 49.00 V has not come back to 50.00 V.",
                "may start from 52.00 V rest voltage held for 5 min",
            ),
            id="lockout",
        ),
        pytest.param(
            ask(state=ON, snapshot=picture(voltage_v=49.9)),
            (
                "below_stop_voltage",
                "Stop: 49.90 V has been below its stop voltage 50.00 V for 2 min.",
                STARTS_AT,
            ),
            id="below stop",
        ),
        pytest.param(
            ask(snapshot=picture(voltage_v=51.9)),
            ("below_start_voltage", "Off: 51.90 V is below its start voltage 52.00 V.", STARTS_AT),
            id="below start",
        ),
        pytest.param(
            waiting(memory=remembered(start_since=ago(120))),
            (
                "start_hysteresis",
                "Off: 53.00 V is enough, but has not held for 5 min yet.",
                "may start when the rest voltage has held 52.00 V for 3 min more",
            ),
            id="start hysteresis",
        ),
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
def test_one_plain_sentence(question: AllocationInput, expected: tuple[str, str, str]) -> None:
    assert said(question) == expected


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
    assert told_of(allocate(pair(young=False)), 1) == (
        ReasonCode.SHED,
        "Stop: a miner of higher priority takes its power (3 000 W needed, 0 W left).",
        "may start when 3 000 W more are free",
    )


def test_who_waits_for_a_minimum_on_time_hears_it() -> None:
    assert told_of(allocate(pair(young=True)), 0) == (
        ReasonCode.WAITS_FOR_MINIMUM_ON,
        "Off: its 3 000 W are held by a miner that may not be stopped yet (3 000 W).",
        "starts when that miner may be stopped",
    )


def test_who_starts_next_hears_it() -> None:
    other = replace(MINER, id="other", name="Other")
    assert told_of(allocate(ask(miners=(MINER, other), states=(off(MINER), off(other)))), 1) == (
        ReasonCode.ONE_START_PER_CYCLE,
        "Off: another miner starts first in this cycle.",
        "starts in the next cycle",
    )


def test_an_unmet_start_on_potential_is_explained() -> None:
    question = waiting(
        state=replace(ON, since=ago(200)),
        profile=replace(MINER, require_excess_solar=True),
        snapshot=picture(voltage_v=53.0, current_a=-50.0, pv_w=2_500.0),
        memory=remembered(potential_started_at=ago(200), potential_drawn_since=ago(180)),
    )
    assert said(question) == (
        "potential_not_met",
        (
            "Stop: it was started on sun that the full battery had throttled, and of its 3 000 W"
            " only 1 500 W came within 3 min."
        ),
        "more measured sun; the estimate has been lowered",
    )


@pytest.mark.parametrize(
    ("changes", "limits"),
    [
        pytest.param({}, (), id="none"),
        pytest.param(
            {"emergency_stop": True},
            ("The emergency stop is latched: nothing runs until an admin ends it.",),
            id="emergency stop",
        ),
        pytest.param(
            {"snapshot": picture(voltage_v=None)},
            (
                "Telemetry is lost: every miner is stopped.",
                "There is no battery voltage at all.",
            ),
            id="lost",
        ),
        pytest.param(
            {"snapshot": picture(voltage_v=61.0)},
            (
                "The battery voltage is too old or unusable: nothing starts.",
                "A battery voltage of 61.00 V is implausible and counts as missing.",
            ),
            id="unusable",
        ),
        pytest.param(
            {"snapshot": picture(voltage_v=47.0)},
            ("Low-voltage lockout: nothing starts until the rest voltage is back at 50.00 V.",),
            id="lockout",
        ),
        pytest.param(
            {"snapshot": replace(picture(), grid_power_w=Reading(value=1_050.0))},
            (
                (
                    "The site imports 1 000 W more from the grid than the owner allows: the budget"
                    " is that much smaller."
                ),
            ),
            id="import",
        ),
        pytest.param(
            {"snapshot": picture(load_w=None)},
            ("The load is unknown: nothing starts, and the sun's surplus counts as zero.",),
            id="no load",
        ),
        pytest.param(
            {"snapshot": picture(load_w=None), "learned": Learned(mean_base_load_w=1_200.0)},
            ("The load is unknown: nothing starts, and the learned mean of 1 200 W stands in.",),
            id="no load, but a mean",
        ),
    ],
)
def test_limits_of_the_site(changes: dict[str, Any], limits: tuple[str, ...]) -> None:
    assert allocate(ask(**changes)).limits == limits
