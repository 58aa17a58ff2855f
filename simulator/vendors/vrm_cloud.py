"""Victron's VRM API (v2): installations with live values, statistics, widgets, diagnostics.

Texts are localised as the real service does it, so that only codes and raw values can be relied on.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.physics.measurements import Measurements
from simulator.vendors.answers import Gate, json_answer
from simulator.vendors.faults import FaultKind, Faults
from simulator.vendors.live_site import LiveSite

USER_ID = 22
SITE_ID = 1
MONITOR_INSTANCE = 288
_WINDOW = 200
_SLOT_S = 0.33
_IDLE_A = 0.5
_STATES = {0: ("idle", "Inattiva"), 1: ("charging", "In carica"), 2: ("discharging", "In scarica")}
_INTERVALS_S = {"15mins": 900.0, "hours": 3_600.0, "2hours": 7_200.0, "days": 86_400.0}
_LONGEST_S = {"days": 180 * 86_400.0}
_USUAL_LONGEST_S = 31 * 86_400.0


class RequestWindow:
    """VRM's rolling window: 200 requests, and a slot freed every 0.33 s."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Start with all slots free; time is the wall's, as it is for the real service."""
        self._monotonic = monotonic
        self._used, self._last_s = 0.0, monotonic()

    def wait_s(self) -> float:
        """Take a slot: 0, or the seconds until one is free."""
        now_s = self._monotonic()
        self._used = max(0.0, self._used - (now_s - self._last_s) / _SLOT_S)
        self._last_s = now_s
        if self._used + 1.0 > _WINDOW:
            return (self._used + 1.0 - _WINDOW) * _SLOT_S
        self._used += 1.0
        return 0.0


class VrmCloud:
    """One user with one installation; all values are those of the gateway's last upload."""

    def __init__(
        self,
        *,
        live: LiveSite,
        faults: Faults,
        gate: Gate,
        token: str,
        monotonic: Callable[[], float],
    ) -> None:
        """``token`` is the user's personal access token."""
        self._live, self._faults, self._gate, self._token = live, faults, gate, token
        self._window = RequestWindow(monotonic)

    def routes(self) -> list[Route]:
        """The addresses, relative to where they are mounted."""
        site = "/installations/{site}"
        return [
            self._route("/users/me", self._me),
            self._route("/users/{user}/installations", self._installations),
            self._route(f"{site}/system-overview", self._overview),
            self._route(f"{site}/diagnostics", self._diagnostics),
            self._route(f"{site}/widgets/{{widget}}", self._widget),
            self._route(f"{site}/stats", self._stats),
            self._route(f"{site}/alarms", self._alarms),
        ]

    def _route(self, path: str, answer: Callable[[Request, Measurements], Any]) -> Route:
        async def handle(request: Request) -> Response:
            if (fault := await self._gate.fault("vrm")) is not None:
                return fault
            if (refusal := self._refusal(request)) is not None:
                return refusal
            seen = self._faults.seen("vrm", self._live.vrm.latest)
            result = answer(request, seen)
            return result if isinstance(result, Response) else json_answer(result)

        return Route(path, handle, methods=["GET"])

    def _refusal(self, request: Request) -> Response | None:
        wait_s = self._window.wait_s()
        if self._faults.has("vrm", FaultKind.RATE_LIMIT):
            wait_s = max(wait_s, 5.0)
        if wait_s > 0.0:
            headers = {"Retry-After": str(math.ceil(wait_s))}
            if self._faults.has("vrm", FaultKind.RATE_LIMIT):
                headers = self._gate.retry_after("vrm")
            return _failure(429, "Too Many Requests", "rate_limit", headers)
        bad = self._faults.has("vrm", FaultKind.UNAUTHORIZED)
        if bad or request.headers.get("x-authorization") != f"Token {self._token}":
            return _failure(401, "Token is invalid", "invalid_token")
        if request.path_params.get("user") not in {None, str(USER_ID)}:
            return _failure(403, {"user": ["not yours"]}, "forbidden")
        if request.path_params.get("site") not in {None, str(SITE_ID)}:
            return _failure(403, ["You do not have access to this installation"], "forbidden")
        return None

    # --- answers ----------------------------------------------------------------------------------

    def _me(self, _request: Request, _seen: Measurements) -> dict[str, Any]:
        user = {
            "id": USER_ID,
            "name": "Site Owner",
            "email": "owner@example.com",
            "country": "United States",
            "idAccessToken": None,
            "accessLevel": 1,
        }
        return {"success": True, "user": user}

    def _installations(self, request: Request, seen: Measurements) -> dict[str, Any]:
        wanted = request.query_params.get("idSite")
        if wanted not in {None, str(SITE_ID)}:
            return {"success": True, "records": []}
        record: dict[str, Any] = {
            "idSite": SITE_ID,
            "accessLevel": 1,
            "owner": True,
            "name": "Solar Shack",
            "identifier": "c0619ab00000",
            "idUser": USER_ID,
            "timezone": self._live.site.plan.place.timezone,
            "syscreated": 1_715_400_000,
        }
        if request.query_params.get("extended") == "1":
            record["last_timestamp"] = int(seen.at_s)
            record["current_alarms"] = []
            record["num_alarms"] = 0
            record["extended"] = live_values(seen)
        return {"success": True, "records": [record]}

    def _overview(self, _request: Request, seen: Measurements) -> dict[str, Any]:
        devices = [
            {
                "name": "Gateway",
                "productCode": "C00A",
                "idSite": SITE_ID,
                "productName": "Cerbo GX",
                "firmwareVersion": "v3.60",
                "lastConnection": int(seen.at_s),
                "class": "device-gateway device-icon-cerbo-gx",
                "loggingInterval": int(self._live.vrm.every_s),
            },
            {
                "name": "Battery Monitor",
                "productCode": "a389",
                "idSite": SITE_ID,
                "productName": "SmartShunt 500A",
                "lastConnection": int(seen.at_s),
                "class": "device-battery-monitor device-icon-smartshunt-500a",
                "instance": MONITOR_INSTANCE,
                "idDeviceType": 2,
            },
        ]
        return {"success": True, "records": {"devices": devices}}

    def _diagnostics(self, request: Request, seen: Measurements) -> dict[str, Any]:
        rows = [*live_values(seen), *_monitor_values(seen)]
        count = _positive(request.query_params.get("count"), 100)
        page = _positive(request.query_params.get("page"), 1)
        part = rows[(page - 1) * count : page * count]
        return {"success": True, "records": part, "num_records": len(rows)}

    def _widget(self, request: Request, seen: Measurements) -> dict[str, Any]:
        values: dict[str, Any] = {}
        asked = request.query_params.get("instance") == str(MONITOR_INSTANCE)
        if request.path_params["widget"] == "BatterySummary" and asked:
            values = {
                str(row["idDataAttribute"]): {
                    **row,
                    "value": row["rawValue"],
                    "valueFloat": row["rawValue"],
                    "hasOldData": False,
                    "secondsAgo": int(max(0.0, self._live.site.at_s - seen.at_s)),
                }
                for row in _monitor_values(seen)
            }
        # Without an instance the service says success and gives nothing, as if it were fresh.
        tail = {
            "hasOldData": False,
            "secondsAgo": {"value": 0, "valueFormattedWithUnit": "0s"},
        }
        meta = {
            str(row["idDataAttribute"]): {"code": row["code"], "description": row["description"]}
            for row in _monitor_values(seen)
        }
        return {"success": True, "records": {"data": {**values, **tail}, "meta": meta}}

    def _stats(self, request: Request, seen: Measurements) -> dict[str, Any] | Response:
        query = request.query_params
        interval = query.get("interval", "15mins")
        if interval not in _INTERVALS_S:
            return _failure(400, {"interval": ["The selected interval is invalid."]}, "invalid")
        end_s = _number(query.get("end"), seen.at_s)
        start_s = _number(query.get("start"), end_s - 86_400.0)
        if end_s - start_s > _LONGEST_S.get(interval, _USUAL_LONGEST_S):
            return _failure(400, "Requested time span is too long", "invalid_span")
        codes = query.getlist("attributeCodes[]") or ["bv", "bs", "bc"]
        readings = self._live.vrm.between(start_s, end_s)
        records = {code: _series(code, readings, _INTERVALS_S[interval]) for code in codes}
        totals = dict.fromkeys(codes, False)
        return {"success": True, "records": records, "totals": totals}

    def _alarms(self, _request: Request, _seen: Measurements) -> dict[str, Any]:
        return {"success": True, "alarms": [], "devices": [], "users": []}


