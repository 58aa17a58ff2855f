"""A site whose control loop is run by the test."""

from __future__ import annotations

import pytest

from tests.fakes.sites.scripted_site import ScriptedSite


@pytest.fixture
async def site() -> ScriptedSite:
    return await ScriptedSite().set_up()
