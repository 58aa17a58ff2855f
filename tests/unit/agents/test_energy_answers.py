"""What the built-in model says of energy over hours."""

from __future__ import annotations

import pytest

from agents.builtin.energy_answers import history
from agents.builtin.reply import Reply
from energy.dataclass_json import JsonValue

MISSING = "Samples are missing for 10.0 of 10.2 h."
SOLAR: dict[str, JsonValue] = {"hours": 10.2, "solar_wh": 1_340.0, "load_wh": 800.0}
WHOLE: dict[str, JsonValue] = {"power_pct": 100.0, "battery_pct": 98.0, "missing_s": 540.0}
GAPS: dict[str, JsonValue] = {"power_pct": 1.6, "battery_pct": 2.0, "missing_s": 36_120.0}


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ({**SOLAR, "coverage": GAPS, "note": MISSING}, f"Last 10.2 h: solar 1.3 kWh. {MISSING}"),
        (
            {**SOLAR, "coverage": WHOLE, "note": ""},
            "Last 10.2 h: solar 1.3 kWh, coverage: power 100 %, battery 98 %, missing 9 min.",
        ),
        (
            {"hours": 3.0, "solar_wh": None, "note": "There are no samples in this span."},
            "There are no samples in this span.",
        ),
    ],
)
def test_energy_over_hours(reply: dict[str, JsonValue], expected: str) -> None:
    assert history(Reply(reply), "how much solar did we make today") == expected
