"""What loads make of the reserve: 48 kWh, usable 15 552 Wh at 52.3 V, no dark day."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput
from energy.site.miners import Learned, MinerMode
from energy.site.preferences import Preferences
from energy.site.snapshot import Reading
from tests.fakes.sites.allocator_site import PLAIN, ask, off, running, snapshot
from tests.fakes.sites.reserve_site import DEFAULTS, NIGHT

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
        pytest.param("balanced", 3_099.0, "night_reserve", id="balanced: a watt of battery"),
        pytest.param("balanced", 3_100.0, "eligible", id="balanced: sun alone"),
        pytest.param("aggressive", 3_099.0, "night_reserve", id="aggressive: a watt of battery"),
        pytest.param("aggressive", 3_100.0, "eligible", id="aggressive: sun alone"),
    ],
)
def test_nothing_starts_on_battery_while_the_reserve_is_unknown(
    mode: str, pv_w: float, reason: str
) -> None:
    """However full the battery is: it holds 26 kWh and the night is assumed to take 1.4 kWh."""
    full = snapshot(voltage_v=54.8, pv_w=pv_w, load_w=100.0)
    question = off_at(mode, 0.0, pv_w, snapshot=full, learned=Learned())
    decision = allocate(question)
    assert (decision.miners[0].reason.code, decision.budget.reserve_known) == (reason, False)


@pytest.mark.parametrize(
    ("is_on", "reason"),
    [
        pytest.param(False, "disabled", id="off: what the owner has set comes first"),
        pytest.param(True, "night_reserve", id="on: its stop protects, so it is said first"),
    ],
)
def test_a_disabled_load_while_the_house_needs_what_is_left(is_on: bool, reason: str) -> None:
    profile = replace(PLAIN, enabled=False)
    question = ask(
        snapshot=snapshot(pv_w=1_850.0, load_w=4_850.0, sky=NIGHT),
        learned=Learned(mean_base_load_w=2_000.0),
        preferences=OWNER,
        miners=(profile,),
        states=(running(profile) if is_on else off(profile),),
    )
    assert allocate(question).miners[0].reason.code == reason


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


def test_running_loads_go_on_while_there_is_no_voltage() -> None:
    """A battery that can't be read stops nothing for its reserve: its own limits do."""
    picture = snapshot(voltage_v=0.0, pv_w=0.0, load_w=3_500.0)
    question = ask(
        snapshot=picture, preferences=DEFAULTS, miners=(PLAIN,), states=(running(PLAIN),)
    )
    assert allocate(question).miners[0].reason.code == "running"


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
