"""How the owner wants to read numbers: the units, and whether voltage or SOC comes first.

Measuring, deciding, storing and the API use W and °C; units are converted here, just before a
person reads a number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from energy.site.preferences import Preferences

_CELSIUS, _FAHRENHEIT, _WATTS, _KILOWATTS = "°C", "°F", "W", "kW"
_W_PER_KW = 1_000.0
_NUMBER = r"[−-]?\d{1,3}(?:[,  \u202f\u2009]\d{3})+(?:\.\d+)?|[−-]?\d+(?:\.\d+)?"
_AMOUNT = re.compile(rf"(?<![\w.])({_NUMBER})([  \u202f]?)(°C|W)(?![\w/²])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """The owner's choice of units and order.

    Attributes:
        fahrenheit: Temperatures in °F in place of °C.
        kilowatts: Powers in kW in place of W.
        soc_first: State of charge before voltage, and larger. Decisions go by voltage all the same.
    """

    fahrenheit: bool = False
    kilowatts: bool = False
    soc_first: bool = False

    @property
    def temperature_unit(self) -> str:
        """``°C`` or ``°F``."""
        return _FAHRENHEIT if self.fahrenheit else _CELSIUS

    @property
    def power_unit(self) -> str:
        """``W`` or ``kW``."""
        return _KILOWATTS if self.kilowatts else _WATTS

    def value(self, value: float | None, unit: str) -> float | None:
        """A number of ``unit`` (``W``, ``°C``; others stay) in the owner's."""
        if value is None:
            return None
        if unit == _CELSIUS and self.fahrenheit:
            return value * 9.0 / 5.0 + 32.0
        return value / _W_PER_KW if unit == _WATTS and self.kilowatts else value

    def unit(self, unit: str) -> str:
        """The owner's unit for ``unit``."""
        return {_CELSIUS: self.temperature_unit, _WATTS: self.power_unit}.get(unit, unit)

    def sentence(self, text: str) -> str:
        """A sentence with its powers and temperatures in the owner's units.

        Sentences name temperatures, never differences of them.
        """
        if not (self.fahrenheit or self.kilowatts):
            return text
        return _AMOUNT.sub(self._amount, text)

    def _amount(self, amount: re.Match[str]) -> str:
        digits, space, unit = amount.groups()
        if self.unit(unit) == unit:
            return amount[0]
        plain = re.sub(r"[,  \u202f\u2009]", "", digits).replace("−", "-")
        shown = self.value(float(plain), unit)
        decimals = 1 if unit == _CELSIUS else 2
        return f"{shown:z.{decimals}f}".replace("-", "−") + space + self.unit(unit)


def display_of(preferences: Preferences) -> Display:
    """The owner's choice; ``units`` (metric or imperial) decides where the temperature unit is
    ``auto``.
    """
    chosen = preferences.temperature_unit
    return Display(
        fahrenheit=chosen == "f" or (chosen == "auto" and preferences.units == "imperial"),
        kilowatts=preferences.power_unit == "kw",
        soc_first=preferences.user_prefers_soc_display,
    )
