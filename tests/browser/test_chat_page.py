"""The chat: questions wait their turn, answers survive a cut, cards tell what became of them."""

from __future__ import annotations

import asyncio

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.served_site import ServedSite

FIRST, SECOND = "What is my battery voltage?", "And the miners?"


def ask(page: Page, question: str) -> None:
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")


@pytest.fixture
def gate(served: ServedSite) -> asyncio.Semaphore:
    """Holds each word of the answers back until it is released."""
    served.assistant.gate = asyncio.Semaphore(0)
    return served.assistant.gate


def let_speak(served: ServedSite, gate: asyncio.Semaphore, words: int) -> None:
    async def release() -> None:
        for _ in range(words):
            gate.release()

    served.run(release())


def test_two_quick_questions_are_answered_one_after_the_other(
    visit: Visit, served: ServedSite, gate: asyncio.Semaphore
) -> None:
    page = visit("/chat")
    ask(page, FIRST)
    ask(page, SECOND)
    expect(page.locator(".turn.user")).to_have_text([FIRST, f"{SECOND}Asked after this answer"])
    expect(page.locator(".turn.agent")).to_have_count(1)
    let_speak(served, gate, 3)
    expect(page.locator(".turn.agent")).to_have_count(2)
    let_speak(served, gate, 3)
    expect(page.locator(".how")).to_have_count(2)
    expect(page.locator(".turn")).to_contain_text([FIRST, "52.31 V", SECOND, "52.31 V"])
    expect(page.locator("#conversations li")).to_have_count(1)
    assert served.assistant.histories[-1] == [FIRST, "It is 52.31 V."]


def test_a_question_that_waits_outlives_a_reload(
    visit: Visit, served: ServedSite, gate: asyncio.Semaphore
) -> None:
    page = visit("/chat")
    ask(page, FIRST)
    let_speak(served, gate, 1)
    expect(page.locator(".turn.agent .answer")).to_have_text("It ")
    ask(page, SECOND)
    page.reload()
    expect(page.locator(".turn.user")).to_have_text([FIRST, f"{SECOND}Asked after this answer"])
    let_speak(served, gate, 5)
    expect(page.locator(".how")).to_have_count(2)
    expect(page.locator(".turn")).to_contain_text([FIRST, "52.31 V", SECOND, "52.31 V"])


def test_a_question_that_could_not_be_asked_says_so_and_the_next_is_asked(
    visit: Visit, served: ServedSite
) -> None:
    served.assistant.gate = None
    page = visit("/chat")
    served.door.refused["/api/runs"] = (503, 1)
    ask(page, FIRST)
    ask(page, SECOND)
    expect(page.locator(".turn.agent .answer").first).to_contain_text("Not asked: refused.")
    expect(page.locator(".turn.agent .answer").last).to_have_text("It is 52.31 V.")


def test_an_answer_survives_a_restart_of_the_server(
    visit: Visit, served: ServedSite, gate: asyncio.Semaphore
) -> None:
    page = visit("/chat")
    ask(page, FIRST)
    let_speak(served, gate, 1)
    expect(page.locator(".answer")).to_have_text("It ")
    served.hang_up()
    expect(page.locator(".progress")).to_have_text("Reconnecting …")
    served.serve()
    let_speak(served, gate, 2)
    expect(page.locator(".answer")).to_have_text("It is 52.31 V.", timeout=15_000)
    expect(page.locator(".how")).to_be_visible(timeout=15_000)


def test_stopping_an_answer_goes_on_with_the_next_question(
    visit: Visit, served: ServedSite, gate: asyncio.Semaphore
) -> None:
    page = visit("/chat")
    ask(page, FIRST)
    ask(page, SECOND)
    let_speak(served, gate, 1)
    expect(page.locator(".answer").first).to_have_text("It ")
    with page.expect_response("**/api/runs/*/stop"):
        page.get_by_role("button", name="Stop answering").click()
    let_speak(served, gate, 10)
    expect(page.locator(".meta").first).to_contain_text("Stopped by you")
    expect(page.locator(".answer").last).to_have_text("It is 52.31 V.")
    expect(page.get_by_role("button", name="Stop answering")).to_be_hidden()


def test_earlier_conversations_are_reached_on_a_phone(visit: Visit, served: ServedSite) -> None:
    served.assistant.gate = None
    page = visit("/chat")
    ask(page, FIRST)
    expect(page.locator(".how")).to_be_visible()
    page.set_viewport_size({"width": 360, "height": 780})
    page.goto("/chat")
    page.get_by_text("Earlier").click()
    page.get_by_role("link", name=FIRST).first.click()
    # The site is shared by the module: another test may have gone on in a conversation like this.
    expect(page.locator(".turn.user").first).to_have_text(FIRST)


def test_a_card_in_the_chat_is_answered_and_tells_how_it_ended(
    visit: Visit, served: ServedSite
) -> None:
    action = served.run(served.site.pending_action())
    served.assistant.gate, served.assistant.actions = None, [{"id": str(action.id)}]
    page = visit("/chat")
    ask(page, "Switch the dump load on")
    card = page.locator(f".turn [data-action='{action.id}']")
    expect(card.locator("[data-expires]")).to_contain_text("Answer within 4 min 5")
    card.get_by_role("button", name="Reject").click()
    expect(card.locator(".result")).to_contain_text("ejected by owner@example.com")
    expect(card.get_by_role("button")).to_have_count(0)
    served.assistant.actions = ()
