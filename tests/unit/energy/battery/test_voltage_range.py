"""Where the voltage stands among the owner's thresholds: one step before each, and on it."""

from __future__ import annotations

import pytest

from energy.battery.voltage_range import VoltageRange, battery_range
from energy.site.preferences import Preferences

WANTED = Preferences()


@pytest.mark.parametrize(
    ("raw_v", "rest_v", "code"),
    [
        pytest.param(44.0, 46.0, VoltageRange.SHUTDOWN, id="raw at shutdown"),
        pytest.param(44.1, 46.0, VoltageRange.CRITICAL, id="raw above it, critical"),
        pytest.param(45.1, 45.0, VoltageRange.CRITICAL, id="rest at critical"),
        pytest.param(45.1, 47.0, VoltageRange.LOW, id="at rest at low"),
        pytest.param(46.0, 47.1, VoltageRange.BELOW_OPTIMAL, id="at rest above low"),
        pytest.param(51.0, 49.9, VoltageRange.BELOW_OPTIMAL, id="at rest below optimal"),
        pytest.param(49.0, 50.0, VoltageRange.OPTIMAL, id="optimal from"),
        pytest.param(55.0, 54.5, VoltageRange.OPTIMAL, id="optimal to"),
        pytest.param(55.0, 54.6, VoltageRange.ABOVE_OPTIMAL, id="above"),
        pytest.param(57.5, 54.0, VoltageRange.OPTIMAL, id="below absorption"),
        pytest.param(57.6, 54.0, VoltageRange.ABSORPTION, id="raw at absorption"),
        pytest.param(57.9, 57.0, VoltageRange.ABSORPTION, id="below full"),
        pytest.param(58.0, 57.0, VoltageRange.FULL, id="full"),
        pytest.param(53.0, None, VoltageRange.OPTIMAL, id="raw stands in"),
        pytest.param(None, None, None, id="not known"),
    ],
)
def test_ranges(raw_v: float | None, rest_v: float | None, code: VoltageRange | None) -> None:
    stands = battery_range(raw_v, rest_v, WANTED)
    assert (None if stands is None else stands.code) == code


@pytest.mark.parametrize(
    ("volts", "sentence"),
    [
        pytest.param(44.0, "At or below 44.00 V: the inverter turns the house off.", id="shutdown"),
        pytest.param(45.0, "Critical: at or below 45.00 V.", id="critical"),
        pytest.param(47.0, "Low: at or below 47.00 V.", id="low"),
        pytest.param(48.0, "Below its optimal range of 50.00 V to 54.50 V.", id="below"),
        pytest.param(52.0, "In its optimal range of 50.00 V to 54.50 V.", id="in"),
        pytest.param(56.0, "Above its optimal range of 50.00 V to 54.50 V.", id="above"),
        pytest.param(57.6, "The last of the charge goes in: at or above 57.60 V.", id="absorption"),
        pytest.param(58.0, "Full: at or above 58.00 V.", id="full"),
    ],
)
def test_sentences(volts: float, sentence: str) -> None:
    stands = battery_range(volts, volts, WANTED)
    assert stands is not None
    assert stands.sentence == sentence
