"""The reserve: energy that stays in the battery for the house, and each load's band above it.

Two parts: what tonight takes less the sun that is still to come, and a dark day. Voltage alone can
not tell: a LiFePO4 bank shows almost no difference between half full and nearly empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from energy.allocation.decision import AllocationInput
from energy.battery.calibration import soc_pct
from energy.battery.learning import DAY_H
from energy.measuring.measured import Measured
from energy.site.miners import Learned, MinerMode, MinerProfile
from energy.site.preferences import Preferences
from energy.site.snapshot import Sky

DARK_DAY_PCT = 27.0
"""Share of the capacity kept for a dark day where the owner names no energy, %."""

NARROWEST_BAND_PCT = 2.0
"""However full the battery has to be, a start stays this far above the reserve, % of capacity."""


class Band(NamedTuple):
    """Energy above the reserve: of the first load, and how much more of each one after it, Wh."""

    first_wh: float
    step_wh: float

    def of(self, rank: int) -> float:
        """The band of the load at ``rank`` (0 is the highest priority), Wh."""
        return self.first_wh + rank * self.step_wh


class Bands(NamedTuple):
    """Below ``stop`` a running load stops, above ``start`` one may start."""

    stop: Band
    start: Band


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What tonight takes of the battery.

    Attributes:
        need_wh: Base load until the sun carries it again, less the trusted part of the sun to come;
            where that is not known, the assumed night at the best estimate of the load.
        known: Whether it was computed from the sky and the learned base load.
    """

    need_wh: float
    known: bool


class EnergyBands:
    """Each load's band above the reserve, Wh; worked out when the first load asks for it: a load
    that the sun carries does not.
    """

    __slots__ = ("_bands", "_miners", "_preferences", "_ranks", "_reserve_wh", "_sun")

    def __init__(
        self, miners: Sequence[MinerProfile], preferences: Preferences, reserve_wh: float
    ) -> None:
        """Of all loads of a site."""
        self._miners, self._preferences, self._reserve_wh = miners, preferences, reserve_wh
        self._ranks: Mapping[str, int] = {}
        self._bands: Mapping[MinerMode, Bands] = {}
        self._sun: Mapping[str, float] | None = None

    @property
    def narrowest_wh(self) -> float:
        """The least between a load's stop and its start."""
        return self._preferences.battery_capacity_wh * NARROWEST_BAND_PCT / 100.0

    def stop_wh(self, profile: MinerProfile) -> float:
        """Below it a running load stops."""
        return self._of(profile).stop.of(self._ranks.get(profile.id, 0))

    def start_wh(self, profile: MinerProfile) -> float:
        """Above it a load may start."""
        return self._of(profile).start.of(self._ranks.get(profile.id, 0))

    def sun_start_wh(self, profile: MinerProfile) -> float:
        """Usable energy from which the sun may start a load: more for each one after the first."""
        if self._sun is None:
            self._sun = sun_starts_of(self._miners, self._preferences)
        return self._sun[profile.id]

    def _of(self, profile: MinerProfile) -> Bands:
        if not self._bands:
            self._ranks = ranks_of(self._miners)
            self._bands = bands_of(
                self._preferences, count=len(self._ranks), reserve_wh=self._reserve_wh
            )
        return self._bands[profile.operating_mode]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """Usable and reserved energy with the bands above it, Wh.

    Attributes:
        usable_wh: Capacity × (SOC at rest voltage − the larger of SOC at ``voltage_low`` and the
            owner's minimum SOC); negative below it. None without a voltage.
        tonight_wh: Tonight's part.
        dark_day_wh: The dark day's part; with a plan, what the plan wants beyond tonight.
        known: Whether tonight's part and the usable energy are known: otherwise nothing starts on
            battery.
        enabled: The owner wants a reserve.
        proven_full: Sun is really held back: the battery is full and the reserve blocks nothing.
        bands: Each load's energy above the reserve.
        sun_stops_below_wh: Usable energy below which not even the sun carries a running load.
        sun_lends_above_wh: Usable energy from which the battery lends a load of the sun its power
            for a while.
    """

    usable_wh: float | None
    tonight_wh: float
    dark_day_wh: float
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
        """Whether the energy in the battery holds anything back at all."""
        return self.enabled and not self.proven_full

    def protects_from(self, profile: MinerProfile) -> bool:
        """Whether the house is known to need what is left: a stop of this load for it is urgent.

        A need that is only assumed stops loads too, but it overrides nobody's word. From a load
        that its owner lets into the dark day, by bands below the reserve, tonight is protected.
        """
        if not (self.blocks and self.known) or self.usable_wh is None:
            return False
        aggressive = profile.operating_mode is MinerMode.AGGRESSIVE
        into_dark_day = aggressive and self.bands.stop_wh(profile) < 0.0
        return self.usable_wh < (self.tonight_wh if into_dark_day else self.reserve_wh)

    def stops_below_wh(self, profile: MinerProfile) -> float:
        """Usable energy below which a running load stops unless the sun carries it.

        Bands below the reserve reach into the dark day, never into what tonight needs.
        """
        return max(self.tonight_wh, self.reserve_wh + self.bands.stop_wh(profile))

    def starts_above_wh(self, profile: MinerProfile) -> float:
        """Usable energy above which a load may start: always somewhat above its stop."""
        least_wh = self.stops_below_wh(profile) + self.bands.narrowest_wh
        return max(least_wh, self.reserve_wh + self.bands.start_wh(profile))

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
        """Usable energy that the sun has to bring before it carries a load; None where it is there.

        Loads that take all sun of every day leave nothing for the nights: the battery would sink
        by a night's need each day, until the house goes without.
        """
        if not self.blocks or self.usable_wh is None:
            return None
        needed_wh = self.sun_stops_below_wh if running else self.bands.sun_start_wh(profile)
        return None if self.usable_wh >= needed_wh else needed_wh


