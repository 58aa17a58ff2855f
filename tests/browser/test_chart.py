"""The chart: site time in 24 hours, one colour a quantity, and a view that stays."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Visit

COLOUR = "(element, name) => getComputedStyle(element)[name]"


def shown(page: Page) -> list[int]:
    """From and to of a closer view, s; empty when all is shown."""
    return [int(each) for each in (page.locator("#chart").get_attribute("data-view") or "").split()]


def ready(page: Page) -> Page:
    expect(page.locator("#chart canvas")).to_be_visible(timeout=10_000)
    page.locator("#chart").scroll_into_view_if_needed()
    return page


def legend(page: Page, name: str) -> str:
    return page.locator(f".u-series:has-text('{name}') .u-value").inner_text()


def test_times_are_the_sites_in_24_hours(visit: Visit) -> None:
    page = ready(visit())
    over = page.locator("#chart .u-over").bounding_box()
    assert over is not None
    page.mouse.move(over["x"] + over["width"] - 3, over["y"] + 50)
    assert re.fullmatch(r"\d+ Jun \d\d:\d\d", legend(page, "Time"))
    page.get_by_text("As a table").click()
    cell = page.locator("#chart-table td").first.inner_text()
    assert re.fullmatch(r"1[12]:\d\d", cell), "noon at the site, seven hours before UTC's 19:00"


def test_a_quantity_has_one_colour_everywhere(visit: Visit) -> None:
    page = ready(visit())
    used = {
        name: page.locator(f".u-series:has-text('{name}') .u-marker").evaluate(
            COLOUR, "borderTopColor"
        )
        for name in ("Sun", "Load", "Battery", "Voltage")
    }
    assert len(set(used.values())) == 4
    for name in ("sun", "battery"):
        ring = page.locator(f".node.{name} circle").evaluate(COLOUR, "stroke")
        assert ring == used[name.capitalize()]
    swatch = page.locator("dt .swatch.load").evaluate(COLOUR, "backgroundColor")
    assert swatch == used["Load"]
    miners = page.locator(".node.miners circle").evaluate(COLOUR, "stroke")
    house = page.locator(".node.house circle").evaluate(COLOUR, "stroke")
    assert {miners, house}.isdisjoint(used.values())


def test_a_closer_view_is_kept_over_refreshes(visit: Visit) -> None:
    page = visit()
    page.clock.install()
    page.reload()
    ready(page)
    page.get_by_role("button", name="6 h").click()
    before = shown(page)
    assert before[1] - before[0] == 6 * 3_600
    with page.expect_response(re.compile("/api/energy/series")):
        page.clock.fast_forward(61_000)
    page.wait_for_timeout(200)
    assert shown(page) == before
    expect(page.get_by_role("button", name="6 h")).to_have_attribute("aria-pressed", "true")


def test_the_mouse_magnifies_and_a_double_click_shows_all(visit: Visit) -> None:
    page = ready(visit())
    over = page.locator("#chart .u-over").bounding_box()
    assert over is not None
    left, right, y = over["x"] + 200, over["x"] + 400, over["y"] + 60
    page.mouse.move(left, y)
    page.mouse.down()
    page.mouse.move(right, y, steps=5)
    page.mouse.up()
    expect(page.locator("#chart")).to_have_attribute("data-view", re.compile(r"\d+ \d+"))
    width = shown(page)[1] - shown(page)[0]
    assert abs(width - 86_400 * 200 / over["width"]) < 600
    page.mouse.dblclick(left, y)
    expect(page.locator("#chart")).to_have_attribute("data-view", "")


def test_two_fingers_magnify_and_one_moves(visit: Visit) -> None:
    page = ready(visit(viewport={"width": 360, "height": 780}, has_touch=True, is_mobile=True))
    over = page.locator("#chart .u-over").bounding_box()
    assert over is not None
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *places: float) -> None:
        points = [
            {"x": over["x"] + over["width"] * place, "y": over["y"] + 60, "id": i}
            for i, place in enumerate(places)
        ]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.4, 0.6)
    for spread in (0.25, 0.3, 0.35, 0.4):
        touch("touchMove", 0.5 - spread, 0.5 + spread)
    touch("touchEnd")
    expect(page.locator("#chart")).to_have_attribute("data-view", re.compile(r"\d+ \d+"))
    first = shown(page)
    assert 0.2 < (first[1] - first[0]) / 86_400 < 0.5
    touch("touchStart", 0.3)
    for place in (0.4, 0.5, 0.6):
        touch("touchMove", place)
    touch("touchEnd")
    second = shown(page)
    assert abs((second[1] - second[0]) - (first[1] - first[0])) <= 2, "as wide as before"
    assert second[0] < first[0], "earlier"


def test_one_finger_reads_the_values(visit: Visit) -> None:
    page = ready(visit(viewport={"width": 360, "height": 780}, has_touch=True, is_mobile=True))
    over = page.locator("#chart .u-over").bounding_box()
    assert over is not None
    page.touchscreen.tap(over["x"] + over["width"] - 2, over["y"] + 40)
    expect(page.locator(".u-series:has-text('Time') .u-value")).not_to_have_text("–")


def test_an_outage_leaves_the_chart(visit: Visit) -> None:
    page = visit()
    page.clock.install()
    page.reload()
    ready(page)
    page.route("**/api/energy/series*", lambda route: route.fulfill(status=503, body="{}"))
    with page.expect_response(re.compile("/api/energy/series")):
        page.clock.fast_forward(61_000)
    expect(page.locator("#chart canvas")).to_be_visible()
    expect(page.locator("#chart-summary")).to_contain_text("Highest solar power")


def test_the_table_is_newest_first(visit: Visit) -> None:
    page = ready(visit())
    rows = page.locator("#chart-table tr td:first-child").all_text_contents()
    assert rows
    assert all(newer > older for newer, older in pairwise(rows))


def chart_of(context: BrowserContext, voltage_v: float | None) -> Page:
    """The home page of a site of which nothing has been measured for a day but, maybe, this."""
    page = context.new_page()
    at = [f"2026-06-21T{hour:02d}:00:00+00:00" for hour in range(24)]
    metrics = ("energy.pv_power_w", "energy.load_power_w", "battery.power_w", "battery.voltage_v")
    nothing: dict[str, list[Any]] = {"at": at, **{metric: [None] * len(at) for metric in metrics}}
    nothing["battery.voltage_v"][-1] = voltage_v
    page.route("**/api/energy/series*", lambda route: route.fulfill(json=nothing))
    page.goto("/")
    return ready(page)


@pytest.mark.parametrize(
    ("voltage_v", "axis"),
    [
        pytest.param(None, "47 57.6", id="none: the battery's own range"),
        pytest.param(54.73, "54 56", id="one: a volt around it, not from 0"),
    ],
)
def test_the_axis_of_the_voltage(
    sign_in: Callable[..., BrowserContext], voltage_v: float | None, axis: str
) -> None:
    page = chart_of(sign_in(), voltage_v)
    expect(page.locator("#chart")).to_have_attribute("data-volts", axis)
    expect(page.locator("#chart-summary")).to_have_text(
        "Nothing was measured in the last 24 hours."
    )
