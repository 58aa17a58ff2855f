"""Every page by axe, on a desktop by day and a phone at night: no violation."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.served_site import ServedSite


def violations(page: Page) -> list[str]:
    return [each["id"] for each in Axe().run(page).response["violations"]]


@pytest.fixture
def busy(served: ServedSite) -> ServedSite:
    """With an alert and a wish, so that their parts are looked at, too."""
    served.run(served.site.open_alert())
    served.run(served.site.pending_action())
    return served


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        pytest.param(1280, "light", id="desktop by day"),
        pytest.param(360, "dark", id="phone at night"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/chat", "/health", "/nothing", "/stop", "/sign-in"])
def test_no_page_has_a_violation(
    sign_in: Callable[..., BrowserContext], busy: ServedSite, path: str, width: int, scheme: str
) -> None:
    page = sign_in(viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    page.goto(path)
    if path in {"/", "/chat", "/health"}:
        expect(page.locator("#connection")).to_have_text("Live")
        expect(page.locator("#badge")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1280, 360])
def test_the_stop_dialog_and_banner_have_none(
    sign_in: Callable[..., BrowserContext], busy: ServedSite, width: int
) -> None:
    page = sign_in(viewport={"width": width, "height": 800}).new_page()
    page.goto("/")
    page.locator("#stop").click()
    expect(page.locator("#stop-dialog")).to_be_visible()
    assert violations(page) == []
    page.locator("#stop-confirm").click()
    expect(page.locator("#stopped")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
