"""Whatever a vendor writes into any place of its answer: samples or a VendorError, nothing else."""

from __future__ import annotations

import asyncio
import copy
import math
from dataclasses import fields
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.shelly.adapter import ShellyReader, ShellySwitch
from integrations.shelly.client import ShellyClient
from integrations.solark.adapter import SolArkReader
from integrations.solark.client import SolArkAccount, SolArkClient
from integrations.vendor_calls import Backoff
from integrations.victron.adapter import VrmReader
from integrations.victron.client import VrmClient
from services.errors import VendorError
from services.telemetry.ports import TelemetryReader
from services.telemetry.records import Sample
from tests.fakes.clock import SteppingClock
from tests.fakes.vendor_http import Answer, Routes, answer, in_memory

NOW = datetime(2026, 6, 21, 19, 0, tzinfo=UTC)
UNIX = int(NOW.timestamp())
DEVICE = UUID(int=1)
ONCE = Backoff(tries=1)
FEW = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=False
)

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.sampled_from([1e308, -1e308, 5e-324, 10**400, -1, 0, UNIX, UNIX * 1000, 253402300800]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        [
            *("", "x", "NaN", "1e999", "9" * 500, "2026-06-21", "24:00", "-", "٣", "true", "∞"),
            *("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59Z"),
            *("2026-06-21T18:59:00Z", "25:61", "0000-00-00", "52.3 V", "1,5", "kWh", "W"),
        ]
    ),
    st.text(max_size=8),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=3),
)
Path = tuple[object, ...]


