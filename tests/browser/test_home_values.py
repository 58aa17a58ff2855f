"""Home: what moves, what is old, what is unknown, and what is drawn."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from services.stored import Json
from tests.browser.conftest import Visit
from tests.browser.served_site import ServedSite

VOLTAGE = "[data-v='battery.voltage']"
MEASURED = "[data-age-of='battery.voltage']"
COLOUR = "(element) => getComputedStyle(element).stroke"
OVERFLOW = """(ring) => {
  const circle = ring.querySelector("circle").getBBox();
  return [...ring.querySelectorAll(".amount, .unit")].map((text) => {
    const box = text.getBBox(), r = circle.width / 2, cx = circle.x + r, cy = circle.y + r;
    const corners = [[box.x, box.y], [box.x + box.width, box.y + box.height]];
    return Math.max(...corners.map(([x, y]) => Math.hypot(x - cx, y - cy))) - r;
  });
}"""


def powers(sun_w: float | None, battery_w: float, house_w: float, miners_w: float) -> Any:
    """A picture with these flows, all measured just now."""

    def change(now: Json) -> None:
        for reading, value in (
            (now["solar"]["power"], sun_w),
            (now["battery"]["power"], battery_w),
            (now["load"]["base"], house_w),
            (now["miners"][0]["power"], miners_w),
            (now["miners"][1]["power"], 0.0),
        ):
            reading.update(value=value, age_s=1.0, stale_after_s=600.0)

    return change


def old(age_s: float) -> Any:
    def change(now: Json) -> None:
        now["battery"]["voltage"]["age_s"] = age_s

    return change


def moving(page: Page) -> set[str]:
    lines: list[str] = page.locator(".lines .flowing").evaluate_all(
        "(lines) => lines.map((line) => line.dataset.line)"
    )
    return set(lines)


def seconds(words: str) -> int:
    found = re.match(r"(?:(\d+) min ?)?(?:(\d+) s)?", words)
    assert found is not None
    return 60 * int(found[1] or 0) + int(found[2] or 0)


def test_ages_run_each_second_without_news(visit: Visit, served: ServedSite) -> None:
    served.picture.change = old(100.0)
    page = visit()
    expect(page.locator(MEASURED)).to_contain_text("1 min 4")
    served.picture.away = True
    expect(page.locator("#connection")).to_have_text("Database away")
    before = seconds(page.locator(MEASURED).inner_text())
    page.wait_for_timeout(2_500)
    assert 2 <= seconds(page.locator(MEASURED).inner_text()) - before <= 4


def test_a_value_turns_stale_by_itself_when_its_time_has_come(
    visit: Visit, served: ServedSite
) -> None:
    served.picture.change = old(597.0)
    page = visit()
    expect(page.locator(VOLTAGE)).not_to_have_class(re.compile("stale"))
    served.picture.away = True
    expect(page.locator(VOLTAGE)).to_have_class(re.compile("stale"), timeout=6_000)
    expect(page.locator(MEASURED)).to_contain_text("10 min ago (stale)")
    expect(page.locator(VOLTAGE)).to_have_attribute("title", re.compile("min old"))


def test_a_stale_value_is_grey(visit: Visit, served: ServedSite) -> None:
    served.picture.change = old(601.0)
    page = visit()
    expect(page.locator(VOLTAGE)).to_have_class(re.compile("stale"))
    quiet = page.locator(".strip").evaluate("(element) => getComputedStyle(element).color")
    assert page.locator(VOLTAGE).evaluate("(each) => getComputedStyle(each).color") == quiet


def test_a_database_that_is_away_takes_nothing_off_the_page(
    visit: Visit, served: ServedSite
) -> None:
    page = visit()
    before = page.locator("main section").count()
    served.picture.away = True
    served.door.refused["/attention"] = (503, 100)
    served.publish("alert")
    served.publish("action")
    expect(page.locator("#connection")).to_have_text("Database away")
    page.wait_for_timeout(300)
    assert page.locator("main section").count() == before
    assert "null" not in page.locator("body").inner_text()
    served.picture.away = False
    expect(page.locator("#connection")).to_have_text("Live")


def test_nothing_moves_without_news(visit: Visit, served: ServedSite) -> None:
    served.picture.change = powers(8_000.0, 4_000.0, 900.0, 3_000.0)
    page = visit()
    expect(page.locator(".lines .flowing")).to_have_count(4)
    assert moving(page) == {"sun", "charge", "sun-house", "sun-miners"}
    page.clock.install()
    served.picture.away = True
    expect(page.locator("#connection")).to_have_text("Database away")
    page.clock.fast_forward(26_000)
    expect(page.locator(".lines .flowing")).to_have_count(0)
    expect(page.locator("#flow-note")).to_have_text("Standing still: no fresh values.")


def test_a_database_that_hangs_is_told_by_the_silence(visit: Visit, served: ServedSite) -> None:
    served.picture.change = powers(8_000.0, 4_000.0, 900.0, 3_000.0)
    page = visit()
    page.clock.install()
    served.picture.hangs = True
    page.wait_for_timeout(600)  # the picture on its way arrives
    page.clock.fast_forward(26_000)
    expect(page.locator("#connection")).to_have_text("No news since 12:02")
    expect(page.locator(".lines .flowing")).to_have_count(0)


def test_a_miner_that_was_added_is_shown(visit: Visit, served: ServedSite) -> None:
    def change(now: Json) -> None:
        now["miners"].insert(0, {**now["miners"][0], "id": "new", "name": "Third S19"})

    page = visit()
    expect(page.locator("[data-miner]")).to_have_count(2)
    served.picture.change = change
    expect(page.locator("[data-miner]")).to_have_count(3, timeout=10_000)
    expect(page.locator("[data-miner]").first).to_contain_text("Third S19")


@pytest.mark.parametrize(
    ("sun_w", "battery_w", "lines"),
    [
        pytest.param(0.0, -1_900.0, {"discharge", "battery-house"}, id="night"),
        pytest.param(None, -1_900.0, {"discharge", "battery-house"}, id="sun unknown"),
        pytest.param(2_000.0, 1_100.0, {"sun", "charge", "sun-house"}, id="day"),
        pytest.param(
            600.0, -300.0, {"sun", "discharge", "sun-house", "battery-house"}, id="both give"
        ),
        pytest.param(30.0, 20.0, set(), id="next to nothing"),
    ],
)
def test_lines_have_the_colour_of_their_source(
    visit: Visit, served: ServedSite, sun_w: float | None, battery_w: float, lines: set[str]
) -> None:
    served.picture.change = powers(sun_w, battery_w, 900.0, 0.0)
    page = visit()
    expect(page.locator(".lines .flowing")).to_have_count(len(lines))
    assert moving(page) == lines
    for source in ("sun", "battery"):
        ring = page.locator(f".node.{source} circle").evaluate(COLOUR)
        of_source: Locator = page.locator(f".lines .{source}")
        assert set(of_source.evaluate_all(f"(lines) => lines.map({COLOUR})")) == {ring}


@pytest.mark.parametrize("width", [1280, 360])
def test_text_stays_inside_its_ring(visit: Visit, served: ServedSite, width: int) -> None:
    page = visit(viewport={"width": width, "height": 800})
    for watts, shown in (
        (0.0, "0.0"),
        (-49.0, "0.0"),
        (9_999.0, "10.0"),
        (14_600.0, "14.6"),
        (-123_400.0, "123"),
        (1e6, "1\N{NARROW NO-BREAK SPACE}000"),
    ):
        served.picture.change = powers(abs(watts), watts, abs(watts), abs(watts))
        expect(page.locator("[data-flow=battery]")).to_have_text(shown)
        for ring in page.locator("#flow .node").all():
            assert all(over < 0 for over in ring.evaluate(OVERFLOW)), watts


def test_reduced_motion_keeps_the_direction(visit: Visit, served: ServedSite) -> None:
    served.picture.change = powers(0.0, -1_900.0, 900.0, 0.0)
    page = visit(reduced_motion="reduce")
    line = page.locator("[data-line='battery-house']")
    expect(line).to_have_class(re.compile("flowing"))
    style = "(line) => [getComputedStyle(line).animationName, getComputedStyle(line).visibility]"
    assert line.evaluate(style) == ["none", "visible"]
    expect(line).to_have_attribute("marker-end", "url(#arrow-battery)")


def test_values_of_different_ages_are_not_subtracted(visit: Visit, served: ServedSite) -> None:
    """The load was measured before the miner started: the house draws what was decided with."""

    def change(now: Json) -> None:
        now["load"]["power"].update(value=740.0, age_s=170.0)
        now["load"]["base"].update(value=712.0, age_s=30.0)
        now["miners"][0]["power"].update(value=3_878.0, age_s=5.0)

    served.picture.change = change
    page = visit()
    expect(page.locator("[data-flow=house]")).to_have_text("0.7")
    expect(page.locator("[data-flow=miners]")).to_have_text("3.9")
    expect(page.locator("[data-v='load.power']")).to_have_text("740")


def test_what_is_not_known_is_a_dash(visit: Visit, served: ServedSite) -> None:
    def change(now: Json) -> None:
        now["decision"] = None
        now["load"]["base"].update(value=None, age_s=None)
        now["battery"]["voltage"].update(value=None, age_s=None, stale_after_s=None, source=None)
        for miner in now["miners"]:
            miner["power"].update(value=None, age_s=None)
            miner["is_on"] = None

    served.picture.change = change
    page = visit()
    expect(page.locator(VOLTAGE)).to_have_text("–")
    expect(page.locator(MEASURED)).to_have_text("never")
    expect(page.locator("[data-flow=house]")).to_have_text("–")
    expect(page.locator("[data-flow=miners]")).to_have_text("–")
    assert page.locator(".dot.unknown").count() == 2


def test_the_sites_clock_is_shown_and_runs(visit: Visit) -> None:
    page = visit("/chat")
    expect(page.locator("#site-clock")).to_have_text("Sun 21 Jun, 12:02")
    expect(page.locator(".strip")).not_to_contain_text("simulated clock")


def test_a_long_name_pushes_nothing_off_a_phone(visit: Visit, served: ServedSite) -> None:
    """A page wider than the screen is scrolled or shrunk, and STOP with it."""
    name = "W" * 100

    def change(now: Json) -> None:
        for each in (*now["miners"], *now["zones"]):
            each.update(name=name, explanation=f"{name} stays off.", would_change=f"{name} starts.")

    served.picture.change = change
    page = visit("/", viewport={"width": 360, "height": 740})
    expect(page.locator("[data-miner] strong").first).to_have_text(name)
    widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths == [360, 360]
