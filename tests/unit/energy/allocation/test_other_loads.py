"""Heaters and fans: no part of the base load, and before the miners in the budget."""

from __future__ import annotations

from dataclasses import replace

import pytest

from energy.allocation.allocator import allocate
from energy.site.loads import LoadKind, OtherLoad
from tests.fakes.sites.allocator_site import PLAIN, ask, off, snapshot

HEATER = OtherLoad(id="h", name="Heater", kind=LoadKind.HEATER, rated_w=1_500.0)
BIG = replace(PLAIN, power_draw_watts=10_200.0)
"""Fits into the 11 600 W of the worked example, but not beside the heater."""


@pytest.mark.parametrize(
    ("heater", "load_w", "other_w", "starts"),
    [
        pytest.param(HEATER, 1_850.0, 0.0, True, id="off"),
        pytest.param(replace(HEATER, wanted_on=True), 1_850.0, 1_500.0, False, id="goes on now"),
        pytest.param(
            replace(HEATER, is_on=True, power_w=1_480.0, power_in_load_w=1_480.0),
            3_330.0,
            1_480.0,
            False,
            id="runs, by its meter",
        ),
        pytest.param(
            replace(HEATER, is_on=True), 3_350.0, 1_500.0, False, id="runs, without a meter"
        ),
        pytest.param(
            replace(HEATER, is_on=True, wanted_on=False), 3_350.0, 0.0, True, id="goes off now"
        ),
        pytest.param(
            replace(HEATER, is_on=None, wanted_on=True), 1_850.0, 0.0, True, id="does not answer"
        ),
    ],
)
def test_heaters_take_their_part_first(
    heater: OtherLoad, load_w: float, other_w: float, *, starts: bool
) -> None:
    decision = allocate(
        ask(
            snapshot=snapshot(load_w=load_w),
            miners=(BIG,),
            states=(off(BIG),),
            others=(heater,),
        )
    )
    budget = decision.budget
    assert (budget.base_load_w, budget.other_loads_w) == (1_850.0, other_w)
    assert budget.total_w == 11_600.0
    assert (decision.miners[0].command.value == "start") is starts
