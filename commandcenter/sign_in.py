"""The address of a one-time sign-in link."""

from __future__ import annotations

from commandcenter.running_server import read_running_server
from commandcenter.settings import Settings


def sign_in_url(settings: Settings, secret: str) -> str:
    """Where the secret signs in: outside, at the running program, or where it would listen."""
    base = settings.public_base_url
    if base is None:
        running = read_running_server(settings.home)
        base = f"http://{settings.host}:{settings.port}" if running is None else running.url
    return f"{base}/sign-in/{secret}"
