"""Shelly: relays with and without meters, hardware timers, add-on sensors, digest sign-in."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest

from integrations.shelly.adapter import ShellyReader, ShellySwitch
from integrations.shelly.client import ShellyClient
from services.actions.records import SwitchStatus
from services.errors import VendorError
from services.telemetry.records import LoadSample, ZoneSample
from tests.fakes.clock import SteppingClock
from tests.fakes.vendor_http import (
    Answer,
    Handler,
    Routes,
    Script,
    ShellyDevice,
    Waits,
    answer,
    in_memory,
)

NOW = datetime(2026, 6, 21, 19, 0, tzinfo=UTC)
MINER, FAN, ROOM, HALL = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
UNIX = int(NOW.timestamp())
PASSWORD = "very-secret"

METERED = {
    "id": 0,
    "output": True,
    "apower": 3871.4,
    "aenergy": {"total": 110046.5, "by_minute": [1, 2, 3]},
    "temperature": {"tC": 44.1, "tF": 111.4},
}
PLAIN = {"id": 1, "output": False, "temperature": {"tC": None}}


def status(**components: object) -> dict[str, object]:
    found = {name.replace("__", ":"): value for name, value in components.items()}
    return {"sys": {"unixtime": UNIX - 5}, **found}


def client(handler: Handler, *, password: str | None = None) -> ShellyClient:
    return ShellyClient(
        http=in_memory(handler), base_url="http://relay/", password=password, sleep=Waits()
    )


def switch(sent: object, channel: int = 0) -> ShellySwitch:
    return ShellySwitch(
        client=client(Script([answer(sent)])), clock=SteppingClock(NOW), channel=channel
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


async def test_the_challenge_is_reused_until_it_changes() -> None:
    device = ShellyDevice(password=PASSWORD, status=status(switch__0=PLAIN))
    shelly = client(device, password=PASSWORD)
    story = []
    for nonce in ("n1", "n1", "n1", "n2", "n2"):
        device.nonce = nonce
        await shelly.status()
        story.append((device.challenges, device.requests))
    assert story == [(1, 2), (1, 3), (1, 4), (2, 6), (2, 7)]


async def test_calls_at_once_go_one_after_another() -> None:
    device = ShellyDevice(password=PASSWORD, status=status(switch__0=PLAIN))
    shelly = client(device, password=PASSWORD)
    await asyncio.gather(*(shelly.status() for _ in range(4)))
    assert (device.challenges, device.requests) == (1, 5)


async def test_a_dead_nonce_that_is_answered_with_429_is_replaced() -> None:
    device = ShellyDevice(password=PASSWORD, status=status(switch__0=PLAIN))
    shelly = client(device, password=PASSWORD)
    await shelly.status()
    device.nonce, device.forgets = "n2", 429
    await shelly.status()
    await shelly.status()
    # Challenged once, the dead nonce, challenged once more, signed; then signed at once.
    assert (device.challenges, device.requests) == (2, 6)


@pytest.mark.parametrize(
    ("challenge", "detail"),
    [
        pytest.param("", "a sign-in that is no digest", id="none"),
        pytest.param('Basic realm="x"', "a sign-in that is no digest", id="basic"),
        pytest.param("Digest", "a sign-in that is no digest", id="the bare word"),
        pytest.param('Digest realm="x"', "no nonce or no realm", id="no nonce"),
        pytest.param('Digest nonce="x"', "no nonce or no realm", id="no realm"),
        pytest.param("Digest =,=,,==", "no nonce or no realm", id="garbage"),
        pytest.param(
            'Digest realm="x", nonce="y", algorithm=SHA-512-256',
            "an algorithm other than SHA-256 and MD5",
            id="an unknown algorithm",
        ),
        pytest.param(
            'Digest realm="x", nonce="y", qop="auth-int"', "the body signed", id="auth-int"
        ),
    ],
)
async def test_odd_challenges(challenge: str, detail: str) -> None:
    script = Script([answer({}, 401, www_authenticate=challenge)])
    with pytest.raises(VendorError, match=detail) as caught:
        await client(script, password=PASSWORD).status()
    assert not caught.value.retry


@pytest.mark.parametrize(
    ("challenge", "parts"),
    [
        pytest.param(
            'Basic realm="b", digest qop="auth,auth-int", realm="r \\"1\\"", nonce=n, opaque="o"',
            {"realm", "algorithm=MD5", "qop=auth", 'opaque="o"', "nc=00000001"},
            id="among others, with all parts",
        ),
        pytest.param('Digest realm="r", nonce="n"', {"algorithm=MD5"}, id="as of old: no count"),
    ],
)
async def test_challenges_are_answered(challenge: str, parts: set[str]) -> None:
    script = Script([answer({}, 401, www_authenticate=challenge), answer(status(switch__0=PLAIN))])
    await client(script, password=PASSWORD).status()
    signed = script.requests[1].headers["authorization"]
    assert signed.startswith('Digest username="admin"')
    assert all(part in signed for part in parts)
    assert ("nc=" in signed) == ("qop" in challenge)


async def test_a_wrong_password_is_said_and_not_tried_again() -> None:
    device = ShellyDevice(password=PASSWORD)
    with pytest.raises(VendorError) as caught:
        await client(device, password="not-it").status()
    assert caught.value.detail == "HTTP 401: refused, check the key or password"
    assert (caught.value.retry, device.requests) == (False, 2)


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


def reader_of(device: Handler, clock: SteppingClock) -> ShellyReader:
    return ShellyReader(client=client(device), clock=clock, loads={0: MINER, 1: FAN})


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
