"""An admin of two sites: every way through the pages stays with the site that is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from structlog.testing import capture_logs

from services.stored import Json
from tests.browser.conftest import Visit
from tests.browser.served_site import ServedSite
from tests.fakes.sites.web_site import OTHER_SYSTEM_ID, SYSTEM_ID

SECOND = "Zebra farm"
ZEBRA = f"system_id={OTHER_SYSTEM_ID}"
TITLES = {404: "Not Found", 500: "Internal Server Error", 403: "Forbidden"}


@pytest.fixture
def at_zebra(visit: Visit) -> Page:
    page = visit(f"/?{ZEBRA}")
    shows(page, SECOND)
    return page


@pytest.fixture
def released(served: ServedSite) -> Iterator[ServedSite]:
    yield served
    state = served.run(served.site.services.emergency.state(OTHER_SYSTEM_ID))
    if state.latched:
        release = served.site.services.emergency.release
        served.run(release(OTHER_SYSTEM_ID, by="test", reason="over"))


@pytest.fixture
def unprinted() -> Iterator[None]:
    """Printing the trace of a page that broke takes long, in the server's own thread."""
    with capture_logs():
        yield


def shows(page: Page, name: str) -> None:
    expect(page.locator(".site")).to_have_text(name)


def broken(_: Json) -> None:
    """What a picture does that nobody expected."""
    raise ArithmeticError


def is_latched(served: ServedSite, system_id: UUID) -> bool:
    return served.run(served.site.services.emergency.state(system_id)).latched


def test_navigation_badge_and_new_conversation_stay(at_zebra: Page, served: ServedSite) -> None:
    page = at_zebra
    for name in ("Chat", "Health", "Home"):
        page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
        expect(page).to_have_title(f"{name} – CommandCenter")
        shows(page, SECOND)
    served.run(served.site.open_alert(system_id=OTHER_SYSTEM_ID, title="Gate open"))
    page.goto(f"/chat?{ZEBRA}")
    page.locator("#badge").click()
    shows(page, SECOND)
    expect(page.locator("#attention")).to_contain_text("Gate open")
    page.goto(f"/chat?{ZEBRA}")
    page.get_by_role("link", name="New conversation").click()
    shows(page, SECOND)


def test_every_request_of_a_page_names_its_site(visit: Visit) -> None:
    """Also where the address does not: another site may come first tomorrow."""
    page = visit("/")
    first = page.locator("body").get_attribute("data-system")
    for path in ("/", "/chat", "/health"):
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))  # noqa: B023 - of this turn
        page.goto(path)
        expect(page.locator("#connection")).to_have_text("Live")
        hrefs = page.eval_on_selector_all(
            "a[href^='/']:not(#sites a)", "all => all.map((each) => each.href)"
        )
        sites = [each for each in hrefs if "/sign-in" not in each]
        assert sites
        assert [each for each in sites if f"system_id={first}" not in each] == []
        named = [each for each in asked if "/api/" in each or "/attention?" in each]
        assert [each for each in named if f"system_id={first}" not in each] == []


def test_health_is_read_again_at_the_same_site(at_zebra: Page) -> None:
    page = at_zebra
    page.goto(f"/health?{ZEBRA}")
    expect(page.locator("#health")).to_have_attribute("data-refresh", f"/health?{ZEBRA}")


def test_an_old_conversation_opens_at_its_own_site(at_zebra: Page) -> None:
    page = at_zebra
    page.goto(f"/chat?{ZEBRA}")
    page.locator("#question").fill("How are the zebras?")
    page.keyboard.press("Enter")
    expect(page.locator("#conversations a").first).to_have_text("How are the zebras?")
    link = page.locator("#conversations a").first.get_attribute("href") or ""
    conversation = link.partition("conversation=")[2].partition("&")[0]
    assert ZEBRA in link
    for address in (link, f"/chat?conversation={conversation}"):
        page.goto(address)
        shows(page, SECOND)
        expect(page.locator("#messages")).to_contain_text("How are the zebras?")
    page.goto(f"/chat?conversation={conversation}&system_id={SYSTEM_ID}")
    shows(page, SECOND)


