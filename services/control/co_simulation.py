"""The allocator as a co-simulation partner of any plant model: one line in, one decision out.

What the control loop reads from its stores is carried from line to line here: memory, learned
values, since when each miner has been on or off, its runtime today, and its power at the time of
the load's reading. Frozen sensors are not looked for, because a plant model may well repeat values.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from energy import dataclass_json
from energy.allocation import what_if
from energy.allocation.allocator import allocate
from energy.allocation.cycle import CycleMemory, after, remembering
from energy.allocation.decision import AllocationInput, Decision
from energy.allocation.situation import measured_of
from energy.site.miners import MinerProfile, MinerState
from energy.site.preferences import Preferences
from energy.site.pv_array import PvArray
from energy.site.reference_site import REFERENCE_MINERS
from energy.site.snapshot import Snapshot
from services.control.what_if import checked_question
from services.errors import Invalid
from services.stored import Json
from services.telemetry.load_states import LOAD_FRESH_S
from services.telemetry.ports import SkyModel
from services.telemetry.sky import sky_now

POWERS_KEPT_S = 3_600.0
"""Miners' powers are kept this long, so that an older load reading finds those of its time, s."""

SETTINGS = ("preferences", "miners", "arrays", "system")
SYSTEM = ("latitude", "longitude", "timezone")
START = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


SkyMaker = Callable[[float, float, Sequence[PvArray]], SkyModel]
"""(latitude, longitude, arrays) → clear-sky model; without arrays those of the reference site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerTrack:
    """State of one miner that is carried from line to line.

    Attributes:
        is_on: Its state in the last line that gave one; None before any.
        told_at: When that was.
        since: When it last switched; None while it has not.
        day: The local day that ``runtime_s`` counts.
        runtime_s: Seconds that it has run in that day.
        powers: (when, W) of the last hour, oldest first.
    """

    is_on: bool | None = None
    told_at: datetime | None = None
    since: datetime | None = None
    day: date | None = None
    runtime_s: float = 0.0
    powers: tuple[tuple[datetime, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedSite:
    """The site between two lines; a bad line leaves it unchanged."""

    preferences: Preferences
    miners: tuple[MinerProfile, ...]
    sky: SkyModel
    memory: CycleMemory = field(default_factory=CycleMemory)
    tracks: Mapping[str, MinerTrack] = field(default_factory=dict)
    last_at: datetime | None = None


def site_from(document: Json, make_sky: SkyMaker) -> FollowedSite:
    """The site that the first line describes; parts that it leaves out are the reference site's.

    Raises:
        Invalid: The line breaks rules; every problem is named with its path.
    """
    settings = _object(document, "settings")
    unknown = [key for key in document if key != "settings"]
    problems = [(key, "is not known beside the settings") for key in unknown]
    system = _object(settings, "system")
    problems += _unknown(settings, SETTINGS, "settings")
    problems += _unknown(system, SYSTEM, "settings.system")
    if problems:
        raise Invalid(problems)
    given = {"preferences": {**system, **_object(settings, "preferences")}}
    miners = settings.get("miners")
    if miners is not None:
        given["miners"] = miners
    question = checked_question(
        given,
        AllocationInput(
            snapshot=Snapshot(at=START), miners=REFERENCE_MINERS if miners is None else ()
        ),
    )
    preferences = question.preferences
    sky = make_sky(preferences.latitude, preferences.longitude, _arrays(settings.get("arrays")))
    return FollowedSite(preferences=preferences, miners=question.miners, sky=sky)


def follow(site: FollowedSite, document: Json) -> tuple[FollowedSite, Decision]:
    """One cycle: the site after a line, and the decision on its readings.

    Raises:
        Invalid: The line breaks rules; no part of it is used.
    """
    at = _at(document, site.last_at)
    defaults = AllocationInput(
        snapshot=Snapshot(at=at),
        preferences=site.preferences,
        miners=site.miners,
        states=tuple(_silent(miner, site, at) for miner in site.miners),
    )
    asked = checked_question(document, defaults)
    given_states = _given_states(document)
    zone = ZoneInfo(asked.preferences.timezone)
    states = {state.miner_id: state for state in asked.states}
    tracks = {
        miner.id: _tracked(
            site.tracks.get(miner.id, MinerTrack()),
            states[miner.id] if miner.name in given_states else None,
            at,
            zone,
        )
        for miner in asked.miners
        if miner.id in states
    }
    completed = tuple(
        _completed(
            state, tracks[state.miner_id], _load_at(asked.snapshot), given_states.get(name, {})
        )
        for name, state in ((_name(asked.miners, s.miner_id), s) for s in asked.states)
    )
    question = remembering(
        replace(asked, states=completed, conditions_have_held=False), site.memory
    )
    measured = measured_of(question)
    sky = sky_now(
        site.sky,
        site.memory.learned,
        at,
        pv_w=measured.pv_w,
        voltage_v=measured.raw_voltage_v,
        full_v=asked.preferences.voltage_float,
    )
    decision = allocate(replace(question, snapshot=replace(asked.snapshot, sky=sky)))
    kept = replace(site, memory=after(site.memory, decision), tracks=tracks, last_at=at)
    return kept, decision


def _unknown(given: Iterable[str], known: Sequence[str], path: str) -> list[tuple[str, str]]:
    return [(f"{path}.{key}", "is not a known field") for key in given if key not in known]


def _object(document: Json, name: str) -> Json:
    part = document.get(name, {})
    if not isinstance(part, dict):
        raise Invalid([(name, f"must be an object, got {part!r}")])
    return part


def _arrays(given: object) -> tuple[PvArray, ...]:
    if given is None:
        return ()
    try:
        arrays = dataclass_json.from_json(tuple[PvArray, ...], given, "settings.arrays")
    except dataclass_json.CodecError as error:
        raise Invalid([(error.path, error.rule)]) from None
    problems = []
    for index, array in enumerate(arrays):
        limit_w = array.inverter_limit_w
        for name, value, low, high in (
            ("peak_w", array.peak_w, 1.0, 1e9),
            ("tilt_deg", array.tilt_deg, 0.0, 90.0),
            ("azimuth_deg", array.azimuth_deg, 0.0, 360.0),
            ("inverter_limit_w", 1.0 if limit_w is None else limit_w, 1.0, 1e9),
        ):
            if not low <= value <= high:
                rule = f"must be {low:g} to {high:g}, got {value:g}"
                problems.append((f"settings.arrays[{index}].{name}", rule))
    if problems:
        raise Invalid(problems)
    return arrays


def _at(document: Json, last_at: datetime | None) -> datetime:
    if not isinstance(document, dict):
        raise Invalid([("", f"must be an object, got {type(document).__name__}")])
    for key in ("settings", "memory"):
        if key in document:
            raise Invalid([(key, "is carried from line to line: only the first line sets up")])
    if document.get("at") is None:
        raise Invalid([("at", "is needed in each line")])
    try:
        at = dataclass_json.from_json(datetime, document["at"], "at")
    except dataclass_json.CodecError as error:
        raise Invalid([(error.path, error.rule)]) from None
    if last_at is not None and at <= last_at:
        raise Invalid([("at", f"must be after the line before ({last_at.isoformat()})")])
    return at


def _silent(miner: MinerProfile, site: FollowedSite, at: datetime) -> MinerState:
    """State of a miner that a line does not mention: its last one for 5 min, then unknown."""
    track = site.tracks.get(miner.id, MinerTrack())
    if track.told_at is None or (at - track.told_at).total_seconds() > LOAD_FRESH_S:
        return MinerState(miner_id=miner.id, is_on=None)
    power_w = track.powers[-1][1] if track.powers else None
    return MinerState(miner_id=miner.id, is_on=track.is_on, power_w=power_w)


def _given_states(document: Json) -> Mapping[str, Json]:
    """The states that a line gives, by the miner's name."""
    entries = document.get("miners") or []
    return {entry["name"]: entry["state"] for entry in entries if entry.get("state") is not None}


