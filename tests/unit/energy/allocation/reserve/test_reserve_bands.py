"""Each load's band above the reserve: in the order of priority, as far as there is room."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from energy.allocation.situation import measured_of
from energy.allocation.supply import bands as all_bands
from energy.allocation.supply.bands import bands_of, ranks_of
from energy.allocation.supply.night_reserve import reserve_of
from energy.site.miners import Learned, MinerMode
from tests.fakes.sites.allocator_site import PLAIN, ask, snapshot
from tests.fakes.sites.reserve_site import DEFAULTS, NIGHT, SMALL


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
