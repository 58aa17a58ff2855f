"""A store that is away, for any port."""

from __future__ import annotations

from typing import Any

from services.errors import Unavailable


class Switchable:
    """Stands before a fake; while ``away`` is True every call raises ``Unavailable``."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self.away = False

    def __getattr__(self, name: str) -> Any:
        if not self.away:
            return getattr(self._port, name)
        raise Unavailable(
            what="the database", detail="connection refused", advice="It is retried by itself."
        )
