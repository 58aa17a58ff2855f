"""One live stream for all tabs of a browser, which comes back whatever cut it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Visit
from tests.browser.served_site import ServedSite

LIVE_MS = 15_000
NO_WORKERS = "delete window.SharedWorker"
HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def streams_become(served: ServedSite, count: int) -> None:
    deadline = time.monotonic() + 15.0
    while served.door.streams != count and time.monotonic() < deadline:
        time.sleep(0.05)  # noqa: TID251 - a test that watches a server's thread
    assert served.door.streams == count


@pytest.mark.parametrize("path", ["/", "/chat", "/health"])
def test_a_page_loads_its_frame_once_and_listens_once(
    visit: Visit, served: ServedSite, path: str
) -> None:
    page = visit(path)
    loaded = [each for each in served.door.paths if each.endswith("/shell.js")]
    assert len(loaded) == 1
    assert served.door.paths.count("/api/stream") == 1
    page.close()
    streams_become(served, 0)


def test_eight_tabs_share_one_stream_and_stop_works_in_the_last(
    sign_in: Callable[..., BrowserContext], served: ServedSite
) -> None:
    context = sign_in()
    pages = [context.new_page() for _ in range(8)]
    for page in pages:
        page.goto("/")
        expect(page.locator("#connection")).to_have_text("Live", timeout=LIVE_MS)
    assert served.door.streams == 1
    last = pages[-1]
    last.locator("#stop").click()
    last.locator("#stop-confirm").click()
    for page in pages:
        expect(page.locator("#stopped")).to_be_visible(timeout=2_000)
    pages[0].close()
    streams_become(served, 1)


def test_a_browser_without_shared_workers_has_one_stream_a_tab(
    sign_in: Callable[..., BrowserContext], served: ServedSite
) -> None:
    context = sign_in()
    context.add_init_script(NO_WORKERS)
    pages = [context.new_page() for _ in range(4)]
    for page in pages:
        page.goto("/chat")
        expect(page.locator("#connection")).to_have_text("Live", timeout=LIVE_MS)
    assert served.door.streams == 4
    pages[-1].evaluate(HIDE, True)
    streams_become(served, 3)
    pages[-1].evaluate(HIDE, False)
    streams_become(served, 4)


def test_nobody_listens_while_all_tabs_are_hidden(visit: Visit, served: ServedSite) -> None:
    page = visit()
    page.evaluate(HIDE, True)
    streams_become(served, 0)
    expect(page.locator("#connection")).to_have_text("Paused")
    page.evaluate(HIDE, False)
    expect(page.locator("#connection")).to_have_text("Live", timeout=LIVE_MS)


@pytest.mark.parametrize(
    ("status", "workers"),
    [
        pytest.param(401, True, id="nobody is signed in"),
        pytest.param(429, False, id="too many, without workers"),
        pytest.param(503, True, id="the database is away"),
    ],
)
def test_a_stream_that_is_refused_is_opened_again(
    sign_in: Callable[..., BrowserContext], served: ServedSite, status: int, workers: bool
) -> None:
    served.door.refused["/api/stream"] = (status, 1)
    context = sign_in()
    if not workers:
        context.add_init_script(NO_WORKERS)
    page = context.new_page()
    page.goto("/")
    expect(page.locator("#connection")).to_have_text("Reconnecting")
    expect(page.locator("#connection")).to_have_text("Live", timeout=LIVE_MS)


def test_the_server_restarts(visit: Visit, served: ServedSite) -> None:
    page = visit()
    served.hang_up()
    expect(page.locator("#connection")).to_have_text("Reconnecting", timeout=LIVE_MS)
    served.serve()
    expect(page.locator("#connection")).to_have_text("Live", timeout=20_000)


def test_a_session_that_ended_says_so(visit: Visit, served: ServedSite) -> None:
    page = visit()
    page.context.clear_cookies()
    served.hang_up()
    served.serve()
    notice = page.locator("#signed-out")
    expect(notice).to_be_visible(timeout=20_000)
    notice.get_by_role("link", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/sign-in\?next=%2F%3Fsystem_id%3D"))


def test_signing_out_ends_the_session(visit: Visit, served: ServedSite) -> None:
    page: Page = visit("/health")
    (session,) = (kept for kept in page.context.cookies() if kept.get("name") == "cc_session")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{served.url}/sign-in")
    page.context.add_cookies(
        [{"name": "cc_session", "value": session["value"], "url": served.url}]
    )  # a kept copy opens nothing
    page.goto("/")
    expect(page).to_have_url(f"{served.url}/sign-in")
