"""The messenger that is loaded late: once, whatever needs it first."""

from __future__ import annotations

import asyncio

import pytest

from commandcenter.wiring.late_messenger import LateMessenger
from services.errors import DeliveryError
from tests.fakes.sites.web_site import KeepingMessenger


async def test_it_is_built_once_for_checks_and_messages() -> None:
    built: list[KeepingMessenger] = []

    def build() -> KeepingMessenger:
        built.append(KeepingMessenger())
        return built[-1]

    messenger = LateMessenger(build=build)
    assert built == []
    checks = [messenger.check("json://h.org/x") for _ in range(3)]
    await asyncio.gather(*checks, messenger.send(target="json://h.org/x", subject="S", body="B"))
    assert [each.sent for each in built] == [[("json://h.org/x", "S")]]
    with pytest.raises(DeliveryError):
        await messenger.check("json://10.1.2.3/x")
