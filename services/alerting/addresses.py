"""Addresses for messages are tried when they are entered, not first when a message is due."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from services.alerting.notifications import without_secrets
from services.alerting.ports import TargetCheck
from services.errors import DeliveryError, Unavailable
from services.time_limit import within

PATIENCE_S = 5.0
"""A name server that is away must not hold up the owner's other settings for long."""


class MessageAddresses:
    """Implements ``services.settings.ports.AddressCheck``; sends nothing."""

    def __init__(self, *, targets: TargetCheck, patience_s: float = PATIENCE_S) -> None:
        """``patience_s``: an address is given up after so long, wall seconds."""
        self._targets, self._patience_s = targets, patience_s

    async def problems(self, addresses: Sequence[str]) -> dict[str, str]:
        """Why which of them cannot be used: the shortened address and the rule."""
        problems = await asyncio.gather(*(self._problem(address) for address in addresses))
        return {
            address: f"{without_secrets(address)}: {problem}"
            for address, problem in zip(addresses, problems, strict=True)
            if problem is not None
        }

    async def _problem(self, address: str) -> str | None:
        try:
            await within(self._patience_s, self._targets.check(address), what="The address")
        except DeliveryError as error:
            return error.detail
        except Unavailable:
            return f"it could not be checked within {self._patience_s:g} s, try again"
        return None
