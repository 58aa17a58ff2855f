"""What needs the owner stands first, is counted on every page, and expires in front of him."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from services.actions.records import ActionStatus
from tests.browser.conftest import Visit
from tests.browser.served_site import ServedSite


@pytest.mark.parametrize("path", ["/", "/chat", "/health"])
def test_an_alert_is_counted_on_every_page(visit: Visit, served: ServedSite, path: str) -> None:
    page = visit(path)
    expect(page.locator("#badge")).to_be_hidden()
    served.run(served.site.open_alert(title="Low battery"))
    served.publish("alert")
    expect(page.locator("#badge")).to_have_text("1 waiting for you")
    page.locator("#badge").click()
    expect(page.locator("main > section").first).to_contain_text("Low battery")
    expect(page.locator("#attention .alerts time")).to_contain_text("ago")


def test_an_approval_is_asked_for_first_and_answered(visit: Visit, served: ServedSite) -> None:
    page = visit()
    action = served.run(served.site.pending_action())
    card = page.locator(f"#attention [data-action='{action.id}']")
    expect(card).to_contain_text("Switch Dump Load S19 #1 on?")
    expect(card.locator("[data-expires]")).to_contain_text("Answer within 4 min 5")
    card.get_by_role("button", name="Approve").click()
    expect(page.locator("#badge")).to_be_hidden()
    stored = served.run(served.site.services.action_store.get(action.id))
    assert stored is not None
    assert stored.status is ActionStatus.APPROVED


def test_a_card_loses_its_buttons_when_its_time_is_over(visit: Visit, served: ServedSite) -> None:
    action = served.run(served.site.pending_action())
    page = visit()
    card = page.locator(f"[data-action='{action.id}']")
    expect(card.get_by_role("button")).to_have_count(2)
    served.site.clock.advance(298.0)
    expect(card.locator("[data-expires]")).to_contain_text("Answer within 1 s")
    served.picture.away = True  # without news, too
    expect(card.locator("[data-expires]")).to_have_text(
        "Nobody answered in time: this has expired.", timeout=6_000
    )
    expect(card.get_by_role("button")).to_have_count(0)


def test_people_are_given_wall_time_on_a_fast_site(visit: Visit, served: ServedSite) -> None:
    served.site.clock._speed = 60.0
    try:
        action = served.run(served.site.pending_action())
        page = visit()
        left = page.locator(f"[data-action='{action.id}'] [data-expires]")
        expect(left).to_contain_text("Answer within 4 min 5")
        expect(page.locator(".strip")).to_contain_text("simulated clock, 60×")
    finally:
        served.site.clock._speed = 1.0


def until(holds: Callable[[], bool], page: Page) -> None:
    """Wait, at most five seconds, until it holds, and a moment longer for its answer."""
    for _ in range(50):
        if holds():
            break
        page.wait_for_timeout(100)
    page.wait_for_timeout(300)


def test_a_card_that_somebody_else_answered_says_so(visit: Visit, served: ServedSite) -> None:
    action = served.run(served.site.pending_action())
    page = visit()
    until(lambda: "/attention" in served.door.paths, page)  # its first look is over
    served.door.refused["/attention"] = (503, 100)  # this page hears nothing of it
    served.run(served.site.services.proposals.reject(action.id, by="kim@example.com"))
    card = page.locator(f"[data-action='{action.id}']")
    card.get_by_role("button", name="Approve").click()
    expect(card.locator(".result")).to_contain_text("rejected already")


def test_whoever_may_only_look_has_no_buttons(visit: Visit, served: ServedSite) -> None:
    served.run(served.site.pending_action())
    page = visit(email="visitor@example.com")
    expect(page.locator("#attention .action")).to_be_visible()
    expect(page.locator("#attention button")).to_have_count(0)


def test_a_failed_refresh_leaves_the_page_as_it_is(visit: Visit, served: ServedSite) -> None:
    served.run(served.site.open_alert(title="Low battery"))
    page = visit()
    served.door.refused["/attention"] = (503, 100)
    served.door.paths.clear()
    served.publish("alert")
    expect(page.locator("#connection")).to_have_text("Live")
    until(lambda: "/attention" in served.door.paths, page)
    assert "/attention" in served.door.paths
    expect(page.locator("#attention")).to_contain_text("Low battery")
    expect(page.locator("#badge")).to_be_visible()
