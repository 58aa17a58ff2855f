"""The calibration curve, its exact inverse, and the rest voltage."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.battery.calibration import rest_voltage_v, soc_pct, voltage_v
from energy.site.preferences import Preferences

DEFAULT = Preferences()
LINEAR = replace(DEFAULT, voltage_curve=None)


@pytest.mark.parametrize(
    ("volts", "expected_pct"),
    [
        pytest.param(45.0, 0.0, id="first point"),
        pytest.param(44.0, 0.0, id="clamped below"),
        pytest.param(47.0, 15.0, id="on a point"),
        pytest.param(52.3, 62.4, id="the documented 52.3 V"),
        pytest.param(53.0, 68.0, id="the documented 53.0 V"),
        pytest.param(56.0, 100.0, id="last point"),
        pytest.param(58.0, 100.0, id="clamped above"),
    ],
)
def test_soc_by_the_default_curve(volts: float, expected_pct: float) -> None:
    assert soc_pct(volts, DEFAULT) == pytest.approx(expected_pct, abs=1e-9)


@pytest.mark.parametrize(
    ("volts", "expected_pct"),
    [(45.0, 0.0), (50.5, 50.0), (56.0, 100.0), (40.0, 0.0), (60.0, 100.0)],
)
def test_soc_without_a_curve_is_linear(volts: float, expected_pct: float) -> None:
    assert soc_pct(volts, LINEAR) == pytest.approx(expected_pct, abs=1e-9)


@st.composite
def curves(draw: st.DrawFn) -> tuple[tuple[float, float], ...]:
    count = draw(st.integers(2, 50))
    volts = sorted(draw(st.sets(st.integers(400, 600), min_size=count, max_size=count)))
    inner = draw(st.sets(st.integers(1, 999), min_size=count - 2, max_size=count - 2))
    percents = [0, *sorted(inner), 1_000]
    return tuple((v / 10.0, p / 10.0) for v, p in zip(volts, percents, strict=True))


@given(curves() | st.none(), st.floats(0.0, 100.0))
def test_the_inverse_is_exact(
    curve: tuple[tuple[float, float], ...] | None, percent: float
) -> None:
    preferences = replace(DEFAULT, voltage_curve=curve)
    assert soc_pct(voltage_v(percent, preferences), preferences) == pytest.approx(percent, abs=1e-9)


@given(curves(), st.floats(30.0, 70.0), st.floats(0.0, 5.0))
def test_more_voltage_is_never_less_charge(
    curve: tuple[tuple[float, float], ...], volts: float, more: float
) -> None:
    preferences = replace(DEFAULT, voltage_curve=curve)
    assert 0.0 <= soc_pct(volts, preferences) <= soc_pct(volts + more, preferences) <= 100.0


@pytest.mark.parametrize(
    ("current_a", "expected_v"),
    [
        pytest.param(-100.0, 53.0, id="discharging: the rest voltage is higher"),
        pytest.param(100.0, 51.0, id="charging: it is lower"),
        pytest.param(0.0, 52.0, id="no current"),
        pytest.param(None, 52.0, id="unknown current: the raw voltage stands in"),
    ],
)
def test_rest_voltage(current_a: float | None, expected_v: float) -> None:
    assert rest_voltage_v(52.0, current_a, 0.010) == pytest.approx(expected_v)
