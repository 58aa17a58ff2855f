from __future__ import annotations

import asyncio
import json
import smtplib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx2
import pytest

from simulator.physics.site import SimulatedSite
from simulator.vendors.servers import SimulatorPace, SimulatorServers
from simulator.vendors.smtp_sink import SmtpSink
from simulator.vendors.vrm_cloud import RequestWindow

START = datetime(2026, 6, 21, 19, 2, tzinfo=UTC)
TOKEN = "simulated"
ACCOUNT = {"username": "owner@example.com", "password": "simulated", "grant_type": "password"}


class SteppedClock:
    """A clock that moves when the test moves it."""

    speed = 1.0

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class NoonSun:
    """Always noon."""

    def power_w(self, at_s: float) -> float:
        return 9_000.0


class Rig:
    """A running simulator with a client."""

    def __init__(self, servers: SimulatorServers, clock: SteppedClock, base: str) -> None:
        self.servers, self.clock, self.base = servers, clock, base
        self.http = httpx2.AsyncClient(base_url=base, timeout=5.0)
        self.digest = httpx2.DigestAuth("admin", "simulated")

    async def solark(self, path: str, token: str) -> Any:
        answer = await self.http.get(
            f"/solark/api/v1/{path}", headers={"Authorization": f"Bearer {token}"}
        )
        return answer.json()

    async def sign_in(self, **changes: str) -> Any:
        answer = await self.http.post("/solark/oauth/token", json={**ACCOUNT, **changes})
        assert answer.status_code == 200
        return answer.json()

    async def vrm(self, path: str, token: str = TOKEN) -> httpx2.Response:
        return await self.http.get(f"/vrm/v2/{path}", headers={"X-Authorization": f"Token {token}"})

    async def rpc(self, slug: str, method: str, **arguments: object) -> Any:
        answer = await self.http.post(
            f"/shelly/{slug}/rpc/{method}", json=arguments, auth=self.digest
        )
        return answer.json()

    async def fault(self, target: str, kind: str, **more: object) -> None:
        answer = await self.http.post("/sim/faults", json={"target": target, "kind": kind, **more})
        assert answer.status_code == 200, answer.text


def servers_of(clock: SteppedClock, state_file: Path | None = None) -> SimulatorServers:
    site = SimulatedSite(
        start=START, soc_pct=62.4, cloud_plan=["clear"], clear_sun=NoonSun(), seed=2
    )
    return SimulatorServers(
        site=site, clock=clock, state_file=state_file, pace=SimulatorPace(tick_s=0.05)
    )


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    clock = SteppedClock()
    servers = servers_of(clock)
    rig = Rig(servers, clock, await servers.start())
    clock.at += timedelta(minutes=10)
    yield rig
    await rig.http.aclose()
    await servers.stop()


async def test_solark_shows_the_last_upload_with_magnitudes_and_flags(rig: Rig) -> None:
    token = (await rig.sign_in())["data"]["access_token"]
    realtime = (await rig.solark("plant/1/realtime", token))["data"]
    flow = (await rig.solark("plant/energy/1/flow?date=2026-06-21", token))["data"]
    assert realtime["updateAt"] == "2026-06-21T19:10:00Z"
    assert flow["toBat"] is True
    assert flow["batTo"] is False
    assert flow["pvPower"] > 8_000
    assert flow["battPower"] == pytest.approx(flow["pvPower"] - flow["loadOrEpsPower"], abs=260)
    day = (await rig.solark("plant/energy/1/day?date=2026-06-21&id=1&lan=en", token))["data"]
    labels = {curve["label"]: curve["records"] for curve in day["infos"]}
    assert set(labels) == {"PV", "Battery", "SOC", "Load", "Grid"}
    assert [record["time"] for record in labels["PV"]] == ["12:02", "12:05", "12:10"]
    assert float(labels["Battery"][-1]["value"]) < 0.0
    battery = (await rig.solark("inverter/battery/2107199999/realtime", token))["data"]
    assert battery["power"] < 0
    for path in ("plants?page=1&limit=10", "plant/1", "plant/1/inverters?page=1&limit=10"):
        assert (await rig.solark(path, token))["code"] == 0
    assert (await rig.solark("plant/energy/1/generation/use", token))["data"]["gridSell"] == 0.0


async def test_solark_errors_come_inside_http_200_and_sessions_end(rig: Rig) -> None:
    assert (await rig.sign_in(password="wrong"))["code"] == 102
    session = (await rig.sign_in())["data"]
    token = session["access_token"]
    assert (await rig.solark("plant/2/realtime", token))["msg"] == "No Permissions"
    await rig.fault("solark", "expired_login")
    assert (await rig.solark("plant/1/realtime", token))["code"] == 102
    session = (await rig.sign_in())["data"]
    refresh = {"grant_type": "refresh_token", "refresh_token": session["refresh_token"]}
    assert (await rig.sign_in(**refresh))["code"] == 0
    assert (await rig.sign_in(**refresh))["code"] == 102


