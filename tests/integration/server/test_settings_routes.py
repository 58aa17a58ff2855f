"""Preferences, miners, zones: partial changes, versions, rules, lists."""

from __future__ import annotations

from typing import Any

import pytest

from energy.site.preferences import Preferences
from services.accounts.records import Scope
from tests.fakes.sites.web_site import SYSTEM_ID, WebSite
from tests.integration.server.conftest import Callers

MINER = {"name": "Attic S9", "power_draw_watts": 1200}


async def test_a_change_names_only_what_changes(callers: Callers) -> None:
    client = await callers.token()
    before = (await client.get("/api/preferences")).json()
    answer = await client.patch("/api/preferences", json={"voltage_low": 47.5})
    after = answer.json()
    assert after["voltage_low"] == 47.5
    assert after["version"] == before["version"] + 1
    assert answer.headers["etag"] == f'"v{after["version"]}"'
    same = {key: value for key, value in after.items() if key not in {"version", "updated_at"}}
    assert same == {**same, **{k: v for k, v in before.items() if k in same and k != "voltage_low"}}


async def test_an_answer_can_be_sent_back_as_it_is(callers: Callers) -> None:
    client = await callers.token()
    read = await client.get("/api/preferences")
    headers = {"If-Match": read.headers["etag"]}
    assert (await client.put("/api/preferences", json=read.json(), headers=headers)).is_success


@pytest.mark.parametrize("path", ["/api/preferences", "miner"])
async def test_a_lost_update_is_refused_and_changes_nothing(callers: Callers, path: str) -> None:
    client = await callers.token()
    if path == "miner":
        path = (await client.post("/api/miners", json=MINER)).headers["location"]
    seen = (await client.get(path)).headers["etag"]
    change = {"voltage_low": 47.2} if "preferences" in path else {"priority_level": 7}
    assert (await client.patch(path, json=change, headers={"If-Match": seen})).status_code == 200
    late = await client.patch(path, json=change, headers={"If-Match": seen})
    assert late.status_code == 412
    assert "read it again" in late.json()["detail"].lower()
    garbage = await client.patch(path, json=change, headers={"If-Match": "yesterday's"})
    assert garbage.status_code == 412
    assert (await client.patch(path, json=change, headers={"If-Match": "*"})).status_code == 200


async def test_what_the_client_has_already_is_not_sent_again(callers: Callers) -> None:
    client = await callers.token()
    for path in ("/api/preferences", "/api/miners", "/api/users"):
        first = await client.get(path)
        assert first.headers["cache-control"] == "private, no-cache"
        again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        pytest.param(
            {"voltage_low": 51}, "voltage_low", "voltage_restart", id="order of thresholds"
        ),
        pytest.param({"battery_capacity_wh": -1}, "battery_capacity_wh", "", id="negative"),
        pytest.param({"voltage_low": "47"}, "voltage_low", "number", id="a number as text"),
        pytest.param({"voltage_low": None}, "voltage_low", "number", id="null"),
        pytest.param({"colour": "red"}, "colour", "", id="unknown field"),
        pytest.param({"operating_mode": "wild"}, "operating_mode", "balanced", id="unknown mode"),
        pytest.param({"timezone": "Mars/Base"}, "timezone", "", id="unknown time zone"),
        pytest.param(
            {"voltage_curve": [[50, 0], [49, 100]]}, "voltage_curve", "", id="curve falls"
        ),
    ],
)
async def test_a_broken_rule_is_named_and_nothing_changes(
    callers: Callers, change: dict[str, Any], path: str, words: str
) -> None:
    client = await callers.token()
    before = (await client.get("/api/preferences")).json()
    answer = await client.patch("/api/preferences", json=change)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["title"]
    named = [error for error in problem["errors"] if error["path"].startswith(path)]
    assert named, problem
    assert any(words in error["message"] for error in named), problem
    assert (await client.get("/api/preferences")).json() == before