def live_values(seen: Measurements) -> list[dict[str, Any]]:
    """The ``extended`` rows of an installation."""
    state = 0 if abs(seen.battery_a) < _IDLE_A else 1 if seen.battery_a > 0.0 else 2
    text, localised = _STATES[state]
    at = int(seen.at_s)
    system = "system"
    return [
        _row(2, "v", "Fw Version", "v3.60", "v3.60", at, 0, None, None),
        _row(143, "bv", "Voltage", round(seen.battery_v, 2), f"{seen.battery_v:.2f} V", at, 6,
             system, "/Dc/Battery/Voltage"),
        _row(144, "bs", "Battery SOC", round(seen.soc_pct, 1), f"{seen.soc_pct:.1f} %", at, 6,
             system, "/Dc/Battery/Soc"),
        _row(147, "bc", "Current", round(seen.battery_a, 1), f"{seen.battery_a:.2f} A", at, 6,
             system, "/Dc/Battery/Current"),
        {
            **_row(215, "bst", "Battery state", state, localised, at, 6,
                   system, "/Dc/Battery/State"),
            "textValue": text,
            "dataType": "enum",
        },
        _row(115, "BT", "Battery temperature", round(seen.battery_c, 1),
             f"{seen.battery_c:.0f} °C", at, 2, "battery", "/Dc/0/Temperature"),
        _row(131, "Pdc", "PV - DC-coupled", None, "", at, 6, system, "/Dc/Pv/Power"),
        _row(17, "a1", "AC Consumption L1", str(round(seen.load_w)), f"{seen.load_w:.0f} W", at,
             6, system, "/Ac/Consumption/L1/Power"),
    ]  # fmt: skip


