"""Addresses for messages, tried when they are entered: what is wrong, without what is secret."""

from __future__ import annotations

import asyncio

from services.alerting.addresses import MessageAddresses
from services.errors import DeliveryError

GOOD = "json://hooks.example/x"
INSIDE = "json://user:hunter2@10.1.2.3/x"
SLOW = "json://slow.example/x"


class ScriptedTargets:
    """Refuses one target, never answers about another."""

    async def check(self, target: str) -> None:
        if target == INSIDE:
            raise DeliveryError(channel="json", detail="the host is not a public one", retry=False)
        if target == SLOW:
            await asyncio.Event().wait()


async def test_each_refused_address_is_named_with_its_place_and_the_rule() -> None:
    addresses = MessageAddresses(targets=ScriptedTargets(), patience_s=0.05)
    assert await addresses.problems((GOOD,)) == {}
    assert await addresses.problems(()) == {}
    assert await addresses.problems((GOOD, INSIDE, SLOW)) == {
        INSIDE: "json://10.1.2.3/…: the host is not a public one",
        SLOW: "json://slow.example/…: it could not be checked within 0.05 s, try again",
    }
