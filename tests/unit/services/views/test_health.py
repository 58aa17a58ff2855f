"""The health report: worst wins, a sentence each, and no broken part breaks it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.errors import Unavailable
from services.sites.records import AdapterConfig, System
from services.stored import Json
from services.views.health import Check, ComponentShown, Health
from services.views.records import CheckAnswer
from tests.fakes.clock import EPOCH, SteppingClock
from tests.fakes.stores.all_stores import InMemoryStores

SITE = UUID(int=1)
VRM = AdapterConfig(
    id=UUID(int=2),
    system_id=SITE,
    adapter_type="victron_vrm",
    name="VRM",
    settings={},
    poll_interval_s=180.0,
)


class Site:
    """A site with one source, polled and running at ``EPOCH``."""

    def __init__(self) -> None:
        self.clock = SteppingClock()
        self.stores = InMemoryStores(clock=self.clock)
        self.health = Health(
            store_health=self.stores.health,
            sites=self.stores.site,
            telemetry=self.stores.telemetry,
            jobs=self.stores.jobs,
            timer_faults=self.stores.timer_faults,
            clock=self.clock,
            timeout_s=0.05,
        )

    async def set_up(self) -> None:
        system = System(
            id=SITE, name="Shack", owner_id=SITE, timezone="UTC", latitude=0, longitude=0
        )
        await self.stores.site.save_system(system)
        await self.stores.site.save_adapter(VRM)

    async def component(self, name: str) -> ComponentShown:
        report = await self.health.report()
        return next(each for each in report["components"] if each["name"] == name)


@pytest.fixture
async def site() -> Site:
    made = Site()
    await made.set_up()
    return made


async def test_all_is_well(site: Site) -> None:
    await site.stores.telemetry.record_poll(VRM.id, at=EPOCH, error=None, ms=3)
    await site.stores.jobs.record("control", system_id=SITE, at=EPOCH, ms=3, error=None)
    site.health.add("assistant", _answers({"ok": True, "detail": "built-in"}))
    site.clock.advance(60)
    assert await site.health.report() == {
        "status": "ok",
        "at": (EPOCH + timedelta(seconds=60)).isoformat(),
        "components": [
            _part("database", "store", "in memory"),
            _part("assistant", "part", "built-in"),
            {
                **_part("VRM", "source", "answers; read every 3 min, 100 % in 24 h"),
                "age_s": 60.0,
                "polls": {"every_s": 180.0, "success_rate_24h": 1.0, "gaps_24h": 0},
            },
            {**_part("control", "job", "ran"), "age_s": 60.0},
        ],
    }


def _part(name: str, kind: str, detail: str) -> Json:
    return {
        "name": name,
        "kind": kind,
        "status": "ok",
        "detail": detail,
        "age_s": None,
        "advice": "",
        "polls": None,
    }


def _answers(answer: CheckAnswer) -> Check:
    async def check() -> CheckAnswer:
        return answer

    return check


@pytest.mark.parametrize(
    ("error", "age_s", "expected"),
    [
        pytest.param(
            None,
            545,
            ("ok", "answers; read every 3 min, 33.3 % in 24 h, 1 gap"),
            id="3 intervals and the grace: two polls were not made",
        ),
        pytest.param(
            None,
            546,
            ("down", "silent for 10 min; read every 3 min, 33.3 % in 24 h, 1 gap"),
            id="silent for longer",
        ),
        pytest.param(
            "HTTP 429", 60, ("degraded", "the last poll failed: HTTP 429"), id="one poll failed"
        ),
        pytest.param("HTTP 429", 3_600, ("down", "silent for 1 h: HTTP 429"), id="all failed"),
    ],
)
async def test_a_source(
    site: Site, error: str | None, age_s: float, expected: tuple[str, str]
) -> None:
    await site.stores.telemetry.record_poll(VRM.id, at=EPOCH, error=None, ms=3)
    site.clock.advance(age_s)
    if error is not None:
        await site.stores.telemetry.record_poll(VRM.id, at=site.clock.now(), error=error, ms=3)
    found = await site.component("VRM")
    assert found["status"] == expected[0]
    assert found["detail"].startswith(expected[1])
    assert (found["advice"] == "") == (found["status"] == "ok")
    assert (await site.health.report())["status"] == ("ok" if expected[0] == "ok" else "degraded")


async def test_a_source_that_was_never_polled_or_never_answered(site: Site) -> None:
    assert (await site.component("VRM"))["detail"] == "not polled yet; read every 3 min"
    await site.stores.telemetry.record_poll(VRM.id, at=EPOCH, error="wrong token", ms=3)
    found = await site.component("VRM")
    assert (found["status"], found["detail"]) == (
        "down",
        "the last poll failed: wrong token; read every 3 min, 0 % in 24 h",
    )


@pytest.mark.parametrize(
    ("failed", "words"),
    [
        pytest.param(0, "read every 3 min, 100 % in 24 h", id="never failed"),
        pytest.param(1, "read every 3 min, 99.6 % in 24 h", id="once in 300"),
        pytest.param(5, "read every 3 min, 98.3 % in 24 h, 1 gap", id="five times in a row"),
    ],
)
async def test_how_a_source_was_read_in_a_day(site: Site, failed: int, words: str) -> None:
    for poll in range(300):
        error = "HTTP 503" if 100 <= poll < 100 + failed else None
        await site.stores.telemetry.record_poll(VRM.id, at=site.clock.now(), error=error, ms=3)
        site.clock.advance(180)
    assert (await site.component("VRM"))["detail"] == f"answers; {words}"


async def test_a_source_that_answers_and_warns(site: Site) -> None:
    await site.stores.telemetry.record_poll(
        VRM.id, at=EPOCH, error=None, ms=3, caution="auto-on is set"
    )
    found = await site.component("VRM")
    assert (found["status"], found["detail"]) == (
        "degraded",
        "answers, but auto-on is set; read every 3 min, 100 % in 24 h",
    )
    assert found["advice"].startswith("Its readings are used.")


async def test_a_disabled_source_is_not_reported(site: Site) -> None:
    await site.stores.site.save_adapter(replace(VRM, enabled=False))
    assert [each["name"] for each in (await site.health.report())["components"]] == ["database"]


async def test_without_the_database_all_is_down_and_it_says_what_happens(site: Site) -> None:
    site.stores.health.ok = False
    report = await site.health.report()
    assert report["status"] == "down"
    assert [each["name"] for each in report["components"]] == ["database"]
    assert report["components"][0]["advice"].startswith("Nothing new is commanded")


async def test_a_failing_job_and_a_clock_that_stands(site: Site) -> None:
    await site.stores.jobs.record("rollup", system_id=SITE, at=EPOCH, ms=3, error="disk full")
    found = await site.component("rollup")
    assert (found["status"], found["detail"]) == ("degraded", "failed: disk full")
    site.clock.advance(305)
    assert "scheduler" not in str(await site.health.report())
    site.clock.advance(1)
    stopped = await site.component("scheduler")
    assert (stopped["status"], stopped["detail"]) == ("down", "no job has run for 6 min")


async def test_a_check_that_hangs_raises_or_warns(site: Site) -> None:
    async def hangs() -> CheckAnswer:
        await asyncio.sleep(10)
        return {"ok": True}

    async def breaks() -> CheckAnswer:
        raise RuntimeError

    async def says() -> CheckAnswer:
        raise Unavailable(what="model", detail="refused", advice="Start it.")

    site.health.add("hanging", hangs)
    site.health.add("broken", breaks)
    site.health.add("model", says)
    site.health.add(
        "broker",
        _answers({"ok": True, "status": "degraded", "detail": "slow", "advice": "Wait."}),
    )
    report = await site.health.report()
    found = {each["name"]: (each["status"], each["detail"]) for each in report["components"]}
    assert report["status"] == "degraded"
    assert found["hanging"] == ("down", "no answer within 0.05 s")
    assert found["broken"] == ("down", "RuntimeError")
    assert found["model"] == ("down", "model does not answer: refused. Start it.")
    assert found["broker"] == ("degraded", "slow")


async def test_an_essential_part_takes_all_down(site: Site) -> None:
    site.health.add("queue", _answers({"ok": False}), essential=True)
    report = await site.health.report()
    assert report["status"] == "down"
    assert report["components"][1]["detail"] == "does not answer"


@pytest.mark.parametrize(
    ("slow", "detail"),
    [
        pytest.param(False, "database does not answer: gone. Wait.", id="it raises"),
        pytest.param(True, "no answer within 0.05 s", id="it hangs"),
    ],
)
async def test_a_database_that_goes_away_while_asked(site: Site, slow: bool, detail: str) -> None:
    async def systems() -> list[System]:
        if slow:
            await asyncio.sleep(10)
        raise Unavailable(what="database", detail="gone", advice="Wait.")

    site.stores.site.systems = systems  # type: ignore[method-assign]  # the store breaks in between
    found = await site.component("polls and jobs")
    assert (found["status"], found["detail"]) == ("degraded", detail)


@pytest.mark.parametrize(
    ("starts_min", "status", "detail"),
    [
        pytest.param([0, 1, 2, 3], "ok", "0 of 4 missed in 24 h", id="none missed"),
        pytest.param([*range(17), 19], "ok", "2 of 20 missed in 24 h", id="just under a tenth"),
        pytest.param([*range(16), 18], "degraded", "2 of 19 missed in 24 h", id="too slow"),
        pytest.param([*range(5), 65], "ok", "60 of 66 missed in 24 h", id="was away"),
    ],
)
async def test_missed_cycles_are_shown(
    site: Site, starts_min: list[int], status: str, detail: str
) -> None:
    for minute in starts_min:
        started_at = EPOCH + timedelta(minutes=minute)
        await site.stores.jobs.count_cycle(SITE, started_at=started_at, interval_s=60.0)
    site.clock.advance(60.0 * starts_min[-1])
    found = await site.component("cycles")
    assert (found["status"], found["detail"], bool(found["advice"])) == (
        status,
        detail,
        status != "ok",
    )
