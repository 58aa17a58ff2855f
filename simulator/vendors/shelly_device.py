"""Shelly switches of the second generation: local RPC with digest sign-in and auto-off timers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.physics.measurements import DeviceReading, Measurements
from simulator.vendors.answers import Gate, json_answer, json_body
from simulator.vendors.digest import DigestGuard
from simulator.vendors.faults import FaultKind, Faults
from simulator.vendors.identity import mac_of
from simulator.vendors.live_site import LiveSite

_MAINS_V = 121.4
_MAINS_HZ = 60.0
_NO_METER_W = 2.0
_REVISION = 14
_NOT_FOUND = -105
_BAD_ARGUMENT = -103


class RpcRefusal(Exception):
    """An RPC that the device does not carry out."""

    def __init__(self, code: int, message: str) -> None:
        """The device's error code and message."""
        super().__init__(message)
        self.code, self.message = code, message


class ShellyDevice:
    """One switch: its identity, its sign-in and its RPC methods."""

    def __init__(
        self,
        *,
        slug: str,
        live: LiveSite,
        faults: Faults,
        password: str | None,
        switched: Callable[[], Awaitable[None]],
    ) -> None:
        """``switched`` is awaited after every command that was carried out."""
        self.slug, self.target = slug, f"shelly/{slug}"
        self._live, self._faults, self._switched = live, faults, switched
        self.name = f"shellyplus1pm-{mac_of(slug).lower()}"
        self.guard = (
            None
            if password is None
            else DigestGuard(realm=self.name, user="admin", password=password)
        )
        self._booted_s = live.site.at_s

    @property
    def mac(self) -> str:
        """The device's MAC; another one with the fault ``wrong_device``."""
        other = self._faults.has(self.target, FaultKind.WRONG_DEVICE)
        return mac_of(f"{self.slug}, replaced") if other else mac_of(self.slug)

    @property
    def _dimmer(self) -> bool:
        return self._live.site.devices[self.slug].plan.dimmable

    @property
    def _component(self) -> str:
        return "light:0" if self._dimmer else "switch:0"

    def info(self) -> dict[str, Any]:
        """``Shelly.GetDeviceInfo`` and ``GET /shelly``."""
        return {
            "name": self._live.site.devices[self.slug].plan.name,
            "id": self.name,
            "mac": self.mac,
            "slot": 0,
            "model": "SNSW-001P16EU",
            "gen": 2,
            "fw_id": "20250211-091500/1.5.0-gsimulated",
            "ver": "1.5.0",
            "app": "Plus1PM",
            "auth_en": self.guard is not None,
            "auth_domain": None if self.guard is None else self.name,
        }

    async def call(self, method: str, arguments: dict[str, Any]) -> object:
        """Carry one RPC method out.

        Raises:
            RpcRefusal: Unknown method, channel or argument.
        """
        match method.lower():
            case "switch.set" if not self._dimmer:
                return await self._set(arguments)
            case "light.set" if self._dimmer:
                return await self._set(arguments)
            case "switch.getstatus" if not self._dimmer:
                _require_channel(arguments)
                return self._switch_status(self._shown())
            case "shelly.getstatus":
                return self._status()
            case "shelly.getdeviceinfo":
                return self.info()
            case "shelly.getconfig":
                return self._config()
            case "sys.getstatus":
                return self._sys(self._shown())
            case "temperature.getstatus":
                return self._zone_temperature(self._shown())
            case _:
                raise RpcRefusal(404, f"No handler for {method}")

    def _shown(self) -> Measurements:
        return self._faults.seen(self.target, self._live.site.measure())

    async def _set(self, arguments: dict[str, Any]) -> dict[str, bool]:
        _require_channel(arguments)
        on = arguments.get("on")
        if not isinstance(on, bool):
            raise RpcRefusal(_BAD_ARGUMENT, "Missing or bad argument 'on'!")
        after = arguments.get("toggle_after")
        if after is not None and (isinstance(after, bool) or not isinstance(after, int | float)):
            raise RpcRefusal(_BAD_ARGUMENT, "Argument 'toggle_after', value not a number!")
        level = arguments.get("brightness")
        if level is not None and (isinstance(level, bool) or not isinstance(level, int | float)):
            raise RpcRefusal(_BAD_ARGUMENT, "Argument 'brightness', value not a number!")
        site = self._live.site
        was_on = site.devices[self.slug].relay.is_on
        if not self._faults.has(self.target, FaultKind.IGNORE_COMMANDS):
            site.switch(self.slug, on=on, toggle_after_s=after)
            if self._dimmer and level is not None:
                site.devices[self.slug].level = min(max(level, 0.0), 100.0) / 100.0
            await self._switched()
        return {"was_on": was_on}

    def _switch_status(self, shown: Measurements) -> dict[str, Any]:
        reading = shown.devices[self.slug]
        wrong = self._faults.has(self.target, FaultKind.WRONG_STATE)
        status: dict[str, Any] = {
            "id": 0,
            "source": reading.source,
            "output": reading.is_on is not wrong,
            "apower": round(_metered_w(reading), 1),
            "voltage": _MAINS_V,
            "freq": _MAINS_HZ,
            "current": round(reading.power_w / _MAINS_V, 3),
            "pf": 0.98 if reading.power_w > _NO_METER_W else 0.0,
            "aenergy": {
                "total": round(reading.energy_wh, 3),
                "by_minute": [round(reading.power_w / 60.0 * 1_000.0, 3)] * 3,
                "minute_ts": int(shown.at_s // 60 * 60),
            },
            "temperature": _celsius(reading.temperature_c),
        }
        if reading.timer_started_s is not None and reading.timer_s is not None:
            status["timer_started_at"] = round(reading.timer_started_s, 2)
            status["timer_duration"] = reading.timer_s
        if reading.level is not None:
            status["brightness"] = round(reading.level * 100.0)
        return status

    def _zone_temperature(self, shown: Measurements) -> dict[str, Any]:
        zone = self._live.site.devices[self.slug].plan.zone
        return {"id": 100, **_celsius(shown.rooms_c[zone])}

    def _sys(self, shown: Measurements) -> dict[str, Any]:
        local = self._live.site.at.strftime("%H:%M")
        return {
            "mac": self.mac,
            "restart_required": False,
            "time": local,
            "unixtime": int(shown.at_s),
            "uptime": int(self._live.site.at_s - self._booted_s),
            "ram_size": 260_364,
            "ram_free": 141_212,
            "fs_size": 393_216,
            "fs_free": 106_496,
            "cfg_rev": self._revision(),
            "kvs_rev": 0,
            "schedule_rev": 0,
            "webhook_rev": 0,
            "available_updates": {},
            "reset_reason": 3,
        }

    def _config(self) -> dict[str, Any]:
        """The set-up; with the fault ``setup`` the load comes on by itself."""
        setup = self._faults.has(self.target, FaultKind.SETUP)
        return {
            self._component: {
                "id": 0,
                "name": None,
                "initial_state": "restore_last" if setup else "off",
                "auto_on": setup,
                "auto_on_delay": 60.0,
                "auto_off": False,
                "auto_off_delay": 60.0,
            },
            "sys": {"device": {"mac": self.mac}, "cfg_rev": self._revision()},
        }

    def _revision(self) -> int:
        return _REVISION + int(self._faults.has(self.target, FaultKind.SETUP))

    def _status(self) -> dict[str, Any]:
        shown = self._shown()
        return {
            "ble": {},
            "cloud": {"connected": False},
            "input:0": {"id": 0, "state": False},
            "mqtt": {"connected": False},
            self._component: self._switch_status(shown),
            "sys": self._sys(shown),
            "temperature:100": self._zone_temperature(shown),
            "wifi": {"sta_ip": "192.0.2.10", "status": "got ip", "ssid": "shack", "rssi": -61},
            "ws": {"connected": False},
        }


class ShellyServer:
    """All switches of a site, each below ``/{slug}``."""

    def __init__(self, *, devices: dict[str, ShellyDevice], gate: Gate, faults: Faults) -> None:
        """Serve ``devices`` by slug."""
        self._devices, self._gate, self._faults = devices, gate, faults

    def routes(self) -> list[Route]:
        """The addresses, relative to where they are mounted."""
        return [
            Route("/{slug}/shelly", self._info, methods=["GET"]),
            Route("/{slug}/rpc", self._frame, methods=["POST"]),
            Route("/{slug}/rpc/{method}", self._method, methods=["GET", "POST"]),
        ]

    async def _info(self, request: Request) -> Response:
        device = self._devices.get(request.path_params["slug"])
        if device is None:
            return json_answer({"error": "no such device"}, status=404)
        fault = await self._gate.fault(device.target)
        return fault if fault is not None else json_answer(device.info())

    async def _method(self, request: Request) -> Response:
        device, refusal = await self._admit(request)
        if device is None:
            return refusal
        try:
            result = await device.call(request.path_params["method"], await _arguments(request))
        except RpcRefusal as error:
            status = 404 if error.code == 404 else 500
            return json_answer({"code": error.code, "message": error.message}, status=status)
        return json_answer(result)

    async def _frame(self, request: Request) -> Response:
        device, refusal = await self._admit(request)
        if device is None:
            return refusal
        body = await json_body(request)
        answer: dict[str, Any] = {"id": body.get("id"), "src": device.name}
        try:
            params = body.get("params")
            answer["result"] = await device.call(
                str(body.get("method", "")), params if isinstance(params, dict) else {}
            )
        except RpcRefusal as error:
            answer["error"] = {"code": error.code, "message": error.message}
        return json_answer(answer)

    async def _admit(self, request: Request) -> tuple[ShellyDevice | None, Response]:
        """The addressed device if the request is signed in, else the refusal."""
        device = self._devices.get(request.path_params["slug"])
        if device is None:
            return None, json_answer({"error": "no such device"}, status=404)
        fault = await self._gate.fault(device.target)
        if fault is not None:
            return None, fault
        if self._faults.has(device.target, FaultKind.RATE_LIMIT):
            busy = {"code": 429, "message": "Too many requests"}
            wait = self._gate.retry_after(device.target)
            return None, json_answer(busy, status=429, headers=wait)
        guard = device.guard
        refused = self._faults.has(device.target, FaultKind.UNAUTHORIZED)
        if guard is not None and (refused or not _signed(request, guard)):
            headers = {"WWW-Authenticate": guard.challenge()}
            return None, Response(status_code=401, headers=headers)
        return device, Response()


def _signed(request: Request, guard: DigestGuard) -> bool:
    target = str(request.scope["raw_path"], "ascii")
    if request.url.query:
        target = f"{target}?{request.url.query}"
    return guard.accepts(
        method=request.method, target=target, authorization=request.headers.get("authorization")
    )


async def _arguments(request: Request) -> dict[str, Any]:
    if request.method == "POST":
        return await json_body(request)
    return {name: _value(text) for name, text in request.query_params.items()}


def _value(text: str) -> object:
    if text in {"true", "false"}:
        return text == "true"
    try:
        return int(text)
    except ValueError:
        return text


def _require_channel(arguments: dict[str, Any]) -> None:
    channel = arguments.get("id")
    if channel is None:
        raise RpcRefusal(_BAD_ARGUMENT, "Missing required argument 'id'!")
    if channel != 0 or isinstance(channel, bool):
        raise RpcRefusal(_NOT_FOUND, f"Argument 'id', value {channel} not found!")


def _metered_w(reading: DeviceReading) -> float:
    return reading.power_w if reading.is_on else 0.0


def _celsius(temperature_c: float) -> dict[str, float]:
    return {"tC": round(temperature_c, 1), "tF": round(temperature_c * 1.8 + 32.0, 1)}