class ReserveSettings(NamedTuple):
    """What follows of the owner's settings alone, in the reserve's units.

    Attributes:
        floor_pct: Below this state of charge nothing is usable, %.
        ceiling_wh: Usable energy at which the last load may start at the latest, Wh.
        narrowest_wh: How far above the reserve a start stays at least, Wh.
        sun_stops_below_wh: Usable energy below which sun-only loads stop, Wh.
        sun_lends_above_wh: And from which the battery bridges a cloud for them, Wh.
        balanced: Bands before they are fitted below the ceiling.
        aggressive: The same of aggressive loads.
    """

    floor_pct: float
    ceiling_wh: float
    narrowest_wh: float
    sun_stops_below_wh: float
    sun_lends_above_wh: float
    balanced: Bands
    aggressive: Bands


KEPT_SETTINGS = 256
_KEPT: dict[int, tuple[Preferences, ReserveSettings]] = {}


def settings_of(preferences: Preferences) -> ReserveSettings:
    """Worked out once for each object, of which a site has the same until its settings change.

    Kept by identity, because comparing a hundred settings takes longer than this.
    """
    known = _KEPT.get(id(preferences))
    if known is not None and known[0] is preferences:
        return known[1]
    if len(_KEPT) >= KEPT_SETTINGS:
        _KEPT.clear()
    made = _settings_of(preferences)
    _KEPT[id(preferences)] = (preferences, made)
    return made


def _settings_of(preferences: Preferences) -> ReserveSettings:
    floor_pct = max(soc_pct(preferences.voltage_low, preferences), preferences.soc_minimum_pct)
    percent_wh = preferences.battery_capacity_wh / 100.0
    balanced = Bands(
        Band(
            preferences.balanced_stop_band_pct * percent_wh,
            preferences.balanced_stop_step_pct * percent_wh,
        ),
        Band(
            preferences.balanced_start_band_pct * percent_wh,
            preferences.balanced_start_step_pct * percent_wh,
        ),
    )
    aggressive = Bands(
        Band(
            preferences.aggressive_stop_band_pct * percent_wh,
            preferences.aggressive_stop_step_pct * percent_wh,
        ),
        Band(
            preferences.aggressive_start_band_pct * percent_wh,
            preferences.aggressive_start_step_pct * percent_wh,
        ),
    )
    return ReserveSettings(
        floor_pct=floor_pct,
        ceiling_wh=(preferences.reserve_ceiling_pct - floor_pct) * percent_wh,
        narrowest_wh=NARROWEST_BAND_PCT * percent_wh,
        sun_stops_below_wh=preferences.battery_capacity_wh
        * (preferences.sun_stop_soc_pct - floor_pct)
        / 100.0,
        sun_lends_above_wh=preferences.battery_capacity_wh
        * (preferences.sun_lend_soc_pct - floor_pct)
        / 100.0,
        balanced=balanced,
        aggressive=aggressive,
    )


def reserve_of(question: AllocationInput, measured: Measured, *, proven_full: bool) -> Reserve:
    """The reserve of a cycle. Sun that is really held back proves the battery full."""
    preferences = question.preferences
    soc_now_pct = measured.soc_pct
    usable_wh = None if soc_now_pct is None else usable_energy_wh(soc_now_pct, preferences)
    learned_w = mean_of_a_day_w(question.learned, preferences)
    night = night_of(question.snapshot.sky, learned_w, measured.base_load_w, preferences)
    dark_day_wh = _dark_day_wh(preferences)
    if question.reserve_wh is not None:
        dark_day_wh = max(0.0, question.reserve_wh - night.need_wh)
    settings = settings_of(preferences)
    return Reserve(
        usable_wh=usable_wh,
        tonight_wh=night.need_wh,
        dark_day_wh=dark_day_wh,
        known=night.known and usable_wh is not None,
        enabled=preferences.night_reserve_enabled,
        proven_full=proven_full,
        bands=EnergyBands(question.miners, preferences, night.need_wh + dark_day_wh),
        sun_stops_below_wh=settings.sun_stops_below_wh,
        sun_lends_above_wh=settings.sun_lends_above_wh,
    )


