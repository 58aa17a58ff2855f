"""Whatever a plant does, its flow decodes to the powers that it had, and they balance."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from integrations.solark.mapping import POWERS, energy_sample
from integrations.solark.payloads import FlowPayload

AT = datetime(2026, 6, 21, 19, tzinfo=UTC)
POWER_W = st.floats(0, 20_000, allow_nan=False).map(lambda w: round(w, 1))
SIGNED_W = st.floats(-12_000, 12_000, allow_nan=False).map(lambda w: round(w, 1))


def sent(pv_w: float, load_w: float, battery_w: float, grid_w: float, **style: bool) -> FlowPayload:
    """The plant's powers as the platform would show them."""
    turn = -1 if style.get("signed") else 1
    return FlowPayload.model_validate(
        {
            "pvPower": str(pv_w) if style.get("text") else pv_w,
            "loadOrEpsPower": load_w,
            "battPower": turn * abs(battery_w),
            "gridOrMeterPower": turn * abs(grid_w),
            "toBat": battery_w > 0,
            "batTo": battery_w < 0,
            "gridTo": grid_w > 0,
            "toGrid": grid_w < 0,
        }
    )


@given(pv_w=POWER_W, load_w=POWER_W, battery_w=SIGNED_W, signed=st.booleans(), text=st.booleans())
def test_signs_survive_and_a_balanced_plant_is_never_suspect(
    pv_w: float, load_w: float, battery_w: float, signed: bool, text: bool
) -> None:
    grid_w = round(load_w + battery_w - pv_w, 1)
    flow = sent(pv_w, load_w, battery_w, grid_w, signed=signed, text=text)
    sample = energy_sample(flow, None, device_id=UUID(int=1), at=AT)
    assert (
        sample.pv_power_w,
        sample.load_power_w,
        sample.battery_power_w,
        sample.grid_power_w,
        sample.suspect,
    ) == (pv_w, load_w, battery_w, grid_w, {})


@given(pv_w=POWER_W, load_w=POWER_W, battery_w=SIGNED_W, share=st.floats(1.001, 3))
def test_what_is_missing_beyond_the_tolerance_is_suspect(
    pv_w: float, load_w: float, battery_w: float, share: float
) -> None:
    load_w = max(1.0, load_w)  # exactly 0 is a load that nothing measures
    grid_w = load_w + battery_w - pv_w
    flow = sent(pv_w, load_w, battery_w, grid_w)
    through_w = max(pv_w, 0) + max(-battery_w, 0) + max(grid_w, 0)
    lost_w = share * max(500.0, 0.05 * through_w / 0.95)
    more = flow.model_copy(update={"pv_power": pv_w + lost_w})
    sample = energy_sample(more, None, device_id=UUID(int=1), at=AT)
    assert set(sample.suspect) == set(POWERS)
