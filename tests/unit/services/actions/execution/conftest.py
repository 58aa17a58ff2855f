"""A site whose commands are executed by the test."""

from __future__ import annotations

import pytest

from tests.fakes.sites.scripted_site import ScriptedSite


@pytest.fixture
async def site() -> ScriptedSite:
    """Nobody refreshes timers here: they are long enough for the longest boot."""
    made = await ScriptedSite().set_up()
    await made.prefer(dead_man_minutes=30.0)
    return made
