"""Shelly: relays with and without meters, hardware timers, add-on sensors, fan speeds."""

from __future__ import annotations

import pytest

from integrations.shelly.adapter import ShellyReader, ShellySwitch
from integrations.shelly.client import ShellyClient
from services.actions.records import SwitchStatus
from services.errors import VendorError
from services.telemetry.records import LoadSample, ZoneSample
from tests.fakes.clock import SteppingClock
from tests.fakes.shelly_relay import (
    FAN,
    HALL,
    METERED,
    MINER,
    NOW,
    PASSWORD,
    PLAIN,
    ROOM,
    UNIX,
    client,
    status,
    switch,
)
from tests.fakes.vendor_http import (
    Answer,
    Routes,
    Script,
    ShellyDevice,
    Waits,
    answer,
    in_memory,
)


async def test_a_reading_of_all_channels_and_sensors() -> None:
    reader = ShellyReader(
        client=client(
            Script(
                [
                    answer(
                        status(
                            switch__0=METERED,
                            switch__1=PLAIN,
                            temperature__100={"id": 100, "tC": -1.5},
                            temperature__101={"id": 101, "tC": None, "errors": ["out_of_range"]},
                            input__0={"id": 0, "state": None},
                        )
                    )
                ]
            )
        ),
        clock=SteppingClock(NOW),
        loads={1: FAN, 0: MINER},
        zones={100: ROOM, 101: HALL, 102: HALL},
    )
    at = NOW
    assert await reader.read() == [
        LoadSample(
            device_id=MINER,
            at=at,
            is_on=True,
            power_w=3871.4,
            energy_wh=110046.5,
            temperature_c=44.1,
        ),
        LoadSample(device_id=FAN, at=at, is_on=False),
        ZoneSample(device_id=ROOM, at=at, temperature_c=-1.5),
    ]


@pytest.mark.parametrize(
    "sys",
    [
        pytest.param({"unixtime": UNIX - 5}, id="right"),
        pytest.param({"unixtime": None}, id="not set yet"),
        pytest.param({}, id="absent"),
        pytest.param({"unixtime": UNIX + 7200}, id="hours ahead"),
        pytest.param({"unixtime": UNIX - 9000}, id="hours behind"),
        pytest.param({"unixtime": 1e308}, id="no time at all"),
    ],
)
async def test_a_status_is_as_old_as_its_receipt_whatever_the_devices_clock_says(
    sys: object,
) -> None:
    found = await switch({"sys": sys, "switch:0": PLAIN}).status()
    assert found == SwitchStatus(is_on=False, power_w=None, measured_at=NOW)


@pytest.mark.parametrize(
    ("component", "left_s"),
    [
        pytest.param({"output": True}, None, id="no timer"),
        pytest.param(
            {"output": True, "timer_started_at": UNIX - 65.0, "timer_duration": 300},
            240.0,
            id="four minutes left by the device's own clock",
        ),
        pytest.param(
            {"output": True, "timer_started_at": UNIX - 400, "timer_duration": 300},
            0.0,
            id="just over",
        ),
        pytest.param(
            {"output": False, "timer_started_at": UNIX - 5, "timer_duration": 300},
            None,
            id="off: a timer would switch on, not off",
        ),
        pytest.param({"output": True, "timer_started_at": UNIX}, None, id="no duration"),
        pytest.param(
            {"output": True, "timer_started_at": UNIX, "timer_duration": 1e308},
            None,
            id="for ever: protects nothing",
        ),
        pytest.param(
            {"output": True, "timer_started_at": UNIX, "timer_duration": -5}, None, id="negative"
        ),
        pytest.param(
            {"output": True, "timer_started_at": 1e18, "timer_duration": 300}, None, id="no time"
        ),
        pytest.param(
            {"output": True, "timer_started_at": UNIX + 9000, "timer_duration": 300},
            300.0,
            id="begun in the future: at most its length",
        ),
    ],
)
async def test_time_left(component: dict[str, object], left_s: float | None) -> None:
    found = await switch(status(switch__0=component)).status()
    assert found.auto_off_in_s == left_s


async def test_time_left_is_counted_on_the_devices_clock() -> None:
    timer = {"output": True, "timer_started_at": UNIX - 9000.0, "timer_duration": 300}
    sent = {"sys": {"unixtime": UNIX - 8900}, "switch:0": timer}
    found = await switch(sent).status()
    assert (found.auto_off_in_s, found.measured_at) == (200.0, NOW)
    unset = {"sys": {}, "switch:0": {**timer, "timer_started_at": UNIX - 65.0}}
    assert (await switch(unset).status()).auto_off_in_s == 235.0


