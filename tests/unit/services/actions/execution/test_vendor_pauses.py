"""A vendor that asks for time (``Retry-After``) gets it from polls and commands alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from energy.site.loads import Actor
from integrations.shelly.adapter import ShellyReader, ShellySwitch
from services.actions.records import ActionStatus
from services.errors import Postponed, VendorError
from services.sites.records import AdapterConfig, ControlledLoad
from services.telemetry.polling import Polling
from services.telemetry.ports import TelemetryReader
from tests.fakes.clock import EPOCH
from tests.fakes.scripted_switch import Mode
from tests.fakes.shelly_relay import client
from tests.fakes.sites.reference_site import SYSTEM_ID, Loop
from tests.fakes.sites.scripted_site import DUMP, PRIMARY, ScriptedSite
from tests.fakes.vendor_http import Routes, answer

REFUSED = "Refused for 5 min by its vendor (Scripted: rpc: HTTP 429)"
BLOCKED = "The vendor of Primary S21+ takes no further command for "
DATE = "Sun, 21 Jun 2026 19:00:00 GMT"


async def load_of(site: ScriptedSite) -> ControlledLoad:
    return next(load for load in await site.stores.site.loads(SYSTEM_ID) if load.id == PRIMARY)


async def test_a_refused_start_is_not_sent_again_before_the_time_that_was_asked_for(
    site: ScriptedSite,
) -> None:
    site.primary.refuses_for_s = 300.0
    refused = await site.do()
    assert (refused.status, refused.result) == (
        ActionStatus.ROLLED_BACK,
        f"{REFUSED} before it took effect; the device is off as before.",
    )
    site.primary.refuses_for_s = None
    seen = []
    for passed_s in (1.0, 298.0, 1.0):
        site.clock.advance(passed_s)
        wished = await site.wish()
        seen.append((wished.status, wished.result))
    assert seen == [
        (ActionStatus.BLOCKED, f"{BLOCKED}5 min."),
        (ActionStatus.BLOCKED, f"{BLOCKED}1 s."),
        (ActionStatus.PROPOSED, None),
    ]
    assert site.primary.commands == []
    assert (await site.do()).status is ActionStatus.DONE


async def test_a_refused_start_whose_device_falls_silent(site: ScriptedSite) -> None:
    site.primary.refuses_for_s = 300.0

    def falls_silent() -> None:
        site.primary.mode = Mode.OFFLINE

    site.primary.when_refused = falls_silent
    failed = await site.do()
    assert (failed.status, failed.result) == (
        ActionStatus.FAILED,
        f"{REFUSED}, and the device does not answer: state unknown.",
    )


@pytest.mark.parametrize(
    ("actor", "urgent", "status", "commands"),
    [
        pytest.param(Actor.SAFETY, True, ActionStatus.VERIFYING, ["off"], id="protective: sent"),
        pytest.param(Actor.OWNER, False, ActionStatus.BLOCKED, [], id="any other waits"),
    ],
)
async def test_while_a_vendor_wants_no_command_only_protective_stops_are_sent(
    site: ScriptedSite, actor: Actor, urgent: bool, status: ActionStatus, commands: list[str]
) -> None:
    site.primary.flip(on=True)
    site.primary.mode = Mode.WELDED
    await site.loop.pauses.note((await load_of(site)).adapter_id, asking(300.0))
    wished = await site.wish(target_on=False, actor=actor, urgent=urgent)
    if wished.status is ActionStatus.PROPOSED:
        wished = await site.loop.execution.execute(wished)
    assert wished.status is status
    assert [word for word, _ in site.primary.commands] == commands


async def test_a_protective_stop_that_is_refused_is_sent_three_times(site: ScriptedSite) -> None:
    site.primary.flip(on=True)
    site.primary.refuses_for_s = 300.0
    stopped = await site.do(target_on=False, actor=Actor.SAFETY, urgent=True)
    assert (stopped.status, stopped.result) == (
        ActionStatus.FAILED,
        "After 3 tries: Scripted: rpc: HTTP 429. A protective stop is not undone.",
    )


async def test_a_timer_is_not_refreshed_while_its_vendor_wants_no_command(
    site: ScriptedSite,
) -> None:
    """The load then ends with its own timer: that is the safe side."""
    load = await load_of(site)
    site.primary.flip(on=True)
    await site.loop.pauses.note(load.adapter_id, asking(90.0))
    seen = []
    for _ in range(3):
        problems = await site.loop.execution.refresh_timers([load], 300.0)
        seen.append((problems, len(site.primary.commands)))
        site.clock.advance(60.0)
    told = "The timer of Primary S21+ was not refreshed: its vendor takes no further command for "
    assert seen == [([f"{told}2 min"], 0), ([f"{told}30 s"], 0), ([], 1)]


def asking(seconds: float | None) -> VendorError:
    return VendorError(
        vendor="Shelly", call="x", detail="HTTP 429", retry=True, retry_after_s=seconds
    )


@pytest.mark.parametrize(
    ("asked", "speed", "ends_after_s"),
    [
        pytest.param((None,), 1.0, None, id="asks for nothing"),
        pytest.param((0.0,), 1.0, None, id="asks for no time"),
        pytest.param((-5.0,), 1.0, None, id="asks for the past"),
        pytest.param((0.5,), 1.0, 0.5, id="half a second"),
        pytest.param((1e308,), 1.0, 3_600.0, id="for ever: an hour at most"),
        pytest.param((60.0,), 100.0, 6_000.0, id="wall seconds on a fast site"),
        pytest.param((300.0, 10.0), 1.0, 300.0, id="a shorter one later changes nothing"),
        pytest.param((10.0, 300.0), 1.0, 300.0, id="a longer one later counts"),
    ],
)
async def test_how_long_a_vendor_is_left_alone(
    asked: Sequence[float | None], speed: float, ends_after_s: float | None
) -> None:
    site = await ScriptedSite(speed=speed).set_up()
    adapter_id = (await load_of(site)).adapter_id
    for seconds in asked:
        await site.loop.pauses.note(adapter_id, asking(seconds))
    until = await site.loop.pauses.until(adapter_id)
    if ends_after_s is None:
        assert until is None
        return
    assert until == site.clock.now() + timedelta(seconds=ends_after_s)
    site.clock.advance(ends_after_s - 0.1)
    assert await site.loop.pauses.until(adapter_id) == until
    site.clock.advance(0.1)
    assert await site.loop.pauses.until(adapter_id) is None


async def test_a_pause_asked_for_before_the_clock_was_set_back_is_over(site: ScriptedSite) -> None:
    adapter_id = (await load_of(site)).adapter_id
    await site.loop.pauses.note(adapter_id, asking(300.0))
    site.clock.set(EPOCH - timedelta(days=1))
    assert await site.loop.pauses.until(adapter_id) is None
    await site.loop.pauses.note(adapter_id, asking(5.0))
    assert await site.loop.pauses.until(adapter_id) == site.clock.now() + timedelta(seconds=5.0)


def refuses(retry_after: str) -> Routes:
    """A relay that refuses every ``Switch.Set`` and every further status."""
    refusal = answer({}, 429, retry_after=retry_after, date=DATE)
    status = {"sys": {"mac": "A0B1", "unixtime": 1_782_068_400}, "switch:0": {"output": False}}
    return Routes(**{"Shelly.GetStatus": lambda _: answer(status), "Switch.Set": lambda _: refusal})


@pytest.mark.parametrize(
    "retry_after",
    [
        pytest.param("300", id="seconds"),
        pytest.param("Sun, 21 Jun 2026 19:05:00 GMT", id="an HTTP date"),
    ],
)
async def test_a_shelly_that_refuses_a_command_is_left_alone_by_polls_and_commands(
    retry_after: str,
) -> None:
    """Through the real driver: what it says in a header ends as a block with its time."""
    site = await ScriptedSite().set_up()
    load, device = await load_of(site), refuses(retry_after)
    shelly = client(device)
    switch = ShellySwitch(client=shelly, clock=site.clock)

    class OneShelly:
        async def of(self, _: ControlledLoad) -> ShellySwitch:
            return switch

    loop = Loop(stores=site.stores, clock=site.clock, switches=OneShelly())
    refused = await loop.execution.execute(await site.wish())
    assert refused.status is ActionStatus.ROLLED_BACK
    assert refused.result is not None
    assert refused.result.startswith("Refused for 5 min by its vendor (Shelly: Switch.Set: ")
    sent = len(device.requests)
    assert (await site.wish(DUMP)).status is ActionStatus.PROPOSED, "another device"
    assert (await site.wish()).result == f"{BLOCKED}5 min."

    def reader_of(adapter: AdapterConfig, loads: Sequence[ControlledLoad]) -> TelemetryReader:
        assert adapter.id in {each.adapter_id for each in loads}
        return ShellyReader(client=shelly, clock=site.clock, loads={0: load.id})

    polling = Polling(
        sites=site.stores.site,
        telemetry=site.stores.telemetry,
        reader_of=reader_of,
        clock=site.clock,
        events=site.stores.events,
        pauses=loop.pauses,
        stopwatch=lambda: 0.0,
    )
    with pytest.raises(Postponed, match="wants no request before 2026-06-21 19:05:00 UTC"):
        await polling.poll(load.adapter_id)
    assert len(device.requests) == sent
    site.clock.advance(300.0)
    assert await polling.poll(load.adapter_id) == 1
    assert len(device.requests) > sent


async def test_a_poll_that_is_refused_blocks_commands_too(site: ScriptedSite) -> None:
    load = await load_of(site)

    class Refused:
        async def read(self) -> Sequence[object]:
            raise asking(120.0)

    polling = Polling(
        sites=site.stores.site,
        telemetry=site.stores.telemetry,
        reader_of=lambda *_: Refused(),  # type: ignore[arg-type]  # gives nothing
        clock=site.clock,
        events=site.stores.events,
        pauses=site.loop.pauses,
        stopwatch=lambda: 0.0,
    )
    with pytest.raises(VendorError):
        await polling.poll(load.adapter_id)
    assert (await site.wish()).result == f"{BLOCKED}2 min."
