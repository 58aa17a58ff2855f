"""Pages and their parts without a browser: who sees what, and what it says."""

from __future__ import annotations

import re
from uuid import uuid4

from server.web.static_files import asset
from services.accounts.records import Scope
from tests.fakes.sites.web_site import OTHER_SYSTEM_ID, SYSTEM_ID, WebSite
from tests.integration.server.conftest import Callers

PAGES = ("/", "/chat", "/health")


async def test_every_page_loads_its_frame_once_under_one_digest(callers: Callers) -> None:
    client = await callers.browser()
    for path in PAGES:
        text = (await client.get(path)).text
        assert text.count(asset("js/shell.js")) == 1
        assert set(re.findall(r"/static/([0-9a-f]{12})/", text)) == {asset("").split("/")[2]}


async def test_what_needs_the_owner_is_counted_on_every_page(
    site: WebSite, callers: Callers
) -> None:
    await site.open_alert()
    await site.pending_action()
    client = await callers.browser()
    for path in PAGES:
        assert "<span data-count>2</span>" in (await client.get(path)).text
    part = (await client.get("/attention")).text
    assert 'data-count="2"' in part
    assert part.index("data-decide") < part.index("Low battery"), "a warning comes after a wish"


async def test_another_owners_alerts_and_actions_are_not_shown(
    site: WebSite, callers: Callers
) -> None:
    await site.open_alert(system_id=OTHER_SYSTEM_ID, title="Zebra escaped")
    action = await site.pending_action()
    assert "Zebra" not in (await (await callers.browser()).get("/attention")).text
    neighbour = await callers.browser("neighbour@example.com")
    assert "Zebra" in (await neighbour.get("/attention")).text
    assert (await neighbour.get(f"/actions/{action.id}/card")).status_code == 404


async def test_a_card_asks_while_it_waits_and_tells_afterwards(
    site: WebSite, callers: Callers
) -> None:
    action = await site.pending_action()
    owner, visitor = await callers.browser(), await callers.browser("visitor@example.com")
    address = f"/actions/{action.id}/card"
    assert "data-decide" in (await owner.get(address)).text
    assert "data-decide" not in (await visitor.get(address)).text
    await site.services.proposals.reject(action.id, by="kim")
    told = (await owner.get(address)).text
    assert "data-decide" not in told
    assert "Rejected: rejected by kim" in told
    assert (await owner.get(f"/actions/{uuid4()}/card")).status_code == 404


async def test_parts_need_a_sign_in(callers: Callers) -> None:
    nobody = await callers.nobody()
    for path in ("/attention", "/stop", f"/actions/{uuid4()}/card"):
        assert (await nobody.get(path)).status_code == 401, path


async def test_stop_without_scripts(site: WebSite, callers: Callers) -> None:
    client = await callers.browser()
    assert "Stop everything?" in (await client.get("/stop")).text
    assert (await client.post("/stop", data={"reason": " "})).status_code == 303
    state = await site.services.emergency.state(SYSTEM_ID)
    assert (state.latched, state.reason) == (True, "no reason given")


async def test_a_viewer_stops_and_does_not_release(site: WebSite, callers: Callers) -> None:
    visitor = await callers.browser("visitor@example.com")
    assert (await visitor.get("/stop")).status_code == 200
    assert (await visitor.post("/stop", data={})).status_code == 303
    assert (await site.services.emergency.state(SYSTEM_ID)).latched
    refused = await visitor.delete("/api/emergency-stop", params={"reason": "all is well"})
    assert refused.status_code == 403
    assert (await site.services.emergency.state(SYSTEM_ID)).latched


async def test_a_viewer_stops_by_the_api(site: WebSite, callers: Callers) -> None:
    visitor = await callers.browser("visitor@example.com")
    stopped = await visitor.post("/api/emergency-stop", json={"reason": "smoke"})
    assert (stopped.status_code, stopped.json()["latched"]) == (200, True)


async def test_readers_and_foreign_sites_do_not_stop(site: WebSite, callers: Callers) -> None:
    foreign = await callers.browser()
    refused = await foreign.post("/stop", data={}, headers={"Origin": "http://test:8123"})
    assert refused.status_code == 403
    reader = await callers.token(Scope.READ)
    assert (await reader.post("/stop", data={})).status_code == 403
    assert not (await site.services.emergency.state(SYSTEM_ID)).latched


async def test_a_simulated_clock_is_named(site: WebSite, callers: Callers) -> None:
    client = await callers.browser()
    assert "simulated clock" not in (await client.get("/")).text
    site.clock._speed = 20.0
    text = (await client.get("/chat")).text
    assert "simulated clock, 20×" in text
    assert 'data-speed="20.0"' in text


async def test_a_page_that_failed_has_stop_and_comes_back(site: WebSite, callers: Callers) -> None:
    client = await callers.browser()
    headers = {"Accept": "text/html"}
    missing = await client.get("/nothing", headers=headers)
    assert (missing.status_code, 'id="stop"' in missing.text) == (404, True)
    assert "tries again by itself" not in missing.text
    site.stores.alerts.open = None  # type: ignore[assignment, method-assign]  # something breaks
    broken = await client.get("/", headers=headers)
    assert (broken.status_code, 'id="stop"' in broken.text) == (500, True)


async def test_signing_out(callers: Callers) -> None:
    client = await callers.browser()
    answer = await client.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert (await client.get("/", headers={"Accept": "text/html"})).headers[
        "location"
    ] == "/sign-in"


async def test_a_stop_without_scripts_by_somebody_signed_out_is_answered_with_a_page(
    site: WebSite, callers: Callers
) -> None:
    nobody = await callers.nobody()
    headers = {"Accept": "text/html", "Origin": "http://test"}
    answer = await nobody.post(f"/stop?system_id={SYSTEM_ID}", data={}, headers=headers)
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (401, "text/html")
    assert "Sign in" in answer.text
    assert f'href="/sign-in?next=%2Fstop%3Fsystem_id%3D{SYSTEM_ID}"' in answer.text
    assert not (await site.services.emergency.state(SYSTEM_ID)).latched


async def test_a_page_that_broke_is_as_protected_as_any(site: WebSite, callers: Callers) -> None:
    client = await callers.browser()
    site.stores.alerts.open = None  # type: ignore[assignment, method-assign]  # something breaks
    broken = await client.get("/", headers={"Accept": "text/html"})
    assert broken.status_code == 500
    assert "script-src 'self'" in broken.headers["content-security-policy"]
    assert broken.headers["x-content-type-options"] == "nosniff"
    assert broken.headers["cache-control"] == "no-store"


async def test_the_way_back_from_the_sign_in_is_kept_for_it_alone(
    site: WebSite, callers: Callers
) -> None:
    nobody = await callers.nobody(Origin="http://test", **{"Sec-Fetch-Site": "same-origin"})
    wanted = f"/health?system_id={OTHER_SYSTEM_ID}"
    sent = await nobody.get(wanted, headers={"Accept": "text/html"})
    page = await nobody.get(sent.headers["location"])
    assert "HttpOnly" in page.headers["set-cookie"]
    assert "Path=/sign-in" in page.headers["set-cookie"]
    opened = await nobody.post(f"/sign-in/{await site.link('owner@example.com')}")
    assert opened.headers["location"] == wanted
    again = await nobody.post(f"/sign-in/{await site.link('owner@example.com')}")
    assert again.headers["location"] == "/", "used once"
    foreign = await nobody.get("/sign-in", params={"next": "//elsewhere.example/"})
    assert "elsewhere" not in foreign.headers["set-cookie"]
