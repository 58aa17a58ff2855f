from __future__ import annotations

import json

import pytest

from simulator.physics.site import SimulatedSite
from simulator.vendors.live_site import LiveSite
from tests.fakes.clock import EPOCH, SteppingClock


class NoonSun:
    """Always noon."""

    def power_w(self, at_s: float) -> float:
        return 9_000.0


def live_by(clock: SteppingClock) -> LiveSite:
    site = SimulatedSite(start=EPOCH, clear_sun=NoonSun(), cloud_plan=["clear"], soc_pct=50.0)
    return LiveSite(site=site, clock=clock)


@pytest.mark.parametrize("after_s", [0.0, 5.0, 3_600.0])
def test_the_first_upload_of_a_fresh_site_holds_the_powers_of_its_moment(after_s: float) -> None:
    clock = SteppingClock()
    live = live_by(clock)
    clock.advance(after_s)
    live.advance()
    for uploads in (live.solark, live.vrm):
        first = uploads.readings[0]
        assert first.at_s == EPOCH.timestamp()
        assert first.pv_w > 8_000.0
        assert first.load_w > 0.0
        assert first.battery_a > 0.0
        assert first.pv_today_wh == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("after_s", [0.0, 5.0, 3_600.0])
def test_so_does_the_first_one_after_a_restart(after_s: float) -> None:
    clock = SteppingClock()
    before = live_by(clock)
    clock.advance(600.0)
    before.advance()
    state = json.loads(json.dumps(before.to_json()))
    clock.advance(after_s)
    after = live_by(clock)
    after.restore(state)
    after.advance()
    first = after.solark.readings[0]
    assert first.at_s == before.site.at_s
    assert first.pv_w == pytest.approx(before.solark.latest.pv_w, rel=0.05)
