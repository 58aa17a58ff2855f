"""SolArk's cloud in memory: numbered sessions that can end, and a plant with one report."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import httpx2

from integrations.solark.adapter import SolArkReader
from integrations.solark.client import SolArkAccount, SolArkClient
from services.telemetry.records import EnergySample
from tests.fakes.clock import SteppingClock
from tests.fakes.vendor_http import Answer, Routes, Waits, answer, form_of, in_memory

INVERTER = UUID(int=1)
NOW = datetime(2026, 4, 3, 16, 40, tzinfo=UTC)
PASSWORD = "very-secret"
ACCOUNT = SolArkAccount(username="owner@example.com", password=PASSWORD, base_url="http://solark/")
FLOW = {"pvPower": 3000, "battPower": 1000, "gridOrMeterPower": 0, "loadOrEpsPower": 2000}


def fine(data: object) -> httpx2.Response:
    return answer({"code": 0, "msg": "Success", "data": data, "success": True})


def bad(code: object, msg: str = "No Permissions", status: int = 200) -> httpx2.Response:
    return answer({"code": code, "msg": msg, "success": False}, status)


class Cloud:
    """A cloud that hands out numbered sessions and can end them."""

    def __init__(self, *, expires_in: object = 3600) -> None:
        self.expires_in, self.serial, self.grants = expires_in, 0, list[str]()
        self.refuse_refresh = False
        self.good: set[str] = set()
        self.routes = Routes(
            **{
                "/oauth/token": self._sign_in,
                "/realtime": lambda r: self._signed(r, {"updateAt": "2026-04-03T16:37:01Z"}),
                "/flow": lambda r: self._signed(r, {**FLOW, "toBat": True}),
            }
        )

    def _sign_in(self, request: httpx2.Request) -> Answer:
        form = form_of(request)
        self.grants.append(str(form["grant_type"]))
        if self.grants[-1] == "refresh_token" and self.refuse_refresh:
            return bad(102, "refresh token expired")
        if self.grants[-1] == "password" and form["password"] != PASSWORD:
            return bad(102, f"bad password {form['password']}", 401)
        self.serial += 1
        self.good = {f"a{self.serial}"}
        token = {"access_token": f"a{self.serial}", "refresh_token": f"r{self.serial}"}
        return fine({**token, "expires_in": self.expires_in})

    def _signed(self, request: httpx2.Request, data: object) -> Answer:
        token = request.headers["authorization"].removeprefix("Bearer ")
        return fine(data) if token in self.good else bad(102, "token invalid")

    def client(self, *, monotonic: list[float] | None = None) -> SolArkClient:
        times = [0.0] if monotonic is None else monotonic
        return SolArkClient(
            http=in_memory(self.routes),
            account=ACCOUNT,
            sleep=Waits(),
            monotonic=lambda: times[0],
        )


def reader(cloud: Cloud, *, serial: str | None = None) -> SolArkReader:
    return SolArkReader(
        client=cloud.client(),
        plant_id=424242,
        device_id=INVERTER,
        clock=SteppingClock(NOW),
        timezone="America/Los_Angeles",
        inverter_serial=serial,
    )


def one_inverter(at: str | None = None, *, pac: float | None = None) -> Answer:
    return fine({"infos": [{"sn": "E1", "pac": pac, "updateAt": at}]})


SAMPLE = EnergySample(
    device_id=INVERTER,
    at=datetime(2026, 4, 3, 16, 37, 1, tzinfo=UTC),
    pv_power_w=3000.0,
    load_power_w=2000.0,
    battery_power_w=1000.0,
    grid_power_w=0.0,
)
