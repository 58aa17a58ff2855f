"""Health in words: how often each source is read, how that goes, how long ago."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from commandcenter.wiring import seed
from tests.browser.conftest import Visit
from tests.browser.served_site import ServedSite


def polled(served: ServedSite, *, errors: int) -> None:
    """A day of the Victron cloud with failures."""

    async def record() -> None:
        clock, telemetry = served.site.clock, served.site.stores.telemetry
        for poll in range(100):
            error = "HTTP 503" if poll < errors else None
            await telemetry.record_poll(seed.VRM_ADAPTER, at=clock.now(), error=error, ms=3)
            clock.advance(180.0)

    served.run(record())


def test_a_source_says_how_it_is_read(visit: Visit, served: ServedSite) -> None:
    polled(served, errors=10)
    page = visit("/health")
    line = page.locator(".parts li", has_text="Victron VRM")
    expect(line).to_contain_text("read every 3 min, 9")
    expect(line).to_contain_text("% in 24 h")
    expect(line.locator("time")).to_contain_text("ago")


def test_ages_run_and_an_outage_leaves_the_page(visit: Visit, served: ServedSite) -> None:
    polled(served, errors=0)
    page = visit("/health")
    page.clock.install()
    page.reload()
    served.door.refused["/health"] = (503, 100)
    age = page.locator(".parts time").first
    before = age.inner_text()
    page.clock.fast_forward(30_000)
    expect(age).not_to_have_text(before)
    expect(page.locator("h1")).to_have_text(re.compile("Health: (ok|degraded)"))


def test_it_is_read_again_while_somebody_looks(visit: Visit, served: ServedSite) -> None:
    page = visit("/health")
    page.clock.install()
    page.reload()
    served.site.stores.health.detail = "in another memory"
    page.clock.fast_forward(16_000)
    expect(page.locator(".parts")).to_contain_text(["in another memory"])
    served.site.stores.health.detail = "in memory"
