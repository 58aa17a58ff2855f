"""Loads of the sun and the reserve: started one after the other, and carried through a cloud."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from energy.allocation.allocator import allocate
from energy.allocation.explanation.sentences import Explanations
from energy.allocation.supply.bands import sun_starts_of, usable_energy_wh
from energy.site.miners import Learned, MinerMode
from energy.site.snapshot import Sky
from tests.fakes.sites.allocator_site import PLAIN, Story, ask, running, snapshot
from tests.fakes.sites.reserve_site import DEFAULTS


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