def test_the_site_is_switched_on_the_same_page(at_zebra: Page) -> None:
    page = at_zebra
    page.goto(f"/health?{ZEBRA}")
    page.locator("#sites summary").click()
    page.locator("#sites").get_by_role("link").first.click()
    expect(page).to_have_title("Health – CommandCenter")
    expect(page.locator(".site")).not_to_have_text(SECOND)
    expect(page.locator("body")).to_have_attribute("data-system", str(SYSTEM_ID))


@pytest.mark.usefixtures("unprinted")
@pytest.mark.parametrize("status", [404, 500])
@pytest.mark.parametrize("scripts", [True, False])
def test_stop_of_a_page_that_failed_names_its_site_and_stops_that(
    sign_in: Callable[..., BrowserContext], released: ServedSite, status: int, scripts: bool
) -> None:
    path = {404: "/nothing", 500: "/"}[status]
    if status == 500:
        released.picture.change = broken
    page = sign_in(java_script_enabled=scripts).new_page()
    page.goto(f"{path}?{ZEBRA}")
    expect(page.locator("h1")).to_have_text(TITLES[status])
    assert page.locator("main a").get_attribute("href") != "/"
    page.locator("#stop").click()
    expect(page.locator("#stop-site")).to_have_text(SECOND)
    page.get_by_role("button", name="Stop everything").click()
    if scripts:
        expect(page.locator("h1")).to_contain_text("Stopped.")
    else:
        page.wait_for_url(f"**/?{ZEBRA}")
    assert (is_latched(released, OTHER_SYSTEM_ID), is_latched(released, SYSTEM_ID)) == (True, False)


@pytest.mark.parametrize("named", ["system_id=50000000-0000-0000-0000-00000000dead", "system_id=x"])
def test_a_site_that_is_gone_leaves_a_stop_that_says_which_site(
    sign_in: Callable[..., BrowserContext], released: ServedSite, named: str
) -> None:
    page = sign_in().new_page()
    page.goto(f"/?{named}")
    page.locator("#stop").click()
    first = released.run(released.site.services.sites.systems())
    name = next(each.name for each in first if each.id == SYSTEM_ID)
    expect(page.locator("#stop-site")).to_have_text(name)
    page.get_by_role("button", name="Stop everything").click()
    expect(page.locator("h1")).to_contain_text("Stopped.")
    assert is_latched(released, SYSTEM_ID)


def test_stop_names_its_site_on_every_page(at_zebra: Page) -> None:
    page = at_zebra
    for path in ("/", "/chat", "/health"):
        page.goto(f"{path}?{ZEBRA}")
        page.locator("#stop").click()
        expect(page.locator("#stop-site")).to_have_text(SECOND)
    page.goto(f"/stop?{ZEBRA}")
    page.get_by_role("link", name="Cancel").click()
    shows(page, SECOND)


def test_signing_in_leads_back_to_the_site_that_was_meant(
    sign_in: Callable[..., BrowserContext], served: ServedSite
) -> None:
    context = sign_in()
    context.clear_cookies()
    page = context.new_page()
    page.goto(f"/health?{ZEBRA}")
    expect(page.locator("h1")).to_have_text("CommandCenter")
    page.goto(f"/sign-in/{served.link()}")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_title("Health – CommandCenter")
    shows(page, SECOND)


def test_a_page_that_was_signed_out_is_come_back_to(at_zebra: Page, served: ServedSite) -> None:
    page = at_zebra
    page.context.clear_cookies()
    served.hang_up()
    served.serve()
    page.locator("#signed-out").get_by_role("link", name="Sign in").click(timeout=20_000)
    page.goto(f"/sign-in/{served.link()}")
    page.get_by_role("button", name="Sign in").click()
    shows(page, SECOND)