def _monitor_values(seen: Measurements) -> list[dict[str, Any]]:
    at = int(seen.at_s)
    rows = (
        (47, "V", "Voltage", round(seen.battery_v, 2), f"{seen.battery_v:.2f} V", "/Dc/0/Voltage"),
        (49, "I", "Current", round(seen.battery_a, 1), f"{seen.battery_a:.2f} A", "/Dc/0/Current"),
        (51, "SOC", "State of charge", round(seen.soc_pct, 1), f"{seen.soc_pct:.1f} %", "/Soc"),
        (115, "BT", "Battery temperature", round(seen.battery_c, 1), f"{seen.battery_c:.0f} °C",
         "/Dc/0/Temperature"),
    )  # fmt: skip
    return [
        {**_row(number, code, name, raw, text, at, 2, "battery", path),
         "instance": MONITOR_INSTANCE}
        for number, code, name, raw, text, path in rows
    ]  # fmt: skip


def _row(  # noqa: PLR0913, PLR0917 - one table row, written as a table
    number: int,
    code: str,
    description: str,
    raw: object,
    text: str,
    at: int,
    kind: int,
    service: str | None,
    path: str | None,
) -> dict[str, Any]:
    return {
        "idDataAttribute": number,
        "code": code,
        "description": description,
        "formatWithUnit": "%s",
        "dataType": "string" if isinstance(raw, str) else "float",
        "idDeviceType": kind,
        "textValue": None,
        "instance": 0,
        "timestamp": at,
        "dbusServiceType": service,
        "dbusPath": path,
        "rawValue": raw,
        "formattedValue": text,
    }


_STATISTICS: dict[str, Callable[[Measurements], float]] = {
    "bv": lambda reading: reading.battery_v,
    "bs": lambda reading: reading.soc_pct,
    "bc": lambda reading: reading.battery_a,
    "V": lambda reading: reading.battery_v,
    "I": lambda reading: reading.battery_a,
    "SOC": lambda reading: reading.soc_pct,
    "BT": lambda reading: reading.battery_c,
}


def _series(code: str, readings: list[Measurements], every_s: float) -> list[list[float]] | bool:
    """Rows of (epoch ms, mean, lowest, highest); ``false`` where the service has nothing."""
    pick = _STATISTICS.get(code)
    buckets: dict[float, list[float]] = {}
    for reading in readings if pick is not None else []:
        assert pick is not None  # noqa: S101 - the line above, for the type checker
        buckets.setdefault(reading.at_s // every_s * every_s, []).append(pick(reading))
    if not buckets:
        return False
    return [
        [int(start_s * 1_000.0), sum(values) / len(values), min(values), max(values)]
        for start_s, values in sorted(buckets.items())
    ]


def _failure(
    status: int, errors: object, code: str, headers: dict[str, str] | None = None
) -> Response:
    body = {"success": False, "errors": errors, "error_code": code}
    return json_answer(body, status=status, headers=headers)


def _positive(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() and int(text) > 0 else default


def _number(text: str | None, default: float) -> float:
    try:
        return float(text) if text is not None else default
    except ValueError:
        return default
