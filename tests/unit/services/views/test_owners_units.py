"""Sentences in a document are in the owner's units; numbers and names stay."""

from __future__ import annotations

from energy.site.display import Display
from services.views.owners_units import in_owners_units


def test_sentences_wherever_they_stand() -> None:
    document = {
        "power": {"value": 3_878.0, "unit": "W", "reason": "5 W differ"},
        "name": "Heater 2 000 W",
        "miners": [{"explanation": "needs 3 878 W", "command": None}],
        "limits": ["at most 12,000 W"],
        "reason": None,
    }
    assert in_owners_units(document, Display(kilowatts=True)) == {
        "power": {"value": 3_878.0, "unit": "W", "reason": "0.01 kW differ"},
        "name": "Heater 2 000 W",
        "miners": [{"explanation": "needs 3.88 kW", "command": None}],
        "limits": ["at most 12.00 kW"],
        "reason": None,
    }
