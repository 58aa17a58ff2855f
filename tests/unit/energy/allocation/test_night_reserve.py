"""The reserve: tonight less the sun to come, a dark day, and each load's band above it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput
from energy.allocation.explanation.sentences import Explanations
from energy.allocation.situation import measured_of
from energy.allocation.supply import bands as all_bands
from energy.allocation.supply.bands import bands_of, ranks_of, sun_starts_of, usable_energy_wh
from energy.allocation.supply.night_reserve import mean_of_a_day_w, night_of, reserve_of
from energy.site.miners import Learned, MinerMode
from energy.site.preferences import Preferences
from energy.site.snapshot import Reading, Sky
from tests.fakes.sites.allocator_site import PLAIN, Story, ask, off, running, snapshot

DEFAULTS = Preferences()
SMALL = Preferences(battery_capacity_wh=10_000.0, soc_minimum_pct=20.0)


@pytest.mark.parametrize(
    ("changes", "sky", "mean_w", "base_w", "expected"),
    [
        pytest.param({}, Sky(night_hours=10.0), 1_000.0, None, (11_500.0, True), id="the night"),
        pytest.param(
            {},
            Sky(night_hours=10.0, sun_to_come_wh=5_000.0),
            1_000.0,
            None,
            (8_000.0, True),
            id="less seven tenths of the sun to come",
        ),
        pytest.param(
            {"sun_to_come_trust": 1.0},
            Sky(night_hours=10.0, sun_to_come_wh=5_000.0),
            1_000.0,
            None,
            (6_500.0, True),
            id="all of it trusted",
        ),
        pytest.param(
            {},
            Sky(night_hours=10.0, sun_to_come_wh=50_000.0),
            1_000.0,
            None,
            (0.0, True),
            id="never below nothing",
        ),
        pytest.param(
            {"night_margin": 2.0},
            Sky(night_hours=10.0),
            1_000.0,
            None,
            (20_000.0, True),
            id="the margin",
        ),
        pytest.param({}, Sky(), 1_000.0, 700.0, (14_000.0, False), id="no sky: 14 h of the mean"),
        pytest.param(
            {}, Sky(night_hours=9.0), None, 700.0, (9_800.0, False), id="not learned: the load now"
        ),
        pytest.param({}, Sky(), None, None, (14_000.0, False), id="no load at all: assumed"),
        pytest.param(
            {"unknown_night_hours": 10.0, "assumed_base_load_w": 500.0},
            Sky(),
            None,
            None,
            (5_000.0, False),
            id="as the owner assumes",
        ),
    ],
)
def test_tonights_need(
    changes: dict[str, Any],
    sky: Sky,
    mean_w: float | None,
    base_w: float | None,
    expected: tuple[float, bool],
) -> None:
    night = night_of(sky, mean_w, base_w, replace(DEFAULTS, **changes))
    assert night.need_wh == pytest.approx(expected[0])
    assert night.known is expected[1]


@pytest.mark.parametrize(
    ("learned", "expected_w"),
    [
        pytest.param(Learned(), None, id="nothing learned"),
        pytest.param(Learned(mean_base_load_w=400.0), 400.0, id="learned long ago"),
        pytest.param(Learned(mean_base_load_w=400.0, base_load_seen_h=24.0), 400.0, id="a day"),
        pytest.param(Learned(mean_base_load_w=400.0, base_load_seen_h=6.0), 850.0, id="6 h of it"),
        pytest.param(Learned(mean_base_load_w=2_000.0, base_load_seen_h=1.0), 2_000.0, id="more"),
    ],
)
def test_hours_of_the_day_that_were_not_seen_count_as_assumed(
    learned: Learned, expected_w: float | None
) -> None:
    """1 000 W is assumed."""
    assert mean_of_a_day_w(learned, DEFAULTS) == expected_w


def test_usable_energy_counts_from_the_owners_floor() -> None:
    assert usable_energy_wh(20.0, SMALL) == 0.0
    assert usable_energy_wh(10.0, SMALL) == -1_000.0
    assert usable_energy_wh(60.0, SMALL) == 4_000.0


@pytest.mark.parametrize(
    ("count", "reserve_wh", "stops", "starts"),
    [
        pytest.param(4, 0.0, [400, 1_000, 1_600, 2_200], [1_600, 2_600, 3_600, 4_600], id="fits"),
        pytest.param(
            4,
            4_600.0,
            [400, 700, 1_000, 1_300],
            [1_600, 2_100, 2_600, 3_100],
            id="up to 97 %: half of each step is left",
        ),
        pytest.param(4, 6_100.0, [400] * 4, [1_600] * 4, id="no room for steps"),
        pytest.param(2, 6_900.0, [200, 200], [800, 800], id="half the room for the first"),
        pytest.param(1, 9_900.0, [50], [200], id="none: two per cent are kept"),
    ],
)
def test_bands_are_compressed_in_order(
    count: int, reserve_wh: float, stops: list[float], starts: list[float]
) -> None:
    """10 kWh above a floor of 20 %: 7 700 Wh up to 97 %."""
    bands = bands_of(SMALL, count=count, reserve_wh=reserve_wh)[MinerMode.BALANCED]
    assert [bands.stop.of(rank) for rank in range(count)] == pytest.approx(stops)
    assert [bands.start.of(rank) for rank in range(count)] == pytest.approx(starts)


def test_each_band_stops_below_where_it_starts_and_in_the_order_of_priority() -> None:
    for count in (1, 2, 4, 50):
        for reserve_wh in (0.0, 3_000.0, 7_000.0, 9_000.0):
            for bands in bands_of(SMALL, count=count, reserve_wh=reserve_wh).values():
                assert all(bands.stop.of(r) < bands.start.of(r) for r in range(count))
                starts = [bands.start.of(rank) for rank in range(count)]
                assert all(before <= after for before, after in pairwise(starts))


def test_a_band_without_steps_is_the_same_for_all() -> None:
    level = replace(SMALL, balanced_start_step_pct=0.0, balanced_stop_step_pct=0.0)
    bands = bands_of(level, count=3, reserve_wh=0.0)[MinerMode.BALANCED]
    assert [bands.start.of(rank) for rank in range(3)] == [1_600.0] * 3


def test_ranks_go_by_priority_and_leave_out_who_never_uses_the_battery() -> None:
    low = replace(PLAIN, id="low", priority_level=7)
    sun = replace(PLAIN, id="sun", priority_level=1, operating_mode=MinerMode.OPPORTUNISTIC)
    gone = replace(PLAIN, id="gone", priority_level=1, enabled=False)
    assert ranks_of((low, PLAIN, sun, gone)) == {"plain": 0, "low": 1}


# --- what the loads make of it: 48 kWh, usable 15 552 Wh at 52.3 V, no dark day

NIGHT = Sky(night_hours=10.0)
OWNER = Preferences(
    dark_day_reserve_wh=0.0,
    balanced_stop_band_pct=4.0,
    balanced_stop_step_pct=6.0,
    balanced_start_band_pct=16.0,
    balanced_start_step_pct=10.0,
    aggressive_stop_band_pct=1.0,
    aggressive_stop_step_pct=2.0,
    aggressive_start_band_pct=8.0,
    aggressive_start_step_pct=4.0,
)


def off_at(mode: str, base_w: float, pv_w: float, **changes: Any) -> AllocationInput:
    """One load that is off; ``base_w`` × 10 h × 1.15 is tonight's need."""
    profile = replace(PLAIN, operating_mode=MinerMode(mode))
    question = ask(
        snapshot=snapshot(pv_w=pv_w, sky=NIGHT),
        learned=Learned(mean_base_load_w=base_w),
        preferences=OWNER,
        miners=(profile,),
        states=(off(profile),),
    )
    return replace(question, **changes)


