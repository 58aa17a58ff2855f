"""The owner's state-of-charge policies: what is told, from when, until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from energy.alerts.conditions import evaluate
from energy.alerts.facts import AlertFacts
from energy.alerts.timing import AlertMemory
from energy.site.preferences import Preferences

AT = datetime(2026, 6, 21, 19, 0, tzinfo=UTC)
FINE = AlertFacts(
    at=AT,
    preferences=Preferences(),
    raw_voltage_v=53.0,
    rest_voltage_v=53.0,
    voltage_age_s=5.0,
    soc_pct=85.0,
    local_hour=12,
)
ONE, TWO = ("Primary",), ("Dump", "Primary")
Steps = list[tuple[float, dict[str, Any], bool]]


@pytest.mark.parametrize(
    ("key", "steps"),
    [
        pytest.param(
            "miners_below_pause",
            [
                (0, {"soc_pct": 49.9}, False),
                (60, {"soc_pct": 49.9, "running_miners": ONE}, False),
                (659, {"soc_pct": 49.9, "running_miners": ONE}, False),
                (660, {"soc_pct": 49.9, "running_miners": ONE}, True),
                (720, {"soc_pct": 79.9, "running_miners": ONE}, True),
                (780, {"soc_pct": None, "running_miners": ONE}, True),
                (840, {"soc_pct": 80.0, "running_miners": ONE}, True),
                (1_439, {"soc_pct": 80.0, "running_miners": ONE}, True),
                (1_440, {"soc_pct": 80.0, "running_miners": ONE}, False),
            ],
            id="pause below, resume at",
        ),
        pytest.param(
            "miners_below_pause",
            [
                (0, {"soc_pct": 45.0, "running_miners": TWO}, False),
                (600, {"soc_pct": 45.0, "running_miners": TWO}, True),
                (660, {"soc_pct": 45.0}, True),
                (1_260, {"soc_pct": 45.0}, False),
            ],
            id="over when they are off",
        ),
        pytest.param(
            "below_target",
            [
                (0, {"soc_pct": 60.0, "local_hour": 15}, False),
                (3_600, {"soc_pct": 79.9, "local_hour": 16}, False),
                (4_200, {"soc_pct": 79.9, "local_hour": 16}, True),
                (40_000, {"soc_pct": 30.0, "local_hour": 9}, True),
                (43_000, {"soc_pct": 31.0, "local_hour": 10}, True),
                (43_600, {"soc_pct": 31.0, "local_hour": 10}, False),
            ],
            id="from the end of the sun's hours to their beginning",
        ),
        pytest.param(
            "below_target",
            [
                (0, {"soc_pct": 79.0, "local_hour": 16}, False),
                (600, {"soc_pct": 79.0, "local_hour": 16}, True),
                (660, {"soc_pct": 80.0, "local_hour": 16}, True),
                (1_260, {"soc_pct": 80.0, "local_hour": 16}, False),
            ],
            id="over when the target is reached late",
        ),
        pytest.param(
            "below_target",
            [
                (0, {"soc_pct": 97.0, "local_hour": 16}, False),
                (3_600, {"soc_pct": 79.0, "local_hour": 17}, False),
                (36_000, {"soc_pct": 55.0, "local_hour": 2}, False),
            ],
            id="what the night takes was brought",
        ),
    ],
)
def test_the_course_of_an_alert(key: str, steps: Steps) -> None:
    memory, seen = AlertMemory(), []
    for seconds, changes, _ in steps:
        facts = replace(FINE, at=AT + timedelta(seconds=seconds), **changes)
        conditions, memory = evaluate(facts, memory)
        seen.append((seconds, key in {condition.key for condition in conditions}))
    assert seen == [(seconds, holds) for seconds, _, holds in steps]


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        pytest.param(
            {"soc_pct": 45.0, "running_miners": ONE},
            "Primary runs; the battery is at 45 %. You want miners to pause below 50 % and to "
            "resume from 80 %.",
            id="one",
        ),
        pytest.param(
            {"soc_pct": 45.0, "running_miners": TWO},
            "Dump and Primary run; the battery is at 45 %. You want miners to pause below 50 % and "
            "to resume from 80 %.",
            id="two",
        ),
        pytest.param(
            {"soc_pct": 62.0, "local_hour": 16},
            "The battery is at 62 %; it was to be at 80 % when the sun's hours ended "
            "(10:00 to 16:00).",
            id="target",
        ),
    ],
)
def test_what_is_told(changes: dict[str, Any], detail: str) -> None:
    _, memory = evaluate(replace(FINE, **changes), AlertMemory())
    later = replace(FINE, at=AT + timedelta(seconds=600), **changes)
    conditions, _ = evaluate(later, memory)
    assert [condition.detail for condition in conditions] == [detail]
