"""One quantity of the site with what is known of it: value, age, source, quality and why."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Quality(StrEnum):
    """How far a quantity is to be believed.

    ``GOOD``: may be decided on. ``STALE``: was true once and is too old to start anything.
    ``MISSING``: nobody says. The others were said and are not believed: ``SUSPECT`` by what the
    source or its neighbours tell, ``FROZEN`` because its source repeats itself, ``IMPLAUSIBLE``
    because it cannot be.
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
        value: The number in the unit of its name. It is there for ``GOOD`` and ``STALE`` alone:
            what is not believed is in ``reason`` and nowhere else.
        age_s: Age of the measurement, s; None where there is none.
        source: Who measured it, as shown to the owner; ``computed`` for what follows from others.
        quality: How far it is to be believed.
        reason: One plain sentence where something is to be said of it; empty otherwise.
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
        """The value where a decision may use it; what is stale counts as missing."""
        return self.value if self.quality is Quality.GOOD else None


COMPUTED = "computed"
"""The source of a quantity that follows from others."""

MISSING = Quantity(None, quality=Quality.MISSING)
"""A quantity that nobody measures."""
