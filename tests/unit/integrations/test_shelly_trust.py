"""What is not trusted of a Shelly: another device, a dangerous set-up, a stopped clock."""

from __future__ import annotations

import pytest

from integrations.shelly.adapter import ShellySwitch
from integrations.shelly.client import ShellyClient
from services.errors import VendorError
from services.telemetry.records import LoadSample
from tests.fakes.clock import SteppingClock
from tests.fakes.shelly_relay import (
    METERED,
    NOW,
    PLAIN,
    UNIX,
    client,
    reader_of,
    status,
    switch,
)
from tests.fakes.vendor_http import (
    Script,
    ShellyDevice,
    Waits,
    answer,
    in_memory,
)

MAC, OTHER = "AABBCCDDEEFF", "665544332211"


def of_device(mac: str | None, **components: object) -> dict[str, object]:
    sent = status(switch__0=PLAIN, **components)
    return {**sent, "sys": {"unixtime": UNIX, "mac": mac}}


@pytest.mark.parametrize(
    ("configured", "answers", "detail"),
    [
        pytest.param(MAC, [MAC, MAC], None, id="the right one"),
        pytest.param("aa:bb:cc:dd:ee:ff", [MAC], None, id="written with colons"),
        pytest.param(MAC, [OTHER], "665544332211 instead of AABBCCDDEEFF", id="the wrong one"),
        pytest.param(MAC, [None], "does not say which device it is", id="one that hides"),
        pytest.param(None, [MAC, MAC], None, id="the first one stays"),
        pytest.param(None, [MAC, OTHER], "665544332211 instead of AABBCCDDEEFF", id="replaced"),
        pytest.param(None, [None, None], None, id="none ever says"),
    ],
)
async def test_readings_are_of_the_right_device(
    configured: str | None, answers: list[str | None], detail: str | None
) -> None:
    script = Script([answer(of_device(mac)) for mac in answers])
    shelly = ShellyClient(
        http=in_memory(script), base_url="http://relay", mac=configured, sleep=Waits()
    )
    relay = ShellySwitch(client=shelly, clock=SteppingClock(NOW))
    for _ in answers[:-1]:
        await relay.status()
    if detail is None:
        await relay.status()
        return
    with pytest.raises(VendorError, match=detail):
        await relay.status()


async def test_no_command_goes_to_another_device() -> None:
    device, now_s = ShellyDevice(password=None, status=of_device(MAC)), [0.0]
    relay = ShellySwitch(
        client=ShellyClient(
            http=in_memory(device),
            base_url="http://relay",
            mac=MAC,
            sleep=Waits(),
            monotonic=lambda: now_s[0],
        ),
        clock=SteppingClock(NOW),
    )
    await relay.turn_on(auto_off_s=300.0)
    device.mac, now_s[0] = OTHER, 4.9
    await relay.turn_off()  # it has just told who it is
    now_s[0] = 5.1
    with pytest.raises(VendorError, match="another device answers at this address"):
        await relay.turn_off()
    assert [command["on"] for command in device.commands] == [True, False]


async def test_a_status_that_fails_keeps_no_relay_from_being_opened() -> None:
    device = ShellyDevice(password=None, status=["not", "understood"])
    await ShellySwitch(client=client(device), clock=SteppingClock(NOW)).turn_off()
    assert (device.methods, device.commands) == (["Switch.Set"], [{"id": 0, "on": False}])


TO_OFF = 'set its "power on default" to off'
SETUP = {"initial_state": "off", "auto_on": False, "auto_off": False, "auto_on_delay": 60}