@pytest.mark.parametrize(
    ("channel", "sent", "detail"),
    [
        (3, status(switch__0=PLAIN, switch__1=PLAIN), "no switch 3; the device has: 0, 1"),
        (0, status(), "no switch 0; the device has: none"),
        (0, status(switch__0={"output": None}), "does not say whether it is on"),
        (0, [1, 2], "not understood: the answer: Input should be a valid dictionary"),
        (0, status(switch__0=5), "not understood: switches.0"),
    ],
)
async def test_unusable_statuses(channel: int, sent: object, detail: str) -> None:
    with pytest.raises(VendorError, match=detail):
        await switch(sent, channel).status()


async def test_commands() -> None:
    device = ShellyDevice(password=PASSWORD)
    relay = ShellySwitch(
        client=client(device, password=PASSWORD), clock=SteppingClock(NOW), channel=1
    )
    await relay.turn_on(auto_off_s=300.0)
    await relay.turn_on(auto_off_s=None)
    await relay.turn_off()
    assert device.commands == [
        {"id": 1, "on": True, "toggle_after": 300.0},
        {"id": 1, "on": True},
        {"id": 1, "on": False},
    ]


DIMMER = {"output": True, "brightness": 37, "apower": 21.0}


async def test_a_fan_on_a_dimmer_has_a_speed() -> None:
    device = ShellyDevice(password=None, status=status(light__0=DIMMER))
    fan = ShellySwitch(client=client(device), clock=SteppingClock(NOW))
    assert (await fan.status()).speed == 4
    await fan.turn_on_at(7, auto_off_s=300.0)
    await fan.turn_on(auto_off_s=300.0)
    await fan.turn_off()
    assert set(device.methods) == {"Light.Set"}
    assert device.commands == [
        {"id": 0, "on": True, "brightness": 70, "toggle_after": 300.0},
        {"id": 0, "on": True, "toggle_after": 300.0},
        {"id": 0, "on": False},
    ]


async def test_a_fan_on_a_relay_has_none() -> None:
    device = ShellyDevice(password=None, status=status(switch__0=PLAIN, light__0=DIMMER))
    fan = ShellySwitch(client=client(device), clock=SteppingClock(NOW))
    assert (await fan.status()).speed is None
    await fan.turn_on_at(7, auto_off_s=None)
    assert (device.methods, device.commands) == (["Switch.Set"], [{"id": 0, "on": True}])


@pytest.mark.parametrize(
    ("brightness", "speed"),
    [(0, 0), (5, 0), (6, 1), (100, 10), (101, None), (-1, None), ("50", 5), (None, None)],
)
async def test_speeds(brightness: object, speed: int | None) -> None:
    sent = status(light__0={"output": True, "brightness": brightness})
    assert (await switch(sent).status()).speed == speed


BUSY = {"id": 3, "src": "x", "error": {"code": 429, "message": "Too many requests"}}
FINE = {"id": 3, "src": "x", "result": status(switch__0=PLAIN)}


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(answer(BUSY), id="busy inside HTTP 200"),
        pytest.param(answer(BUSY, 429), id="busy"),
        pytest.param(answer({}, 429), id="busy without words"),
        pytest.param(answer({"code": -114, "message": "Unavailable"}, 500), id="unavailable"),
        pytest.param(answer({}, 502), id="server error"),
        pytest.param(b"\x00\x01", id="garbage"),
        pytest.param(None, id="silence"),
    ],
)
async def test_what_passes_is_tried_again(first: Answer) -> None:
    waits = Waits()
    script = Script([first, answer(FINE)])
    shelly = ShellyClient(http=in_memory(script), base_url="http://relay", sleep=waits)
    assert list((await shelly.status()).switches) == [0]
    assert waits.seconds == [1.0]


async def test_a_refused_command_is_said_and_not_tried_again() -> None:
    script = Script([answer({"code": -103, "message": "Missing required argument 'on'!"}, 500)])
    with pytest.raises(VendorError) as caught:
        await client(script).set_output(0, on=True)
    assert caught.value.detail == "error -103: Missing required argument 'on'!"
    assert (caught.value.retry, len(script.requests)) == (False, 1)


@pytest.mark.parametrize(
    ("info", "detail"),
    [
        pytest.param(
            answer({"type": "SHSW-25", "auth": False}),
            "SHSW-25 is a first-generation device, which has no RPC; "
            "use one of the second generation or later",
            id="first generation",
        ),
        pytest.param(
            answer({"gen": 2, "type": None}),
            "HTTP 404: the device does not know this method",
            id="second generation",
        ),
        pytest.param(b"", "HTTP 404: the device does not know this method", id="no Shelly at all"),
    ],
)
async def test_devices_without_rpc(info: Answer, detail: str) -> None:
    routes = Routes(**{"/shelly": info})
    with pytest.raises(VendorError) as caught:
        await client(routes).status()
    assert (caught.value.detail, caught.value.retry) == (detail, False)
