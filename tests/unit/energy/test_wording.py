"""Numbers as the owner reads them."""

from __future__ import annotations

import pytest

from energy import wording


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (wording.watts(3_878.4), "3 878 W"),
        (wording.watts(-12_000), "−12 000 W"),
        (wording.kilowatt_hours(12_345), "12.3 kWh"),
        (wording.kilowatt_hours(-1_100), "−1.1 kWh"),
        (wording.kilowatt_hours(-40), "0.0 kWh"),
        (wording.volts(52.3), "52.30 V"),
        (wording.volts(-0.5), "−0.50 V"),
        (wording.percent(-3), "−3 %"),
        (wording.watts(-0.2), "0 W"),
        (wording.percent(62.4), "62 %"),
        (wording.celsius(-1), "−1.0 °C"),
        (wording.duration(0.2), "1 s"),
        (wording.duration(59), "59 s"),
        (wording.duration(61), "2 min"),
        (wording.duration(3_600), "1 h"),
        (wording.duration(5_401), "1 h 31 min"),
        (wording.duration(3 * 86_400), "3 days"),
        (wording.elapsed(59.7), "59 s"),
        (wording.elapsed(61), "1 min"),
        (wording.elapsed(5_459), "1 h 30 min"),
        (wording.listed(()), ""),
        (wording.listed(("a",)), "a"),
        (wording.listed(("a", "b", "c")), "a, b and c"),
    ],
)
def test_wording(text: str, expected: str) -> None:
    assert text == expected
