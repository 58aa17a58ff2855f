"""Lines that die without an error: a suspended server, a phone in a tunnel, a lost answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import Visit
from tests.browser.served_site import ServedSite
from tests.browser.test_left_open import OWN_CLOCK


def test_a_dead_stream_is_noticed_and_replaced(visit: Visit, served: ServedSite) -> None:
    page = visit()
    served.door.cut()
    expect(page.locator("#connection")).to_contain_text("No news since", timeout=18_000)
    expect(page.locator("body.no-news")).to_be_attached()
    expect(page.locator("#connection")).to_have_text("Live", timeout=15_000)


def test_an_answer_that_never_comes_holds_up_no_later_one(visit: Visit, served: ServedSite) -> None:
    """The badge would stand still for as long as the page is open."""
    served.door.hung["/attention"] = 1
    page = visit("/health")
    served.run(served.site.open_alert())
    served.publish("alert")
    expect(page.locator("#badge")).to_contain_text("1", timeout=15_000)


def test_an_answer_goes_on_when_a_phone_is_unlocked(
    sign_in: Callable[..., BrowserContext], served: ServedSite
) -> None:
    gate = served.assistant.gate = asyncio.Semaphore(0)
    context = sign_in()
    context.add_init_script(OWN_CLOCK)
    page = context.new_page()
    page.goto("/chat")
    page.locator("#question").fill("What is my battery voltage?")
    page.keyboard.press("Enter")
    served.run(_release(gate, 1))
    expect(page.locator(".turn.agent .answer")).to_have_text("It ")
    served.door.cut()
    served.run(_release(gate, 2))
    page.evaluate("() => { window.ahead = 600000; }")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(".turn.agent .answer")).to_contain_text("It is 52.31 V.", timeout=10_000)
    served.assistant.gate = None


async def _release(gate: asyncio.Semaphore, words: int) -> None:
    for _ in range(words):
        gate.release()