@pytest.mark.parametrize(
    ("mode", "base_w", "pv_w", "reason"),
    [
        pytest.param("balanced", 684.0, 1_850.0, "eligible", id="balanced: 15 552 > 15 546"),
        pytest.param("balanced", 685.0, 1_850.0, "night_reserve", id="balanced: under + 16 %"),
        pytest.param("balanced", 685.0, 8_450.0, "night_reserve", id="balanced: sun or not"),
        pytest.param("aggressive", 1_018.0, 1_850.0, "eligible", id="aggressive: 15 552 > 15 547"),
        pytest.param("aggressive", 1_019.0, 1_850.0, "night_reserve", id="aggressive: under + 8 %"),
        pytest.param("aggressive", 9_999.0, 8_450.0, "eligible", id="aggressive: the sun carries"),
        pytest.param("opportunistic", 0.0, 4_849.0, "night_reserve", id="sun alone: a watt short"),
        pytest.param("opportunistic", 9_999.0, 4_850.0, "eligible", id="sun alone: enough"),
    ],
)
def test_the_reserve_holds_starts_back(mode: str, base_w: float, pv_w: float, reason: str) -> None:
    question = off_at(mode, base_w, pv_w)
    assert allocate(question).miners[0].reason.code == reason
    free = replace(question, preferences=Preferences(night_reserve_enabled=False))
    assert allocate(free).miners[0].reason.code == "eligible"


