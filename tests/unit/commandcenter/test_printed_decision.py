"""A decision on the terminal."""

from __future__ import annotations

import pytest

from commandcenter.cli.site_commands import print_decision
from energy.allocation.allocator import allocate
from energy.allocation.proposals import Proposal, Wanted
from energy.site.loads import Actor, LoadKind, OtherLoad
from server.schemas.decisions import WhatIfAnswer
from tests.fakes.sites.allocator_site import ask

HEATER = OtherLoad(id="h", name="Attic heater", kind=LoadKind.HEATER, rated_w=1_500.0)
WARMED = Proposal(
    load_id="h",
    actor=Actor.ALLOCATOR,
    by="climate of Attic",
    wanted=Wanted.ON,
    reason="heated",
    explanation="Attic is cold.",
)


def test_miners_heaters_and_limits_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    decision = allocate(ask(others=(HEATER,), proposals=(WARMED,), emergency_stop=True))
    print_decision(WhatIfAnswer.of(decision))
    told = capsys.readouterr().out
    for words in (
        "Budget 11 600 W = solar surplus 6 600 W + battery allowance 5 000 W",
        "stop (emergency_stop)",
        "Attic heater",
        "stay_off (emergency_stop)",
        "The emergency stop is latched: nothing runs until an admin ends it.",
    ):
        assert words in told
