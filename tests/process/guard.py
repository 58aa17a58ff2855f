"""Watches a process: a host it looks up or connects to, but loopback, is noted and refused."""

from __future__ import annotations

import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Any

LOOK_UPS = frozenset(
    {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}
)
CONTACTS = frozenset({"socket.connect", "socket.sendto"})


def is_loopback(host: object) -> bool:
    """Whether a host of a look-up stays on this machine; None and "" mean this machine."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in {None, "", "localhost"}:
        return True
    try:
        return ip_address(str(name)).is_loopback or ip_address(str(name)).is_unspecified
    except ValueError:
        return False


def watch(file: Path) -> None:
    """Write every foreign host that Python code asks for into ``file`` from now on."""

    def hook(event: str, given: tuple[Any, ...]) -> None:
        if event in LOOK_UPS:
            host = given[0][0] if event == "socket.getnameinfo" else given[0]
        elif event in CONTACTS and isinstance(given[1], tuple):
            host = given[1][0]
        else:
            return
        if not is_loopback(host):
            with file.open("a") as found:
                found.write(f"{event} {host!r}\n")
            raise ConnectionRefusedError(f"{host!r} is not loopback")

    sys.addaudithook(hook)