def usable_energy_wh(soc_now_pct: float, preferences: Preferences) -> float:
    """Energy above the owner's floor, Wh; negative below it."""
    floor_pct = settings_of(preferences).floor_pct
    return preferences.battery_capacity_wh * (soc_now_pct - floor_pct) / 100.0


def mean_of_a_day_w(learned: Learned, preferences: Preferences) -> float | None:
    """The learned base load, W; hours of the day that it has not seen yet count as assumed.

    A site that was put up at noon has not seen its evening: its mean so far is no night's.
    """
    mean_w, seen_h = learned.mean_base_load_w, learned.base_load_seen_h
    if mean_w is None or seen_h is None:
        return mean_w
    unseen = 1.0 - min(DAY_H, seen_h) / DAY_H
    return mean_w + unseen * max(0.0, preferences.assumed_base_load_w - mean_w)


def night_of(
    sky: Sky, mean_base_load_w: float | None, base_load_w: float | None, preferences: Preferences
) -> Night:
    """Tonight's need. Unknown never means that nothing has to be kept."""
    if mean_base_load_w is not None and sky.night_hours is not None:
        come_wh = 0.0 if sky.sun_to_come_wh is None else sky.sun_to_come_wh
        dark_wh = mean_base_load_w * sky.night_hours * preferences.night_margin
        need_wh = max(0.0, dark_wh - come_wh * preferences.sun_to_come_trust)
        return Night(need_wh=need_wh, known=True)
    known_loads = (mean_base_load_w, base_load_w, preferences.assumed_base_load_w)
    load_w = next(load_w for load_w in known_loads if load_w is not None)
    return Night(need_wh=preferences.unknown_night_hours * load_w, known=False)


def bands_of(
    preferences: Preferences, *, count: int, reserve_wh: float
) -> Mapping[MinerMode, Bands]:
    """Each mode's bands for ``count`` loads, so that the last start fits below the ceiling."""
    settings = settings_of(preferences)
    room_wh = max(settings.narrowest_wh, settings.ceiling_wh - reserve_wh)
    return {
        MinerMode.BALANCED: _fitted(settings.balanced, count=count, room_wh=room_wh),
        MinerMode.AGGRESSIVE: _fitted(settings.aggressive, count=count, room_wh=room_wh),
    }


def sun_starts_of(miners: Sequence[MinerProfile], preferences: Preferences) -> Mapping[str, float]:
    """Usable energy from which the sun may start each load, Wh, in the order of priority.

    The steps keep one hole in the clouds from starting all of them; they are compressed below the
    reserve's ceiling. A disabled load takes no step.
    """
    first_pct, step_pct = preferences.sun_start_soc_pct, preferences.sun_start_step_pct
    steps = sum(profile.enabled for profile in miners) - 1
    if steps > 0:
        room_pct = max(0.0, preferences.reserve_ceiling_pct - first_pct)
        step_pct = min(step_pct, room_pct / steps)
    starts, rank = {}, 0
    for profile in sorted(miners, key=_priority):
        starts[profile.id] = usable_energy_wh(first_pct + rank * step_pct, preferences)
        rank += profile.enabled
    return starts


def ranks_of(miners: Sequence[MinerProfile]) -> Mapping[str, int]:
    """Place of each load that may use the battery, by priority, ties by name, then id."""
    sharing = [
        profile
        for profile in miners
        if profile.enabled and profile.operating_mode is not MinerMode.OPPORTUNISTIC
    ]
    sharing.sort(key=_priority)
    return {profile.id: rank for rank, profile in enumerate(sharing)}


def _priority(profile: MinerProfile) -> tuple[int, str, str]:
    return profile.priority_level, profile.name, profile.id


def _fitted(wanted: Bands, *, count: int, room_wh: float) -> Bands:
    """Compressed into the room, in order: the steps first, the first load's band at last."""
    first_wh = min(wanted.start.first_wh, room_wh)
    step_wh = wanted.start.step_wh
    if count > 1:
        step_wh = min(step_wh, (room_wh - first_wh) / (count - 1))
    return Bands(
        Band(
            wanted.stop.first_wh * _share(first_wh, wanted.start.first_wh),
            wanted.stop.step_wh * _share(step_wh, wanted.start.step_wh),
        ),
        Band(first_wh, step_wh),
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0.0 else 1.0


def _dark_day_wh(preferences: Preferences) -> float:
    if preferences.dark_day_reserve_wh is not None:
        return preferences.dark_day_reserve_wh
    return preferences.battery_capacity_wh * DARK_DAY_PCT / 100.0
