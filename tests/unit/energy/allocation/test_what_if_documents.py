"""What-if documents: what they change, what they refuse, and the documented answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from energy.allocation.allocator import ALLOCATOR_VERSION, allocate
from energy.allocation.decision import AllocationInput
from energy.allocation.what_if import BadDocument, answer, question
from energy.site.miners import ControlMemory, MinerMemory, MinerProfile, MinerState
from energy.site.preferences import OperatingMode, Preferences
from energy.site.snapshot import Reading, Sky
from tests.fakes.sites.allocator_site import DUMP, NOON, PRIMARY, off, running, snapshot

SITE = AllocationInput(
    snapshot=snapshot(
        voltage_v=49.0, current_a=-30.0, pv_w=100.0, load_w=4_400.0, sky=Sky(night_hours=9.0)
    ),
    miners=(PRIMARY, DUMP),
    states=(replace(running(PRIMARY), since=NOON - timedelta(minutes=1)), off(DUMP)),
    memory=ControlMemory(lockout=True),
)

EXAMPLE: dict[str, Any] = {
    "at": "2026-06-21T12:00:00-07:00",
    "snapshot": {
        "battery_voltage_v": 52.3,
        "battery_current_a": None,
        "pv_power_w": 8450,
        "load_power_w": 1850,
        "grid_power_w": 0,
        "battery_temperature_c": 20,
        "age_s": {"battery_voltage_v": 5},
    },
    "preferences": {"operating_mode": "balanced"},
    "miners": [
        {
            "name": "Primary S21+ (Revenue)",
            "state": {"is_on": False, "power_w": 0, "since": None},
        }
    ],
}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        pytest.param({"snapshot": {"battery_voltage_v": 49.9}}, "low_voltage_lockout", id="stored"),
        pytest.param({"memory": {}}, "below_start_voltage", id="nothing remembered"),
        pytest.param({"memory": {"lockout": True}}, "low_voltage_lockout", id="given"),
        pytest.param(
            {"at": "2026-06-21T12:30:00-07:00"}, "low_voltage_lockout", id="at another time"
        ),
    ],
)
def test_what_is_remembered_stays_in_force_unless_told_otherwise(
    document: dict[str, Any], reason: str
) -> None:
    decision = allocate(question({**document, "miners": [IDLE]}, SITE))
    assert decision.miners[0].reason.code.value == reason


IDLE = {"name": "Primary S21+ (Revenue)", "state": {"is_on": False}}


def test_at_another_time_it_is_not_known_since_when_conditions_hold() -> None:
    remembered = ControlMemory(
        lockout=True, potential_factor=0.5, miners=((PRIMARY.id, MinerMemory(start_since=NOON)),)
    )
    site = replace(SITE, memory=remembered)
    later = question({"at": "2026-06-21T18:00:00-07:00"}, site)
    assert later.memory == replace(remembered, miners=())
    assert question({"snapshot": {}}, site).memory == remembered


def test_a_memory_that_is_none() -> None:
    with pytest.raises(BadDocument) as refused:
        question({"memory": {"lockout": "yes"}}, SITE)
    assert refused.value.problems == [("memory.lockout", "must be true or false, got 'yes'")]


def test_the_documented_example() -> None:
    told: dict[str, Any] = answer(allocate(question(EXAMPLE, SITE)))
    budget = told["budget"]
    assert (budget["solar_surplus_w"], budget["battery_allowance_w"], budget["total_w"]) == (
        6_600.0,
        5_000.0,
        11_600.0,
    )
    assert [(m["name"], m["priority"], m["command"], m["reason"]) for m in told["miners"]] == [
        ("Primary S21+ (Revenue)", 1, "start", "eligible"),
        ("Dump Load S19 #1", 3, "stay_off", "below_start_voltage"),
    ]
    assert told["miners"][1]["compared"] == {
        "rest_voltage_v": 52.3,
        "raw_voltage_v": 52.3,
        "start_voltage_v": 54.5,
    }
    assert told["inputs"]["snapshot"]["battery_voltage_v"]["age_s"] == 5.0
    assert (told["limits"], told["version"]) == ([], ALLOCATOR_VERSION)


def test_the_example_as_a_question() -> None:
    asked = question(EXAMPLE, SITE)
    assert asked == AllocationInput(
        snapshot=replace(
            SITE.snapshot,
            battery_voltage_v=Reading(value=52.3, age_s=5.0),
            battery_current_a=None,
            pv_power_w=Reading(value=8_450.0),
            load_power_w=Reading(value=1_850.0),
            grid_power_w=Reading(value=0.0),
            battery_temperature_c=Reading(value=20.0),
        ),
        preferences=Preferences(),
        miners=(PRIMARY, DUMP),
        states=(MinerState(miner_id=PRIMARY.id, is_on=False, power_w=0.0), off(DUMP)),
        conditions_have_held=True,
        memory=ControlMemory(lockout=True),
    )


def test_nothing_given_asks_about_the_site_as_it_is() -> None:
    assert question({}, SITE) == replace(SITE, conditions_have_held=True)


def test_another_time_knows_neither_the_sky_nor_since_when() -> None:
    asked = question({"at": "2026-12-01T00:00:00Z"}, SITE)
    assert asked.snapshot.at == datetime(2026, 12, 1, tzinfo=UTC)
    assert asked.snapshot.sky == Sky()
    assert [state.since for state in asked.states] == [None, None]


def test_fields_override_what_is_stored() -> None:
    asked = question(
        {
            "snapshot": {"battery_voltage_v": 54.0, "pv_mean_10min_w": 3_000},
            "preferences": {"operating_mode": "aggressive", "voltage_curve": [[44, 0], [57, 100]]},
            "miners": [{"name": DUMP.name, "start_voltage": 53.5, "enabled": False}],
        },
        SITE,
    )
    assert asked.preferences == Preferences(
        operating_mode=OperatingMode.AGGRESSIVE, voltage_curve=((44.0, 0.0), (57.0, 100.0))
    )
    assert asked.miners == (PRIMARY, replace(DUMP, start_voltage=53.5, enabled=False))
    assert asked.states == SITE.states
    assert asked.snapshot.battery_voltage_v == Reading(value=54.0)
    assert asked.snapshot.battery_current_a is None
    assert asked.snapshot.pv_power_w == SITE.snapshot.pv_power_w
    assert asked.snapshot.pv_mean_10min_w == 3_000.0


def test_a_miner_of_a_new_name_is_added_and_is_off() -> None:
    asked = question(
        {"miners": [{"name": "Third", "power_draw_watts": 1_500, "priority_level": 2}]}, SITE
    )
    third = MinerProfile(
        id="what-if:Third", name="Third", power_draw_watts=1_500.0, priority_level=2
    )
    assert asked.miners == (PRIMARY, DUMP, third)
    assert asked.states[-1] == MinerState(miner_id="what-if:Third")


def test_a_value_given_as_null_is_missing() -> None:
    asked = question({"snapshot": {"pv_power_w": None}}, SITE)
    assert asked.snapshot.pv_power_w is None


@pytest.mark.parametrize(
    ("document", "problems"),
    [
        pytest.param([], [("", "must be an object, got list")], id="no object"),
        pytest.param({"volts": 1}, [("volts", "is not a known field")], id="unknown at the top"),
        pytest.param(
            {"at": "2026-06-21T12:00:00"},
            [("at", "must have an offset (such as Z or -07:00), got '2026-06-21T12:00:00'")],
            id="naive time",
        ),
        pytest.param(
            {"snapshot": 5}, [("snapshot", "must be an object, got 5")], id="snapshot: no object"
        ),
        pytest.param(
            {"snapshot": {"volts": 1, "pv_power_w": "much"}},
            [
                ("snapshot.volts", "is not a known field"),
                ("snapshot.pv_power_w", "must be a number, got 'much'"),
            ],
            id="every problem, not only the first",
        ),
        pytest.param(
            {"snapshot": {"pv_power_w": float("nan")}},
            [("snapshot.pv_power_w", "must be a finite number, got nan")],
            id="not a number",
        ),
        pytest.param(
            {"snapshot": {"pv_power_w": "NaN"}},
            [("snapshot.pv_power_w", "must be a finite number, got 'NaN'")],
            id="not a number, as text",
        ),
        pytest.param(
            {"snapshot": {"age_s": 5}}, [("snapshot.age_s", "must be an object, got 5")], id="ages"
        ),
        pytest.param(
            {"snapshot": {"age_s": {"moon": 5}}},
            [("snapshot.age_s.moon", "is not a reading")],
            id="age of what?",
        ),
        pytest.param(
            {"snapshot": {"pv_power_w": 1, "age_s": {"pv_power_w": -5}}},
            [("snapshot.age_s.pv_power_w", "must not be negative, got -5")],
            id="from the future",
        ),
        pytest.param(
            {"preferences": []}, [("preferences", "must be an object, got []")], id="preferences"
        ),
        pytest.param(
            {
                "preferences": {
                    "operating_mode": "bold",
                    "voltage_low": "Infinity",
                    "moon": 1,
                }
            },
            [
                (
                    "preferences.operating_mode",
                    "must be one of conservative, balanced, aggressive; got 'bold'",
                ),
                ("preferences.voltage_low", "must be a finite number, got 'Infinity'"),
                ("preferences.moon", "is not a known field"),
            ],
            id="three bad preferences",
        ),
        pytest.param({"miners": {}}, [("miners", "must be a list, got {}")], id="miners: no list"),
        pytest.param(
            {"miners": [{"name": "x", "power_draw_watts": 1}, {"name": "x"}]},
            [("miners[1].name", "'x' is given more than once")],
            id="two of one name",
        ),
        pytest.param({"miners": [5]}, [("miners[0]", "must be an object, got 5")], id="no miner"),
        pytest.param(
            {"miners": [{"enabled": True}]},
            [("miners[0].name", "is needed: a stored miner's name, or a new one")],
            id="which miner?",
        ),
        pytest.param(
            {"miners": [{"name": "Third"}]},
            [("miners[0].power_draw_watts", "is needed for a miner that isn't stored")],
            id="a new one without its draw",
        ),
        pytest.param(
            {"miners": [{"name": DUMP.name, "power_draw_watts": 0}]},
            [("miners[0].power_draw_watts", "must be above 0, got 0")],
            id="a miner without power",
        ),
        pytest.param(
            {"miners": [{"name": DUMP.name, "state": 5, "colour": "red"}]},
            [
                ("miners[0].colour", "is not a known field"),
                ("miners[0].state", "must be an object, got 5"),
            ],
            id="an unknown field of a miner",
        ),
        pytest.param(
            {"miners": [{"name": DUMP.name, "state": {"is_on": "yes", "mood": 1}}]},
            [
                ("miners[0].state.mood", "is not a known field"),
                ("miners[0].state.is_on", "must be true or false, got 'yes'"),
            ],
            id="a bad state",
        ),
    ],
)
def test_what_is_refused_is_named(document: Any, problems: list[tuple[str, str]]) -> None:
    with pytest.raises(BadDocument) as caught:
        question(document, SITE)
    assert caught.value.problems == problems
    assert str(caught.value) == "; ".join(f"{path}: {message}" for path, message in problems)
