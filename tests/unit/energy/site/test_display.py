"""Numbers and sentences as the owner reads them."""

from __future__ import annotations

import pytest

from energy.site.display import Display, display_of
from energy.site.preferences import Preferences
from energy.wording import celsius, watts

US = Display(fahrenheit=True)
KW = Display(kilowatts=True)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        pytest.param({}, Display(), id="as it comes"),
        pytest.param({"units": "imperial"}, US, id="imperial"),
        pytest.param({"units": "imperial", "temperature_unit": "c"}, Display(), id="but °C"),
        pytest.param({"temperature_unit": "f"}, US, id="metric, but °F"),
        pytest.param({"power_unit": "kw"}, KW, id="kW"),
        pytest.param({"user_prefers_soc_display": True}, Display(soc_first=True), id="SOC first"),
    ],
)
def test_what_the_owner_has_chosen(chosen: dict[str, object], expected: Display) -> None:
    assert display_of(Preferences(**chosen)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("display", "value", "unit", "expected"),
    [
        pytest.param(US, -40.0, "°C", (-40.0, "°F"), id="the same cold"),
        pytest.param(US, 21.0, "°C", (69.8, "°F"), id="a room"),
        pytest.param(US, 3_878.0, "W", (3_878.0, "W"), id="powers stay"),
        pytest.param(KW, 3_878.0, "W", (3.878, "kW"), id="kilowatts"),
        pytest.param(KW, 52.3, "V", (52.3, "V"), id="volts stay"),
        pytest.param(US, None, "°C", (None, "°F"), id="not known"),
    ],
)
def test_a_number_with_its_unit(
    display: Display, value: float | None, unit: str, expected: tuple[float | None, str]
) -> None:
    shown = display.value(value, unit)
    assert (None if shown is None else round(shown, 6), display.unit(unit)) == expected


@pytest.mark.parametrize(
    ("display", "text", "expected"),
    [
        pytest.param(US, f"It is {celsius(-1.0)}.", "It is 30.2 °F.", id="below zero"),
        pytest.param(US, f"It is {celsius(-30.0)}.", "It is −22.0 °F.", id="a true minus"),
        pytest.param(KW, f"{watts(3_878)} of {watts(11_600)}", "3.88 kW of 11.60 kW", id="groups"),
        pytest.param(KW, f"{watts(-12_345)}.", "−12.35 kW.", id="negative"),
        pytest.param(KW, "Budget 11,600 W = 310 W", "Budget 11.60 kW = 0.31 kW", id="commas"),
        pytest.param(KW, "12.3 kWh, 400 Wh, 52.30 V", "12.3 kWh, 400 Wh, 52.30 V", id="not W"),
        pytest.param(KW, "S19 W at 5 W", "S19 W at 0.01 kW", id="a name is no number"),
        pytest.param(KW, celsius(5.0), celsius(5.0), id="°C stays"),
        pytest.param(Display(), watts(3_878), watts(3_878), id="nothing chosen"),
    ],
)
def test_a_sentence(display: Display, text: str, expected: str) -> None:
    assert display.sentence(text) == expected
