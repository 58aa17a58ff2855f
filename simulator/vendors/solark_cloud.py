"""SolArk's cloud: sign-in, plants, live flow, totals, day curves, and errors inside HTTP 200."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.physics.measurements import Measurements
from simulator.vendors.answers import Gate, json_answer, json_body
from simulator.vendors.faults import FaultKind, Faults
from simulator.vendors.live_site import LiveSite

PLANT_ID = 1
SERIAL = "2107199999"
_NO_PERMISSIONS = {"code": 2, "msg": "No Permissions", "success": False}
_SIGN_IN_FAILED = {"code": 102, "msg": "Account or password is wrong", "success": False}
_SIGNED_OUT = {"code": 102, "msg": "auth failed", "success": False}
_IDLE_W = 15.0


class SolArkCloud:
    """The platform as its web portal's API shows it; all values are those of the last upload."""

    def __init__(
        self,
        *,
        live: LiveSite,
        faults: Faults,
        gate: Gate,
        username: str,
        password: str,
        token_lifetime_s: float,
        monotonic: Callable[[], float],
    ) -> None:
        """One account with one plant. Sessions end after ``token_lifetime_s`` wall seconds."""
        self._live, self._faults, self._gate = live, faults, gate
        self._username, self._password = username, password
        self._lifetime_s, self._monotonic = token_lifetime_s, monotonic
        self._sessions: dict[str, float] = {}
        self._refresh_tokens: set[str] = set()
        self._zone = ZoneInfo(live.site.plan.place.timezone)

    def routes(self) -> list[Route]:
        """The addresses, relative to where they are mounted."""
        plant = "/api/v1/plant"
        return [
            Route("/oauth/token", self._token, methods=["POST"]),
            self._route("/api/v1/plants", self._plants),
            self._route(f"{plant}/energy/{{plant}}/flow", self._flow),
            self._route(f"{plant}/energy/{{plant}}/day", self._day),
            self._route(f"{plant}/energy/{{plant}}/generation/use", self._use),
            self._route(f"{plant}/{{plant}}/realtime", self._realtime),
            self._route(f"{plant}/{{plant}}/inverters", self._inverters),
            self._route(f"{plant}/{{plant}}", self._plant),
            self._route("/api/v1/inverter/battery/{serial}/realtime", self._battery),
        ]

    def end_sessions(self) -> None:
        """Forget every session, as the platform does now and then."""
        self._sessions.clear()
        self._refresh_tokens.clear()

    # --- sign-in ----------------------------------------------------------------------------------

    async def _token(self, request: Request) -> Response:
        if (fault := await self._gate.fault("solark")) is not None:
            return fault
        if self._faults.has("solark", FaultKind.UNAUTHORIZED):
            return json_answer(_SIGN_IN_FAILED)
        body = await json_body(request)
        if not self._granted(body):
            return json_answer(_SIGN_IN_FAILED)
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self._sessions[access] = self._monotonic() + self._lifetime_s
        self._refresh_tokens.add(refresh)
        return _success(
            {
                "access_token": access,
                "refresh_token": refresh,
                "expires_in": int(self._lifetime_s),
                "scope": "all",
                "token_type": "Bearer",
            }
        )

    def _granted(self, body: dict[str, Any]) -> bool:
        if body.get("grant_type") == "refresh_token":
            known = body.get("refresh_token") in self._refresh_tokens
            self._refresh_tokens.discard(str(body.get("refresh_token")))
            return known
        given = (body.get("username"), body.get("password"), body.get("grant_type"))
        return given == (self._username, self._password, "password")

    def _route(self, path: str, answer: Callable[[Request, Measurements], dict[str, Any]]) -> Route:
        async def handle(request: Request) -> Response:
            if (fault := await self._gate.fault("solark")) is not None:
                return fault
            if self._faults.has("solark", FaultKind.RATE_LIMIT):
                busy = {"code": 429, "msg": "Too many requests", "success": False}
                return json_answer(busy, headers=self._gate.retry_after("solark"))
            bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
            expires = self._sessions.get(bearer)
            if expires is None or expires <= self._monotonic():
                return json_answer(_SIGNED_OUT, status=401)
            plant, serial = request.path_params.get("plant"), request.path_params.get("serial")
            if plant not in {None, str(PLANT_ID)} or serial not in {None, SERIAL}:
                return json_answer(_NO_PERMISSIONS)
            if serial is not None and self._faults.has("solark", FaultKind.NO_DETAIL):
                return json_answer({"code": 500, "msg": "Something went wrong", "success": False})
            return _success(answer(request, self._seen()))

        return Route(path, handle, methods=["GET"])

    def _seen(self) -> Measurements:
        return self._faults.seen("solark", self._live.solark.latest)

    def _whole(self) -> Measurements:
        """The plant's totals, which a subtotal of the flow leaves as they are."""
        if self._faults.has("solark", FaultKind.SUBTOTAL):
            return self._live.solark.latest
        return self._seen()

    # --- answers ----------------------------------------------------------------------------------

    def _plants(self, _request: Request, seen: Measurements) -> dict[str, Any]:
        place = {"id": PLANT_ID, "name": "Solar Shack", "status": 1, "address": "San José"}
        row = {**place, **self._realtime(_request, seen), "type": 2, "share": False}
        return {"pageSize": 10, "pageNumber": 1, "total": 1, "infos": [row]}

    def _plant(self, request: Request, seen: Measurements) -> dict[str, Any]:
        place = self._live.site.plan.place
        return {
            "id": PLANT_ID,
            "name": "Solar Shack",
            "totalPower": self._live.site.plan.array.peak_w / 1_000.0,
            "joinDate": "2024-05-11T00:00:00Z",
            "type": 2,
            "status": 1,
            "lon": place.longitude,
            "lat": place.latitude,
            "timezone": {"id": 327, "code": place.timezone, "text": place.timezone},
            "currency": {"id": 251, "code": "USD", "text": "$"},
            "realtime": self._realtime(request, seen),
        }

    def _realtime(self, _request: Request, _seen: Measurements) -> dict[str, Any]:
        seen = self._whole()
        return {
            "pac": round(seen.pv_w),
            "etoday": round(seen.pv_today_wh / 1_000.0, 1),
            "emonth": round(seen.pv_total_wh / 1_000.0, 1),
            "eyear": round(seen.pv_total_wh / 1_000.0, 1),
            "etotal": round(seen.pv_total_wh / 1_000.0, 1),
            "income": 0.0,
            "efficiency": round(100.0 * (seen.pv_w / self._live.site.plan.array.peak_w), 1),
            "updateAt": _stamp(seen.at_s),
            "currency": {"id": 251, "code": "USD", "text": "$"},
            "totalPower": self._live.site.plan.array.peak_w / 1_000.0,
        }

    def _flow(self, _request: Request, seen: Measurements) -> dict[str, Any]:
        return {
            "custCode": 29,
            "meterCode": 0,
            "pvPower": round(seen.pv_w),
            "battPower": round(abs(seen.battery_w)),
            "gridOrMeterPower": round(abs(seen.grid_w)),
            "loadOrEpsPower": round(seen.load_w),
            "genPower": 0,
            "minPower": 0,
            "soc": round(seen.soc_pct, 1),
            "pvTo": seen.pv_w > _IDLE_W,
            "toLoad": seen.load_w > _IDLE_W,
            "toGrid": False,
            "toBat": seen.battery_w > 0.0,
            "batTo": seen.battery_w < 0.0,
            "gridTo": False,
            "genTo": False,
            "minTo": False,
            "existsGen": False,
            "existsMin": False,
            "genOn": False,
            "microOn": False,
            "existsMeter": False,
            "bmsCommFaultFlag": False,
            "pv": None,
            "existThinkPower": False,
        }

    def _day(self, request: Request, seen: Measurements) -> dict[str, Any]:
        day = _day_of(request.query_params.get("date"), seen.at_s, self._zone)
        readings = self._live.solark.between(*_day_bounds(day))
        curves: tuple[tuple[str, str, Callable[[Measurements], float]], ...] = (
            ("PV", "W", lambda reading: reading.pv_w),
            ("Battery", "W", lambda reading: -reading.battery_w),
            ("SOC", "%", lambda reading: reading.soc_pct),
            ("Load", "W", lambda reading: reading.load_w),
            ("Grid", "W", lambda reading: reading.grid_w),
        )
        return {
            "infos": [
                {
                    "unit": unit,
                    "records": [
                        {
                            "time": datetime.fromtimestamp(reading.at_s, self._zone).strftime(
                                "%H:%M"
                            ),
                            "value": f"{value(reading):.1f}",
                            "updateTime": None,
                        }
                        for reading in readings
                    ],
                    "id": None,
                    "label": label,
                    "groupCode": None,
                    "name": None,
                }
                for label, unit, value in curves
            ]
        }

    def _use(self, _request: Request, seen: Measurements) -> dict[str, Any]:
        return {
            "load": round(seen.load_today_wh / 1_000.0, 1),
            "pv": round(seen.pv_today_wh / 1_000.0, 1),
            "batteryCharge": round(seen.charged_today_wh / 1_000.0, 1),
            "gridSell": 0.0,
        }

    def _inverters(self, _request: Request, seen: Measurements) -> dict[str, Any]:
        if self._faults.has("solark", FaultKind.SUBTOTAL):
            half = {"pac": round(self._whole().pv_w / 2.0), "updateAt": _stamp(seen.at_s)}
            pair = [{"sn": SERIAL, **half}, {"sn": f"{SERIAL[:-1]}0", **half}]
            return {"pageSize": 10, "pageNumber": 1, "total": 2, "infos": pair}
        row = {
            "sn": SERIAL,
            "alias": "SolArk 15K",
            "gsn": "E4300000001",
            "status": 1,
            "type": 2,
            "commTypeName": "RS485",
            "custCode": 29,
            "model": "",
            "equipMode": None,
            "pac": round(seen.pv_w),
            "etoday": round(seen.pv_today_wh / 1_000.0, 1),
            "etotal": round(seen.pv_total_wh / 1_000.0, 1),
            "updateAt": _stamp(seen.at_s),
            "opened": 1,
            "plant": {"id": PLANT_ID, "name": "Solar Shack", "type": 2},
            "gatewayVO": {"gsn": "E4300000001", "status": 2},
        }
        return {"pageSize": 10, "pageNumber": 1, "total": 1, "infos": [row]}

    def _battery(self, _request: Request, seen: Measurements) -> dict[str, Any]:
        # The detail's sign is the opposite of the product's: + while discharging.
        return {
            "time": _stamp(seen.at_s),
            "etodayChg": f"{seen.charged_today_wh / 1_000.0:.1f}",
            "etodayDischg": f"{seen.discharged_today_wh / 1_000.0:.1f}",
            "type": 1,
            "power": round(-seen.battery_w),
            "capacity": f"{self._live.site.battery.capacity_ah:.1f}",
            "current": f"{-seen.battery_a:.1f}",
            "voltage": f"{seen.battery_v:.1f}",
            "temp": f"{seen.battery_c:.1f}",
            "soc": f"{seen.soc_pct:.1f}",
            "chargeVolt": self._live.site.battery.set_point_v,
            "dischargeVolt": 0.0,
            "chargeCurrentLimit": self._live.site.plan.battery.charge_limit_a,
            "dischargeCurrentLimit": self._live.site.plan.battery.discharge_limit_a,
            "status": 1,
            "voltage2": None,
            "soc2": None,
            "numberOfBatteries": None,
        }


def _success(data: object) -> Response:
    return json_answer({"code": 0, "msg": "Success", "data": data, "success": True})


def _stamp(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _day_of(text: str | None, at_s: float, zone: ZoneInfo) -> datetime:
    try:
        return datetime.strptime(text or "", "%Y-%m-%d").replace(tzinfo=zone)
    except ValueError:
        local = datetime.fromtimestamp(at_s, zone)
        return local.replace(hour=0, minute=0, second=0, microsecond=0)


def _day_bounds(day: datetime) -> tuple[float, float]:
    after = (day + timedelta(days=1)).replace(hour=0)
    return day.timestamp(), after.timestamp()
