"""Odd answers of a Shelly: a right sample, a marked one, or a VendorError.

Never a made-up value, never another error.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from integrations.shelly.adapter import ShellyReader, ShellySwitch
from services.errors import VendorError
from services.telemetry.records import LoadSample, Sample
from tests.fakes.clock import SteppingClock
from tests.fakes.vendor_http import Routes, answer
from tests.fakes.vendor_readers import (
    MINER,
    NOW,
    RELAY,
    UNIX,
    Odd,
    deep,
    shelly,
    shelly_routes,
    suspects,
)


def load(samples: Sequence[Sample]) -> tuple[object, ...]:
    (found,) = (each for each in samples if isinstance(each, LoadSample))
    return found.is_on, found.power_w, found.energy_wh, found.temperature_c


@pytest.mark.parametrize(
    ("relay", "expected", "suspect"),
    [
        pytest.param({}, (True, 3871.4, 1000.0, 44.1), set(), id="as always"),
        pytest.param({"apower": None}, (True, None, 1000.0, 44.1), set(), id="no meter"),
        pytest.param({"apower": "3871.4"}, (True, 3871.4, 1000.0, 44.1), set(), id="text"),
        pytest.param({"apower": 1e308}, (True, None, 1000.0, 44.1), {"power_w"}, id="10^308 W"),
        pytest.param(
            {"temperature": {"tC": -273}},
            (True, 3871.4, 1000.0, None),
            {"temperature_c"},
            id="−273 °C",
        ),
        pytest.param({"temperature": None}, (True, 3871.4, 1000.0, None), set(), id="null"),
        pytest.param(
            {"aenergy": {"total": deep(50)}}, (True, 3871.4, None, 44.1), set(), id="nested"
        ),
        pytest.param({"output": None}, (None, 3871.4, 1000.0, 44.1), set(), id="on or off?"),
        pytest.param({"output": "1"}, (True, 3871.4, 1000.0, 44.1), set(), id="1"),
        pytest.param({"output": 0}, (False, 3871.4, 1000.0, 44.1), set(), id="0"),
        pytest.param({"output": 2}, (None, 3871.4, 1000.0, 44.1), set(), id="2 is neither"),
    ],
)
async def test_shelly_relays(relay: Odd, expected: tuple[object, ...], suspect: set[str]) -> None:
    async with shelly(shelly_routes({**RELAY, **relay})) as client:
        reader = ShellyReader(client=client, clock=SteppingClock(NOW), loads={0: MINER})
        samples = await reader.read()
    assert (load(samples), suspects(samples)) == (expected, suspect)


@pytest.mark.parametrize(
    ("timer", "left_s"),
    [
        pytest.param({}, None, id="none"),
        pytest.param({"timer_started_at": UNIX, "timer_duration": 300}, 300.0, id="five minutes"),
        pytest.param({"timer_started_at": UNIX, "timer_duration": 1e308}, None, id="for ever"),
        pytest.param({"timer_started_at": 1e308, "timer_duration": 1e308}, None, id="never begun"),
        pytest.param({"timer_started_at": UNIX, "timer_duration": -1}, None, id="negative"),
        pytest.param({"timer_started_at": -1, "timer_duration": 300}, None, id="before time began"),
        pytest.param({"timer_started_at": "x", "timer_duration": []}, None, id="no numbers"),
        pytest.param(
            {"timer_started_at": 253402300799, "timer_duration": 300}, 300.0, id="the year 9999"
        ),
    ],
)
async def test_shelly_timers(timer: Odd, left_s: float | None) -> None:
    async with shelly(shelly_routes({**RELAY, **timer}, sys={"unixtime": UNIX})) as client:
        status = await ShellySwitch(client=client, clock=SteppingClock(NOW)).status()
    assert (status.is_on, status.auto_off_in_s, status.measured_at) == (True, left_s, NOW)


@pytest.mark.parametrize(
    ("routes", "detail"),
    [
        pytest.param(shelly_routes(relay=7), "not understood: switches.0", id="no object"),
        pytest.param(shelly_routes(sys=[1]), "not understood: sys", id="sys is a list"),
        pytest.param(
            shelly_routes(**{"switch:" + "9" * 5_000: RELAY, "switch:٣": RELAY, "switch:0": 1}),
            "not understood",
            id="channels that are none",
        ),
        pytest.param(
            Routes(**{"/rpc/Shelly.GetStatus": answer({"code": 1e308, "message": "x"}, 500)}),
            "error 1000",
            id="a huge code",
        ),
        pytest.param(
            Routes(**{"/rpc/Shelly.GetStatus": answer({}, 401, www_authenticate="Digest ,,=")}),
            "no nonce or no realm",
            id="an odd digest",
        ),
        pytest.param(
            Routes(**{"/rpc/Shelly.GetStatus": answer({}, 401)}), "no digest", id="no digest"
        ),
    ],
)
async def test_shelly_errors(routes: Routes, detail: str) -> None:
    async with shelly(routes) as client:
        with pytest.raises(VendorError, match=detail):
            await ShellySwitch(client=client, clock=SteppingClock(NOW)).status()
