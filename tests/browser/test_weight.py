"""What the home page weighs over the wire, and that a second look costs next to nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from playwright.sync_api import BrowserContext, Page, expect

from services.stored import Json
from services.views.history import History
from tests.browser.served_site import ServedSite

HOME_KIB = 60.0
AGAIN_KIB = 16.0


class WholeDay:
    """History with a value at every step: as heavy as a chart gets."""

    async def series(
        self, system_id: UUID, metric: str, start: datetime, end: datetime, step_s: float
    ) -> Json:
        del system_id, end
        noise = random.Random(metric)  # noqa: S311 - a curve, not a secret
        at = [start + timedelta(seconds=step_s * step) for step in range(145)]
        points = [
            {"at": each.isoformat(), "value": noise.randrange(1_500_000) / 100.0} for each in at
        ]
        return {"points": points}


def weight(page: Page, served: ServedSite) -> float:
    """KiB that the server sent until the page was live and its chart drawn: headers, workers and
    the live stream's first words included.
    """
    served.door.sent.clear()
    page.goto("/")
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#chart canvas")).to_be_visible()
    return served.door.sent.total() / 1_024


def test_home_is_light(sign_in: Callable[..., BrowserContext], served: ServedSite) -> None:
    history = WholeDay()
    services = replace(served.site.services, history=cast("History", history))
    served.site.app.state.services = services
    page, hosts = sign_in().new_page(), set[str]()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    first = weight(page, served)
    again = weight(page, served)
    assert 20.0 < first <= HOME_KIB
    assert again <= AGAIN_KIB
    assert hosts == {served.url.removeprefix("http://")}
