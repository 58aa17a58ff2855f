"""Numbers as the owner reads them: with their unit, a decimal point, thin groups of thousands."""

from __future__ import annotations

import math

_MINUTE_S = 60.0
_HOUR_S = 3_600.0
_DAY_S = 86_400.0


def watts(power_w: float) -> str:
    """``3878`` → ``3 878 W``."""
    return f"{grouped(power_w)} W"


def kilowatt_hours(energy_wh: float) -> str:
    """``12345`` → ``12.3 kWh``."""
    return f"{_rounded(energy_wh / 1_000, 1)} kWh"


def volts(voltage_v: float) -> str:
    """``52.3`` → ``52.30 V``: two decimals, since a LiFePO4 bank is told apart by tenths."""
    return f"{_rounded(voltage_v, 2)} V"


def percent(share_pct: float) -> str:
    """``62.4`` → ``62 %``."""
    return f"{_rounded(share_pct, 0)} %"


def celsius(temperature_c: float) -> str:
    """``-1`` → ``−1.0 °C``."""
    return f"{_rounded(temperature_c, 1)} °C"


def grouped(number: float) -> str:
    """A whole number with a space between thousands and a true minus sign."""
    return f"{number:z,.0f}".replace(",", " ").replace("-", "−")


def _rounded(number: float, decimals: int) -> str:
    """With a true minus sign, which a zero never has."""
    return f"{number:z.{decimals}f}".replace("-", "−")


def duration(seconds: float) -> str:
    """A duration in the largest readable unit. Below two days it is rounded up, so that a promised
    time is never too short; from two days on to whole days.
    """
    if seconds < _MINUTE_S:
        return f"{math.ceil(seconds)} s"
    if seconds < _HOUR_S:
        return f"{math.ceil(seconds / _MINUTE_S)} min"
    if seconds < 2 * _DAY_S:
        hours, minutes = divmod(math.ceil(seconds / _MINUTE_S), 60)
        return f"{hours} h {minutes} min" if minutes > 0 else f"{hours} h"
    return f"{seconds / _DAY_S:.0f} days"


def elapsed(seconds: float) -> str:
    """What has passed, rounded down: together with what is left it makes the whole."""
    step_s = 1.0 if seconds < _MINUTE_S else _MINUTE_S
    return duration(seconds // step_s * step_s)


def listed(names: tuple[str, ...]) -> str:
    """``("a", "b", "c")`` → ``a, b and c``."""
    if len(names) <= 1:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
