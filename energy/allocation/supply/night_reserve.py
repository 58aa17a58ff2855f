"""The reserve: energy that stays in the battery for the house, and each load's band above it.

Two parts: what tonight takes less the sun to come, and a dark day. Voltage alone cannot protect the
night, because a LiFePO4 bank shows almost the same voltage half full and nearly empty.
"""

from __future__ import annotations

from dataclasses import dataclass

from energy.allocation.decision import AllocationInput
from energy.allocation.supply.bands import EnergyBands, settings_of, usable_energy_wh
from energy.battery.learning import DAY_H
from energy.battery.storing import STORED_SHARE
from energy.measuring.measured import Measured
from energy.site.miners import Learned, MinerMode, MinerProfile
from energy.site.preferences import Preferences
from energy.site.snapshot import Sky

DARK_DAY_PCT = 27.0
"""Share of the capacity kept for a dark day where the owner names no energy, %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What tonight takes from the battery.

    Attributes:
        need_wh: Base load until the sun carries it again, less the trusted part of the sun to come;
            where that is not known, the assumed night at the best estimate of the load.
        known: Whether it was computed from the sky and the learned base load.
    """

    need_wh: float
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """Usable and reserved energy with the bands above it, Wh.

    Attributes:
        usable_wh: Capacity × (SOC at rest voltage − the larger of SOC at ``voltage_low`` and the
            owner's minimum SOC); negative below it. None without a voltage.
        tonight_wh: Tonight's part.
        dark_day_wh: The dark day's part; with a plan, what the plan reserves beyond tonight.
        overcast_day_wh: What the sun of the day after tonight brings back even if it is overcast.
        known: Whether tonight's part and the usable energy are known: otherwise nothing starts on
            battery.
        enabled: The owner wants a reserve.
        proven_full: PV is throttled, which proves the battery full: the reserve then blocks
            nothing.
        bands: Each load's energy above the reserve.
        sun_stops_below_wh: Usable energy below which not even the sun carries a running load.
        sun_lends_above_wh: Usable energy from which the battery bridges a cloud for a sun-only
            load.
    """

    usable_wh: float | None
    tonight_wh: float
    dark_day_wh: float
    overcast_day_wh: float
    known: bool
    enabled: bool
    proven_full: bool
    bands: EnergyBands
    sun_stops_below_wh: float
    sun_lends_above_wh: float

    @property
    def reserve_wh(self) -> float:
        """Both parts together."""
        return self.tonight_wh + self.dark_day_wh

    @property
    def blocks(self) -> bool:
        """Whether the reserve may keep any load from running."""
        return self.enabled and not self.proven_full

    def protects_from(self, profile: MinerProfile) -> bool:
        """Whether stopping this load for the reserve is protective (urgent).

        True only where the house is known to need the energy that is left. A need that is only
        assumed stops loads too, but does not override holds and requests. For a load that may use
        the dark day (bands below the reserve) only tonight's part counts.
        """
        if not (self.blocks and self.known) or self.usable_wh is None:
            return False
        aggressive = profile.operating_mode is MinerMode.AGGRESSIVE
        into_dark_day = aggressive and self.bands.stop_wh(profile) < 0.0
        return self.usable_wh < (self.tonight_wh if into_dark_day else self.reserve_wh)

    def stops_below_wh(self, profile: MinerProfile) -> float:
        """Usable energy below which a running load stops unless the sun carries it.

        Bands below the reserve reach into the dark day, but only as far as an overcast next day
        recharges it, and never into tonight's part.
        """
        band_wh = self.bands.stop_wh(profile) + self._not_brought_back_wh(profile)
        return max(self.tonight_wh, self.reserve_wh + band_wh)

    def starts_above_wh(self, profile: MinerProfile) -> float:
        """Usable energy above which a load may start, Wh: at least ``bands.narrowest_wh`` above its
        stop.
        """
        least_wh = self.stops_below_wh(profile) + self.bands.narrowest_wh
        band_wh = self.bands.start_wh(profile) + self._not_brought_back_wh(profile)
        return max(least_wh, self.reserve_wh + band_wh)

    def _not_brought_back_wh(self, profile: MinerProfile) -> float:
        """By how much bands below the reserve are raised, Wh: what an overcast day does not
        recharge.
        """
        return max(0.0, -self.bands.stop_wh(profile) - self.overcast_day_wh)

    def allows_start(self, profile: MinerProfile, *, sun_carries: bool) -> bool:
        """Whether a load may start; ``sun_carries``: the sun alone gives its power.

        Balanced loads let the sun fill the battery first; while the reserve is unknown they start
        on the sun alone.
        """
        mode = profile.operating_mode
        on_sun = sun_carries and self.sun_needs_wh(profile, running=False) is None
        if mode is MinerMode.OPPORTUNISTIC or not self.blocks:
            return on_sun or mode is not MinerMode.OPPORTUNISTIC
        if on_sun and (mode is MinerMode.AGGRESSIVE or not self.known):
            return True
        usable_wh = self.usable_wh
        return self.known and usable_wh is not None and usable_wh > self.starts_above_wh(profile)

    def allows_running(self, profile: MinerProfile, *, sun_carries: bool) -> bool:
        """Whether a running load may go on."""
        if sun_carries and self.sun_needs_wh(profile, running=True) is None:
            return True
        if profile.operating_mode is MinerMode.OPPORTUNISTIC:
            return False
        if not self.blocks or self.usable_wh is None:
            return True
        return self.usable_wh >= self.stops_below_wh(profile)

    def lends_to(self, profile: MinerProfile) -> bool:
        """Whether the battery bridges a cloud for a running load that only the sun may feed."""
        if profile.operating_mode is not MinerMode.OPPORTUNISTIC or self.protects_from(profile):
            return False
        return self.usable_wh is not None and self.usable_wh >= self.sun_lends_above_wh

    def sun_needs_wh(self, profile: MinerProfile, *, running: bool) -> float | None:
        """Usable energy, Wh, to which the sun must charge the battery before it carries a load.

        None where the battery has it. Without this rule, loads that take all sun of every day would
        let the battery sink by one night's need a day, until the house is cut off.
        """
        if not self.blocks or self.usable_wh is None:
            return None
        needed_wh = self.sun_stops_below_wh if running else self.bands.sun_start_wh(profile)
        return None if self.usable_wh >= needed_wh else needed_wh