async def test_vrm_shows_live_values_with_their_time(rig: Rig) -> None:
    assert (await rig.vrm("users/me")).json()["user"]["id"] == 22
    answer = (await rig.vrm("users/22/installations?extended=1&idSite=1")).json()
    extended = {row["code"]: row for row in answer["records"][0]["extended"]}
    site = rig.servers.live.site
    assert extended["bv"]["rawValue"] == round(site.battery.voltage_v, 2)
    assert extended["bc"]["rawValue"] > 0.0
    assert (extended["bst"]["rawValue"], extended["bst"]["textValue"]) == (1, "charging")
    assert extended["bv"]["timestamp"] == (START + timedelta(minutes=10)).timestamp()
    assert (await rig.vrm("users/22/installations?idSite=9")).json()["records"] == []


async def test_vrm_quirks(rig: Rig) -> None:
    empty = (await rig.vrm("installations/1/widgets/BatterySummary")).json()
    assert empty["success"] is True
    assert set(empty["records"]["data"]) == {"hasOldData", "secondsAgo"}
    full = (await rig.vrm("installations/1/widgets/BatterySummary?instance=288")).json()
    assert full["records"]["data"]["47"]["code"] == "V"
    start = int(START.timestamp())
    stats = (
        await rig.vrm(
            f"installations/1/stats?interval=15mins&start={start}&end={start + 900}"
            "&attributeCodes[]=bv&attributeCodes[]=Gc"
        )
    ).json()["records"]
    assert stats["Gc"] is False
    assert stats["bv"][0][0] % 1_000 == 0
    assert stats["bv"][0][2] <= stats["bv"][0][1] <= stats["bv"][0][3]
    rows = (await rig.vrm("installations/1/diagnostics?count=3&page=2")).json()
    assert (len(rows["records"]), rows["num_records"]) == (3, 12)
    assert (await rig.vrm("installations/1/stats?interval=weeks")).status_code == 400
    assert (await rig.vrm("installations/1/system-overview")).status_code == 200
    assert (await rig.vrm("installations/1/alarms")).status_code == 200


async def test_vrm_refuses_tokens_and_strangers(rig: Rig) -> None:
    assert (await rig.vrm("users/me", token="wrong")).status_code == 401
    assert (await rig.vrm("users/9/installations")).status_code == 403
    assert (await rig.vrm("installations/9/alarms")).status_code == 403


def test_vrm_window_frees_a_slot_every_third_of_a_second() -> None:
    now = [0.0]
    window = RequestWindow(lambda: now[0])
    assert [window.wait_s() for _ in range(200)] == [0.0] * 200
    assert window.wait_s() == pytest.approx(0.33)
    now[0] = 0.32
    assert window.wait_s() > 0.0
    now[0] = 0.34
    assert window.wait_s() == 0.0


async def test_shelly_asks_for_digest_and_reuses_its_nonce(rig: Rig) -> None:
    plain = await rig.http.post("/shelly/primary/rpc/Switch.GetStatus", json={"id": 0})
    assert plain.status_code == 401
    assert "algorithm=SHA-256" in plain.headers["www-authenticate"]
    wrong = httpx2.DigestAuth("admin", "guess")
    refused = await rig.http.post(
        "/shelly/primary/rpc/Switch.GetStatus", json={"id": 0}, auth=wrong
    )
    assert refused.status_code == 401
    for _ in range(3):
        assert (await rig.rpc("primary", "Switch.GetStatus", id=0))["output"] is False
    info = (await rig.http.get("/shelly/primary/shelly")).json()
    assert (info["gen"], info["auth_en"]) == (2, True)


async def test_shelly_switches_and_its_timer_counts_in_site_time(rig: Rig) -> None:
    assert await rig.rpc("primary", "Switch.Set", id=0, on=True, toggle_after=300) == {
        "was_on": False
    }
    armed = await rig.rpc("primary", "Switch.GetStatus", id=0)
    assert (armed["output"], armed["timer_duration"]) == (True, 300)
    assert armed["timer_started_at"] == pytest.approx(rig.clock.at.timestamp())
    rig.clock.at += timedelta(seconds=290)
    assert (await rig.rpc("primary", "Switch.GetStatus", id=0))["apower"] >= 80.0
    rig.clock.at += timedelta(seconds=20)
    status = await rig.rpc("primary", "Shelly.GetStatus")
    assert (status["switch:0"]["output"], status["switch:0"]["apower"]) == (False, 0.0)
    assert "timer_started_at" not in status["switch:0"]
    assert status["sys"]["unixtime"] == int(rig.clock.at.timestamp())
    assert status["temperature:100"]["tC"] == pytest.approx(20.0, abs=6.0)


