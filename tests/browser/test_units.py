"""The home page in the owner's units, from the server and after the stream has drawn."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.served_site import ServedSite


@pytest.mark.parametrize("width", [1280, 360])
def test_kilowatts_fahrenheit_and_charge_first(
    visit: Visit, served: ServedSite, width: int
) -> None:
    served.prefer(power_unit="kw", units="imperial", user_prefers_soc_display=True)
    page = visit(viewport={"width": width, "height": 900})
    sun = page.locator("dd", has=page.locator("[data-v='solar.power']"))
    room = page.locator("#zones .watts").first
    expect(sun).to_have_text(re.compile(r"^\d+\.\d\d kW$"))
    expect(room).to_have_text(re.compile(r"^[67]\d\.\d °F$"))
    expect(page.locator(".huge > [data-v]").first).to_have_attribute("data-v", "battery.soc")
    expect(page.locator("#battery-range")).to_contain_text("optimal range")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