def reserve_of(question: AllocationInput, measured: Measured, *, proven_full: bool) -> Reserve:
    """The reserve of a cycle. ``proven_full``: throttled PV has shown that the battery is full."""
    preferences = question.preferences
    soc_now_pct = measured.soc_pct
    usable_wh = None if soc_now_pct is None else usable_energy_wh(soc_now_pct, preferences)
    learned_w = mean_of_a_day_w(question.learned, preferences)
    sky = question.snapshot.sky
    night = night_of(sky, learned_w, measured.base_load_w, preferences)
    dark_day_wh = _dark_day_wh(preferences)
    if question.reserve_wh is not None:
        dark_day_wh = max(0.0, question.reserve_wh - night.need_wh)
    settings = settings_of(preferences)
    return Reserve(
        usable_wh=usable_wh,
        tonight_wh=night.need_wh,
        dark_day_wh=dark_day_wh,
        overcast_day_wh=_overcast_day_wh(sky, learned_w, preferences),
        known=night.known and usable_wh is not None,
        enabled=preferences.night_reserve_enabled,
        proven_full=proven_full,
        bands=EnergyBands(question.miners, preferences, night.need_wh + dark_day_wh),
        sun_stops_below_wh=settings.sun_stops_below_wh,
        sun_lends_above_wh=settings.sun_lends_above_wh,
    )


def mean_of_a_day_w(learned: Learned, preferences: Preferences) -> float | None:
    """The learned base load, W; hours of the day that were not observed yet count as assumed.

    A site that was installed at noon has not seen an evening: its mean so far says little of a
    night.
    """
    mean_w, seen_h = learned.mean_base_load_w, learned.base_load_seen_h
    if mean_w is None or seen_h is None:
        return mean_w
    unseen = 1.0 - min(DAY_H, seen_h) / DAY_H
    return mean_w + unseen * max(0.0, preferences.assumed_base_load_w - mean_w)


def night_of(
    sky: Sky, mean_base_load_w: float | None, base_load_w: float | None, preferences: Preferences
) -> Night:
    """Tonight's need, Wh. Where it cannot be computed, an assumed night stands in, never zero."""
    if mean_base_load_w is not None and sky.night_hours is not None:
        come_wh = 0.0 if sky.sun_to_come_wh is None else sky.sun_to_come_wh
        dark_wh = mean_base_load_w * sky.night_hours * preferences.night_margin
        need_wh = max(0.0, dark_wh - come_wh * preferences.sun_to_come_trust)
        return Night(need_wh=need_wh, known=True)
    known_loads = (mean_base_load_w, base_load_w, preferences.assumed_base_load_w)
    load_w = next(load_w for load_w in known_loads if load_w is not None)
    return Night(need_wh=preferences.unknown_night_hours * load_w, known=False)


def _dark_day_wh(preferences: Preferences) -> float:
    if preferences.dark_day_reserve_wh is not None:
        return preferences.dark_day_reserve_wh
    return preferences.battery_capacity_wh * DARK_DAY_PCT / 100.0


def _overcast_day_wh(sky: Sky, mean_base_load_w: float | None, preferences: Preferences) -> float:
    """What an overcast next day leaves for the battery after the house, Wh; 0 where unknown."""
    clear_wh, hours = sky.next_day_clear_wh, sky.next_day_hours
    if clear_wh is None or hours is None or mean_base_load_w is None:
        return 0.0
    beyond_wh = clear_wh * preferences.overcast_sun_pct / 100.0 - mean_base_load_w * hours
    return max(0.0, beyond_wh * STORED_SHARE)