@pytest.mark.parametrize(
    ("mode", "base_w", "pv_w", "reason"),
    [
        pytest.param("balanced", 1_185.0, 1_850.0, "running", id="balanced: 15 552 ≥ 15 547"),
        pytest.param("balanced", 1_186.0, 1_850.0, "night_reserve", id="balanced: under + 4 %"),
        pytest.param("balanced", 1_186.0, 4_850.0, "running", id="balanced: the sun carries it"),
        pytest.param("aggressive", 1_310.0, 1_850.0, "running", id="aggressive: 15 552 ≥ 15 545"),
        pytest.param("aggressive", 1_311.0, 1_850.0, "night_reserve", id="aggressive: under + 1 %"),
        pytest.param("opportunistic", 0.0, 4_649.0, "night_reserve", id="opportunistic: no sun"),
        pytest.param("opportunistic", 9_999.0, 4_650.0, "running", id="opportunistic: tolerance"),
    ],
)
def test_the_reserve_stops_what_runs(mode: str, base_w: float, pv_w: float, reason: str) -> None:
    profile = replace(PLAIN, operating_mode=MinerMode(mode))
    question = ask(
        snapshot=snapshot(pv_w=pv_w, load_w=4_850.0, sky=NIGHT),
        learned=Learned(mean_base_load_w=base_w),
        preferences=OWNER,
        miners=(profile,),
        states=(running(profile),),
    )
    assert allocate(question).miners[0].reason.code == reason


@pytest.mark.parametrize(
    ("mode", "pv_w", "reason"),
    [
        pytest.param("balanced", 4_849.0, "night_reserve", id="balanced: a watt of battery"),
        pytest.param("balanced", 4_850.0, "eligible", id="balanced: sun alone"),
        pytest.param("aggressive", 4_849.0, "night_reserve", id="aggressive: a watt of battery"),
        pytest.param("aggressive", 4_850.0, "eligible", id="aggressive: sun alone"),
    ],
)
def test_nothing_starts_on_battery_while_the_reserve_is_unknown(
    mode: str, pv_w: float, reason: str
) -> None:
    """However full the battery is."""
    full = snapshot(voltage_v=54.8, pv_w=pv_w)
    question = off_at(mode, 0.0, pv_w, snapshot=full, learned=Learned())
    decision = allocate(question)
    assert (decision.miners[0].reason.code, decision.budget.reserve_known) == (reason, False)


