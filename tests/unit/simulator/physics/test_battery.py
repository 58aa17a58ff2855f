from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.physics.battery import Battery, Stage
from simulator.physics.inverter import Inverter
from simulator.physics.site_plan import BatteryPlan


def bank(soc: float) -> Battery:
    return Battery(BatteryPlan(), soc=soc)


@pytest.mark.parametrize(
    ("soc_pct", "voltage_v"),
    [
        pytest.param(0.0, 45.0, id="empty"),
        pytest.param(15.0, 47.0, id="knot"),
        pytest.param(62.4, 52.3, id="between knots"),
        pytest.param(100.0, 56.0, id="full"),
    ],
)
def test_rest_voltage_follows_the_default_calibration(soc_pct: float, voltage_v: float) -> None:
    assert bank(soc_pct / 100.0).open_circuit_v == pytest.approx(voltage_v, abs=1e-9)


def test_capacity_is_the_energy_between_empty_and_full() -> None:
    assert bank(1.0).stored_wh - bank(0.0).stored_wh == pytest.approx(48_000.0)


@pytest.mark.parametrize("power_w", [-5_000.0, -500.0, 500.0, 5_000.0])
def test_voltage_compensated_for_its_sag_agrees_with_the_charge(power_w: float) -> None:
    battery = bank(0.6)
    battery.apply(power_w, 1.0)
    compensated = battery.voltage_v - battery.current_a * battery.plan.resistance_ohm
    assert compensated == pytest.approx(battery.open_circuit_v, abs=0.001)
    assert battery.voltage_v * battery.current_a == pytest.approx(power_w)


def test_charge_current_tapers_then_floats_and_the_sun_is_throttled() -> None:
    battery = bank(0.90)
    inverter = Inverter(battery, self_use_w=250.0)
    story: list[tuple[Stage, float, float]] = []
    for _ in range(4 * 360):
        flow = inverter.step(available_w=10_000.0, load_w=1_000.0, dt_s=10.0)
        story.append((battery.stage, battery.current_a, flow.curtailed_w))
    stages = [stage for stage, _, _ in story]
    assert stages == sorted(stages, key=[Stage.BULK, Stage.ABSORPTION, Stage.FLOAT].index)
    assert {Stage.BULK, Stage.ABSORPTION, Stage.FLOAT} == set(stages)
    tapering = [current for stage, current, _ in story if stage is Stage.ABSORPTION]
    assert tapering == sorted(tapering, reverse=True)
    assert tapering[0] > 4 * tapering[-1]
    assert story[0][2] == 0.0
    assert story[-1][2] > 8_000.0
    assert battery.soc > 0.99


def test_absorption_ends_by_time_when_the_current_never_tapers() -> None:
    plan = replace(BatteryPlan(), tail_a=0.0, absorption_max_s=600.0)
    battery = Battery(plan, soc=0.975)
    inverter = Inverter(battery, self_use_w=0.0)
    stages = []
    for _ in range(200):
        inverter.step(available_w=15_000.0, load_w=0.0, dt_s=10.0)
        stages.append(battery.stage)
    assert 59 <= stages.count(Stage.ABSORPTION) <= 60
    assert stages[-1] is Stage.FLOAT


def test_discharge_below_the_rebulk_voltage_starts_bulk_again() -> None:
    battery = bank(0.80)
    battery.stage = Stage.FLOAT
    battery.apply(-1_000.0, 10.0)
    assert battery.voltage_v < battery.plan.rebulk_v
    assert battery.stage is Stage.BULK


def test_output_cuts_off_when_empty_and_returns_when_charged() -> None:
    battery = bank(0.03)
    inverter = Inverter(battery, self_use_w=250.0)
    served = [inverter.step(available_w=0.0, load_w=8_000.0, dt_s=60.0).load_w for _ in range(20)]
    assert served[0] == 8_000.0
    assert served[-1] == 0.0
    assert inverter.output_on is False
    assert inverter.totals.unserved_wh > 0.0
    for _ in range(300):
        inverter.step(available_w=9_000.0, load_w=100.0, dt_s=60.0)
    assert (inverter.output_on, inverter.flow.load_w) == (True, 100.0)


def test_a_cold_battery_is_not_charged() -> None:
    inverter = Inverter(bank(0.5), self_use_w=250.0)
    flow = inverter.step(available_w=5_000.0, load_w=500.0, dt_s=10.0, charging_blocked=True)
    assert (flow.battery_w, flow.curtailed_w, flow.pv_w) == (0.0, 4_250.0, 750.0)


def test_more_load_than_the_bank_can_give_is_counted_unserved() -> None:
    inverter = Inverter(bank(0.5), self_use_w=0.0)
    flow = inverter.step(available_w=0.0, load_w=30_000.0, dt_s=10.0)
    assert flow.load_w == pytest.approx(-flow.battery_w)
    assert flow.unserved_w == pytest.approx(30_000.0 - flow.load_w)
    assert flow.unserved_w > 10_000.0
