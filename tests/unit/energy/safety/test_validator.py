"""The safety validator: every reason, together and alone, and what a protective stop ignores."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from energy.safety.validator import (
    Allowed,
    BlockCode,
    Blocked,
    InFlight,
    PastSwitch,
    SafetyContext,
    SwitchRequest,
    adds_load,
    validate,
    within_window,
)
from energy.site.loads import Actor, LoadKind
from energy.site.miners import MinerProfile
from energy.site.preferences import Preferences

AT = datetime(2026, 6, 21, 19, 0, tzinfo=UTC)
"""Noon at the reference site."""

PROFILE = MinerProfile(id="dump", name="Dump Load", power_draw_watts=3_250)
DAY_ONLY = replace(PROFILE, prefer_time_start=10, prefer_time_end=16, allow_outside_schedule=False)


def request(**changes: Any) -> SwitchRequest:
    given: dict[str, Any] = {
        "load_id": "dump",
        "name": "Dump Load",
        "kind": LoadKind.MINER,
        "target_on": True,
        "actor": Actor.ALLOCATOR,
        "power_w": 3_250.0,
    }
    return SwitchRequest(**(given | changes))


def context(**changes: Any) -> SafetyContext:
    given: dict[str, Any] = {
        "at": AT,
        "preferences": Preferences(),
        "raw_voltage_v": 53.0,
        "rest_voltage_v": 53.2,
        "grid_power_w": 0.0,
        "is_on": False,
        "since": AT - timedelta(hours=2),
        "profile": PROFILE,
    }
    return SafetyContext(**(given | changes))


def codes(verdict: Allowed | Blocked) -> tuple[BlockCode, ...]:
    return verdict.codes if isinstance(verdict, Blocked) else ()


def sentence(verdict: Allowed | Blocked) -> str:
    assert isinstance(verdict, Blocked)
    return verdict.sentence


def ago(minutes: float) -> datetime:
    return AT - timedelta(minutes=minutes)


IMPORT_OK = Preferences(grid_import_allowed=True, max_grid_import_w=4_000)
FAN = {"kind": LoadKind.FAN, "name": "Fan 1", "power_w": 60.0}


@pytest.mark.parametrize(
    ("wanted", "given", "expected"),
    [
        pytest.param({}, {}, (), id="nothing speaks against a start"),
        pytest.param({"target_on": False}, {"is_on": True}, (), id="nothing speaks against a stop"),
        pytest.param(
            {}, {"emergency_stop": True}, (BlockCode.EMERGENCY_STOP,), id="latched: no start"
        ),
        pytest.param(
            {"target_on": False},
            {"emergency_stop": True, "is_on": True},
            (),
            id="latched: a stop passes",
        ),
        pytest.param(
            {}, {"raw_voltage_v": 45.0}, (BlockCode.BATTERY_CRITICAL,), id="raw at critical"
        ),
        pytest.param({}, {"raw_voltage_v": 45.01}, (), id="raw just above critical"),
        pytest.param(
            {}, {"rest_voltage_v": 45.0}, (BlockCode.BATTERY_CRITICAL,), id="the lower one counts"
        ),
        pytest.param(
            {"actor": Actor.OWNER, **FAN},
            {"raw_voltage_v": 44.9, "profile": None},
            (BlockCode.BATTERY_CRITICAL,),
            id="critical for the owner and for a fan too",
        ),
        pytest.param(
            {},
            {"raw_voltage_v": None, "rest_voltage_v": None},
            (BlockCode.BATTERY_UNKNOWN,),
            id="no voltage: nothing starts by itself",
        ),
        pytest.param(
            {"actor": Actor.OWNER},
            {"raw_voltage_v": None, "rest_voltage_v": None},
            (),
            id="no voltage: the owner may",
        ),
        pytest.param(
            {"actor": Actor.AGENT, "approved": True},
            {"raw_voltage_v": None, "rest_voltage_v": None},
            (),
            id="no voltage: approved by the owner",
        ),
        pytest.param(
            FAN, {"raw_voltage_v": None, "rest_voltage_v": None}, (), id="no voltage: a fan may"
        ),
        pytest.param(
            {"target_on": False},
            {"raw_voltage_v": None, "rest_voltage_v": None, "is_on": True},
            (),
            id="no voltage: stops pass",
        ),
        pytest.param({}, {"grid_power_w": 50.0}, (), id="the meter's noise is no import"),
        pytest.param({}, {"grid_power_w": None}, (), id="no grid meter"),
        pytest.param({}, {"grid_power_w": 51.0}, (), id="a watt beyond the noise decides nothing"),
        pytest.param({}, {"grid_power_w": 73.0}, (), id="a little import, and nearly too much"),
        pytest.param(
            {}, {"grid_power_w": 74.0}, (BlockCode.GRID_IMPORT_LIMIT,), id="no import allowed"
        ),
        pytest.param({"power_w": 400.0}, {"grid_power_w": 135.0}, (), id="a small load may start"),
        pytest.param(
            {"power_w": 400.0},
            {"grid_power_w": 136.0},
            (BlockCode.GRID_IMPORT_LIMIT,),
            id="until the import is too much for it",
        ),
        pytest.param(
            {},
            {"grid_power_w": 800.0, "preferences": IMPORT_OK},
            (),
            id="800 W + 3 250 W is within 4 000 W and the noise",
        ),
        pytest.param(
            {},
            {"grid_power_w": 801.0, "preferences": IMPORT_OK},
            (BlockCode.GRID_IMPORT_LIMIT,),
            id="one watt more is over the limit",
        ),
        pytest.param(
            {"target_on": False},
            {"grid_power_w": 9_000.0, "is_on": True},
            (),
            id="a stop lowers the import",
        ),
        pytest.param(
            {}, {"device_online": False}, (BlockCode.DEVICE_OFFLINE,), id="device offline"
        ),
        pytest.param({}, {"is_on": True}, (BlockCode.ALREADY_IN_STATE,), id="on already"),
        pytest.param({"target_on": False}, {}, (BlockCode.ALREADY_IN_STATE,), id="off already"),
        pytest.param({}, {"is_on": None}, (), id="an unknown state is not the state"),
        pytest.param(
            {"target_speed": 5, **FAN},
            {"is_on": True, "speed": 5, "profile": None},
            (BlockCode.ALREADY_IN_STATE,),
            id="fan on at that speed already",
        ),
        pytest.param(
            {"target_speed": 6, **FAN},
            {"is_on": True, "speed": 5, "profile": None},
            (),
            id="another fan speed is another state",
        ),
        pytest.param(
            {},
            {"in_flight": InFlight(target_on=True)},
            (BlockCode.ACTION_IN_FLIGHT,),
            id="another action in flight",
        ),
        pytest.param(
            {},
            {"recent": (PastSwitch(at=ago(59.9), actor=Actor.OWNER, is_on=False),)},
            (BlockCode.HELD,),
            id="held one step before the hold ends",
        ),
        pytest.param(
            {},
            {"recent": (PastSwitch(at=ago(60), actor=Actor.OWNER, is_on=False),)},
            (),
            id="the hold has ended",
        ),
        pytest.param(
            {"actor": Actor.OWNER},
            {"recent": (PastSwitch(at=ago(1), actor=Actor.OWNER, is_on=False),)},
            (),
            id="the owner's own hold does not bind the owner",
        ),
        pytest.param(
            {"actor": Actor.AGENT, "approved": True},
            {"recent": (PastSwitch(at=ago(1), actor=Actor.OWNER, is_on=False),)},
            (),
            id="nor what the owner has approved",
        ),
        pytest.param(
            {"actor": Actor.RULE},
            {"recent": (PastSwitch(at=ago(1), actor=Actor.ALLOCATOR, is_on=False),)},
            (),
            id="only a manual switch holds",
        ),
        pytest.param(
            {},
            {"profile": DAY_ONLY, "at": AT - timedelta(hours=2), "since": None},
            (),
            id="10:00, window opens",
        ),
        pytest.param(
            {},
            {"profile": DAY_ONLY, "at": AT + timedelta(hours=4)},
            (BlockCode.OUTSIDE_WINDOW,),
            id="16:00, window closed",
        ),
        pytest.param(
            {"for_heat": True},
            {"profile": DAY_ONLY, "at": AT + timedelta(hours=4)},
            (),
            id="wanted for its heat: the window is waived",
        ),
        pytest.param(
            {"target_on": False},
            {"profile": DAY_ONLY, "at": AT + timedelta(hours=4), "is_on": True},
            (),
            id="a stop has no window",
        ),
        pytest.param(
            {"target_on": False},
            {"is_on": True, "since": ago(14.9)},
            (BlockCode.MINIMUM_ON_TIME,),
            id="one step before the minimum on time ends",
        ),
        pytest.param(
            {"target_on": False}, {"is_on": True, "since": ago(15)}, (), id="minimum on time over"
        ),
        pytest.param({}, {"since": ago(9.9)}, (BlockCode.MINIMUM_OFF_TIME,), id="minimum off time"),
        pytest.param({}, {"since": ago(10)}, (), id="minimum off time over"),
        pytest.param({}, {"since": None}, (), id="nobody knows since when: no minimum time"),
        pytest.param(
            {"target_on": False, **FAN},
            {"is_on": True, "since": ago(1), "profile": None},
            (),
            id="fans have no minimum time",
        ),
        pytest.param(
            {},
            {"rate_limited_until": AT + timedelta(seconds=1)},
            (BlockCode.RATE_LIMIT,),
            id="the vendor's limit",
        ),
        pytest.param({}, {"rate_limited_until": AT}, (), id="the vendor's limit is over"),
    ],
)
def test_each_reason(
    wanted: dict[str, Any], given: dict[str, Any], expected: tuple[BlockCode, ...]
) -> None:
    assert codes(validate(request(**wanted), context(**given))) == expected


def switches(count: int, *, newest_minutes_ago: float = 1.0) -> tuple[PastSwitch, ...]:
    return tuple(
        PastSwitch(at=ago(newest_minutes_ago + n), actor=Actor.ALLOCATOR, is_on=n % 2 == 0)
        for n in range(count)
    )


@pytest.mark.parametrize(
    ("recent", "expected"),
    [
        pytest.param(switches(5), (), id="the sixth within an hour passes"),
        pytest.param(switches(6), (BlockCode.TOO_MANY_SWITCHES,), id="the seventh does not"),
        pytest.param(
            switches(6, newest_minutes_ago=54.9),
            (BlockCode.TOO_MANY_SWITCHES,),
            id="the oldest is 59.9 min old",
        ),
        pytest.param(switches(6, newest_minutes_ago=55), (), id="the oldest is an hour old"),
    ],
)
def test_switches_within_an_hour(
    recent: tuple[PastSwitch, ...], expected: tuple[BlockCode, ...]
) -> None:
    assert codes(validate(request(), context(recent=recent))) == expected


def test_a_new_fan_speed_is_no_switch() -> None:
    faster = request(target_speed=7, **FAN)
    spinning = context(is_on=True, speed=5, profile=None, recent=switches(9))
    assert validate(faster, spinning) == Allowed()


def test_when_a_reason_ends_by_itself_it_says_when() -> None:
    verdict = validate(
        request(),
        context(
            since=ago(4),
            recent=(
                *switches(6),
                PastSwitch(at=ago(50), actor=Actor.OWNER, is_on=False, by="ana@example.org"),
            ),
            rate_limited_until=AT + timedelta(seconds=30),
        ),
    )
    assert isinstance(verdict, Blocked)
    assert [(r.code, r.sentence, r.until) for r in verdict.reasons] == [
        (
            BlockCode.HELD,
            "ana@example.org switched Dump Load off by hand and holds it for 10 min more.",
            AT + timedelta(minutes=10),
        ),
        (
            BlockCode.MINIMUM_OFF_TIME,
            "Dump Load has been off for 4 min; it stays off for at least 10 min, 6 min more.",
            AT + timedelta(minutes=6),
        ),
        (
            BlockCode.TOO_MANY_SWITCHES,
            "Dump Load was switched 7 times within an hour, 6 are allowed; again in 54 min.",
            AT + timedelta(minutes=54),
        ),
        (
            BlockCode.RATE_LIMIT,
            "The vendor of Dump Load takes no further command for 30 s.",
            AT + timedelta(seconds=30),
        ),
    ]


EVERYTHING_WRONG = context(
    preferences=Preferences(timezone="UTC"),
    raw_voltage_v=44.5,
    rest_voltage_v=None,
    grid_power_w=500.0,
    emergency_stop=True,
    device_online=False,
    is_on=False,
    since=ago(1),
    profile=DAY_ONLY,
    recent=(*switches(6), PastSwitch(at=ago(2), actor=Actor.OWNER, is_on=False)),
    in_flight=InFlight(target_on=True, by="allocator"),
    rate_limited_until=AT + timedelta(minutes=1),
)


def test_all_reasons_are_listed_not_only_the_first() -> None:
    verdict = validate(request(), EVERYTHING_WRONG)
    assert codes(verdict) == (
        BlockCode.EMERGENCY_STOP,
        BlockCode.BATTERY_CRITICAL,
        BlockCode.GRID_IMPORT_LIMIT,
        BlockCode.DEVICE_OFFLINE,
        BlockCode.ACTION_IN_FLIGHT,
        BlockCode.HELD,
        BlockCode.OUTSIDE_WINDOW,
        BlockCode.MINIMUM_OFF_TIME,
        BlockCode.TOO_MANY_SWITCHES,
        BlockCode.RATE_LIMIT,
    )
    assert sentence(verdict) == (
        "The emergency stop is latched: only stops pass until an admin releases it. "
        "The battery is at 44.50 V, at or below critical (45.00 V): nothing may add load. "
        "The site imports 500 W from the grid and would import 3 750 W; no import is allowed. "
        "Dump Load does not answer. "
        "Dump Load is being started by allocator just now. "
        "The owner switched Dump Load off by hand and holds it for 58 min more. "
        "Dump Load may run from 10:00 to 16:00 only; it is 19:00. "
        "Dump Load has been off for 1 min; it stays off for at least 10 min, 9 min more. "
        "Dump Load was switched 7 times within an hour, 6 are allowed; again in 55 min. "
        "The vendor of Dump Load takes no further command for 1 min."
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"is_on": True}, (), id="held, cycling, offline, limited: it is tried"),
        pytest.param({"is_on": None}, (), id="an unknown state is stopped"),
        pytest.param({"is_on": False}, (BlockCode.ALREADY_IN_STATE,), id="off already"),
        pytest.param(
            {"is_on": True, "in_flight": InFlight(target_on=False, by="owner")},
            (BlockCode.ACTION_IN_FLIGHT,),
            id="being stopped already",
        ),
        pytest.param({"is_on": True, "in_flight": None}, (), id="nothing in flight"),
    ],
)
def test_a_protective_stop_is_only_blocked_by_being_pointless(
    given: dict[str, Any], expected: tuple[BlockCode, ...]
) -> None:
    stop = request(target_on=False, protective=True)
    assert codes(validate(stop, replace(EVERYTHING_WRONG, **given))) == expected


def test_a_protective_start_has_no_privilege() -> None:
    start = request(protective=True)
    assert BlockCode.EMERGENCY_STOP in codes(validate(start, EVERYTHING_WRONG))


def test_the_limit_is_named_where_import_is_allowed() -> None:
    verdict = validate(request(), context(grid_power_w=1_000.0, preferences=IMPORT_OK))
    assert sentence(verdict) == (
        "The site imports 1 000 W from the grid and would import 4 250 W; the limit is 4 000 W."
    )


def test_a_running_fan_says_its_speed() -> None:
    fan = request(target_speed=5, **FAN)
    verdict = validate(fan, context(is_on=True, speed=5, profile=None))
    assert sentence(verdict) == "Fan 1 is on at speed 5 already."


@pytest.mark.parametrize(
    ("wanted", "given", "expected"),
    [
        pytest.param({"target_on": False}, {"is_on": True}, False, id="a stop"),
        pytest.param({}, {"is_on": False}, True, id="a start"),
        pytest.param({}, {"is_on": None}, True, id="unknown is not on"),
        pytest.param({}, {"is_on": True}, False, id="on already"),
        pytest.param({"target_speed": 4}, {"is_on": True, "speed": 5}, False, id="slower"),
        pytest.param({"target_speed": 6}, {"is_on": True, "speed": 5}, True, id="faster"),
        pytest.param({"target_speed": 6}, {"is_on": True}, True, id="unknown speed"),
    ],
)
def test_what_adds_load(wanted: dict[str, Any], given: dict[str, Any], expected: bool) -> None:
    assert adds_load(request(**wanted), context(**given)) is expected


@pytest.mark.parametrize(
    ("hour", "start", "end", "expected"),
    [
        pytest.param(9, 10, 16, False, id="before"),
        pytest.param(10, 10, 16, True, id="at the start"),
        pytest.param(15, 10, 16, True, id="last hour"),
        pytest.param(16, 10, 16, False, id="at the end"),
        pytest.param(23, 18, 10, True, id="wrapping, evening"),
        pytest.param(9, 18, 10, True, id="wrapping, morning"),
        pytest.param(10, 18, 10, False, id="wrapping, day"),
        pytest.param(3, None, 10, True, id="no window"),
        pytest.param(3, 7, 7, True, id="equal ends: the whole day"),
    ],
)
def test_windows(hour: int, start: int | None, end: int | None, expected: bool) -> None:
    assert within_window(hour, start, end) is expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param(datetime(2026, 3, 8, 17, 0, tzinfo=UTC), (), id="10:00 PDT, first summer day"),
        pytest.param(
            datetime(2026, 3, 7, 17, 0, tzinfo=UTC),
            (BlockCode.OUTSIDE_WINDOW,),
            id="09:00 PST, the day before",
        ),
    ],
)
def test_windows_follow_daylight_saving(at: datetime, expected: tuple[BlockCode, ...]) -> None:
    assert codes(validate(request(), context(at=at, since=None, profile=DAY_ONLY))) == expected