@pytest.mark.parametrize("mode", ["aggressive", "opportunistic"])
@pytest.mark.parametrize(
    ("voltage_v", "starts", "runs"),
    [
        pytest.param(52.1, "eligible", "running", id="60.8 %: the sun starts it"),
        pytest.param(51.9, "night_reserve", "running", id="59 %: it only goes on"),
        pytest.param(50.1, "night_reserve", "running", id="41 %: still"),
        pytest.param(49.9, "night_reserve", "night_reserve", id="39 %: the sun charges first"),
    ],
)
def test_the_sun_charges_a_low_battery_before_it_carries_loads(
    mode: str, voltage_v: float, starts: str, runs: str
) -> None:
    """Whoever takes all sun of every day leaves nothing for the nights."""
    miner = replace(PLAIN, operating_mode=MinerMode(mode), start_voltage=48.5)
    owner = replace(OWNER, voltage_restart=48.0)
    question = ask(
        snapshot=snapshot(voltage_v=voltage_v, pv_w=9_000.0, load_w=500.0, sky=NIGHT),
        learned=Learned(mean_base_load_w=4_000.0),
        preferences=owner,
        miners=(miner,),
        states=(off(miner),),
    )
    assert allocate(question).miners[0].reason.code == starts
    picture = replace(question.snapshot, load_power_w=Reading(value=3_500.0))
    on = replace(question, snapshot=picture, states=(running(miner),))
    assert allocate(on).miners[0].reason.code == runs


def test_one_gain_does_not_start_all_loads_and_one_cloud_does_not_stop_all() -> None:
    miners = tuple(replace(PLAIN, id=str(n), name=f"M{n}", priority_level=n) for n in range(1, 5))
    owner = replace(OWNER, max_starts_per_cycle=4, battery_discharge_allowance_w=12_000.0)

    def runs(voltage_v: float, *, on: bool) -> list[bool]:
        question = ask(
            snapshot=snapshot(voltage_v=voltage_v, pv_w=0.0, load_w=0.0, sky=NIGHT),
            learned=Learned(mean_base_load_w=0.0),
            preferences=owner,
            miners=miners,
            states=tuple(running(miner) if on else off(miner) for miner in miners),
        )
        return [miner.power_w > 0.0 for miner in allocate(question).miners]

    # 58 % and 43 % of charge, over a floor of 30 %.
    assert runs(51.8, on=False) == [True, True, False, False]
    assert runs(50.3, on=True) == [True, True, False, False]


@pytest.mark.parametrize(
    ("plan_wh", "learned", "expected_wh"),
    [
        pytest.param(None, Learned(mean_base_load_w=1_000.0), 24_460.0, id="tonight and dark day"),
        pytest.param(20_000.0, Learned(mean_base_load_w=1_000.0), 20_000.0, id="a plan"),
        pytest.param(5_000.0, Learned(mean_base_load_w=1_000.0), 11_500.0, id="not below tonight"),
        pytest.param(5_000.0, Learned(), 25_900.0, id="unknown: the assumed night at least"),
    ],
)
def test_a_plan_may_replace_the_number(
    plan_wh: float | None, learned: Learned, expected_wh: float
) -> None:
    budget = allocate(
        ask(
            snapshot=snapshot(sky=NIGHT),
            learned=learned,
            preferences=DEFAULTS,
            reserve_wh=plan_wh,
        )
    ).budget
    assert budget.reserve_wh == pytest.approx(expected_wh)


def test_the_owner_names_the_dark_day() -> None:
    named = Preferences(dark_day_reserve_wh=1_234.0)
    assert allocate(ask(preferences=named)).budget.dark_day_reserve_wh == 1_234.0
    assert allocate(ask(preferences=DEFAULTS)).budget.dark_day_reserve_wh == 0.27 * 48_000.0


def test_running_loads_go_on_while_there_is_no_voltage() -> None:
    """A battery that can't be read stops nothing for its reserve: its own limits do."""
    picture = snapshot(voltage_v=0.0, pv_w=0.0, load_w=3_500.0)
    question = ask(
        snapshot=picture, preferences=DEFAULTS, miners=(PLAIN,), states=(running(PLAIN),)
    )
    assert allocate(question).miners[0].reason.code == "running"


def test_settings_are_worked_out_once_for_each_object_and_kept_for_a_bounded_number() -> None:
    many = [
        replace(SMALL, battery_capacity_wh=1_000.0 + number)
        for number in range(all_bands.KEPT_SETTINGS + 2)
    ]
    for preferences in many:
        found = all_bands.settings_of(preferences)
        assert found is all_bands.settings_of(preferences)
        assert found.narrowest_wh == pytest.approx(preferences.battery_capacity_wh * 0.02)
    assert len(all_bands._KEPT) <= all_bands.KEPT_SETTINGS
    equal = replace(many[-1])
    assert all_bands.settings_of(equal) == all_bands.settings_of(many[-1])


