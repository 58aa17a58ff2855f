"""The owner with a phone at night: large text, a phone on its side, a bad line, hasty fingers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Visit
from tests.browser.served_site import ServedSite

STOP_PATH = "/api/emergency-stop"
IN_SIGHT = """(id) => {
  const { left, right, top, bottom } = document.getElementById(id).getBoundingClientRect();
  const over = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight
    && over?.id === id;
}"""


def ask_to_stop(page: Page) -> None:
    page.locator("#stop").click()
    page.locator("#stop-confirm").click()


@pytest.mark.parametrize("text_px", [16, 32], ids=["usual text", "text of 200 %"])
@pytest.mark.parametrize(("width", "height"), [(360, 640), (640, 360), (1280, 800)])
@pytest.mark.parametrize("path", ["/", "/chat", "/health", "/nothing"])
def test_stop_is_in_sight(
    sign_in: Callable[..., BrowserContext],
    served: ServedSite,
    path: str,
    width: int,
    height: int,
    text_px: int,
) -> None:
    """At the page's top and at its end, whatever the size of text and screen."""
    served.run(served.site.open_alert())
    context = sign_in(viewport={"width": width, "height": height})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Page.setFontSizes", {"fontSizes": {"standard": text_px, "fixed": text_px}})
    page.goto(path)
    assert page.evaluate("getComputedStyle(document.body).fontSize") == f"{text_px}px"
    assert page.evaluate(IN_SIGHT, "stop")
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    assert page.evaluate(IN_SIGHT, "stop")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#stop").click()
    page.locator("#stop-confirm").scroll_into_view_if_needed()
    assert page.evaluate(IN_SIGHT, "stop-confirm")


@pytest.mark.parametrize("path", ["/stop", "/sign-in"])
def test_pages_without_a_frame_fit_large_text(
    sign_in: Callable[..., BrowserContext], path: str
) -> None:
    context = sign_in(viewport={"width": 360, "height": 640})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 32}})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_large_latched_banner_fits(
    sign_in: Callable[..., BrowserContext], served: ServedSite
) -> None:
    context = sign_in(viewport={"width": 360, "height": 640})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 32}})
    page.goto("/")
    ask_to_stop(page)
    expect(page.locator("#stopped")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_stop_outlasts_a_line_that_is_away_for_a_moment(visit: Visit, served: ServedSite) -> None:
    """Three tries within a few milliseconds would be one."""
    page = visit(viewport={"width": 360, "height": 640})
    page.context.set_offline(True)
    ask_to_stop(page)
    expect(page.locator("#stop-problem")).to_contain_text("can't be reached")
    page.context.set_offline(False)
    expect(page.locator("#stopped")).to_be_visible()
    assert served.latched() == "no reason given"


@pytest.mark.parametrize("way", ["Escape", "Cancel"])
def test_a_stop_that_is_called_off_is_not_tried_again(
    visit: Visit, served: ServedSite, way: str
) -> None:
    page = visit()
    served.door.refused[STOP_PATH] = (503, 1)
    ask_to_stop(page)
    expect(page.locator("#stop-problem")).to_contain_text("refused")
    if way == "Escape":
        page.keyboard.press("Escape")
    else:
        page.get_by_role("button", name="Cancel").click()
    page.wait_for_timeout(4_000)
    assert served.latched() is None
    assert served.door.paths.count(STOP_PATH) == 1


def test_a_stop_that_is_forbidden_is_told_at_once(visit: Visit, served: ServedSite) -> None:
    page = visit()
    served.door.refused[STOP_PATH] = (403, 100)
    ask_to_stop(page)
    expect(page.locator("#stop-problem")).to_contain_text("Not stopped")
    page.wait_for_timeout(4_000)
    assert served.door.paths.count(STOP_PATH) == 1, "no later try changes that"


def test_two_quick_presses_release_once(visit: Visit, served: ServedSite) -> None:
    page = visit()
    ask_to_stop(page)
    expect(page.locator("#stopped")).to_be_visible()
    page.locator("#release input").fill("all is well")
    served.door.paths.clear()
    page.locator("#release").evaluate("(form) => { form.requestSubmit(); form.requestSubmit(); }")
    expect(page.locator("#stopped")).to_be_hidden()
    assert served.door.paths.count(STOP_PATH) == 1


def test_two_quick_taps_on_stop_only_ask(visit: Visit, served: ServedSite) -> None:
    page = visit(viewport={"width": 360, "height": 640}, has_touch=True)
    page.locator("#stop").dblclick()
    expect(page.locator("#stop-dialog")).to_be_visible()
    assert served.latched() is None
