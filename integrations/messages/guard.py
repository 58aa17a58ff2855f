"""Which hosts a message target may reach: none in the server's own network.

An owner enters the target's host and the server makes the request (SSRF). So a host that resolves
to this machine, or to a private, link-local or otherwise special address, is refused, unless the
operator has named it in ``allowed_hosts``; redirects are never followed. A remaining gap: the
library resolves the name once more when it connects, so a name whose address changes in between is
not caught. Where that matters, allow only a proxy through the firewall.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address

Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""The addresses of a host name; raises OSError where it has none."""


async def system_resolve(host: str) -> Sequence[str]:
    """The addresses that the machine's resolver gives."""
    addresses = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return sorted({str(entry[4][0]) for entry in addresses})


class HostGuard:
    """Says why a host may not be reached."""

    def __init__(
        self, *, allowed_hosts: frozenset[str] = frozenset(), resolve: Resolve = system_resolve
    ) -> None:
        """``allowed_hosts``: ``host`` or ``host:port``, allowed whatever they resolve to."""
        self._allowed = frozenset(host.lower() for host in allowed_hosts)
        self._resolve = resolve

    async def problem(self, host: str, port: int | None) -> tuple[str, bool] | None:
        """None where the host may be reached; else why not, and whether to try again later."""
        name = host.strip("[]").lower()
        if {name, f"{name}:{port}"} & self._allowed:
            return None
        try:
            addresses = await self._resolve(name)
        except (OSError, UnicodeError):
            return f"the host {name} cannot be found", True
        if addresses and all(_is_public(address) for address in addresses):
            return None
        return f"the host {name} is not a public one; the operator may allow it", False


def _is_public(address: str) -> bool:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    known = parsed if mapped is None else mapped
    return bool(known.is_global and not known.is_multicast)