# --- loads of the sun: one after the other, and through a cloud


@pytest.mark.parametrize(
    ("changes", "expected_pct"),
    [
        pytest.param({}, [60.0, 72.0, 84.0, 96.0], id="a step for each"),
        pytest.param({"reserve_ceiling_pct": 90.0}, [60.0, 70.0, 80.0, 90.0], id="compressed"),
        pytest.param({"reserve_ceiling_pct": 50.0}, [60.0] * 4, id="no room for steps"),
        pytest.param({"sun_start_step_pct": 0.0}, [60.0] * 4, id="no steps"),
    ],
)
def test_the_sun_starts_loads_one_after_the_other(
    changes: dict[str, Any], expected_pct: list[float]
) -> None:
    owner = replace(DEFAULTS, **changes)
    bold, sun, plain = MinerMode.AGGRESSIVE, MinerMode.OPPORTUNISTIC, MinerMode.BALANCED
    loads = [
        replace(PLAIN, id=str(place), name="M", priority_level=place + 1, operating_mode=mode)
        for place, mode in enumerate((bold, sun, plain, plain))
    ]
    gone = replace(PLAIN, id="gone", name="gone", priority_level=1, enabled=False)
    starts = sun_starts_of([gone, *reversed(loads)], owner)
    expected_wh = [usable_energy_wh(percent, owner) for percent in expected_pct]
    assert [starts[load.id] for load in loads] == pytest.approx(expected_wh)
    assert sun_starts_of([loads[0]], owner)["0"] == usable_energy_wh(60.0, owner)


ON_SUN = replace(PLAIN, operating_mode=MinerMode.OPPORTUNISTIC)
NO_NIGHT = Sky(night_hours=0.0)


def in_a_cloud(voltage_v: float = 52.3, **changes: Any) -> Story:
    """Half an hour on the sun at 62 % (or as said), after which the sun is gone."""
    owner = replace(DEFAULTS, dark_day_reserve_wh=0.0, **changes)
    profile = replace(ON_SUN, start_voltage=48.5)
    story = Story(profile=profile, preferences=owner, state=running(profile))
    story.learned = Learned(mean_base_load_w=1_000.0)
    for minute in range(30):
        picture = snapshot(voltage_v=voltage_v, pv_w=4_000.0, sky=NO_NIGHT)
        assert story.step(minute * 60.0, picture) == ("keep_running", "running")
    return story


@pytest.mark.parametrize(
    ("voltage_v", "changes", "stops_after_min"),
    [
        pytest.param(52.3, {}, 20, id="62 %: the battery lends for twenty minutes"),
        pytest.param(51.1, {}, 20, id="51 %: still"),
        pytest.param(50.9, {}, 2, id="49 %: the stop hysteresis alone"),
        pytest.param(52.3, {"sun_delay_minutes": 5.0}, 5, id="as the owner wants"),
        pytest.param(52.3, {"sun_delay_minutes": 0.0}, 2, id="never below the stop hysteresis"),
    ],
)
def test_the_battery_bridges_a_cloud_for_a_load_of_the_sun(
    voltage_v: float, changes: dict[str, Any], stops_after_min: int
) -> None:
    story = in_a_cloud(voltage_v, **changes)
    dark = snapshot(voltage_v=voltage_v, pv_w=0.0, sky=NO_NIGHT)
    told = {minute: story.step(minute * 60.0, dark) for minute in range(30, 60)}
    waits = [minute for minute, said in told.items() if said[1] == "stop_hysteresis"]
    assert told[waits[0] + stops_after_min - 1] == ("keep_running", "stop_hysteresis")
    assert told[waits[0] + stops_after_min] == ("stop", "night_reserve")


