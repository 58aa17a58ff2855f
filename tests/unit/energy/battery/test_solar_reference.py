"""A steady loss of sun shows within days; clouds, a full battery and a low sun do not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import pi, sin

import pytest

from energy.alerts.conditions import AlertCondition, evaluate
from energy.alerts.facts import AlertFacts
from energy.alerts.timing import AlertMemory
from energy.battery.learning import LearningState, Observation, learn
from energy.battery.solar_reference import best_ratios
from energy.site.miners import Learned
from energy.site.preferences import Preferences

MIDNIGHT = datetime(2026, 6, 1, tzinfo=UTC)


def clear_w(hour: float) -> float:
    """Twelve hours of sun up to 10 kW."""
    return max(0.0, 10_000.0 * sin(pi * (hour - 6.0) / 12.0))


def alerts_by_day(
    share: Callable[[int, float], float], days: int, *, full: Callable[[int], bool] | None = None
) -> list[bool]:
    """Whether the loss is told at each day's end; ``share(day, hour)`` of the clear sky is had."""
    state, known, memory = LearningState(), Learned(), AlertMemory()
    told = []
    for day in range(days):
        conditions: list[AlertCondition] = []
        for step in range(96):
            hour = step / 4.0
            at = MIDNIGHT + timedelta(days=day, hours=hour)
            seen = Observation(
                at=at,
                pv_w=clear_w(hour) * share(day, hour),
                clear_sky_w=clear_w(hour),
                held_back=full is not None and full(day),
            )
            state, known = learn(state, seen, known)
            facts = AlertFacts(
                at=at,
                preferences=Preferences(),
                best_recent_ratio=known.best_recent_ratio,
                usual_best_ratio=known.usual_best_ratio,
            )
            conditions, memory = evaluate(facts, memory)
        told.append("solar_loss" in [each.key for each in conditions])
    return told


@pytest.mark.parametrize(
    "left",
    [pytest.param(0.7, id="30 % lost"), pytest.param(0.4, id="60 % lost")],
)
def test_a_steady_loss_is_told_within_days(left: float) -> None:
    told = alerts_by_day(lambda day, _: 0.95 if day < 12 else 0.95 * left, 18)
    assert told == [False] * 15 + [True] * 3


def test_it_ends_with_the_loss() -> None:
    told = alerts_by_day(lambda day, _: 0.5 if 12 <= day < 17 else 0.95, 19)
    assert told[16:] == [True, False, False]


@pytest.mark.parametrize(
    "share",
    [
        pytest.param(lambda _, __: 0.95, id="clear"),
        pytest.param(lambda day, _: 0.2 if day in {12, 13, 14} else 0.95, id="three dull days"),
        pytest.param(lambda _, hour: 0.3 if hour < 12 else 0.95, id="clouds every morning"),
        pytest.param(lambda _, hour: 0.1 if hour < 8 else 0.95, id="shade under a low sun"),
        pytest.param(lambda _, __: 0.75, id="always a little less than the model"),
    ],
)
def test_what_is_no_loss(share: Callable[[int, float], float]) -> None:
    assert not any(alerts_by_day(share, 18))


def test_a_full_battery_is_no_loss() -> None:
    told = alerts_by_day(lambda day, _: 0.95 if day < 12 else 0.3, 18, full=lambda day: day >= 12)
    assert not any(told)


def test_a_new_site_is_compared_with_the_model() -> None:
    assert alerts_by_day(lambda _, __: 0.5, 6)[3:] == [True, True, True]


def test_four_days_are_needed() -> None:
    days = (("a", 0.9, 1.0), ("b", 0.9, 1.0), ("c", 0.9, 1.0))
    assert best_ratios(days) == (None, None)
