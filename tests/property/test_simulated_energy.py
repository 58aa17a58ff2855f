"""Energy is neither made nor lost in the simulated site."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.physics.battery import Battery
from simulator.physics.inverter import Inverter
from simulator.physics.site_plan import BatteryPlan

STEPS = st.lists(
    st.tuples(st.floats(0.0, 15_000.0), st.floats(0.0, 16_000.0), st.sampled_from([10.0, 60.0])),
    min_size=1,
    max_size=120,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, soc=st.floats(0.0, 1.0))
def test_every_watt_is_accounted_for(steps: list[tuple[float, float, float]], soc: float) -> None:
    inverter = Inverter(Battery(BatteryPlan(), soc=soc), self_use_w=250.0)
    for available_w, load_w, dt_s in steps:
        flow = inverter.step(available_w=available_w, load_w=load_w, dt_s=dt_s)
        assert flow.pv_w == pytest.approx(flow.load_w + flow.self_use_w + flow.battery_w, abs=1e-6)
        assert flow.available_w == pytest.approx(flow.pv_w + flow.curtailed_w, abs=1e-6)
        assert load_w == pytest.approx(flow.load_w + flow.unserved_w, abs=1e-6)
        assert min(flow.pv_w, flow.curtailed_w, flow.load_w, flow.self_use_w) >= -1e-9
        assert flow.unserved_w >= -1e-9


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, soc=st.floats(0.05, 0.95))
def test_what_the_bank_gains_went_in_less_its_losses(
    steps: list[tuple[float, float, float]], soc: float
) -> None:
    battery = Battery(BatteryPlan(), soc=soc)
    inverter = Inverter(battery, self_use_w=250.0)
    before, lost = battery.stored_wh, 0.0
    for available_w, load_w, dt_s in steps:
        at_rest = battery.open_circuit_v
        inverter.step(available_w=available_w, load_w=load_w, dt_s=dt_s)
        # What the terminals see beyond the voltage at rest is heat; 1 % of a charge is lost too.
        kept = 0.99 if battery.current_a > 0.0 else 1.0
        heat_w = (battery.voltage_v - at_rest * kept) * battery.current_a
        assert heat_w >= -1e-6
        lost += heat_w * dt_s / 3_600.0
    totals = inverter.totals
    gained = totals.charged_wh - totals.discharged_wh - lost
    assert battery.stored_wh - before == pytest.approx(gained, abs=30.0)
    assert 0.0 <= battery.soc <= 1.0