def places(value: object, path: Path = ()) -> list[Path]:
    """Every place in a JSON value."""
    children: list[tuple[object, object]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    return [path, *(place for key, child in children for place in places(child, (*path, key)))]


def put(value: object, path: Path, odd: object) -> object:
    """``value`` with ``odd`` at ``path``."""
    if not path:
        return odd
    changed = copy.deepcopy(value)
    parent = changed
    for key in path[:-1]:
        parent = parent[key]  # type: ignore[index] # a path of this very value
    parent[path[-1]] = odd  # type: ignore[index]
    return changed


def odd_in(value: object) -> st.SearchStrategy[object]:
    """``value`` with one or two odd values at any places."""

    def twice(first: object) -> st.SearchStrategy[object]:
        return st.one_of(st.just(first), _once(first))

    return _once(value).flatmap(twice)


def _once(value: object) -> st.SearchStrategy[object]:
    return st.builds(put, st.just(value), st.sampled_from(places(value)), ODD)


def read(reader: TelemetryReader) -> list[Sample]:
    try:
        return list(asyncio.run(_read(reader)))
    except VendorError:
        return []


async def _read(reader: TelemetryReader) -> list[Sample]:
    return list(await reader.read())


def check(samples: list[Sample]) -> None:
    """All numbers can be, all times are about now, and every suspicion says why."""
    for sample in samples:
        assert sample.at <= NOW
        for each in fields(sample):
            value = getattr(sample, each.name)
            if isinstance(value, int | float):
                assert math.isfinite(value)
                assert abs(value) <= 1e12
        assert all(sample.suspect.values())


def routed(**bodies: object) -> Routes:
    sent: dict[str, Answer] = {end.replace("__", "/"): answer(body) for end, body in bodies.items()}
    return Routes(**sent)


def enveloped(data: object) -> dict[str, object]:
    return {"code": 0, "msg": "Success", "data": data, "success": True}


SOLARK: dict[str, object] = {
    "__flow": enveloped(
        {
            "pvPower": 6000,
            "battPower": 3000,
            "gridOrMeterPower": 0,
            "loadOrEpsPower": 3000,
            "genPower": 0,
            "minPower": 0,
            "existsMin": True,
            "soc": 80.0,
            "toBat": True,
            "batTo": False,
            "pv": [{"power": 1, "toInv": True}],
        }
    ),
    "__battery__E1__realtime": enveloped(
        {"voltage": "53.3", "temp": "21", "time": "2026-06-21 11:58:00", "bmsVolt": 53.2}
    ),
    "__inverters": enveloped({"infos": [{"sn": "E1", "pac": 1, "updateAt": "2026-06-21T18:58Z"}]}),
    "__realtime": enveloped({"updateAt": "2026-06-21T18:58:00Z", "pac": 6000, "totalPower": 15}),
}


@FEW
@given(sent=odd_in(SOLARK))
def test_solark(sent: object) -> None:
    if not isinstance(sent, dict):
        return
    routes = routed(**sent, __oauth__token=enveloped({"access_token": "a", "expires_in": 60}))
    account = SolArkAccount(username="u", password="p", base_url="http://solark")
    reader = SolArkReader(
        client=SolArkClient(http=in_memory(routes), account=account, backoff=ONCE),
        plant_id=1,
        device_id=DEVICE,
        clock=SteppingClock(NOW),
        timezone="America/Los_Angeles",
        inverter_serial="E1",
    )
    check(read(reader))


DAY = enveloped(
    {
        "infos": [
            {"label": "PV", "unit": "W", "records": [{"time": "12:00", "value": "5200.0"}]},
            {"label": "SOC", "unit": "%", "records": [{"time": "24:00", "value": 80}]},
        ]
    }
)


@FEW
@given(sent=odd_in(DAY))
def test_solark_days(sent: object) -> None:
    routes = routed(__day=sent, __oauth__token=enveloped({"access_token": "a"}))
    account = SolArkAccount(username="u", password="p", base_url="http://solark")
    reader = SolArkReader(
        client=SolArkClient(http=in_memory(routes), account=account, backoff=ONCE),
        plant_id=1,
        device_id=DEVICE,
        clock=SteppingClock(NOW),
        timezone="America/Los_Angeles",
    )
    try:
        samples = asyncio.run(reader.day(NOW.date()))
    except VendorError:
        return
    assert all(math.isfinite(s.pv_power_w) for s in samples if s.pv_power_w is not None)


VRM: dict[str, object] = {
    "__users__me": {"success": True, "user": {"id": 22}},
    "__installations": {
        "success": True,
        "records": [
            {
                "idSite": 7,
                "extended": [
                    {"code": "bv", "rawValue": 52.3, "timestamp": UNIX - 30, "instance": 0},
                    {"code": "bc", "rawValue": "-4", "timestamp": UNIX - 30, "instance": 0},
                    {"code": "bst", "rawValue": 2, "timestamp": UNIX - 30, "instance": 0},
                    {"code": "BT", "rawValue": 21, "timestamp": UNIX - 90, "instance": 288},
                ],
            }
        ],
    },
}


@FEW
@given(sent=odd_in(VRM))
def test_vrm(sent: object) -> None:
    if not isinstance(sent, dict):
        return
    client = VrmClient(http=in_memory(routed(**sent)), token="t", base_url="http://v", backoff=ONCE)
    check(read(VrmReader(client=client, site_id=7, device_id=DEVICE, clock=SteppingClock(NOW))))


SHELLY: dict[str, object] = {
    "__Shelly.GetStatus": {
        "sys": {"unixtime": UNIX, "mac": "AABBCCDDEEFF", "cfg_rev": 3},
        "switch:0": {
            "output": True,
            "apower": 3871.4,
            "aenergy": {"total": 1.0},
            "temperature": {"tC": 44.1},
            "timer_started_at": UNIX - 5,
            "timer_duration": 300,
        },
        "light:1": {"output": True, "brightness": 40},
        "temperature:100": {"tC": 21.0},
    },
    "__Shelly.GetConfig": {
        "switch:0": {"initial_state": "off", "auto_on": False, "auto_on_delay": 60.0},
        "light:1": {"initial_state": "on", "auto_off": True, "auto_off_delay": 60.0},
    },
}


@FEW
@given(sent=odd_in(SHELLY))
def test_shelly(sent: object) -> None:
    if not isinstance(sent, dict):
        return

    def client() -> ShellyClient:
        return ShellyClient(http=in_memory(routed(**sent)), base_url="http://relay", backoff=ONCE)

    reader = ShellyReader(
        client=client(),
        clock=SteppingClock(NOW),
        loads={0: DEVICE, 1: UUID(int=2)},
        zones={100: UUID(int=3)},
    )
    check(read(reader))
    assert all(isinstance(caution, str) for caution in reader.cautions())
    try:
        status = asyncio.run(ShellySwitch(client=client(), clock=SteppingClock(NOW)).status())
    except VendorError:
        return
    assert status.auto_off_in_s is None or 0 <= status.auto_off_in_s <= 7 * 86_400
