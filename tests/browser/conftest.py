"""One browser and one site a module, one signed-in page a test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from playwright.sync_api import sync_playwright as playwright_api

from tests.browser.served_site import ServedSite, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
NETWORK = "Failed to load resource"
"""The browser's note on an answer that a test made fail."""

Visit = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(300))
            if CHROMIUM is None:  # a laptop without one; `make test` says so first
                item.add_marker(pytest.mark.skip(reason="no Chromium: on Debian, make debian"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Of a module: while its driver is open, no test with an event loop of its own can run."""
    with playwright_api() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def served_site() -> Iterator[ServedSite]:
    with serving() as served:
        yield served


@pytest.fixture
def served(served_site: ServedSite) -> ServedSite:
    served_site.reset()
    return served_site


@pytest.fixture
def problems() -> list[str]:
    """What the browser complains about."""
    return []


def watch(page: Page, problems: list[str]) -> None:
    def noted(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(NETWORK):
            problems.append(message.text)

    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", noted)


@pytest.fixture
def sign_in(
    chromium: Browser, served: ServedSite, problems: list[str]
) -> Iterator[Callable[..., BrowserContext]]:
    """Browsers of people; what the pages complained about fails the test at its end."""
    contexts: list[BrowserContext] = []

    def opened(email: str = "owner@example.com", **options: Any) -> BrowserContext:
        context = chromium.new_context(
            **{"viewport": {"width": 1280, "height": 900}, "base_url": served.url, **options}
        )
        contexts.append(context)
        value = served.session(email)
        context.add_cookies([{"name": "cc_session", "value": value, "url": served.url}])
        context.on("page", lambda page: watch(page, problems))
        return context

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def visit(sign_in: Callable[..., BrowserContext]) -> Visit:
    """A page of somebody signed in, once it is live."""

    def visited(path: str = "/", **options: Any) -> Page:
        page = sign_in(**options).new_page()
        page.goto(path)
        expect(page.locator("#connection")).to_have_text("Live", timeout=15_000)
        return page

    return visited