@pytest.mark.parametrize(
    ("setup", "cautions"),
    [
        pytest.param(SETUP, [], id="nothing by itself"),
        pytest.param({}, [], id="nothing told"),
        pytest.param(
            {**SETUP, "initial_state": "restore_last"},
            [f"channel 0 switches on by itself after a power cut, if it was on before: {TO_OFF}"],
            id="comes back after a power cut",
        ),
        pytest.param(
            {**SETUP, "initial_state": "dance"},
            [f"channel 0 does 'dance' after a power cut: {TO_OFF}"],
            id="something unknown",
        ),
        pytest.param(
            {**SETUP, "auto_on": True},
            ["channel 0 switches on again 60 s after every stop: switch its auto-on off"],
            id="auto-on",
        ),
        pytest.param(
            {"auto_on": "true"},
            ["channel 0 switches on again after every stop: switch its auto-on off"],
            id="auto-on without a delay",
        ),
        pytest.param(
            {"auto_off": 1, "auto_off_delay": 5},
            ["channel 0 switches off by itself 5 s after a start that brings no timer (auto-off)"],
            id="auto-off",
        ),
        pytest.param(
            {"auto_off": 1},
            ["channel 0 switches off by itself after a start that brings no timer (auto-off)"],
            id="auto-off without a delay",
        ),
    ],
)
async def test_a_dangerous_set_up_is_told(setup: object, cautions: list[str]) -> None:
    both = {"switch:0": METERED, "switch:1": PLAIN}
    device = ShellyDevice(
        password=None, status={"sys": {"unixtime": UNIX}, **both}, config={"switch:0": setup}
    )
    reader = reader_of(device, SteppingClock(NOW))
    assert reader.cautions() == ()
    await reader.read()
    assert list(reader.cautions()) == cautions


async def test_the_set_up_is_read_again_when_it_has_changed() -> None:
    both: dict[str, object] = {"switch:0": METERED, "switch:1": PLAIN}
    device = ShellyDevice(password=None, config={"switch:0": SETUP})
    reader, story = reader_of(device, SteppingClock(NOW)), []
    for revision, config in (
        (14, {"switch:0": SETUP}),
        (14, {"switch:0": {**SETUP, "auto_on": True}}),
        (15, {"switch:0": {**SETUP, "auto_on": True}}),
        (16, ["no", "config"]),
        (16, {"switch:0": SETUP}),
    ):
        device.status = {"sys": {"unixtime": UNIX, "cfg_rev": revision}, **both}
        device.config = config
        await reader.read()
        story.append([caution[:25] for caution in reader.cautions()])
    assert story == [
        [],
        [],
        ["channel 0 switches on agai"[:25]],
        ["channel 0 switches on agai"[:25], "its set-up could not be r"],
        [],
    ]


async def test_a_device_whose_clock_stands_still_is_doubted() -> None:
    clock, both = SteppingClock(NOW), {"switch:0": METERED, "switch:1": PLAIN}
    device = ShellyDevice(password=None)
    reader, story = reader_of(device, clock), []
    for step_s, told in ((0, UNIX), (30, UNIX), (29, UNIX), (1, UNIX), (30, UNIX + 90), (0, None)):
        clock.advance(step_s)
        device.status = {"sys": {"unixtime": told}, **both}
        story.append(dict((await reader.read())[0].suspect))
    stood = "the device's clock has stood still for 60 s"
    names = ("is_on", "power_w", "energy_wh", "temperature_c")
    assert story == [{}, {}, {}, dict.fromkeys(names, stood), {}, {}]


async def test_what_a_relay_cannot_carry_is_not_kept() -> None:
    odd = {**METERED, "apower": 1e308, "temperature": {"tC": -273.0}, "aenergy": {"total": -1}}
    found = await switch(status(switch__0=odd)).status()
    assert (found.is_on, found.power_w, found.temperature_c, found.energy_wh) == (
        True,
        None,
        None,
        None,
    )
    device = ShellyDevice(password=None, status=status(switch__0=odd, switch__1=PLAIN))
    (miner, _) = await reader_of(device, SteppingClock(NOW)).read()
    assert isinstance(miner, LoadSample)
    assert (miner.is_on, miner.power_w) == (True, None)
    assert miner.suspect["power_w"] == "1e+308 W can't be: it is from -30000 to 30000 W"
    assert set(miner.suspect) == {"power_w", "energy_wh", "temperature_c"}