@pytest.mark.parametrize(
    ("method", "arguments", "code"),
    [
        pytest.param("Switch.Set", {"id": 0}, -103, id="no state"),
        pytest.param("Switch.Set", {"on": True}, -103, id="no channel"),
        pytest.param("Switch.Set", {"id": 3, "on": True}, -105, id="unknown channel"),
        pytest.param("Switch.Set", {"id": 0, "on": True, "toggle_after": "x"}, -103, id="timer"),
        pytest.param("Light.Set", {"id": 0}, 404, id="unknown method"),
    ],
)
async def test_shelly_refuses(
    rig: Rig, method: str, arguments: dict[str, object], code: int
) -> None:
    assert (await rig.rpc("dump", method, **arguments))["code"] == code
    framed = await rig.http.post(
        "/shelly/dump/rpc", json={"id": 7, "method": method, "params": arguments}, auth=rig.digest
    )
    assert (framed.json()["id"], framed.json()["error"]["code"]) == (7, code)


async def test_shelly_by_get_and_by_frame(rig: Rig) -> None:
    answer = await rig.http.get("/shelly/fan1/rpc/Switch.Set?id=0&on=true", auth=rig.digest)
    assert answer.json() == {"was_on": False}
    framed = await rig.http.post(
        "/shelly/fan1/rpc", json={"id": 1, "method": "Shelly.GetDeviceInfo"}, auth=rig.digest
    )
    assert framed.json()["result"]["app"] == "Plus1PM"
    assert (await rig.rpc("fan1", "Sys.GetStatus"))["restart_required"] is False
    assert (await rig.rpc("fan1", "Temperature.GetStatus", id=100))["id"] == 100
    assert (await rig.http.get("/shelly/nobody/shelly")).status_code == 404
    assert (await rig.http.post("/shelly/nobody/rpc/X", json={})).status_code == 404


async def test_faults_in_the_transport(rig: Rig) -> None:
    await rig.fault("vrm", "http500")
    assert (await rig.vrm("users/me")).status_code == 500
    await rig.fault("vrm", "http500", on=False)
    await rig.fault("vrm", "garbage")
    with pytest.raises(ValueError):  # noqa: PT011 - any unreadable JSON
        (await rig.vrm("users/me")).json()
    await rig.http.delete("/sim/faults")
    await rig.fault("vrm", "rate_limit")
    assert (await rig.vrm("users/me")).headers["retry-after"] == "5"
    await rig.fault("solark", "offline")
    with pytest.raises(httpx2.TransportError):
        await rig.sign_in()
    await rig.fault("shelly", "timeout", value=0.05)
    with pytest.raises(httpx2.TransportError):
        await rig.http.get("/shelly/dump/shelly")
    await rig.http.delete("/sim/faults")
    assert (await rig.vrm("users/me")).status_code == 200


async def test_refused_sign_ins(rig: Rig) -> None:
    for target in ("solark", "vrm", "shelly/dump"):
        await rig.fault(target, "unauthorized")
    await rig.fault("shelly/primary", "rate_limit")
    assert (await rig.sign_in())["code"] == 102
    assert (await rig.vrm("users/me")).status_code == 401
    answer = await rig.http.post("/shelly/dump/rpc/Shelly.GetStatus", json={}, auth=rig.digest)
    assert answer.status_code == 401
    assert (await rig.rpc("primary", "Shelly.GetStatus"))["code"] == 429


async def voltage(rig: Rig) -> tuple[float, int]:
    answer = (await rig.vrm("users/22/installations?extended=1")).json()
    row = next(row for row in answer["records"][0]["extended"] if row["code"] == "bv")
    return row["rawValue"], row["timestamp"]


async def test_frozen_stale_and_drifting_values(rig: Rig) -> None:
    value, at = await voltage(rig)
    await rig.fault("vrm", "frozen", value=["battery_v"])
    rig.clock.at += timedelta(minutes=30)
    assert await voltage(rig) == (value, at + 1_800)
    await rig.fault("vrm", "frozen")
    await rig.fault("vrm", "stale")
    rig.clock.at += timedelta(minutes=5)
    held = await voltage(rig)
    rig.clock.at += timedelta(minutes=5)
    assert await voltage(rig) == held
    await rig.http.delete("/sim/faults")
    await rig.fault("vrm", "clock_drift", value=-600)
    assert (await voltage(rig))[1] == rig.clock.at.timestamp() - 600


