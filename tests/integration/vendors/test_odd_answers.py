"""Odd answers of each vendor over a real socket: a right sample, a marked one, or a VendorError.

Never a made-up value, never another error, and the event loop is never held up.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import httpx2
import pytest

from integrations.calling import Backoff
from integrations.shelly.adapter import ShellyReader, ShellySwitch
from integrations.shelly.client import ShellyClient
from integrations.solark.adapter import SolArkReader
from integrations.solark.client import SolArkAccount, SolArkClient
from integrations.victron.adapter import VrmReader
from integrations.victron.client import VrmClient
from services.errors import VendorError
from services.telemetry.ports import TelemetryReader
from services.telemetry.records import BatterySample, EnergySample, LoadSample, Sample
from tests.fakes.clock import SteppingClock
from tests.fakes.vendor_http import Answer, Loopback, Plain, Routes, answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NOW = datetime(2026, 6, 21, 19, 0, tzinfo=UTC)
UNIX = int(NOW.timestamp())
DEVICE, MINER = UUID(int=1), UUID(int=2)
ONCE = Backoff(tries=1)

Odd = dict[str, object]


def deep(levels: int) -> object:
    nested: object = "x"
    for _ in range(levels):
        nested = [nested]
    return nested


# --- SolArk ---------------------------------------------------------------------------------------

FLOW: Odd = {
    "pvPower": 6000,
    "battPower": 3000,
    "gridOrMeterPower": 0,
    "loadOrEpsPower": 3000,
    "soc": 80,
    "toBat": True,
    "batTo": False,
}
REALTIME: Odd = {"updateAt": "2026-06-21T18:58:00Z", "pac": 6000, "totalPower": 15}
INVERTERS: Odd = {"infos": [{"sn": "E1", "pac": 6000, "updateAt": "2026-06-21T18:58:00Z"}]}
DETAIL: Odd = {"voltage": "53.3", "temp": "21", "time": None}


def fine(data: object) -> httpx2.Response:
    return answer({"code": 0, "msg": "Success", "data": data, "success": True})


def solark_routes(
    flow: object = None, realtime: object = None, detail: object = None, inverters: object = None
) -> Routes:
    sent = {
        "/oauth/token": {"access_token": "a", "expires_in": 3600},
        "/flow": FLOW if flow is None else flow,
        "/inverter/battery/E1/realtime": DETAIL if detail is None else detail,
        "/inverters": INVERTERS if inverters is None else inverters,
        "/realtime": REALTIME if realtime is None else realtime,
    }
    answers = {
        end: body if isinstance(body, httpx2.Response) else fine(body) for end, body in sent.items()
    }
    return Routes(**answers)


@asynccontextmanager
async def solark(routes: Routes) -> AsyncIterator[SolArkReader]:
    async with Loopback(routes) as server, httpx2.AsyncClient(trust_env=False) as http:
        yield SolArkReader(
            client=SolArkClient(
                http=http,
                account=SolArkAccount(username="u", password="secret", base_url=server.url),
                timeout_s=2.0,
                backoff=ONCE,
            ),
            plant_id=1,
            device_id=DEVICE,
            clock=SteppingClock(NOW),
            timezone="America/Los_Angeles",
            inverter_serial="E1",
        )


def powers(samples: Sequence[Sample]) -> tuple[float | None, ...]:
    """PV, load, battery, grid, SOC, voltage, temperature of what was read."""
    names = (
        "pv_power_w",
        "load_power_w",
        "battery_power_w",
        "grid_power_w",
        "soc_pct",
        "battery_voltage_v",
        "temperature_c",
    )
    energy = [each for each in samples if isinstance(each, EnergySample)]
    found = [[getattr(each, name) for each in energy] for name in names]
    return tuple(next((value for value in values if value is not None), None) for values in found)


def suspects(samples: Sequence[Sample]) -> set[str]:
    return {name for sample in samples for name in sample.suspect}


ALL = {"pv_power_w", "load_power_w", "battery_power_w", "grid_power_w"}
RIGHT = (6000.0, 3000.0, 3000.0, 0.0, 80.0, 53.3, 21.0)


@pytest.mark.parametrize(
    ("flow", "expected", "suspect"),
    [
        pytest.param({}, RIGHT, set(), id="as always"),
        pytest.param({"pvPower": "6000"}, RIGHT, set(), id="a number as text"),
        pytest.param({"pvPower": " 6000.0 "}, RIGHT, set(), id="with spaces"),
        pytest.param({"pvPower": -6000}, RIGHT, set(), id="a signed magnitude"),
        pytest.param({"pvPower": None}, (None, *RIGHT[1:]), set(), id="null"),
        pytest.param({"pvPower": False}, (None, *RIGHT[1:]), set(), id="false"),
        pytest.param({"pvPower": True}, (None, *RIGHT[1:]), set(), id="true is no watt"),
        pytest.param({"pvPower": {}}, (None, *RIGHT[1:]), set(), id="an object"),
        pytest.param({"pvPower": [6000]}, (None, *RIGHT[1:]), set(), id="a list"),
        pytest.param({"pvPower": "6.0 kW"}, (None, *RIGHT[1:]), set(), id="with a unit"),
        pytest.param({"pvPower": "71.1 kWh"}, (None, *RIGHT[1:]), set(), id="energy for power"),
        pytest.param({"pvPower": "NaN"}, (None, *RIGHT[1:]), set(), id="not a number"),
        pytest.param({"pvPower": "1e999"}, (None, *RIGHT[1:]), set(), id="infinite"),
        pytest.param({"pvPower": "6_000"}, (None, *RIGHT[1:]), set(), id="6_000"),
        pytest.param({"pvPower": "६०००"}, (None, *RIGHT[1:]), set(), id="other digits"),
        pytest.param({"pvPower": deep(80)}, (None, *RIGHT[1:]), set(), id="nested"),
        pytest.param(
            {"pvPower": 1e308}, (None, *RIGHT[1:]), {"pv_power_w"}, id="10^308 W: only that one"
        ),
        pytest.param({"soc": 140}, (*RIGHT[:4], None, *RIGHT[5:]), {"soc_pct"}, id="140 %"),
        pytest.param({"soc": -1}, (*RIGHT[:4], None, *RIGHT[5:]), {"soc_pct"}, id="−1 %"),
        pytest.param(
            {"loadOrEpsPower": 0},
            (6000.0, None, *RIGHT[2:]),
            {"load_power_w"},
            id="no current transformer",
        ),
        pytest.param({"loadOrEpsPower": 1000}, (6000.0, 1000.0, *RIGHT[2:]), ALL, id="unbalanced"),
        pytest.param(
            {"toBat": False},
            (6000.0, 3000.0, None, *RIGHT[3:]),
            {"battery_power_w"},
            id="no direction",
        ),
        pytest.param(
            {"batTo": "true"},
            (6000.0, 3000.0, None, *RIGHT[3:]),
            {"battery_power_w"},
            id="both directions",
        ),
        pytest.param(
            {"pvPower": 3000, "battPower": 1500, "loadOrEpsPower": 1500},
            (3000.0, 1500.0, 1500.0, *RIGHT[3:]),
            set(),
            id="half of it: one inverter has no parts",
        ),
        pytest.param(
            {"pvPower": None, "pv": [{"power": 2500}, {"power": "3500"}]},
            RIGHT,
            set(),
            id="inputs one by one",
        ),
    ],
)
async def test_solark_flows(
    flow: Odd, expected: tuple[float | None, ...], suspect: set[str]
) -> None:
    async with solark(solark_routes(flow={**FLOW, **flow})) as reader:
        samples = await reader.read()
    assert (powers(samples), suspects(samples)) == (expected, suspect)


HALF = {**FLOW, "pvPower": 3000, "battPower": 1500, "loadOrEpsPower": 1500}
NO_JSON = "HTTP 200 without JSON (no content type, 6 bytes)"
TWO = [{"sn": "E1", "pac": 3000}, {"sn": "E2", "pac": 3000}]


@pytest.mark.parametrize(
    ("parts", "expected", "suspect", "cautions"),
    [
        pytest.param(
            {"flow": HALF, "inverters": {"infos": TWO}},
            (3000.0, 1500.0, 1500.0, 0.0, 80.0, 53.3, 21.0),
            ALL,
            [],
            id="the part of one of two inverters",
        ),
        pytest.param(
            {"detail": answer({"code": 500, "msg": "Something went wrong"})},
            (*RIGHT[:5], None, None),
            set(),
            ["inverter battery could not be read: code 500: Something went wrong"],
            id="the battery's detail fails",
        ),
        pytest.param(
            {"detail": Plain(b"<html>", {}), "inverters": answer({}, 404)},
            (*RIGHT[:5], None, None),
            set(),
            [
                f"inverter battery could not be read: {NO_JSON}",
                "plant inverters could not be read: HTTP 404",
            ],
            id="both that only add fail",
        ),
        pytest.param(
            {"detail": {"voltage": 0, "temp": -100, "soc": 0}},
            (*RIGHT[:5], None, None),
            set(),
            [],
            id="no battery",
        ),
        pytest.param(
            {"detail": {"bmsVolt": 52.6, "bmsTemp": "19.5"}},
            (*RIGHT[:5], 52.6, 19.5),
            set(),
            [],
            id="what the battery itself says",
        ),
        pytest.param(
            {"detail": {"voltage": 5330, "temp": 400}},
            (*RIGHT[:5], None, None),
            {"battery_voltage_v", "temperature_c"},
            [],
            id="5 330 V and 400 °C",
        ),
        pytest.param(
            {"detail": {**DETAIL, "time": "0001-01-01T00:00:00+23:00"}},
            RIGHT,
            set(),
            [],
            id="a time before the calendar",
        ),
        pytest.param(
            {"realtime": {**REALTIME, "totalPower": 2}},
            RIGHT,
            {"pv_power_w"},
            [],
            id="more sun than the array can give",
        ),
    ],
)
async def test_solark_parts(
    parts: Odd, expected: tuple[float | None, ...], suspect: set[str], cautions: list[str]
) -> None:
    async with solark(solark_routes(**parts)) as reader:
        samples = await reader.read()
    assert (powers(samples), suspects(samples)) == (expected, suspect)
    assert list(reader.cautions()) == cautions


@pytest.mark.parametrize(
    ("parts", "detail"),
    [
        pytest.param({"realtime": {}}, "does not say when", id="no time"),
        pytest.param({"realtime": {"updateAt": "soon"}}, "does not say when", id="no such time"),
        pytest.param(
            {"realtime": {"updateAt": "9999-12-31T23:59:59-12:00"}}, "does not say when", id="end"
        ),
        pytest.param(
            {"realtime": {"updateAt": "9999-12-31T00:00:00Z"}}, "its clock runs", id="the year 9999"
        ),
        pytest.param({"flow": [1, 2]}, "not understood", id="a list"),
        pytest.param({"flow": answer({"code": 2, "msg": "No"})}, "code 2: No", id="no rights"),
        pytest.param({"flow": answer({"code": "x"})}, "no code", id="no code"),
        pytest.param({"flow": answer({"code": 1e308, "msg": "x"})}, r"1e\+308", id="a huge code"),
        pytest.param({"flow": answer([])}, "no code", id="no envelope"),
    ],
)
async def test_solark_errors(parts: Odd, detail: str) -> None:
    async with solark(solark_routes(**parts)) as reader:
        with pytest.raises(VendorError, match=detail):
            await reader.read()


# --- VRM ------------------------------------------------------------------------------------------


def row(code: str, raw: object, age_s: object = 30, **more: object) -> Odd:
    stamp = UNIX - age_s if isinstance(age_s, int) else age_s
    return {"code": code, "rawValue": raw, "timestamp": stamp, **more}


def monitor(instance: int, volts: object, amps: object, celsius: object) -> list[Odd]:
    values = {"V": volts, "I": amps, "BT": celsius}
    return [
        row(code, raw, instance=instance, dbusServiceType="battery") for code, raw in values.items()
    ]


SYSTEM = [
    row("bv", 52.3, instance=0, dbusServiceType="system"),
    row("bc", -10.0, instance=0, dbusServiceType="system"),
    row("bs", 70.0, instance=0, dbusServiceType="system"),
]


def vrm_routes(rows: object, *, diagnostics: object = None) -> Routes:
    me = answer({"success": True, "user": {"id": 22}})
    site = {"success": True, "records": [{"idSite": 7, "extended": rows}]}
    every = {"success": True, "records": rows if diagnostics is None else diagnostics}
    return Routes(**{
        "/users/me": me,
        "/installations": answer(site),
        "/diagnostics": answer(every),
    })  # fmt: skip


@asynccontextmanager
async def vrm(routes: Routes, instance: int | None = None) -> AsyncIterator[VrmReader]:
    async with Loopback(routes) as server, httpx2.AsyncClient(trust_env=False) as http:
        yield VrmReader(
            client=VrmClient(
                http=http, token="secret", base_url=server.url, timeout_s=2.0, backoff=ONCE
            ),
            site_id=7,
            device_id=DEVICE,
            clock=SteppingClock(NOW),
            instance=instance,
        )


def battery(samples: Sequence[Sample]) -> list[tuple[float | None, ...]]:
    """Volts, amperes, SOC, temperature per sample."""
    return [
        (each.voltage_v, each.current_a, each.soc_pct, each.temperature_c)
        for each in samples
        if isinstance(each, BatterySample)
    ]


@pytest.mark.parametrize(
    ("rows", "instance", "expected", "suspect"),
    [
        pytest.param(SYSTEM, None, [(52.3, -10.0, 70.0, None)], set(), id="the system's"),
        pytest.param(
            [*SYSTEM, *monitor(288, 52.2, -9.0, 21.0)],
            None,
            [(52.3, -10.0, 70.0, 21.0)],
            set(),
            id="the system's with its only monitor's temperature",
        ),
        pytest.param(
            [*SYSTEM, *monitor(288, 52.2, -9.0, 21.0), *monitor(289, 26.1, 5.0, 3.0)],
            None,
            [(52.3, -10.0, 70.0, None)],
            {"temperature_c"},
            id="two monitors: whose temperature is not known",
        ),
        pytest.param(
            [*SYSTEM, *monitor(288, 52.2, -9.0, 21.0), *monitor(289, 26.1, 5.0, 3.0)],
            289,
            [(26.1, 5.0, None, 3.0)],
            set(),
            id="the chosen one only",
        ),
        pytest.param(
            [*monitor(288, 52.2, None, 21.0), *monitor(289, 26.1, 5.0, 3.0)],
            288,
            [(52.2, None, None, 21.0)],
            set(),
            id="what the chosen one lacks is not taken from the other",
        ),
        pytest.param(
            [row("bv", None), row("bc", -10.0), *monitor(288, 52.2, -9.0, 21.0)],
            None,
            [(52.2, -9.0, None, 21.0)],
            set(),
            id="no voltage in the system's: all of the monitor",
        ),
        pytest.param(
            [row("bv", "52.3"), row("bc", "x"), row("bs", False)],
            None,
            [(52.3, None, None, None)],
            set(),
            id="text and false",
        ),
        pytest.param(
            [row("bv", 52.3), row("bc", 1e308)],
            None,
            [(52.3, None, None, None)],
            {"current_a", "power_w"},
            id="10^308 A",
        ),
        pytest.param(
            [row("bv", 52.3), row("bs", 101)],
            None,
            [(52.3, None, None, None)],
            {"soc_pct"},
            id="101 %",
        ),
        pytest.param(
            [row("bv", 52.3), row("bs", 50, 1e308), row("bc", 5, "9" * 400)],
            None,
            [(52.3, None, None, None)],
            set(),
            id="times that are none",
        ),
        pytest.param(
            [row("bv", 52.3), row("bc", 5, -9_000_000_000_000)],
            None,
            [(52.3, None, None, None)],
            set(),
            id="a time beyond the calendar",
        ),
        pytest.param(
            [row("bv", 52.3), {"code": deep(60), "rawValue": 1}, {}],
            None,
            [(52.3, None, None, None)],
            set(),
            id="rows that are none",
        ),
        pytest.param(
            [row("V", 12.8, instance=276, dbusServiceType="vebus"), row("bv", 52.3)],
            None,
            [(52.3, None, None, None)],
            set(),
            id="an inverter's V is no battery's",
        ),
    ],
)
async def test_vrm_batteries(
    rows: list[Odd],
    instance: int | None,
    expected: list[tuple[float | None, ...]],
    suspect: set[str],
) -> None:
    async with vrm(vrm_routes(rows), instance) as reader:
        samples = await reader.read()
    assert (battery(samples), suspects(samples)) == (expected, suspect)


@pytest.mark.parametrize(
    ("rows", "instance", "detail"),
    [
        pytest.param(
            [*monitor(288, 52.2, -9.0, 21.0), *monitor(289, 26.1, 5.0, 3.0)],
            None,
            r"several battery monitors \(288, 289\)",
            id="two monitors and none chosen",
        ),
        pytest.param(SYSTEM, 288, "no battery monitor 288; there are: none", id="no such monitor"),
        pytest.param([row("bv", 52.3, -7200)], None, "7200 s ahead", id="two hours ahead"),
        pytest.param([], None, "no battery values", id="nothing"),
        pytest.param({"a": 1}, None, "not understood", id="no list"),
        pytest.param([row("bv", 1)] * 5_001, None, "not understood", id="far too many rows"),
    ],
)
async def test_vrm_errors(rows: object, instance: int | None, detail: str) -> None:
    async with vrm(vrm_routes(rows), instance) as reader:
        with pytest.raises(VendorError, match=detail):
            await reader.read()


@pytest.mark.parametrize(
    "errors",
    [pytest.param(deep(900), id="nested"), pytest.param({"a": deep(900)}, id="nested object")],
)
async def test_vrm_says_deeply_nested_errors_shortly(errors: object) -> None:
    routes = Routes(**{"/users/me": answer({"success": False, "errors": errors})})
    async with vrm(routes) as reader:
        with pytest.raises(VendorError, match="…"):
            await reader.read()


@pytest.mark.parametrize(
    "user", [{"id": "x"}, {"id": 1e308}, {"id": -1}, {"id": None}, {}, [], "22"]
)
async def test_vrm_users_that_are_none(user: object) -> None:
    routes = Routes(**{"/users/me": answer({"success": True, "user": user})})
    async with vrm(routes) as reader:
        with pytest.raises(VendorError, match="not understood"):
            await reader.read()


# --- Shelly ---------------------------------------------------------------------------------------

RELAY: Odd = {
    "output": True,
    "apower": 3871.4,
    "aenergy": {"total": 1000.0},
    "temperature": {"tC": 44.1},
}


def shelly_routes(relay: object = None, sys: object = None, **more: object) -> Routes:
    status = {"sys": sys, "switch:0": RELAY if relay is None else relay, **more}
    return Routes(**{
        "/rpc/Shelly.GetStatus": answer(status),
        "/rpc/Shelly.GetConfig": answer({}),
        "/rpc/Switch.Set": answer({"was_on": False}),
        "/shelly": answer({"gen": 2}),
    })  # fmt: skip


@asynccontextmanager
async def shelly(routes: Routes) -> AsyncIterator[ShellyClient]:
    async with Loopback(routes) as server, httpx2.AsyncClient(trust_env=False) as http:
        yield ShellyClient(
            http=http, base_url=server.url, password="secret", timeout_s=2.0, backoff=ONCE
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


# --- all of them ----------------------------------------------------------------------------------


async def read_solark(body: Answer) -> Sequence[Sample]:
    async with solark(Routes(**{"/": body, "": body})) as reader:
        return await reader.read()


async def read_vrm(body: Answer) -> Sequence[Sample]:
    async with vrm(Routes(**{"": body})) as reader:
        return await reader.read()


async def read_shelly(body: Answer) -> Sequence[Sample]:
    async with shelly(Routes(**{"": body})) as client:
        reader: TelemetryReader = ShellyReader(
            client=client, clock=SteppingClock(NOW), loads={0: MINER}
        )
        return await reader.read()


BOMB = gzip.compress(b"[" + b" " * 48_000_000 + b"]", compresslevel=9)
PACKED = {"Content-Encoding": "gzip"}


@pytest.mark.parametrize("read", [read_solark, read_vrm, read_shelly])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            Plain(b"<html><h1>Maintenance</h1>", {"Content-Type": "text/html"}), id="HTML"
        ),
        pytest.param(Plain(b"", {}), id="nothing"),
        pytest.param(Plain(b"null", {}), id="null"),
        pytest.param(Plain(b"NaN", {}), id="NaN"),
        pytest.param(Plain(b"[" * 100_000, {}), id="100 000 levels"),
        pytest.param(Plain(b'{"a":' * 900 + b"1" + b"}" * 900, {}), id="900 levels"),
        pytest.param(Plain(b"9" * 10_000, {}), id="10 000 digits"),
        pytest.param(Plain(b"\xff\xfe\x00", {}), id="no text"),
        pytest.param(Plain(BOMB, PACKED), id="a gzip bomb"),
        pytest.param(Plain(gzip.compress(b"{}")[:-5], PACKED), id="half a gzip"),
        pytest.param(Plain(b" " * 2_100_000, {}), id="too long"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", id="cut off"),
        pytest.param(b"HTTP/1.1 999 ???\r\n\r\n", id="no status"),
        pytest.param(b"\x00\x01\x02", id="no HTTP"),
        pytest.param(
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            id="elsewhere",
        ),
        pytest.param(answer({}, 429, retry_after="Fri, 99 Foo 2026"), id="an odd Retry-After"),
    ],
)
async def test_every_odd_answer_is_a_vendors_error(
    read: Callable[[Answer], Awaitable[Sequence[Sample]]], body: Answer
) -> None:
    with pytest.raises(VendorError) as caught:
        await read(body)
    assert "secret" not in f"{caught.value}"


@pytest.mark.parametrize("read", [read_solark, read_vrm, read_shelly])
async def test_a_bomb_holds_nobody_up(
    read: Callable[[Answer], Awaitable[Sequence[Sample]]],
) -> None:
    """It took 3 s of the event loop, in which nothing else could be stopped."""
    longest_s, going = 0.0, True
    wall = asyncio.get_running_loop()

    async def tick() -> None:
        nonlocal longest_s
        while going:
            before_s = wall.time()
            await asyncio.sleep(0.005)
            longest_s = max(longest_s, wall.time() - before_s)

    ticking = asyncio.create_task(tick())
    rows = json.dumps([{"code": "bv", "rawValue": 1.0}] * 50_000).encode()
    for body in (Plain(BOMB, PACKED), Plain(rows, {})):
        with pytest.raises(VendorError):
            await read(body)
    going = False
    await ticking
    assert longest_s < 0.5
