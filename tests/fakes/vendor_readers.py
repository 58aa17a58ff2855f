"""A reader of each vendor over a loopback server whose answers a test chooses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import httpx2

from integrations.shelly.client import ShellyClient
from integrations.solark.adapter import SolArkReader
from integrations.solark.client import SolArkAccount, SolArkClient
from integrations.vendor_calls import Backoff
from integrations.victron.adapter import VrmReader
from integrations.victron.client import VrmClient
from services.telemetry.records import Sample
from tests.fakes.clock import SteppingClock
from tests.fakes.vendor_http import Loopback, Routes, answer

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


def row(code: str, raw: object, age_s: object = 30, **more: object) -> Odd:
    stamp = UNIX - age_s if isinstance(age_s, int) else age_s
    return {"code": code, "rawValue": raw, "timestamp": stamp, **more}


def monitor(instance: int, volts: object, amps: object, celsius: object) -> list[Odd]:
    values = {"V": volts, "I": amps, "BT": celsius}
    return [
        row(code, raw, instance=instance, dbusServiceType="battery") for code, raw in values.items()
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


def suspects(samples: Sequence[Sample]) -> set[str]:
    """The names of every value that was marked."""
    return {name for sample in samples for name in sample.suspect}