@pytest.mark.parametrize(
    ("path", "change"),
    [
        pytest.param("/api/preferences", {"voltage_low": 47.5}, id="preferences"),
        pytest.param("/api/miners", {"priority_level": 7}, id="miner"),
        pytest.param("/api/hvac/zones", {"temp_hot_ok": 34.0}, id="zone"),
    ],
)
async def test_a_put_replaces_the_whole_or_nothing(
    callers: Callers, path: str, change: dict[str, Any]
) -> None:
    client = await callers.token()
    if path != "/api/preferences":
        path = f"{path}/{(await client.get(path)).json()['items'][0]['id']}"
    (field,) = change
    await client.patch(path, json=change)
    before = (await client.get(path)).json()
    partial = await client.put(path, json=change)
    assert partial.status_code == 422
    missing = {error["path"] for error in partial.json()["errors"]}
    assert missing == set(before) - {field, "id", "version", "updated_at"}
    assert "PATCH changes single fields" in partial.json()["detail"]
    assert (await client.get(path)).json() == before

    whole = {key: value for key, value in before.items() if key != "id"} | {field: before[field]}
    replaced = await client.put(path, json=whole)
    assert replaced.status_code == 200, replaced.text
    assert replaced.json() | {"updated_at": ""} == before | {
        "version": before["version"] + 1,
        "updated_at": "",
    }


async def test_back_to_the_defaults(callers: Callers) -> None:
    client = await callers.token()
    await client.patch("/api/preferences", json={"voltage_low": 47.5})
    assert (await client.post("/api/preferences/reset")).json()["voltage_low"] == 47.0


async def test_a_miners_life(callers: Callers) -> None:
    client = await callers.token()
    made = await client.post("/api/miners", json=MINER)
    assert made.status_code == 201
    path = made.headers["location"]
    assert (await client.get(path)).json()["name"] == "Attic S9"
    twin = await client.post("/api/miners", json=MINER)
    assert twin.status_code == 422
    bad = await client.patch(path, json={"start_voltage": 40})
    assert (bad.status_code, bad.json()["errors"][0]["path"]) == (422, "stop_voltage")
    assert (await client.patch(path, json={"id": "another"})).status_code == 422
    assert (await client.delete(path)).status_code == 204
    assert (await client.delete(path)).status_code == 404
    gone = await client.get(path)
    assert (gone.status_code, gone.json()["kind"]) == (404, "miner profile")


async def test_a_zones_life(callers: Callers) -> None:
    client = await callers.token()
    made = await client.post("/api/hvac/zones", json={"name": "Barn", "temp_too_hot": 40})
    path = made.headers["location"]
    assert (await client.patch(path, json={"temp_hot_ok": 35})).json()["temp_too_hot"] == 40
    upside_down = await client.patch(path, json={"temp_hot_ok": 45})
    assert upside_down.status_code == 422
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404


