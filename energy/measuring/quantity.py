"""One quantity of the site: value, age, source, quality and the reason for the quality."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Quality(StrEnum):
    """How far a quantity is to be believed.

    ``GOOD``: decisions may use it. ``STALE``: too old to start anything. ``MISSING``: not measured.
    The other three are measured but not believed: ``SUSPECT`` because other values contradict it,
    ``FROZEN`` because its source repeats itself, ``IMPLAUSIBLE`` because the value is impossible.
    """

    GOOD = "good"
    STALE = "stale"
    MISSING = "missing"
    SUSPECT = "suspect"
    FROZEN = "frozen"
    IMPLAUSIBLE = "implausible"


class Quantity(NamedTuple):
    """One quantity as it may be used; a tuple, because every cycle makes a dozen of them.

    Attributes:
        value: The number, in the unit that the quantity's name says. Only with ``GOOD`` and
            ``STALE``: a value that is not believed appears only in ``reason``.
        age_s: Age of the measurement, s; None where there is none.
        source: Name of the source as shown to the owner; ``computed`` when derived from others.
        quality: How far it is to be believed.
        reason: Why the quality is not good, or the value a substitute, in plain sentences; may be
            empty.
        stale_after_s: Age from which it is stale, s; None where there is no measurement.
    """

    value: float | None
    age_s: float | None = None
    source: str | None = None
    quality: Quality = Quality.GOOD
    reason: str = ""
    stale_after_s: float | None = None

    @property
    def usable(self) -> float | None:
        """The value where a decision may use it; None for anything but ``GOOD``, stale included."""
        return self.value if self.quality is Quality.GOOD else None


COMPUTED = "computed"
"""The source of a quantity that is derived from others."""

MISSING = Quantity(None, quality=Quality.MISSING)
"""A quantity that nobody measures."""
