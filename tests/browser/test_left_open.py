"""A page that was left open: asleep, cut off, signed out, or of an older version.

It never shows old values as live.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Visit
from tests.browser.served_site import ServedSite

HOUR_MS = 3_600_000
OWN_CLOCK = """
  delete window.SharedWorker;
  const real = Date.now.bind(Date);
  window.ahead = 0;
  Date.now = () => real() + window.ahead;
"""
"""A browser whose clock a test can set; without the worker, whose clock it can't."""

PILL = "document.getElementById('connection').textContent"
AGE = "document.querySelector('[data-age-of=\"battery.voltage\"]').textContent"

COUNTED = """() => {
  const real = window.EventSource;
  window.opened = 0;
  window.EventSource = class extends real {
    constructor(url) { super(url); window.opened += 1; }
  };
}"""
"""Counts the streams that the page opens from now on."""

CHANGES = """() => new Promise((done) => {
  let count = 0;
  const notice = document.getElementById("signed-out");
  const watched = { attributes: true, attributeFilter: ["hidden"] };
  new MutationObserver((all) => { count += all.length; }).observe(notice, watched);
  setTimeout(() => done(count), 6000);
})"""
OLDER = """document.addEventListener("DOMContentLoaded", () => {
  document.body.dataset.version = "older";
  sessionStorage.loads = Number(sessionStorage.loads || 0) + 1;
});"""
"""Whatever answers the page is of another version than what answers the stream."""


@pytest.fixture
def open_page(sign_in: Callable[..., BrowserContext]) -> Page:
    """Home, live, with a clock that can be set."""
    context = sign_in()
    context.add_init_script(OWN_CLOCK)
    page = context.new_page()
    page.goto("/")
    expect(page.locator("#connection")).to_have_text("Live")
    return page


def set_clock(page: Page, ahead_ms: int) -> None:
    page.evaluate("(ahead) => { window.ahead = ahead; }", ahead_ms)


def test_a_clock_set_back_by_an_hour_keeps_nothing_live(
    open_page: Page, served: ServedSite
) -> None:
    """Silent, without an error: the browser alone has to notice."""
    page = open_page
    served.door.silent = True
    set_clock(page, -HOUR_MS)
    expect(page.locator("#connection")).not_to_have_text("Live", timeout=18_000)
    expect(page.locator("body.no-news")).to_be_attached()
    assert page.evaluate(AGE) not in {"0 s ago", "never"}


@pytest.mark.parametrize("ahead_ms", [HOUR_MS, -HOUR_MS])
def test_ages_are_those_of_the_site_whatever_the_browsers_clock_says(
    open_page: Page, ahead_ms: int
) -> None:
    page = open_page
    before = page.evaluate(AGE)
    set_clock(page, ahead_ms)
    page.wait_for_timeout(1_500)  # the next picture
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#connection")).to_have_text("Live")
    assert (" h " in page.evaluate(AGE), " h " in before) == (False, False)


@pytest.mark.parametrize(
    "woken",
    [
        "document.dispatchEvent(new Event('resume'))",
        "document.dispatchEvent(new Event('visibilitychange'))",
        "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))",
        "dispatchEvent(new Event('online'))",
        "dispatchEvent(new Event('focus'))",
    ],
    ids=["thawed", "unlocked", "back button", "online again", "looked at"],
)
def test_whatever_wakes_a_page_shows_at_once_how_old_it_is(
    open_page: Page, served: ServedSite, woken: str
) -> None:
    """Nothing is painted in between: the first look is true."""
    page = open_page
    served.door.silent = True
    seen = page.evaluate(
        f"() => {{ window.ahead = {8 * HOUR_MS}; {woken}; return [{PILL}, {AGE}]; }}"
    )
    assert not seen[0].startswith("Live")
    assert seen[1].startswith("8 h")
    served.door.silent = False
    expect(page.locator("#connection")).to_have_text("Live", timeout=10_000)


