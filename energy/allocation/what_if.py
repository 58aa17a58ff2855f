"""What-if: a JSON document that overrides parts of the inputs, and the documented answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from energy.allocation.decision import AllocationInput, Decision
from energy.allocation.explanation.decision_codec import explained_miners, miner_json
from energy.allocation.explanation.reason_codec import compared
from energy.dataclass_json import (
    NOT_FINITE,
    CodecError,
    JsonObject,
    from_json,
    object_json,
    to_json,
)
from energy.site.miners import ControlMemory, MinerProfile, MinerState
from energy.site.preferences import Preferences
from energy.site.snapshot import Reading, Sky, Snapshot

T = TypeVar("T")
FieldProblem = tuple[str, str]

READINGS = (
    "battery_voltage_v",
    "inverter_voltage_v",
    "battery_current_a",
    "battery_power_w",
    "battery_temperature_c",
    "pv_power_w",
    "load_power_w",
    "grid_power_w",
)
TOP = {"at", "snapshot", "preferences", "miners", "memory"}
STATE = {"is_on", "power_w", "since", "runtime_today_s", "heat_wanted"}
NEW_ID = "what-if:"
SKY_HOLDS_S = 1_800.0
"""Within this time of the latest snapshot its sky values are still used, s."""


class BadDocument(ValueError):
    """A what-if document that breaks rules; ``problems`` has every problem as (path, message)."""

    def __init__(self, problems: list[FieldProblem]) -> None:
        """Keep every problem."""
        super().__init__("; ".join(f"{path}: {message}" for path, message in problems))
        self.problems = problems


def question(document: object, defaults: AllocationInput) -> AllocationInput:
    """The question that ``document`` asks; what it doesn't give comes from ``defaults``.

    Without history the given conditions count as having held long enough. What is remembered of the
    site (a low-voltage lockout, a lowered potential) stays in force, unless ``memory`` who_decided
    otherwise: in the form of a decision's ``inputs.memory``, ``{}`` for nothing.

    Raises:
        BadDocument: Unknown keys, wrong types, values that break a rule.
    """
    problems: list[FieldProblem] = []
    if not isinstance(document, dict):
        raise BadDocument([("", f"must be an object, got {type(document).__name__}")])
    problems += [(key, "is not a known field") for key in document if key not in TOP]
    at = _at(document, defaults, problems)
    snapshot = _snapshot(document.get("snapshot"), defaults.snapshot, at, problems)
    preferences = _preferences(document.get("preferences"), defaults.preferences, problems)
    states = defaults.states
    if document.get("at") is not None:
        # At another time nothing is known of since when a miner has been on or off.
        states = tuple(replace(state, since=None) for state in states)
    miners, states = _miners(document.get("miners"), replace(defaults, states=states), problems)
    memory = _memory(document, defaults.memory, problems)
    if problems:
        raise BadDocument(problems)
    return replace(
        defaults,
        snapshot=snapshot,
        preferences=preferences,
        miners=miners,
        states=states,
        others=() if _gives_load(document) else defaults.others,
        memory=memory,
        conditions_have_held=True,
    )


def _gives_load(document: Mapping[str, object]) -> bool:
    """Whether the document gives a load: heaters and fans of the site are then no part of it."""
    snapshot = document.get("snapshot")
    return isinstance(snapshot, dict) and "load_power_w" in snapshot


def answer(decision: Decision) -> JsonObject:
    """A decision in the JSON shape that the API documents."""
    return {
        "budget": to_json(decision.budget),
        "miners": [
            miner_json(line, dict(compared(line.miner.reason)))
            for line in explained_miners(decision)
        ],
        "loads": to_json(decision.loads),
        "inputs": to_json(decision.inputs),
        "limits": list(decision.limits),
        "version": decision.version,
    }


def _at(
    document: Mapping[str, object], defaults: AllocationInput, problems: list[FieldProblem]
) -> datetime:
    if document.get("at") is None:
        return defaults.snapshot.at
    try:
        return from_json(datetime, document["at"], "at")
    except CodecError as error:
        problems.append((error.path, error.rule))
        return defaults.snapshot.at


def _memory(
    document: Mapping[str, object], stored: ControlMemory, problems: list[FieldProblem]
) -> ControlMemory:
    given = document.get("memory")
    if given is None:
        # Since when a miner's conditions hold is not known at another time.
        return stored if document.get("at") is None else replace(stored, miners=())
    try:
        return from_json(ControlMemory, given, "memory")
    except CodecError as error:
        problems.append((error.path, error.rule))
        return stored


def _snapshot(
    given: object, default: Snapshot, at: datetime, problems: list[FieldProblem]
) -> Snapshot:
    sky = default.sky
    if abs((at - default.at).total_seconds()) > SKY_HOLDS_S:
        # The sun of another time is not known: then the assumed night stands in.
        sky = Sky(sunny=sky.sunny)
    default = replace(default, at=at, sky=sky)
    if given is None:
        return default
    if not isinstance(given, dict):
        problems.append(("snapshot", f"must be an object, got {given!r}"))
        return default
    known = {*READINGS, "age_s", "pv_mean_10min_w"}
    problems += [(f"snapshot.{key}", "is not a known field") for key in given if key not in known]
    ages = given.get("age_s") or {}
    if not isinstance(ages, dict):
        problems.append(("snapshot.age_s", f"must be an object, got {ages!r}"))
        ages = {}
    problems += [
        (f"snapshot.age_s.{key}", "is not a reading") for key in ages if key not in READINGS
    ]
    changes: dict[str, Any] = {}
    for name in READINGS:
        if name in given:
            changes[name] = _reading(given[name], ages.get(name, 0.0), name, problems)
    if "battery_voltage_v" in given and "inverter_voltage_v" not in given:
        changes["inverter_voltage_v"] = None
    if "battery_voltage_v" in given and "battery_current_a" not in given:
        changes["battery_current_a"] = None
    if "pv_power_w" in given or "pv_mean_10min_w" in given:
        changes["pv_mean_10min_w"] = _number(
            given.get("pv_mean_10min_w"), "snapshot.pv_mean_10min_w", problems
        )
    return replace(default, **changes)


def _reading(value: object, age: object, name: str, problems: list[FieldProblem]) -> Reading | None:
    number = _number(value, f"snapshot.{name}", problems)
    age_s = _number(age, f"snapshot.age_s.{name}", problems)
    if age_s is not None and age_s < 0.0:
        problems.append((f"snapshot.age_s.{name}", f"must not be negative, got {age_s:g}"))
    if number is None:
        return None
    return Reading(value=number, age_s=0.0 if age_s is None else age_s)


def _number(value: object, path: str, problems: list[FieldProblem]) -> float | None:
    if value is None:
        return None
    try:
        return from_json(float, _finite(value, path), path)
    except CodecError as error:
        problems.append((error.path, error.rule))
        return None


def _finite(value: object, path: str) -> object:
    """The value, unless it is a text that stands for a number that is not finite."""
    if isinstance(value, str) and value in NOT_FINITE:
        raise CodecError(path, f"must be a finite number, got {value!r}")
    return value


def _preferences(given: object, default: Preferences, problems: list[FieldProblem]) -> Preferences:
    if given is None:
        return default
    if not isinstance(given, dict):
        problems.append(("preferences", f"must be an object, got {given!r}"))
        return default
    return _overridden(default, given, "preferences", problems)


def _overridden(
    default: T, given: Mapping[str, object], path: str, problems: list[FieldProblem]
) -> T:
    """``default`` with the given fields; every bad one is a problem of its own."""
    merged: dict[str, object] = dict(object_json(default))
    known = set(merged)
    for key, value in given.items():
        if key not in known:
            problems.append((f"{path}.{key}", "is not a known field"))
            continue
        try:
            from_json(type(default), {**merged, key: _finite(value, f"{path}.{key}")}, path)
        except CodecError as error:
            problems.append((error.path, error.rule))
        else:
            merged[key] = value
    return from_json(type(default), merged, path)


def _miners(
    given: object, defaults: AllocationInput, problems: list[FieldProblem]
) -> tuple[tuple[MinerProfile, ...], tuple[MinerState, ...]]:
    profiles = {profile.name: profile for profile in defaults.miners}
    states = {state.miner_id: state for state in defaults.states}
    if given is None:
        return defaults.miners, defaults.states
    if not isinstance(given, list):
        problems.append(("miners", f"must be a list, got {given!r}"))
        return defaults.miners, defaults.states
    names: set[str] = set()
    for index, entry in enumerate(given):
        path = f"miners[{index}]"
        profile = _profile(entry, profiles, path, problems)
        if profile is None:
            continue
        if profile.name in names:
            problems.append((f"{path}.name", f"{profile.name!r} is given more than once"))
        names.add(profile.name)
        profiles[profile.name] = profile
        state = states.get(profile.id, MinerState(miner_id=profile.id))
        states[profile.id] = _state(entry.get("state"), state, path, problems)
    return tuple(profiles.values()), tuple(states.values())


def _profile(
    entry: object, profiles: dict[str, MinerProfile], path: str, problems: list[FieldProblem]
) -> MinerProfile | None:
    if not isinstance(entry, dict):
        problems.append((path, f"must be an object, got {entry!r}"))
        return None
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        problems.append((f"{path}.name", "is needed: a stored miner's name, or a new one"))
        return None
    given = {key: value for key, value in entry.items() if key not in {"state", "id"}}
    known = profiles.get(name)
    if known is None:
        draw = entry.get("power_draw_watts")
        if not isinstance(draw, int | float) or isinstance(draw, bool):
            problems.append((f"{path}.power_draw_watts", "is needed for a miner that isn't stored"))
            return None
        known = MinerProfile(id=NEW_ID + name, name=name, power_draw_watts=float(draw))
    profile: MinerProfile = _overridden(known, given, path, problems)
    if profile.power_draw_watts <= 0.0:
        problems.append(
            (f"{path}.power_draw_watts", f"must be above 0, got {profile.power_draw_watts:g}")
        )
    return profile


def _state(given: object, state: MinerState, path: str, problems: list[FieldProblem]) -> MinerState:
    if given is None:
        return state
    if not isinstance(given, dict):
        problems.append((f"{path}.state", f"must be an object, got {given!r}"))
        return state
    unknown = [key for key in given if key not in STATE]
    problems += [(f"{path}.state.{key}", "is not a known field") for key in unknown]
    known = {key: value for key, value in given.items() if key in STATE}
    blank = MinerState(miner_id=state.miner_id)
    return _overridden(blank, known, f"{path}.state", problems)
