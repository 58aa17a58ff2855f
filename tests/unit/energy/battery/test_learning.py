"""What is learned of a site: resistance, clear-sky ratio, mean base load."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from energy.battery.learning import LearningState, Observation, learn
from energy.dataclass_json import from_json, to_json
from energy.site.miners import Learned

START = datetime(2026, 6, 21, 19, 0, tzinfo=UTC)


def watch(
    observations: list[Observation], learned: Learned | None = None
) -> tuple[LearningState, Learned]:
    state, known = LearningState(), Learned() if learned is None else learned
    for seen in observations:
        state, known = learn(state, seen, known)
    return state, known


def steps(
    count: int, *, ohm: float, every_s: float = 60.0, change_a: float = 60.0
) -> list[Observation]:
    """A load that goes on and off: ``count`` readings, one step less."""
    return [
        Observation(
            at=START + timedelta(seconds=every_s * number),
            voltage_v=53.0 - (change_a * (number % 2)) * ohm,
            current_a=-change_a * (number % 2),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("observations", "expected_ohm"),
    [
        pytest.param(steps(5, ohm=0.020), 0.010, id="four steps: the default still stands"),
        pytest.param(steps(6, ohm=0.020), 0.020, id="the fifth step teaches it"),
        pytest.param(steps(40, ohm=0.020), 0.020, id="many"),
        pytest.param(steps(10, ohm=0.0005), 0.002, id="bounded below"),
        pytest.param(steps(10, ohm=0.5), 0.060, id="bounded above"),
        pytest.param(steps(10, ohm=0.020, change_a=9.0), 0.010, id="small changes are noise"),
        pytest.param(
            steps(10, ohm=0.020, every_s=700.0), 0.010, id="readings too far apart are no step"
        ),
    ],
)
def test_resistance(observations: list[Observation], expected_ohm: float) -> None:
    _, learned = watch(observations)
    assert learned.resistance_ohm == pytest.approx(expected_ohm)


def test_readings_across_a_jump_of_the_clock_are_no_step() -> None:
    """Each reading is hours older than the one before by a clock that is set back each time."""
    jumping = [
        Observation(
            at=START - timedelta(hours=number),
            voltage_v=53.0 - 2.4 * (number % 2),
            current_a=-60.0 * (number % 2),
        )
        for number in range(10)
    ]
    _, learned = watch(jumping)
    assert learned.resistance_ohm == 0.010


def test_what_was_learned_goes_on_after_a_year_that_was_wrong() -> None:
    ahead = START + timedelta(days=365)
    minutes = [timedelta(minutes=number) for number in range(120)]
    seen = [
        Observation(at=at, base_load_w=watts, pv_w=pv_w, clear_sky_w=8_000.0)
        for at, watts, pv_w in [
            *((START + each, 1_000.0, 6_400.0) for each in minutes),
            (ahead, 1_000.0, 6_400.0),
            *((START + timedelta(hours=2) + each, 2_000.0, 3_200.0) for each in minutes),
        ]
    ]
    _, learned = watch(seen)
    assert learned.mean_base_load_w == pytest.approx(1_500.0, abs=60.0)
    assert learned.clear_sky_ratio == pytest.approx(0.45, abs=0.02)


def test_resistance_follows_recent_steps_only() -> None:
    old = steps(31, ohm=0.040)
    new = [
        Observation(
            at=seen.at + timedelta(hours=1), voltage_v=seen.voltage_v, current_a=seen.current_a
        )
        for seen in steps(32, ohm=0.010)
    ]
    _, learned = watch([*old, *new])
    assert learned.resistance_ohm == pytest.approx(0.010)


def test_a_repeated_reading_is_not_a_new_one() -> None:
    seen = steps(1, ohm=0.02)[0]
    later = Observation(
        at=seen.at + timedelta(minutes=5), voltage_v=seen.voltage_v, current_a=seen.current_a
    )
    assert watch([seen, later])[0] == watch([seen])[0]


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(Observation(at=START, voltage_v=52.0), id="no current"),
        pytest.param(Observation(at=START, current_a=5.0), id="no voltage"),
        pytest.param(Observation(at=START), id="nothing at all"),
    ],
)
def test_missing_values_teach_nothing(seen: Observation) -> None:
    assert watch([seen]) == (LearningState(), Learned())


def sun(second: float, pv_w: float | None, **more: Any) -> Observation:
    return Observation(
        at=START + timedelta(seconds=second), pv_w=pv_w, **{"clear_sky_w": 10_000.0, **more}
    )


@pytest.mark.parametrize(
    ("observations", "expected"),
    [
        pytest.param([sun(0, 8_000.0)], 0.8, id="the first reading"),
        pytest.param([sun(0, 8_000.0), sun(3_600, 4_000.0)], 0.6, id="half way in an hour"),
        pytest.param([sun(0, 8_000.0), sun(60, 1.0, held_back=True)], 0.8, id="held back"),
        pytest.param(
            [sun(0, 8_000.0), sun(60, 9_000.0, held_back=True)],
            0.8 + 60.0 / 3_660.0 * 0.1,
            id="held back, and still more than was known",
        ),
        pytest.param([sun(0, 8_000.0, held_back=True)], None, id="a full battery's sun alone"),
        pytest.param([sun(0, 8_000.0), sun(60, 1.0, clear_sky_w=400.0)], 0.8, id="low sun"),
        pytest.param([sun(0, 8_000.0), sun(60, 1.0, clear_sky_w=None)], 0.8, id="no model"),
        pytest.param([sun(0, 8_000.0), sun(60, None)], 0.8, id="no reading"),
        pytest.param([sun(0, 20_000.0)], 1.3, id="bounded above"),
        pytest.param([sun(0, 0.0)], 0.05, id="bounded below"),
    ],
)
def test_clear_sky_ratio(observations: list[Observation], expected: float) -> None:
    _, learned = watch(observations)
    assert learned.clear_sky_ratio == pytest.approx(expected)


def house(minutes: int, watts: float, *, start_min: int = 0) -> list[Observation]:
    return [
        Observation(at=START + timedelta(minutes=start_min + minute), base_load_w=watts)
        for minute in range(minutes + 1)
    ]


@pytest.mark.parametrize(
    ("observations", "expected_w"),
    [
        pytest.param(house(59, 800.0), None, id="a minute less than an hour: not known yet"),
        pytest.param(house(60, 800.0), 800.0, id="an hour"),
        pytest.param(
            [*house(1_440, 800.0), *house(1_440, 400.0, start_min=1_440)], 600.0, id="two days"
        ),
        pytest.param(
            [*house(1_440, 800.0), *house(0, 5_000.0, start_min=10_000)],
            800.0 + 4_200.0 * 600.0 / (86_400.0 + 600.0),
            id="a gap counts as ten minutes",
        ),
    ],
)
def test_mean_base_load(observations: list[Observation], expected_w: float | None) -> None:
    _, learned = watch(observations)
    if expected_w is None:
        assert learned.mean_base_load_w is None
    else:
        assert learned.mean_base_load_w == pytest.approx(expected_w)


def test_the_state_is_plain_json() -> None:
    state, _ = watch([*steps(8, ohm=0.02), sun(900, 5_000.0), *house(3, 500.0)])
    assert from_json(LearningState, to_json(state)) == state
