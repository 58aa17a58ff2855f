"""The memory that one control cycle hands to the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from energy.site.miners import ControlMemory, Learned
from services.stored import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMemory:
    """The memory of one system between cycles: learned values, memory of allocator, zones and
    learning.

    ``hvac`` and ``learning`` are JSON of the pure modules that own them (``energy.climate.zones``,
    ``energy.battery.learning``). ``last_cycle_at`` is when the loop last decided: None before its
    first cycle.
    """

    learned: Learned = field(default_factory=Learned)
    control: ControlMemory = field(default_factory=ControlMemory)
    hvac: Json = field(default_factory=dict)
    learning: Json = field(default_factory=dict)
    last_cycle_at: datetime | None = None
