"""A Shelly relay whose answers a test chooses, and who reads and switches it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from integrations.shelly.adapter import ShellyReader, ShellySwitch
from integrations.shelly.client import ShellyClient
from tests.fakes.clock import SteppingClock
from tests.fakes.vendor_http import (
    Handler,
    Script,
    Waits,
    answer,
    in_memory,
)

NOW = datetime(2026, 6, 21, 19, 0, tzinfo=UTC)
MINER, FAN, ROOM, HALL = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
UNIX = int(NOW.timestamp())
PASSWORD = "very-secret"

METERED = {
    "id": 0,
    "output": True,
    "apower": 3871.4,
    "aenergy": {"total": 110046.5, "by_minute": [1, 2, 3]},
    "temperature": {"tC": 44.1, "tF": 111.4},
}
PLAIN = {"id": 1, "output": False, "temperature": {"tC": None}}


def status(**components: object) -> dict[str, object]:
    found = {name.replace("__", ":"): value for name, value in components.items()}
    return {"sys": {"unixtime": UNIX - 5}, **found}


def client(handler: Handler, *, password: str | None = None) -> ShellyClient:
    return ShellyClient(
        http=in_memory(handler), base_url="http://relay/", password=password, sleep=Waits()
    )


def switch(sent: object, channel: int = 0) -> ShellySwitch:
    return ShellySwitch(
        client=client(Script([answer(sent)])), clock=SteppingClock(NOW), channel=channel
    )


def reader_of(device: Handler, clock: SteppingClock) -> ShellyReader:
    return ShellyReader(client=client(device), clock=clock, loads={0: MINER, 1: FAN})