def _name(miners: Sequence[MinerProfile], miner_id: str) -> str:
    return next(miner.name for miner in miners if miner.id == miner_id)


def _tracked(
    track: MinerTrack, state: MinerState | None, at: datetime, zone: ZoneInfo
) -> MinerTrack:
    """What is carried of a miner after a line; ``state`` is None where the line gives none."""
    if state is None:
        return track
    day = at.astimezone(zone).date()
    ran_s = 0.0
    if track.told_at is not None and track.is_on and state.is_on:
        ran_s = min(LOAD_FRESH_S, (at - track.told_at).total_seconds())
    switched = track.is_on is not None and track.is_on is not state.is_on
    power_w = state.power_w if state.is_on is not False else 0.0
    oldest = at - timedelta(seconds=POWERS_KEPT_S)
    powers = tuple(power for power in track.powers if power[0] >= oldest)
    return MinerTrack(
        is_on=state.is_on,
        told_at=at,
        since=at if switched else track.since,
        day=day,
        runtime_s=(track.runtime_s if track.day == day else 0.0) + ran_s,
        powers=powers if power_w is None else (*powers, (at, power_w)),
    )


def _load_at(snapshot: Snapshot) -> datetime | None:
    load = snapshot.load_power_w
    if load is None or load.age_s > POWERS_KEPT_S:
        return None
    return snapshot.at - timedelta(seconds=load.age_s)


def _completed(
    state: MinerState, track: MinerTrack, load_at: datetime | None, given: Container[str]
) -> MinerState:
    """The state completed with carried values; values that the line gives take precedence."""
    return replace(
        state,
        since=state.since if "since" in given else track.since,
        runtime_today_s=state.runtime_today_s if "runtime_today_s" in given else track.runtime_s,
        power_in_load_w=_power_at(track, load_at),
    )


def _power_at(track: MinerTrack, load_at: datetime | None) -> float | None:
    """What the miner drew when the load was measured, W; None where that is not known."""
    if load_at is None:
        return None
    before = [(at, power_w) for at, power_w in track.powers if at <= load_at]
    if not before or (load_at - before[-1][0]).total_seconds() > LOAD_FRESH_S:
        return None
    return before[-1][1]


def line_of(decision: Decision) -> Json:
    """A decision as a line of the answer, in the documented shape of ``allocate``."""
    return what_if.answer(decision)
