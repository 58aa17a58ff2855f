"""The whole program in a real browser: sign in by link, watch, ask, stop, sign out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import watch
from tests.process.conftest import Program, start  # noqa: F401 - a fixture


@pytest.fixture(scope="module")
def program(start: Callable[[str], Program]) -> Program:  # noqa: F811 - the fixture above
    return start("browser")


@pytest.fixture(scope="module")
def problems() -> list[str]:
    """What the browser complains about, for the last test."""
    return []


@pytest.fixture(scope="module")
def page(chromium: Browser, program: Program, problems: list[str]) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    watch(page, problems)
    page.goto(program.link)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#connection")).to_have_text("Live", timeout=15_000)
    yield page
    context.close()


def test_the_numbers_move_without_a_reload(page: Page) -> None:
    expect(page.locator("[data-v='battery.voltage']")).not_to_have_text("–", timeout=30_000)
    before = page.locator("#decided").inner_text()
    expect(page.locator("#decided")).not_to_have_text(before, timeout=30_000)
    expect(page.locator("[data-miner]")).to_have_count(2)


def test_the_chat_answers_with_true_numbers_and_keeps_them(page: Page, program: Program) -> None:
    page.goto(program.url + "/chat")
    page.get_by_label("Your question").fill(
        "What is my battery voltage right now and why is the dump load off?"
    )
    page.get_by_role("button", name="Send").click()
    answer = page.locator(".turn.agent .answer")
    expect(page.locator(".how")).to_be_visible(timeout=90_000)
    expect(answer).to_contain_text("V")
    expect(answer).to_contain_text("Dump Load")
    said = answer.inner_text()
    page.reload()
    expect(page.locator(".turn.agent .answer")).to_have_text(said)


def test_stop_latches_for_everybody_and_ends_with_a_reason(page: Page, program: Program) -> None:
    page.goto(program.url + "/")
    page.get_by_role("button", name="STOP", exact=True).click()
    page.get_by_role("button", name="Stop everything").click()
    expect(page.locator("#stopped")).to_be_visible(timeout=20_000)
    expect(page.locator("#stopped-why")).to_contain_text("owner@example.com")
    expect(page.locator("#stop-dialog")).to_be_hidden(timeout=1_000)
    page.locator("#release input[name=reason]").fill("all is well")
    page.get_by_role("button", name="Re-enable automation").click()
    expect(page.locator("#stopped")).to_be_hidden(timeout=20_000)


def test_the_health_page_has_every_part_that_health_knows(page: Page, program: Program) -> None:
    page.goto(program.url + "/health")
    with program.client() as http:
        known = {part["name"] for part in http.get("/api/health").json()["components"]}
    assert {"measurements", "assistant", "database", "Victron VRM"} <= known
    page.locator("summary").evaluate_all("all => all.forEach(one => one.click())")
    shown = set(page.locator(".parts li strong").all_inner_texts())
    assert known - shown == set()


def test_signing_out(page: Page, program: Program) -> None:
    expect(page.locator(".strip")).to_contain_text("simulated clock, 60×")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{program.url}/sign-in")


def test_nothing_was_refused_by_the_policy_or_broke(page: Page, problems: list[str]) -> None:
    assert page.url
    assert problems == []
