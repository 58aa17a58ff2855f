"""The settings RUN_MAX_… reach what they limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from commandcenter.clock import WallClock
from commandcenter.settings import Settings
from commandcenter.wiring.composition import compose
from commandcenter.wiring.plant import SimulatedPlant
from services.chat.records import RunLimits


async def test_each_setting_is_the_limit_of_every_run(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {
        "RUN_MAX_SECONDS": "31",
        "RUN_MAX_CALLS": "3",
        "RUN_MAX_TOKENS": "4000",
        "RUN_MAX_ANSWER_CHARS": "5000",
        "RUN_MAX_PROPOSALS": "0",
        "SITE": "none",
        "COMMANDCENTER_HOME": str(tmp_path),
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    wanted = RunLimits(seconds=31.0, calls=3, tokens=4_000, answer_chars=5_000, proposals=0)
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    async with compose(settings, dsn=database, plant=SimulatedPlant(clock=WallClock())) as site:
        assert site.runs._limits == wanted
        assert site.assistant._limits == wanted
