"""The night reserve: energy that the house will need before the sun carries it again."""

from __future__ import annotations

from dataclasses import dataclass

from energy.allocation.decision import AllocationInput
from energy.battery.calibration import soc_pct
from energy.measuring.measured import Measured
from energy.site.miners import MinerMode

MARGIN = 1.15
START_SHARE = {MinerMode.BALANCED: 0.08, MinerMode.AGGRESSIVE: 0.03}
"""By how much of the capacity the usable energy must exceed the reserve for a start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """Usable and reserved energy, Wh; None where an input is missing. ``blocks`` is False when off.

    Attributes:
        usable_wh: Capacity × (SOC at rest voltage − the larger of SOC at ``voltage_low`` and the
            owner's minimum SOC); negative below it.
        reserve_wh: Mean base load × dark hours × 1.15, or a plan's larger number.
        blocks: Whether the reserve holds anything back at all.
        capacity_wh: The bank's capacity.
    """

    usable_wh: float | None
    reserve_wh: float | None
    blocks: bool
    capacity_wh: float

    @property
    def short(self) -> bool:
        """Whether the house will need what is left: a stop for it protects the battery."""
        if self.usable_wh is None or self.reserve_wh is None:
            return False
        return self.usable_wh < self.reserve_wh

    def allows_start(self, mode: MinerMode, *, sun_carries: bool) -> bool:
        """Whether a miner of ``mode`` may start where the reserve blocks; ``sun_carries``: the sun
        alone gives its power.
        """
        if mode is MinerMode.OPPORTUNISTIC:
            return sun_carries
        if self.usable_wh is None or self.reserve_wh is None:
            return True
        if mode is MinerMode.AGGRESSIVE and sun_carries:
            return True
        return self.usable_wh > self.start_needs_wh(mode)

    def allows_running(self, mode: MinerMode, *, sun_carries: bool) -> bool:
        """Whether a running miner of ``mode`` may go on where the reserve blocks."""
        if sun_carries:
            return True
        if mode is MinerMode.OPPORTUNISTIC:
            return False
        if self.usable_wh is None or self.reserve_wh is None:
            return True
        return self.usable_wh >= self.reserve_wh

    def start_needs_wh(self, mode: MinerMode) -> float:
        """Usable energy above which a miner of ``mode`` may start, Wh."""
        reserve_wh = 0.0 if self.reserve_wh is None else self.reserve_wh
        return reserve_wh + START_SHARE.get(mode, 0.0) * self.capacity_wh


def reserve_of(question: AllocationInput, measured: Measured, *, proven_full: bool) -> Reserve:
    """Tonight's reserve. Throttled sun proves the battery full: then it blocks nothing."""
    preferences = question.preferences
    return Reserve(
        usable_wh=_usable_wh(question, measured),
        reserve_wh=_reserve_wh(question),
        blocks=preferences.night_reserve_enabled and not proven_full,
        capacity_wh=preferences.battery_capacity_wh,
    )


def _usable_wh(question: AllocationInput, measured: Measured) -> float | None:
    if measured.soc_pct is None:
        return None
    preferences = question.preferences
    floor_pct = max(soc_pct(preferences.voltage_low, preferences), preferences.soc_minimum_pct)
    return preferences.battery_capacity_wh * (measured.soc_pct - floor_pct) / 100.0


def _reserve_wh(question: AllocationInput) -> float | None:
    base_w, hours = question.learned.mean_base_load_w, question.snapshot.sky.night_hours
    tonight_wh = None if base_w is None or hours is None else base_w * hours * MARGIN
    if question.reserve_wh is None:
        return tonight_wh
    return question.reserve_wh if tonight_wh is None else max(tonight_wh, question.reserve_wh)
