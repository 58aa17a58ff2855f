"""STOP by finger, by keyboard, on every page, without scripts and over a bad line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.served_site import ServedSite
from tests.fakes.sites.web_site import OTHER_SYSTEM_ID, SYSTEM_ID


def open_by_keyboard(page: Page) -> None:
    page.locator("#stop").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#stop-dialog")).to_be_visible()


def test_two_presses_of_enter_stop(visit: Visit, served: ServedSite) -> None:
    page = visit()
    open_by_keyboard(page)
    page.keyboard.press("Enter")
    expect(page.locator("#stopped")).to_be_visible()
    expect(page.locator("#stop-dialog")).to_be_hidden()
    assert served.latched() == "no reason given"


def test_enter_in_the_reason_stops_with_that_reason(visit: Visit, served: ServedSite) -> None:
    page = visit("/chat")
    open_by_keyboard(page)
    page.locator("#stop-reason").fill("smoke in the shed")
    page.keyboard.press("Enter")
    expect(page.locator("#stopped-why")).to_contain_text("smoke in the shed")
    assert served.latched() == "smoke in the shed"


@pytest.mark.parametrize("way", ["Escape", "Cancel", "held"])
def test_one_press_does_not_stop(visit: Visit, served: ServedSite, way: str) -> None:
    page = visit()
    page.locator("#stop").focus()
    page.keyboard.down("Enter")
    if way == "held":
        for _ in range(5):
            page.keyboard.down("Enter")  # what a key does that is held down
        page.keyboard.up("Enter")
        expect(page.locator("#stop-dialog")).to_be_visible()
    elif way == "Escape":
        page.keyboard.up("Enter")
        page.keyboard.press("Escape")
        expect(page.locator("#stop-dialog")).to_be_hidden()
    else:
        page.keyboard.up("Enter")
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator("#stop-dialog")).to_be_hidden()
    assert served.latched() is None


@pytest.mark.parametrize("path", ["/nothing", "/"])
def test_pages_that_failed_have_it_too(
    sign_in: Callable[..., BrowserContext], served: ServedSite, path: str
) -> None:
    served.picture.away = True
    page = sign_in().new_page()
    page.goto(path)
    expect(page.locator("h1")).to_have_text(
        "Not Found" if path == "/nothing" else "Service Unavailable"
    )
    open_by_keyboard(page)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Stopped.")
    assert served.latched() == "no reason given"


def test_a_page_that_failed_comes_back_by_itself(
    sign_in: Callable[..., BrowserContext], served: ServedSite
) -> None:
    served.picture.away = True
    page = sign_in().new_page()
    page.goto("/")
    served.picture.away = False
    expect(page.locator("#connection")).to_have_text("Live", timeout=15_000)


def test_without_scripts(sign_in: Callable[..., BrowserContext], served: ServedSite) -> None:
    page = sign_in(java_script_enabled=False).new_page()
    page.goto("/health")
    page.get_by_role("button", name="STOP").click()
    assert served.latched() is None
    page.get_by_label("Reason").fill("no scripts here")
    page.get_by_role("button", name="Stop everything").click()
    expect(page.locator("#stopped-why")).to_contain_text("no scripts here")
    assert served.latched() == "no scripts here"


def test_it_tries_three_times_and_then_says_what_to_do(visit: Visit, served: ServedSite) -> None:
    page = visit()
    served.door.refused["/api/emergency-stop"] = (503, 2)
    open_by_keyboard(page)
    page.keyboard.press("Enter")
    expect(page.locator("#stopped")).to_be_visible()
    served.reset()
    expect(page.locator("#stopped")).to_be_hidden()
    served.door.refused["/api/emergency-stop"] = (503, 3)
    open_by_keyboard(page)
    page.keyboard.press("Enter")
    expect(page.locator("#stop-problem")).to_have_text(
        "Not stopped: refused. If this lasts, cut the power at the breaker."
    )
    assert served.latched() is None
    latch = served.site.services.emergency.latch
    served.run(latch(SYSTEM_ID, by="kim@example.com", reason="the last try came through"))
    expect(page.locator("#stop-dialog")).to_be_hidden()


def test_it_ends_with_a_reason(visit: Visit, served: ServedSite) -> None:
    page = visit()
    open_by_keyboard(page)
    page.keyboard.press("Enter")
    expect(page.locator("#stopped")).to_be_visible()
    page.get_by_role("button", name="Re-enable automation").click()
    assert served.latched() is not None, "the reason is asked for"
    page.locator("#release input").fill("all is well")
    page.keyboard.press("Enter")
    expect(page.locator("#stopped")).to_be_hidden()
    assert served.latched() is None


def test_a_viewer_stops_and_does_not_release(visit: Visit, served: ServedSite) -> None:
    page = visit(email="visitor@example.com")
    open_by_keyboard(page)
    page.keyboard.press("Enter")
    expect(page.locator("#stopped")).to_be_visible()
    assert served.latched() is not None
    expect(page.locator("#stopped")).to_contain_text("An admin has to end it.")
    expect(page.locator("#release")).to_have_count(0)


def test_what_is_not_stopped_is_named(visit: Visit, served: ServedSite) -> None:
    """A welded relay: the news that all is latched does not take the words away."""
    page = visit()

    def welded(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"not_stopped": ["Primary S21+"]})

    page.route("**/api/emergency-stop*", welded)
    open_by_keyboard(page)
    page.keyboard.press("Enter")
    expect(page.locator("#stop-problem")).to_have_text(
        "Not stopped: Primary S21+. If this lasts, cut the power at the breaker."
    )
    page.evaluate("document.dispatchEvent(new CustomEvent('cc:latched'))")
    expect(page.locator("#stop-dialog")).to_be_visible()
    page.locator("#stop-cancel").click()
    expect(page.locator("#stop-dialog")).to_be_hidden()


def test_the_question_goes_as_soon_as_all_is_latched(visit: Visit, served: ServedSite) -> None:
    """The answer waits for every switch; the stream tells of the latch before."""
    page = visit()
    page.route("**/api/emergency-stop*", lambda route: None)  # no answer yet
    open_by_keyboard(page)
    page.keyboard.press("Enter")
    expect(page.locator("#stop-problem")).to_have_text("Stopping …")
    latch = served.site.services.emergency.latch
    served.run(latch(SYSTEM_ID, by="owner@example.com", reason="smoke"))
    expect(page.locator("#stop-dialog")).to_be_hidden()
    expect(page.locator("#stopped-why")).to_contain_text("smoke")


@pytest.mark.parametrize("scripts", [True, False])
def test_stop_stops_the_site_of_its_page(
    sign_in: Callable[..., BrowserContext], served: ServedSite, scripts: bool
) -> None:
    """The admin of two sites looks at the second: the first goes on."""
    page = sign_in(java_script_enabled=scripts).new_page()
    page.goto(f"/?system_id={OTHER_SYSTEM_ID}")
    expect(page.locator(".site")).to_have_text("Zebra farm")
    page.locator("#stop").click()
    page.get_by_role("button", name="Stop everything").click()
    if scripts:
        expect(page.locator("#stopped")).to_be_visible()
    else:
        page.wait_for_url(f"**/?system_id={OTHER_SYSTEM_ID}")
    state = served.run(served.site.services.emergency.state(OTHER_SYSTEM_ID))
    assert (state.latched, served.latched()) == (True, None)
    served.run(served.site.services.emergency.release(OTHER_SYSTEM_ID, by="test", reason="over"))


def test_whoever_is_signed_out_is_told_so(visit: Visit, served: ServedSite) -> None:
    page = visit()
    page.context.clear_cookies()
    open_by_keyboard(page)
    page.keyboard.press("Enter")
    expect(page.locator("#stop-problem")).to_contain_text(
        "Not stopped: you are signed out, sign in again."
    )
    assert served.latched() is None