async def test_lists_say_their_total_and_continue_where_they_ended(callers: Callers) -> None:
    client = await callers.token()
    for number in range(3):
        await client.post("/api/miners", json=MINER | {"name": f"S9 #{number}"})
    names, cursor = [], None
    while True:
        query = {"limit": "2"} | ({} if cursor is None else {"cursor": cursor})
        page = (await client.get("/api/miners", params=query)).json()
        assert page["total"] == 5
        names += [miner["name"] for miner in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(names) == len(set(names)) == 5


async def test_the_log_is_paged_without_gaps_though_times_are_equal(
    site: WebSite, callers: Callers
) -> None:
    client = await callers.token()
    for number in range(7):
        await site.open_alert(title=f"same moment {number}")
    site.clock.advance(60)
    await site.open_alert(title="later")
    seen, cursor = [], None
    while True:
        query = {"limit": "3"} | ({} if cursor is None else {"cursor": cursor})
        page = (await client.get("/api/alerts", params=query)).json()
        assert page["total"] == 8
        seen += [alert["title"] for alert in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 8
    assert seen[0] == "later"


async def test_the_calibration_works_both_ways(callers: Callers) -> None:
    client = await callers.token()
    there = (await client.get("/api/battery/convert?voltage=52.3")).json()
    assert there["soc_pct"] == pytest.approx(62.4)
    back = (await client.get("/api/battery/convert", params={"soc": there["soc_pct"]})).json()
    assert back["voltage_v"] == pytest.approx(52.3)
    for query in ("", "?voltage=52&soc=50"):
        assert (await client.get(f"/api/battery/convert{query}")).status_code == 422
    for query in ("voltage=nan", "voltage=-1", "soc=101", "soc=full"):
        assert (await client.get(f"/api/battery/convert?{query}")).status_code == 400


async def test_changes_are_logged_with_their_author(site: WebSite, callers: Callers) -> None:
    kim = await callers.browser("kim@example.com")
    await kim.patch("/api/preferences", json={"voltage_low": 47.1})
    assert site.stores.settings.audit[-1] == ("kim@example.com", "update", "user_preferences")
    assert (await site.stores.settings.preferences(SYSTEM_ID)).value.voltage_low == 47.1


ADDRESSES = ["mailtos://me:hunter2@mail.example.org", "slack://hunter2/b/c", "json://h.org/hunter2"]
SHORTENED = ["mailtos://…#1", "slack://…#2", "json://h.org/…#3"]


async def test_addresses_for_messages_are_never_answered_whole(
    site: WebSite, callers: Callers
) -> None:
    """Passwords and tokens are in them: not even to the admin who wrote them, in no answer."""
    admin, reader = await callers.token(), await callers.token(Scope.READ)
    answer = await admin.patch("/api/preferences", json={"notify_urls": ADDRESSES})
    assert answer.json()["notify_urls"] == SHORTENED
    await site.reference.minute()
    decision = (await reader.get("/api/decisions")).json()["items"][0]["id"]
    for told in (
        answer,
        await reader.get("/api/preferences"),
        await reader.post("/api/allocate", json={}),
        await reader.get(f"/api/decisions/{decision}"),
        await reader.post("/api/decisions/replay", json={"decision_id": decision}),
    ):
        assert told.is_success, told.text
        assert "hunter2" not in told.text
    stored = await site.stores.decisions.page(SYSTEM_ID, before=None, limit=10)
    assert "hunter2" not in str([each.document for each in stored])


async def test_a_shortened_address_stands_for_the_stored_one(
    site: WebSite, callers: Callers
) -> None:
    client = await callers.token()
    await client.patch("/api/preferences", json={"notify_urls": ADDRESSES})
    whole = (await client.get("/api/preferences")).json()
    assert (await client.put("/api/preferences", json=whole)).is_success
    assert (await _stored(site)).notify_urls == tuple(ADDRESSES)
    kept = ["json://new.org/x", SHORTENED[1]]
    assert (await client.patch("/api/preferences", json={"notify_urls": kept})).is_success
    assert (await _stored(site)).notify_urls == ("json://new.org/x", ADDRESSES[1])
    refused = await client.patch("/api/preferences", json={"notify_urls": ["slack://…#7"]})
    assert (refused.status_code, refused.json()["errors"]) == (
        422,
        [
            {
                "path": "notify_urls[0]",
                "message": "'slack://…#7' shortens no stored address: give it whole",
            }
        ],
    )
    odd = await client.patch("/api/preferences", json={"notify_urls": [1]})
    assert (odd.status_code, odd.json()["errors"][0]["path"]) == (422, "notify_urls[0]")


async def test_an_address_that_cannot_be_used_is_refused_when_it_is_entered(
    site: WebSite, callers: Callers
) -> None:
    client = await callers.token()
    urls = ["json://h.org/x", "json://me:hunter2@10.1.2.3/x"]
    refused = await client.patch("/api/preferences", json={"notify_urls": urls})
    assert (refused.status_code, refused.json()["errors"]) == (
        422,
        [
            {
                "path": "notify_urls[1]",
                "message": "json://10.1.2.3/…: the host 10.1.2.3 is not a public one",
            }
        ],
    )
    assert "hunter2" not in refused.text
    assert (await _stored(site)).notify_urls == ()


async def _stored(site: WebSite) -> Preferences:
    return (await site.stores.settings.preferences(SYSTEM_ID)).value