def test_a_line_that_comes_back_is_used_at_once(open_page: Page, served: ServedSite) -> None:
    """Not after the half minute that a server is given which refuses again and again."""
    page = open_page
    page.evaluate(COUNTED)
    served.hang_up()
    page.wait_for_timeout(9_000)  # several tries, each after a longer wait
    served.serve()
    before = page.evaluate("window.opened")
    page.evaluate("dispatchEvent(new Event('online'))")
    assert page.evaluate("window.opened") == before + 1
    expect(page.locator("#connection")).to_have_text("Live", timeout=10_000)


def test_a_frozen_tab_knows_of_a_stop_in_another(
    sign_in: Callable[..., BrowserContext], served: ServedSite
) -> None:
    context = sign_in()
    frozen, other = context.new_page(), context.new_page()
    for page in (frozen, other):
        page.goto("/")
        expect(page.locator("#connection")).to_have_text("Live", timeout=15_000)
    session = context.new_cdp_session(frozen)
    session.send("Page.setWebLifecycleState", {"state": "frozen"})
    other.locator("#stop").click()
    other.locator("#stop-confirm").click()
    expect(other.locator("#stopped")).to_be_visible()
    session.send("Page.setWebLifecycleState", {"state": "active"})
    expect(frozen.locator("#stopped")).to_be_visible()
    frozen.locator("#release input").fill("all is well")
    frozen.keyboard.press("Enter")
    expect(other.locator("#stopped")).to_be_hidden()
    assert served.latched() is None


def test_whoever_is_signed_out_is_told_once(open_page: Page, served: ServedSite) -> None:
    page = open_page
    """Each new try says "lost" first: the notice must not come and go, nor be read out anew."""
    page.context.clear_cookies()
    served.hang_up()
    served.serve()
    expect(page.locator("#signed-out")).to_be_visible(timeout=20_000)
    assert page.evaluate(CHANGES) == 0


def newer(served: ServedSite, page: Page) -> None:
    """The server comes back with another version than the page has."""
    page.evaluate("() => { document.body.dataset.version = 'older'; window.before = true; }")
    served.hang_up()
    served.serve()


def is_anew(page: Page) -> bool:
    return page.evaluate("() => window.before === undefined") is True


def test_a_newer_version_reloads_the_page_but_not_under_somebodys_hands(
    open_page: Page, served: ServedSite
) -> None:
    page = open_page
    page.locator("#stop").click()
    page.locator("#stop-reason").fill("smoke")
    newer(served, page)
    page.wait_for_timeout(6_000)
    assert not is_anew(page), "STOP was being asked for"
    page.locator("#stop-reason").fill("")
    page.locator("#stop-cancel").click()
    expect(page.locator("body")).not_to_have_attribute("data-version", "older", timeout=15_000)
    expect(page.locator("#connection")).to_have_text("Live", timeout=15_000)


def test_a_half_written_question_outlives_a_newer_version(visit: Visit, served: ServedSite) -> None:
    page = visit("/chat")
    page.locator("#question").fill("Why is the dump load")
    newer(served, page)
    page.wait_for_timeout(6_000)
    assert not is_anew(page)
    expect(page.locator("#question")).to_have_value("Why is the dump load")


def test_two_versions_that_answer_in_turn_do_not_reload_for_ever(
    open_page: Page, served: ServedSite
) -> None:
    page = open_page
    page.add_init_script(OLDER)
    page.reload()
    page.wait_for_timeout(5_000)
    assert page.evaluate("Number(sessionStorage.loads)") <= 2


def test_health_that_is_not_read_again_says_how_old_it_is(
    sign_in: Callable[..., BrowserContext], served: ServedSite
) -> None:
    context = sign_in()
    context.add_init_script(OWN_CLOCK)
    page = context.new_page()
    page.goto("/health")
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#checked")).to_contain_text("ago")
    served.door.refused["/health"] = (503, 100)
    served.door.silent = True
    set_clock(page, HOUR_MS)
    expect(page.locator("#checked .stale")).to_contain_text("1 h 0 min ago")
    quiet = page.evaluate("getComputedStyle(document.querySelector('#checked')).color")
    assert page.evaluate("getComputedStyle(document.querySelector('h1 .state')).color") == quiet
