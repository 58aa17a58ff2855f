"""What starts or runs says on what: sun, battery, heat; and how long it still may."""

from __future__ import annotations

from dataclasses import replace

import pytest

from energy.allocation.decision import AllocationInput
from tests.fakes.sites.allocator_site import MINER, WITHOUT_RESERVE, off
from tests.fakes.sites.explained_miner import (
    ON,
    STOPS,
    ago,
    ask,
    picture,
    reason_and_sentences,
    remembered,
    waiting,
)


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
    ],
)
def test_what_starts_or_runs_says_on_what(
    question: AllocationInput, expected: tuple[str, str, str]
) -> None:
    assert reason_and_sentences(question) == expected


def test_an_unmet_start_on_potential_is_explained() -> None:
    question = waiting(
        state=replace(ON, since=ago(200)),
        profile=replace(MINER, require_excess_solar=True),
        snapshot=picture(voltage_v=53.0, current_a=-50.0, pv_w=2_500.0),
        memory=remembered(potential_started_at=ago(200), potential_drawn_since=ago(180)),
    )
    assert reason_and_sentences(question) == (
        "potential_not_met",
        (
            "Stop: it was started on sun that the full battery had throttled, and of its 3 000 W"
            " only 1 500 W came within 3 min."
        ),
        "more measured sun; the estimate has been lowered",
    )
