"""What the reserve is: tonight less the sun to come, a dark day, or a plan's number."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from energy.allocation.allocator import allocate
from energy.allocation.supply.bands import usable_energy_wh
from energy.allocation.supply.night_reserve import mean_of_a_day_w, night_of
from energy.site.miners import Learned
from energy.site.preferences import Preferences
from energy.site.snapshot import Sky
from tests.fakes.sites.allocator_site import ask, snapshot
from tests.fakes.sites.reserve_site import DEFAULTS, NIGHT, SMALL


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