def test_what_the_battery_lends_is_told() -> None:
    question = ask(
        snapshot=snapshot(pv_w=0.0, load_w=4_000.0, sky=NO_NIGHT),
        learned=Learned(mean_base_load_w=1_000.0),
        preferences=DEFAULTS,
        miners=(ON_SUN,),
        states=(running(ON_SUN),),
        conditions_have_held=False,
    )
    decision = allocate(question)
    assert (
        Explanations(decision)
        .of(decision.miners[0])
        .explanation.endswith("the battery lends it the rest, and it stops when that lasts 20 min.")
    )


# --- whose word a stop for the reserve overrides


@pytest.mark.parametrize(
    ("dark_day_wh", "clear_wh", "stops_wh", "starts_wh"),
    [
        pytest.param(12_000.0, 1e5, 12_400.0, 18_160.0, id="20 % of 48 kWh into the dark day"),
        pytest.param(5_000.0, 1e5, 10_000.0, 11_160.0, id="never into what tonight needs"),
        pytest.param(0.0, 1e5, 10_000.0, 10_960.0, id="and it starts two per cent above its stop"),
        pytest.param(
            12_000.0,
            5e4,
            19_200.0,
            24_960.0,
            id="as far as an overcast day brings it back: 2.8 kWh",
        ),
        pytest.param(12_000.0, 3e4, 22_000.0, 27_760.0, id="not at all where it carries no house"),
        pytest.param(12_000.0, None, 22_000.0, 27_760.0, id="nor where the next day is unknown"),
    ],
)
def test_aggressive_loads_may_use_the_dark_day(
    dark_day_wh: float, clear_wh: float | None, stops_wh: float, starts_wh: float
) -> None:
    """Tonight needs 10 kWh; of a clear next day's sun an overcast one gives 27 %."""
    bold = replace(PLAIN, operating_mode=MinerMode.AGGRESSIVE)
    owner = replace(
        DEFAULTS,
        dark_day_reserve_wh=dark_day_wh,
        night_margin=1.0,
        aggressive_stop_band_pct=-20.0,
        aggressive_start_band_pct=-8.0,
    )
    question = ask(
        snapshot=snapshot(sky=replace(NIGHT, next_day_hours=10.0, next_day_clear_wh=clear_wh)),
        learned=Learned(mean_base_load_w=1_000.0),
        preferences=owner,
        miners=(bold,),
    )
    reserve = reserve_of(question, measured_of(question), proven_full=False)
    assert reserve.stops_below_wh(bold) == pytest.approx(stops_wh)
    assert reserve.starts_above_wh(bold) == pytest.approx(starts_wh)


@pytest.mark.parametrize(
    ("mode", "learned_w", "dark_day_wh", "urgent"),
    [
        pytest.param("balanced", 1_352.0, 0.0, False, id="balanced: at the reserve"),
        pytest.param("balanced", 1_353.0, 0.0, True, id="balanced: within the reserve"),
        pytest.param("balanced", 1_000.0, 4_100.0, True, id="balanced: within the dark day"),
        pytest.param("aggressive", 1_000.0, 20_000.0, False, id="aggressive: within the dark day"),
        pytest.param("aggressive", 1_353.0, 0.0, True, id="aggressive: what tonight needs"),
        pytest.param("opportunistic", 1_353.0, 0.0, True, id="sun alone: within the reserve"),
        pytest.param("balanced", None, 0.0, False, id="an assumed night: not urgent"),
    ],
)
def test_a_stop_is_urgent_where_the_house_is_known_to_need_the_energy(
    mode: str, learned_w: float | None, dark_day_wh: float, *, urgent: bool
) -> None:
    """15 552 Wh usable; the night takes 11.5 h of the learned load, or is assumed."""
    owner = replace(DEFAULTS, dark_day_reserve_wh=dark_day_wh, assumed_base_load_w=2_000.0)
    profile = replace(PLAIN, operating_mode=MinerMode(mode))
    question = ask(
        snapshot=snapshot(pv_w=0.0, load_w=5_000.0, sky=NIGHT),
        learned=Learned(mean_base_load_w=learned_w),
        preferences=owner,
        miners=(profile,),
        states=(running(profile),),
    )
    miner = allocate(question).miners[0]
    assert (miner.command.value, miner.reason.code) == ("stop", "night_reserve")
    assert miner.urgent is urgent
