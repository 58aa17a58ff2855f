"""Now, decisions, actions, the emergency stop, alerts, health and the live stream."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from typing_extensions import override

from server.container import ServerConfig
from server.schemas.examples import ALLOCATE
from services.accounts.records import Scope
from services.views.live import LiveView
from services.views.site_picture import SitePicture
from tests.fakes.sites.web_site import DUMP_LOAD, PRIMARY_LOAD, SYSTEM_ID, WebSite
from tests.integration.server.conftest import Callers
from tests.integration.server.listening import listening


async def test_now_has_every_value_with_unit_and_age(callers: Callers) -> None:
    client = await callers.token(Scope.READ)
    now = (await client.get("/api/home/now")).json()
    assert now["system_id"] == str(SYSTEM_ID)
    for group, name, unit in (
        ("battery", "voltage", "V"),
        ("battery", "soc", "%"),
        ("solar", "power", "W"),
        ("load", "power", "W"),
        ("grid", "power", "W"),
    ):
        value = now[group][name]
        told = {"value", "unit", "age_s", "stale_after_s", "source", "quality", "reason"}
        assert set(value) == told
        assert value["unit"] == unit
        assert value["age_s"] >= 0
    assert [miner["name"] for miner in now["miners"]] == [
        "Primary S21+ (Revenue)",
        "Dump Load S19 #1",
    ]
    battery = (await client.get("/api/battery/now")).json()
    assert battery["battery"]["voltage"]["value"] == now["battery"]["voltage"]["value"]
    latest = (await client.get("/api/energy/latest")).json()
    assert latest["solar"] == now["solar"]


async def test_history_in_numbers_and_columns(callers: Callers) -> None:
    client = await callers.token(Scope.READ)
    stats = (await client.get("/api/energy/stats?hours=1")).json()
    assert stats["pv_wh"] >= 0
    query = "metric=energy.pv_power_w&metric=battery.voltage_v&step_s=60"
    series = (await client.get(f"/api/energy/series?{query}")).json()
    assert set(series) == {"at", "energy.pv_power_w", "battery.voltage_v"}
    assert len(series["at"]) == len(series["battery.voltage_v"])
    for path in ("/api/energy/hourly", "/api/energy/daily"):
        assert (await client.get(path)).status_code == 200


async def test_the_worked_example_by_what_if(site: WebSite, callers: Callers) -> None:
    client = await callers.token(Scope.READ)
    before = await site.stores.actions.count(SYSTEM_ID)
    answer = (await client.post("/api/allocate", json=ALLOCATE)).json()
    assert answer["budget"]["solar_surplus_w"] == 6600
    assert answer["budget"]["total_w"] == 11600
    commands = {each["name"]: (each["command"], each["reason"]) for each in answer["miners"]}
    assert commands["Primary S21+ (Revenue)"] == ("start", "eligible")
    assert commands["Dump Load S19 #1"] == ("stay_off", "below_start_voltage")
    assert await site.stores.actions.count(SYSTEM_ID) == before


async def test_decisions_are_listed_read_and_decided_again(callers: Callers) -> None:
    client = await callers.token(Scope.READ)
    page = (await client.get("/api/decisions?limit=1")).json()
    assert page["total"] == 2
    older = (await client.get("/api/decisions", params={"cursor": page["next_cursor"]})).json()
    newest = page["items"][0]
    assert newest["previous_hash"] == older["items"][0]["hash"]
    whole = (await client.get(f"/api/decisions/{newest['id']}")).json()
    assert whole["document"]["allocation"]["miners"]
    replayed = await client.post("/api/decisions/replay", json={"decision_id": newest["id"]})
    assert replayed.json()["identical"] is True
    missing = await client.get(f"/api/decisions/{uuid4()}")
    assert (missing.status_code, missing.json()["kind"]) == (404, "decision")


async def test_approving_twice_or_after_a_rejection_does_nothing(
    site: WebSite, callers: Callers
) -> None:
    client = await callers.browser()
    action = await site.pending_action()
    path = f"/api/actions/{action.id}"
    first = await client.post(f"{path}/approve")
    assert (first.status_code, first.json()["status"]) == (200, "approved")
    assert first.json()["load_name"] == "Dump Load S19 #1"
    again = await client.post(f"{path}/approve")
    assert again.status_code in {200, 409}
    late = await client.post(f"{path}/reject")
    assert late.status_code == 409
    events = (await client.get(path)).json()["events"]
    assert [event["status"] for event in events].count("approved") == 1
    assert events[-1]["actor"] == "owner@example.com"


async def test_an_expired_proposal_can_not_be_approved(site: WebSite, callers: Callers) -> None:
    client = await callers.browser()
    action = await site.pending_action()
    site.clock.advance(301)
    answer = await client.post(f"/api/actions/{action.id}/approve")
    assert answer.status_code == 409
    stored = await site.stores.actions.get(action.id)
    assert stored is not None
    assert stored.status.value in {"pending", "expired"}


async def test_the_owner_switches_by_hand(site: WebSite, callers: Callers) -> None:
    client = await callers.browser("kim@example.com")
    body = {"load_id": str(DUMP_LOAD), "target_on": True}
    made = await client.post("/api/actions", json=body)
    assert made.status_code == 201
    assert made.json()["requested_by"] == "kim@example.com"
    unknown = await client.post("/api/actions", json=body | {"load_id": str(uuid4())})
    assert (unknown.status_code, unknown.json()["kind"]) == (404, "load")
    mine = (await client.get("/api/actions", params={"load_id": str(DUMP_LOAD)})).json()
    assert mine["items"][0]["id"] == made.json()["id"]
    none = (await client.get("/api/actions", params={"load_id": str(uuid4())})).json()
    assert none == {"items": [], "total": 0, "next_cursor": None}


async def test_the_stop_latches_and_only_an_admin_ends_it(site: WebSite, callers: Callers) -> None:
    kim, owner = await callers.browser("kim@example.com"), await callers.browser()
    pressed = await kim.post("/api/emergency-stop", json={"reason": "Smoke"})
    assert pressed.json()["latched"] is True
    assert pressed.json()["changed_by"] == "kim@example.com"
    assert (await owner.get("/api/emergency-stop")).json()["reason"] == "Smoke"
    assert (await kim.delete("/api/emergency-stop?reason=fine")).status_code == 403
    for reason in ("", "%00%00%00", "x"):
        refused = await owner.delete(f"/api/emergency-stop?reason={reason}")
        assert refused.status_code in {400, 422}
    released = await owner.request("DELETE", "/api/emergency-stop", json={"reason": "Checked"})
    assert released.json()["latched"] is False
    assert (await owner.post("/api/emergency-stop")).json()["reason"] == "no reason given"
    assert (await owner.delete("/api/emergency-stop?reason=drill")).json()["reason"] == "drill"


async def test_alerts_are_seen_and_quieted(site: WebSite, callers: Callers) -> None:
    client = await callers.browser()
    alert = await site.open_alert()
    path = f"/api/alerts/{alert.id}"
    assert (await client.post(f"{path}/ack")).json()["acknowledged_by"] == "owner@example.com"
    snoozed = (await client.post(f"{path}/snooze", json={"minutes": 30})).json()
    assert snoozed["snoozed_until"] is not None
    bodies: list[dict[str, Any]] = [
        {},
        {"minutes": 0},
        {"minutes": 1e9},
        {"until": "2001-01-01T00:00:00Z"},
        {"until": "2026-06-22T00:00:00"},
        {"minutes": 5, "until": "2026-06-22T00:00:00Z"},
    ]
    for body in bodies:
        assert (await client.post(f"{path}/snooze", json=body)).status_code == 422
    assert (await client.post(f"/api/alerts/{uuid4()}/ack")).status_code == 404


async def test_a_test_message_without_targets_says_so(callers: Callers) -> None:
    client = await callers.browser()
    assert (await client.post("/api/notifications/test")).status_code == 422


async def test_health_is_503_when_the_database_is_away(site: WebSite, callers: Callers) -> None:
    client = await callers.token(Scope.READ)
    assert (await client.get("/api/health")).json()["components"]
    site.stores.health.ok = False
    answer = await client.get("/api/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "down")


async def test_the_live_stream_tells_what_changes(site: WebSite) -> None:
    token = await site.token("owner@example.com", Scope.READ)
    headers = {"Authorization": f"Bearer {token}"}
    async with listening(site.app, "/api/stream", headers=headers) as line:
        first = await line.next("now")
        await site.stores.events.publish("telemetry", {"system_id": str(uuid4())})
        await site.stores.events.publish("estop", {"system_id": str(SYSTEM_ID), "latched": True})
        assert (await line.next("telemetry", "estop")).name == "estop"
        assert (await line.next("now")).data["at"] == first.data["at"]


async def test_a_burst_of_changes_is_one_picture(site: WebSite) -> None:
    token = await site.token("owner@example.com", Scope.READ)
    headers = {"Authorization": f"Bearer {token}"}
    async with listening(site.app, "/api/stream", headers=headers) as line:
        await line.next("now")
        for number in range(50):
            await site.stores.events.publish("telemetry", {"number": number})
        heard = [(await line.next("telemetry", "now")).name for _ in range(51)]
        assert (heard.count("telemetry"), heard[-1]) == (50, "now")


async def test_a_picture_that_hangs_holds_up_no_change(site: WebSite) -> None:
    token = await site.token("owner@example.com", Scope.READ)
    headers = {"Authorization": f"Bearer {token}"}
    hanging = asyncio.Event()

    class Hanging(LiveView):
        def __init__(self) -> None: ...

        @override
        async def now(self, system_id: UUID) -> SitePicture:
            del system_id
            await hanging.wait()
            raise AssertionError

    site.app.state.services = replace(site.services, live=Hanging())
    async with listening(site.app, "/api/stream", headers=headers) as line:
        assert (await line.next()).name == "version"
        await site.stores.events.publish("estop", {"latched": True})
        assert (await line.next()).data == {"latched": True}


async def test_a_database_that_is_frozen_is_told_as_away_and_back() -> None:
    """It gives no error, and what was asked of it does not even end when it is cancelled."""
    config = ServerConfig(allowed_hosts=("test",), refresh_s=0.05, picture_s=0.05)
    site = WebSite(config=config)
    await site.set_up()
    headers = {"Authorization": f"Bearer {await site.token('owner@example.com', Scope.READ)}"}
    thawed = asyncio.Event()

    class Frozen(LiveView):
        def __init__(self) -> None: ...

        @override
        async def now(self, system_id: UUID) -> SitePicture:
            del system_id
            while not thawed.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await thawed.wait()
            return cast(SitePicture, {"at": "now"})

    site.app.state.services = replace(site.services, live=Frozen())
    async with listening(site.app, "/api/stream", headers=headers) as line:
        told = await line.next("now", "away")
        assert told.name == "away"
        assert "no answer within" in told.data["message"]
        thawed.set()
        assert (await line.next("now")).data == {"at": "now"}


def test_a_page_knows_within_ten_seconds_that_it_is_not_live() -> None:
    config = ServerConfig()
    assert config.refresh_s + config.picture_s < 10.0


@pytest.mark.parametrize("heartbeat_s", [0.05])
async def test_a_silent_stream_has_a_heartbeat(heartbeat_s: float) -> None:
    config = ServerConfig(allowed_hosts=("test",), heartbeat_s=heartbeat_s, refresh_s=60.0)
    site = WebSite(config=config)
    await site.set_up()
    token = await site.token("owner@example.com", Scope.READ)
    headers = {"Authorization": f"Bearer {token}"}
    async with listening(site.app, "/api/stream", headers=headers) as line:
        assert (await line.next("comment")).data == "heartbeat"


async def test_the_description_of_the_api_has_examples(callers: Callers) -> None:
    client = await callers.browser()
    described = (await client.get("/api/openapi.json")).json()
    assert described["info"]["title"] == "CommandCenter"
    allocate = described["paths"]["/api/allocate"]["post"]["requestBody"]
    assert "worked" in allocate["content"]["application/json"]["examples"]
    put = described["paths"]["/api/preferences"]["put"]["requestBody"]
    assert put["content"]["application/json"]["example"]["operating_mode"] == "balanced"


async def test_a_load_is_found_by_its_site_only(callers: Callers) -> None:
    neighbour = await callers.browser("neighbour@example.com")
    body = {"load_id": str(PRIMARY_LOAD), "target_on": False}
    assert (await neighbour.post("/api/actions", json=body)).status_code == 404
