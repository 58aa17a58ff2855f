"""Who may what: nobody, viewers, users, admins, machine tokens, neighbours, foreign pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from services.accounts.records import Scope
from tests.fakes.sites.web_site import OTHER_SYSTEM_ID, PRIMARY_LOAD, SYSTEM_ID, WebSite
from tests.integration.server.conftest import ORIGIN, Callers

MISSING = UUID(int=7)
OPEN = {("GET", "/api/health/live"), ("GET", "/api/health/ready")}
ENTRANCE = {("POST", "/api/auth/login"), ("POST", "/api/auth/logout")}
LETTERS = {"{" + name + "}": str(MISSING) for name in ("miner_id", "zone_id", "user_id")} | {
    "{" + name + "}": str(MISSING)
    for name in ("token_id", "decision_id", "action_id", "alert_id", "conversation_id", "run_id")
}


def endpoints(site: WebSite) -> list[tuple[str, str]]:
    """Every method and path of the API, with ids that name nothing."""
    found = []
    for path, methods in site.app.openapi()["paths"].items():
        concrete = path
        for name, value in LETTERS.items():
            concrete = concrete.replace(name, value)
        found += [(method.upper(), concrete) for method in methods]
    return found


async def test_nobody_gets_nothing_but_liveness_and_the_entrance(
    site: WebSite, callers: Callers
) -> None:
    client = await callers.nobody()
    answers = {
        (method, path): (await client.request(method, path, json={})).status_code
        for method, path in endpoints(site)
        if (method, path) not in OPEN | ENTRANCE
    }
    assert len(answers) > 40
    assert {key: status for key, status in answers.items() if status != 401} == {}


async def test_a_wrong_token_is_nobody_even_with_a_good_cookie(callers: Callers) -> None:
    client = await callers.browser()
    answer = await client.get("/api/miners", headers={"Authorization": "Bearer cct_wrong"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"


WRITES: list[tuple[str, str, dict[str, Any]]] = [
    ("PUT", "/api/preferences", {}),
    ("PATCH", "/api/preferences", {}),
    ("PATCH", f"/api/miners/{MISSING}", {}),
    ("PATCH", f"/api/hvac/zones/{MISSING}", {}),
    ("POST", "/api/preferences/reset", {}),
    ("POST", "/api/miners", {}),
    ("POST", "/api/hvac/zones", {}),
    ("DELETE", f"/api/miners/{MISSING}", {}),
    ("POST", "/api/actions", {"load_id": str(PRIMARY_LOAD), "target_on": False}),
    ("POST", f"/api/actions/{MISSING}/approve", {}),
    ("POST", f"/api/alerts/{MISSING}/ack", {}),
    ("POST", "/api/notifications/test", {}),
]
ADMINS: list[tuple[str, str, dict[str, Any]]] = [
    ("DELETE", "/api/emergency-stop", {"reason": "all is well"}),
    ("GET", "/api/users", {}),
    ("POST", "/api/users", {"email": "new@example.com"}),
    ("DELETE", f"/api/users/{MISSING}", {}),
    ("GET", "/api/tokens", {}),
    ("POST", "/api/tokens", {"name": "mine"}),
    ("DELETE", f"/api/tokens/{MISSING}", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES + ADMINS)
async def test_reading_is_no_right_to_change(
    callers: Callers, method: str, path: str, body: dict[str, Any]
) -> None:
    by_token = await callers.token(Scope.READ)
    as_viewer = await callers.browser("visitor@example.com")
    for client in (by_token, as_viewer):
        answer = await client.request(method, path, json=body)
        assert answer.status_code == 403, answer.text
        assert "needs" in answer.json()["detail"]


async def test_a_token_for_reading_does_not_stop_the_site(callers: Callers) -> None:
    by_token = await callers.token(Scope.READ)
    answer = await by_token.post("/api/emergency-stop", json={})
    assert (answer.status_code, "needs" in answer.json()["detail"]) == (403, True)


@pytest.mark.parametrize(("method", "path", "body"), ADMINS)
async def test_some_things_are_for_admins(
    callers: Callers, method: str, path: str, body: dict[str, Any]
) -> None:
    by_token = await callers.token(Scope.CONTROL)
    as_user = await callers.browser("kim@example.com")
    for client in (by_token, as_user):
        assert (await client.request(method, path, json=body)).status_code == 403


async def test_a_token_is_never_stronger_than_its_owner(callers: Callers) -> None:
    client = await callers.token(Scope.READ, email="visitor@example.com")
    assert (await client.get("/api/miners")).status_code == 200
    assert (await client.post("/api/emergency-stop")).status_code == 403


async def test_a_neighbour_sees_only_their_own_site(site: WebSite, callers: Callers) -> None:
    neighbour = await callers.browser("neighbour@example.com")
    action, alert = await site.pending_action(), await site.open_alert()
    decision = await site.stores.decisions.latest(SYSTEM_ID)
    assert decision is not None
    assert (await neighbour.get("/api/home/now")).json()["name"] == "Zebra farm"
    for method, path in (
        ("GET", f"/api/home/now?system_id={SYSTEM_ID}"),
        ("POST", f"/api/emergency-stop?system_id={SYSTEM_ID}"),
        ("PUT", f"/api/preferences?system_id={SYSTEM_ID}"),
        ("PATCH", f"/api/preferences?system_id={SYSTEM_ID}"),
        ("POST", f"/api/ask?system_id={SYSTEM_ID}"),
        ("GET", f"/api/stream?system_id={SYSTEM_ID}"),
        ("GET", f"/api/decisions/{decision.id}"),
        ("GET", f"/api/actions/{action.id}"),
        ("POST", f"/api/actions/{action.id}/approve"),
        ("POST", f"/api/actions/{action.id}/reject"),
        ("POST", f"/api/alerts/{alert.id}/ack"),
    ):
        answer = await neighbour.request(method, path, json={"question": "?"})
        assert answer.status_code == 404, (path, answer.text)
    replay = await neighbour.post("/api/decisions/replay", json={"decision_id": str(decision.id)})
    assert replay.status_code == 404
    foreign = {"load_id": str(PRIMARY_LOAD), "target_on": False}
    assert (await neighbour.post("/api/actions", json=foreign)).status_code == 404
    assert not (await site.stores.emergency_stops.state(SYSTEM_ID)).latched


async def test_an_admin_sees_all_sites_and_a_guest_the_admins(callers: Callers) -> None:
    owner = await callers.browser()
    guest = await callers.browser("visitor@example.com")
    other = f"/api/home/now?system_id={OTHER_SYSTEM_ID}"
    assert (await owner.get(other)).status_code == 200
    assert (await guest.get("/api/home/now")).json()["system_id"] == str(SYSTEM_ID)
    assert (await guest.get(other)).status_code == 404


async def test_a_token_for_reading_removes_no_conversation(callers: Callers) -> None:
    kim = await callers.browser("kim@example.com")
    asked = (await kim.post("/api/ask", json={"question": "How full is it?"})).json()
    path = f"/api/conversations/{asked['conversation_id']}"
    reading = await callers.token(Scope.READ, email="kim@example.com")
    assert (await reading.delete(path)).status_code == 403
    assert (await kim.get(path)).status_code == 200
    changing = await callers.token(Scope.CONTROL, email="kim@example.com")
    assert (await changing.delete(path)).status_code == 204


async def test_a_viewer_may_delete_their_own_conversation(callers: Callers) -> None:
    guest = await callers.browser("visitor@example.com")
    asked = (await guest.post("/api/ask", json={"question": "How full is it?"})).json()
    path = f"/api/conversations/{asked['conversation_id']}"
    assert (await guest.delete(path)).status_code == 204


async def test_conversations_belong_to_one_person(callers: Callers) -> None:
    kim, owner = await callers.browser("kim@example.com"), await callers.browser()
    asked = (await kim.post("/api/ask", json={"question": "How full is it?"})).json()
    path = f"/api/conversations/{asked['conversation_id']}"
    assert (await kim.get(path)).status_code == 200
    for method, foreign in (
        ("GET", path),
        ("GET", f"{path}/export"),
        ("DELETE", path),
        ("GET", f"/api/runs/{asked['run_id']}/events"),
        ("POST", f"/api/runs/{asked['run_id']}/stop"),
    ):
        assert (await owner.request(method, foreign)).status_code == 404
    again = {"question": "And now?", "conversation_id": asked["conversation_id"]}
    assert (await owner.post("/api/ask", json=again)).status_code == 404
    assert (await kim.get("/api/conversations")).json()["total"] == 1
    assert (await owner.get("/api/conversations")).json()["total"] == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}, 200, id="our own page"),
        pytest.param({"Origin": ORIGIN}, 200, id="our own page over plain http"),
        pytest.param({}, 403, id="a cookie without an origin"),
        pytest.param({"Origin": "http://test:8123"}, 403, id="another port of this host"),
        pytest.param({"Origin": "null"}, 403, id="a sandboxed frame"),
        pytest.param({"Origin": "https://evil.example"}, 403, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, 403, id="same host, other port"),
        pytest.param({"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN}, 403, id="contradiction"),
    ],
)
async def test_changes_by_cookie_come_from_our_own_pages_only(
    site: WebSite, callers: Callers, headers: dict[str, str], status: int
) -> None:
    client = await callers.nobody(**headers)
    client.cookies.set("cc_session", await site.session("owner@example.com"))
    assert (await client.post("/api/emergency-stop")).status_code == status
    assert (await site.stores.emergency_stops.state(SYSTEM_ID)).latched is (status == 200)


async def test_foreign_host_names_are_refused(callers: Callers) -> None:
    client = await callers.nobody(Host="rebound.example")
    answer = await client.get("/api/health/live")
    assert (answer.status_code, answer.json()["type"]) == (
        400,
        "urn:commandcenter:problem:unknown-host",
    )


async def test_signing_in_and_out_by_link(site: WebSite, callers: Callers) -> None:
    client = await callers.nobody(Origin=ORIGIN)
    secret = await site.accounts.new_link((await site.user("owner@example.com")).id)
    shown = await client.get(f"/sign-in/{secret}")
    assert "<form" in shown.text
    signed = await client.post("/api/auth/login", json={"link": secret})
    assert signed.json()["scope"] == "admin"
    cookie = signed.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert (await client.get("/api/auth/session")).json()["user"]["email"] == "owner@example.com"
    assert (await client.post("/api/auth/login", json={"link": secret})).status_code == 401
    kept = client.cookies["cc_session"]
    assert (await client.post("/api/auth/logout")).status_code == 204
    client.cookies.set("cc_session", kept)
    assert (await client.get("/api/auth/session")).status_code == 401


async def test_guessing_is_slowed_down(callers: Callers) -> None:
    client = await callers.nobody()
    statuses = [
        (await client.post("/api/auth/login", json={"link": "guess"})).status_code
        for _ in range(11)
    ]
    assert statuses == [401] * 10 + [429]
    last = await client.post("/api/auth/login", json={"link": "guess"})
    assert int(last.headers["retry-after"]) > 0


async def test_pages_send_whoever_is_signed_out_to_the_sign_in(callers: Callers) -> None:
    client = await callers.nobody(Accept="text/html")
    for path in ("/", "/chat", "/health"):
        answer = await client.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")


async def test_tokens_are_shown_once_and_revoked_at_once(callers: Callers) -> None:
    admin = await callers.token()
    made = (await admin.post("/api/tokens", json={"name": "grafana", "scope": "read"})).json()
    machine = await callers.nobody(Authorization=f"Bearer {made['token']}")
    assert (await machine.get("/api/home/now")).status_code == 200
    listed = (await admin.get("/api/tokens")).text
    assert made["token"] not in listed
    assert (await admin.delete(f"/api/tokens/{made['id']}")).status_code == 204
    assert (await machine.get("/api/home/now")).status_code == 401
    assert (await admin.delete(f"/api/tokens/{made['id']}")).status_code == 404


async def test_people_are_added_with_a_link_to_hand_over(callers: Callers) -> None:
    admin = await callers.token()
    body = {"email": "new@example.com", "role": "viewer", "password": "long enough for all"}
    made = (await admin.post("/api/users", json=body)).json()
    assert made["sign_in_path"].startswith("/sign-in/")
    assert (await admin.get(f"/api/users/{made['id']}")).json()["role"] == "viewer"
    assert (
        await admin.post("/api/users", json=body | {"email": "NEW@example.com"})
    ).status_code == 409
    client = await callers.nobody()
    right = {"email": "new@example.com", "password": "long enough for all"}
    wrong = right | {"password": "long enough, but wrong"}
    assert (await client.post("/api/auth/login", json=wrong)).status_code == 401
    assert (await client.post("/api/auth/login", json=right)).status_code == 200
    guest = await callers.browser("new@example.com")
    assert (await guest.get(f"/api/users/{made['id']}")).status_code == 200
    assert (await guest.get(f"/api/users/{uuid4()}")).status_code == 403


async def test_every_answer_carries_the_protecting_headers(callers: Callers) -> None:
    client: httpx2.AsyncClient = await callers.browser()
    worker = "/static/js/stream_worker.js"
    for path in ("/", "/api/home/now", "/api/nothing", "/static/css/app.css", worker, "/sign-in"):
        headers = (await client.get(path)).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "cache-control" in headers