async def test_a_device_that_ignores_or_lies(rig: Rig) -> None:
    await rig.fault("shelly/dump", "ignore_commands")
    assert await rig.rpc("dump", "Switch.Set", id=0, on=True) == {"was_on": False}
    assert (await rig.rpc("dump", "Switch.GetStatus", id=0))["output"] is False
    await rig.fault("shelly/dump", "wrong_state")
    assert (await rig.rpc("dump", "Switch.GetStatus", id=0))["output"] is True
    assert rig.servers.live.site.devices["dump"].relay.is_on is False


async def test_the_simulators_own_addresses(rig: Rig) -> None:
    clock = (await rig.http.get("/sim/clock")).json()
    assert clock == {"at": rig.clock.at.isoformat(), "speed": 1.0, "anchor": None}
    changed = await rig.http.post("/sim/state", json={"soc_pct": 90, "switches": {"fan1": True}})
    assert changed.json()["devices"]["fan1"]["is_on"] is True
    assert rig.servers.live.site.battery.soc == 0.9
    for body in ({"soc_pct": 120}, {"soc_pct": True}, {"switches": {"nobody": True}}):
        assert (await rig.http.post("/sim/state", json=body)).status_code == 422
    faults: list[object] = [
        {"target": "moon", "kind": "timeout"},
        {"target": "vrm", "kind": "tired"},
        [],
    ]
    for fault in faults:
        assert (await rig.http.post("/sim/faults", json=fault)).status_code == 422
    await rig.fault("vrm", "stale")
    listed = (await rig.http.get("/sim/faults")).json()["faults"]
    assert listed == [{"target": "vrm", "kind": "stale", "value": None}]


async def test_state_survives_a_restart_and_downtime_lets_timers_end(tmp_path: Path) -> None:
    clock, file = SteppedClock(), tmp_path / "site.json"
    first = servers_of(clock, file)
    rig = Rig(first, clock, await first.start())
    await rig.rpc("primary", "Switch.Set", id=0, on=True, toggle_after=300)
    await rig.rpc("dump", "Switch.Set", id=0, on=True)
    await rig.http.aclose()
    await first.stop()
    clock.at += timedelta(hours=1)
    second = servers_of(clock, file)
    rig = Rig(second, clock, await second.start())
    assert (await rig.rpc("primary", "Switch.GetStatus", id=0))["source"] == "timer"
    assert (await rig.rpc("dump", "Switch.GetStatus", id=0))["output"] is True
    assert second.live.site.at == clock.at
    await rig.http.aclose()
    await second.stop()


async def test_an_unreadable_state_starts_afresh(tmp_path: Path) -> None:
    clock, file = SteppedClock(), tmp_path / "site.json"
    file.write_text("{broken")
    servers = servers_of(clock, file)
    await servers.start()
    await servers.wait_ready()
    assert servers.live.site.battery.soc == pytest.approx(0.624, abs=0.001)
    await servers.stop()


async def test_a_port_in_use_is_an_error(rig: Rig) -> None:
    port = int(rig.base.rsplit(":", 1)[1])
    with pytest.raises(OSError, match="in use"):
        await servers_of(SteppedClock()).start(port=port)


async def test_mail_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "mail.jsonl"
    sink = SmtpSink(file=file)
    port = await sink.start()
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.com", "b@example.com", "Low ⚡"
    mail.set_content("52.3 V\n")
    import asyncio  # noqa: PLC0415 - only this test needs a thread

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.send_message(mail)

    await asyncio.to_thread(send)
    await sink.stop()
    (got,) = sink.messages
    assert (got.recipients, got.subject, got.body) == (("b@example.com",), "Low ⚡", "52.3 V\n")
    assert "52.3 V" in file.read_text()


async def test_saves_that_meet_leave_one_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "site.json"
    servers = servers_of(SteppedClock(), file)
    await asyncio.gather(*(servers.save() for _ in range(20)))
    assert json.loads(file.read_text())["site"]
    assert [each.name for each in tmp_path.iterdir()] == ["site.json"]


async def test_a_site_whose_state_cannot_be_written_lives_on(tmp_path: Path) -> None:
    servers = servers_of(SteppedClock(), tmp_path / "no such folder" / "site.json")
    base = await servers.start()
    try:
        async with httpx2.AsyncClient(base_url=base) as http:
            for _ in range(3):
                await servers.save()
                assert (await http.get("/sim/state")).status_code == 200
    finally:
        await servers.stop()
