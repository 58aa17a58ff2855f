"""Each load's band above the reserve, by priority, and the levels from which the sun feeds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from energy.battery.calibration import soc_pct
from energy.site.miners import MinerMode, MinerProfile
from energy.site.preferences import Preferences

NARROWEST_BAND_PCT = 2.0
"""A start is always at least this far above the stop and the reserve, % of capacity."""


class Band(NamedTuple):
    """Energy above the reserve: for the first load, and how much more for each next one, Wh."""

    first_wh: float
    step_wh: float

    def of(self, rank: int) -> float:
        """The band of the load at ``rank`` (0 is the highest priority), Wh."""
        return self.first_wh + rank * self.step_wh


class Bands(NamedTuple):
    """Below ``stop`` a running load stops, above ``start`` one may start."""

    stop: Band
    start: Band


class EnergyBands:
    """Each load's band above the reserve, Wh. Computed on first use, because loads that the sun
    carries never need it.
    """

    __slots__ = ("_bands", "_miners", "_preferences", "_ranks", "_reserve_wh", "_sun")

    def __init__(
        self, miners: Sequence[MinerProfile], preferences: Preferences, reserve_wh: float
    ) -> None:
        """``miners`` are all of the site; ``reserve_wh`` is the whole reserve, Wh."""
        self._miners, self._preferences, self._reserve_wh = miners, preferences, reserve_wh
        self._ranks: Mapping[str, int] = {}
        self._bands: Mapping[MinerMode, Bands] = {}
        self._sun: Mapping[str, float] | None = None

    @property
    def narrowest_wh(self) -> float:
        """Least distance between a load's stop and its start, Wh."""
        return self._preferences.battery_capacity_wh * NARROWEST_BAND_PCT / 100.0

    def stop_wh(self, profile: MinerProfile) -> float:
        """Energy above the reserve below which a running load stops, Wh."""
        return self._of(profile).stop.of(self._ranks.get(profile.id, 0))

    def start_wh(self, profile: MinerProfile) -> float:
        """Energy above the reserve above which a load may start, Wh."""
        return self._of(profile).start.of(self._ranks.get(profile.id, 0))

    def sun_start_wh(self, profile: MinerProfile) -> float:
        """Usable energy from which the sun may start a load, Wh: more for each load after the
        first.
        """
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


class ReserveSettings(NamedTuple):
    """Values derived from the owner's settings alone, in the reserve's units.

    Attributes:
        floor_pct: Below this state of charge nothing is usable, %.
        ceiling_wh: Usable energy at which the last load may start at the latest, Wh.
        narrowest_wh: How far above the reserve a start stays at least, Wh.
        sun_stops_below_wh: Usable energy below which sun-only loads stop, Wh.
        sun_lends_above_wh: Usable energy above which the battery bridges a cloud for them, Wh.
        balanced: Bands before they are fitted below the ceiling.
        aggressive: The same for aggressive loads.
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
    """The derived values, computed once per ``Preferences`` object.

    Cached by the object's identity, because comparing a hundred settings takes longer than
    computing; a site keeps the same object until its settings change.
    """
    known = _KEPT.get(id(preferences))
    if known is not None and known[0] is preferences:
        return known[1]
    if len(_KEPT) >= KEPT_SETTINGS:
        _KEPT.clear()
    made = _settings_of(preferences)
    _KEPT[id(preferences)] = (preferences, made)
    return made


def usable_energy_wh(soc_now_pct: float, preferences: Preferences) -> float:
    """Energy above the owner's floor, Wh; negative below it."""
    floor_pct = settings_of(preferences).floor_pct
    return preferences.battery_capacity_wh * (soc_now_pct - floor_pct) / 100.0


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

    The steps keep a short sunny spell from starting all loads together; they shrink to fit below
    the reserve's ceiling. A disabled load takes no step.
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


def _priority(profile: MinerProfile) -> tuple[int, str, str]:
    return profile.priority_level, profile.name, profile.id


def _fitted(wanted: Bands, *, count: int, room_wh: float) -> Bands:
    """Bands shrunk to fit into ``room_wh``: first the steps, then the first load's band."""
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
