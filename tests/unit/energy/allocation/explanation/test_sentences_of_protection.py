"""What protects the battery is told: emergency stop, lost data, low voltages, the site's limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput
from energy.site.miners import ControlMemory, Learned
from energy.site.snapshot import Reading
from tests.fakes.sites.explained_miner import (
    ON,
    STARTS_AT,
    ago,
    ask,
    picture,
    reason_and_sentences,
    remembered,
    waiting,
)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param(
            ask(emergency_stop=True),
            (
                "emergency_stop",
                "Stop: the emergency stop is latched.",
                "an admin ends the emergency stop with a reason",
            ),
            id="emergency stop",
        ),
        pytest.param(
            ask(snapshot=picture(voltage_v=None)),
            (
                "telemetry_lost",
                "Stop: battery voltage is lost (there is none).",
                "a fresh battery voltage",
            ),
            id="no voltage",
        ),
        pytest.param(
            ask(snapshot=replace(picture(), battery_voltage_v=Reading(value=53.0, age_s=3_600.0))),
            (
                "telemetry_lost",
                "Stop: battery voltage is lost (the newest is 60 min old).",
                "a fresh battery voltage",
            ),
            id="old voltage",
        ),
        pytest.param(
            ask(snapshot=replace(picture(), battery_voltage_v=Reading(value=53.0, age_s=900.0))),
            (
                "telemetry_stale",
                "Off: the battery voltage is 15 min old; nothing starts on stale data.",
                "a fresh battery voltage",
            ),
            id="stale voltage",
        ),
        pytest.param(
            ask(snapshot=picture(voltage_v=0.0)),
            (
                "telemetry_stale",
                "Off: the battery voltage can't be used; nothing starts on stale data.",
                "a fresh battery voltage",
            ),
            id="broken voltage",
        ),
        pytest.param(
            ask(snapshot=picture(load_w=None)),
            (
                "telemetry_stale",
                "Off: the load is unknown; nothing starts on missing data.",
                "a fresh load reading",
            ),
            id="no load",
        ),
        pytest.param(
            ask(state=ON, snapshot=picture(voltage_v=44.9)),
            (
                "voltage_critical",
                "Stop: 44.90 V is at or below the critical 45.00 V.",
                "a charged battery",
            ),
            id="critical",
        ),
        pytest.param(
            ask(state=ON, snapshot=picture(voltage_v=46.0)),
            (
                "emergency_voltage",
                "Stop: 46.00 V is at or below its emergency voltage 46.00 V.",
                STARTS_AT,
            ),
            id="emergency voltage",
        ),
        pytest.param(
            ask(snapshot=picture(voltage_v=47.0)),
            ("voltage_low", "Off: 47.00 V is at or below the low voltage 47.00 V.", STARTS_AT),
            id="low",
        ),
        pytest.param(
            ask(snapshot=picture(voltage_v=49.0), memory=ControlMemory(lockout=True)),
            (
                "low_voltage_lockout",
                "Off: the low-voltage lockout holds: 49.00 V has not come back to 50.00 V.",
                "may start from 52.00 V rest voltage held for 5 min",
            ),
            id="lockout",
        ),
        pytest.param(
            ask(state=ON, snapshot=picture(voltage_v=49.9)),
            (
                "below_stop_voltage",
                "Stop: 49.90 V has been below its stop voltage 50.00 V for 2 min.",
                STARTS_AT,
            ),
            id="below stop",
        ),
        pytest.param(
            ask(snapshot=picture(voltage_v=51.9)),
            ("below_start_voltage", "Off: 51.90 V is below its start voltage 52.00 V.", STARTS_AT),
            id="below start",
        ),
        pytest.param(
            waiting(memory=remembered(start_since=ago(120))),
            (
                "start_hysteresis",
                "Off: 53.00 V is enough, but has not held for 5 min yet.",
                "may start when the rest voltage has held 52.00 V for 3 min more",
            ),
            id="start hysteresis",
        ),
    ],
)
def test_what_protects_the_battery_is_told_with_its_numbers(
    question: AllocationInput, expected: tuple[str, str, str]
) -> None:
    assert reason_and_sentences(question) == expected


@pytest.mark.parametrize(
    ("changes", "limits"),
    [
        pytest.param({}, (), id="none"),
        pytest.param(
            {"emergency_stop": True},
            ("The emergency stop is latched: nothing runs until an admin ends it.",),
            id="emergency stop",
        ),
        pytest.param(
            {"snapshot": picture(voltage_v=None)},
            (
                "Telemetry is lost: every miner is stopped.",
                "There is no battery voltage at all.",
            ),
            id="lost",
        ),
        pytest.param(
            {"snapshot": picture(voltage_v=61.0)},
            (
                "The battery voltage is too old or unusable: nothing starts.",
                "A battery voltage of 61.00 V is implausible and counts as missing.",
            ),
            id="unusable",
        ),
        pytest.param(
            {"snapshot": picture(voltage_v=47.0)},
            ("Low-voltage lockout: nothing starts until the rest voltage is back at 50.00 V.",),
            id="lockout",
        ),
        pytest.param(
            {"snapshot": replace(picture(), grid_power_w=Reading(value=1_050.0))},
            (
                (
                    "The site imports 1 000 W more from the grid than the owner allows: the budget"
                    " is that much smaller."
                ),
            ),
            id="import",
        ),
        pytest.param(
            {"snapshot": picture(load_w=None)},
            ("The load is unknown: nothing starts, and the sun's surplus counts as zero.",),
            id="no load",
        ),
        pytest.param(
            {"snapshot": picture(load_w=None), "learned": Learned(mean_base_load_w=1_200.0)},
            ("The load is unknown: nothing starts, and the learned mean of 1 200 W stands in.",),
            id="no load, but a mean",
        ),
    ],
)
def test_limits_of_the_site(changes: dict[str, Any], limits: tuple[str, ...]) -> None:
    assert allocate(ask(**changes)).limits == limits
