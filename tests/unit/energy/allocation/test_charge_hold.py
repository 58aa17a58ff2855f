"""When a charger holds the battery's voltage, and when that proves the battery full."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from energy.allocation.decision import AllocationInput
from energy.allocation.situation import measured_of
from energy.allocation.supply.pv_potential import Potential, may_hold_back, potential_of
from energy.site.miners import ControlMemory, Learned
from energy.site.preferences import Preferences
from energy.site.snapshot import Reading, Sky
from tests.fakes.sites.allocator_site import NOON, snapshot

SKY = Sky(clear_sky_w=10_000.0)
Row = tuple[float, float, float, float]
"""Seconds since the start, voltage V, current A, PV W."""


def watch(
    rows: list[Row], *, age_s: float = 0.0, ratio: float | None = 0.8
) -> list[tuple[bool, bool]]:
    """(throttled, proven full) after each row; 48 kWh, float 55.0 V, curve up to 56.0 V."""
    memory, told = ControlMemory(), []
    for second, voltage_v, current_a, pv_w in rows:
        seen = look(
            memory, NOON + timedelta(seconds=second), voltage_v, current_a, pv_w, age_s, ratio
        )
        memory = ControlMemory(charge=seen.hold)
        told.append((seen.throttled, seen.proven_full))
    return told


def look(
    memory: ControlMemory,
    at: datetime,
    voltage_v: float,
    current_a: float,
    pv_w: float,
    age_s: float,
    ratio: float | None,
) -> Potential:
    picture = replace(
        snapshot(at=at, pv_w=pv_w, sky=SKY),
        battery_voltage_v=Reading(value=voltage_v, age_s=age_s),
        battery_current_a=Reading(value=current_a, age_s=age_s),
    )
    question = AllocationInput(
        snapshot=picture, learned=Learned(clear_sky_ratio=ratio), memory=memory
    )
    return potential_of(question, measured_of(question))


FULL, NOT_FULL = (True, True), (False, False)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            [(0, 57.6, 150, 2_000), (299, 57.6, 140, 2_000), (300, 57.6, 140, 2_000)],
            [NOT_FULL, NOT_FULL, FULL],
            id="beyond its curve for five minutes, at 0.15 C",
        ),
        pytest.param(
            [(0, 55.2, 60, 5_000), (300, 55.2, 43, 4_000), (600, 55.2, 42, 4_000)],
            [NOT_FULL, NOT_FULL, FULL],
            id="the current has fallen to seven tenths",
        ),
        pytest.param(
            [(0, 54.95, 60, 5_000), (300, 55.05, 60, 5_000), (900, 55.09, 60, 5_000)],
            [NOT_FULL] * 3,
            id="it charges on at the same current: no taper",
        ),
        pytest.param(
            [(0, 55.0, 60, 5_000), (300, 55.2, 40, 4_000), (600, 55.4, 38, 4_000)],
            [NOT_FULL] * 3,
            id="the voltage still rises",
        ),
        pytest.param(
            [(0, 55.4, 60, 5_000), (60, 55.2, 40, 4_000), (420, 55.0, 20, 2_000)],
            [NOT_FULL] * 3,
            id="a cloud: the voltage falls with the current",
        ),
        pytest.param(
            [(0, 55.0, 2, 1_000), (899, 55.0, 2, 1_000), (900, 55.0, 1, 1_000)],
            [NOT_FULL, NOT_FULL, FULL],
            id="next to nothing flows for a quarter of an hour",
        ),
        pytest.param(
            [(0, 54.89, 2, 1_000), (900, 54.89, 2, 1_000)], [NOT_FULL] * 2, id="below its level"
        ),
        pytest.param(
            [(0, 57.6, 50, 7_999), (600, 57.6, 50, 7_200)],
            [NOT_FULL] * 2,
            id="full, and nothing is held back",
        ),
        pytest.param(
            [(0, 57.6, 50, 2_000), (300, 57.6, 50, 2_000), (360, 57.6, 50, 7_900)],
            [NOT_FULL, FULL, (False, True)],
            id="once proven while it is held, though a load takes the sun",
        ),
        pytest.param(
            [(0, 57.6, 50, 2_000), (300, 57.6, 50, 2_000), (360, 57.6, -1, 7_900)],
            [NOT_FULL, FULL, NOT_FULL],
            id="over when the battery is discharged",
        ),
        pytest.param(
            [(0, 57.6, 50, 2_000), (300, 57.6, 50, 0)], [NOT_FULL, FULL], id="all is held back"
        ),
    ],
)
def test_a_held_voltage_and_a_falling_current(
    rows: list[Row], expected: list[tuple[bool, bool]]
) -> None:
    assert watch(rows) == expected


def test_a_reading_that_was_there_before_proves_nothing() -> None:
    """One reading, older by the minute: nobody knows whether the voltage is still held."""
    memory = ControlMemory()
    for minute in range(10):
        at = NOON + timedelta(minutes=minute)
        seen = look(memory, at, 57.6, 50.0, 2_000.0, minute * 60.0, 0.8)
        memory = ControlMemory(charge=seen.hold)
        assert not seen.proven_full


def test_readings_three_minutes_old_prove_it_all_the_same() -> None:
    rows = [(minute * 60.0, 57.6, 50.0, 2_000.0) for minute in range(6)]
    assert watch(rows, age_s=180.0)[-1] == FULL


def test_without_history_the_sky_model_alone_is_the_estimate() -> None:
    rows: list[Row] = [(0, 57.6, 50, 2_000), (300, 57.6, 50, 2_000)]
    assert watch(rows, ratio=None) == [NOT_FULL, FULL]


@pytest.mark.parametrize(
    ("voltage_v", "current_a", "expected"),
    [
        pytest.param(54.9, 5.0, True, id="at its level"),
        pytest.param(54.89, 5.0, False, id="below"),
        pytest.param(55.0, -0.5, True, id="at rest"),
        pytest.param(55.0, -0.6, False, id="discharging"),
        pytest.param(55.0, None, True, id="current unknown"),
        pytest.param(None, 5.0, False, id="voltage unknown"),
    ],
)
def test_what_may_be_held_back_teaches_nothing(
    voltage_v: float | None, current_a: float | None, *, expected: bool
) -> None:
    question = AllocationInput(snapshot=snapshot(voltage_v=voltage_v, current_a=current_a))
    assert may_hold_back(measured_of(question), Preferences()) is expected


def test_a_current_without_a_voltage_holds_nothing() -> None:
    question = AllocationInput(snapshot=snapshot(voltage_v=None, current_a=5.0, sky=SKY))
    assert potential_of(question, measured_of(question)).hold is None
