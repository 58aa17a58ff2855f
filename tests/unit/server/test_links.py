"""Addresses of pages: with their site, and back from the sign-in only to pages of this server."""

from __future__ import annotations

from uuid import UUID

import pytest

from server.web.links import inside, of_site

SITE = UUID("50000000-0000-0000-0000-000000000001")
OTHER = UUID("50000000-0000-0000-0000-0000000000ff")


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/", f"/?system_id={SITE}"),
        ("/#attention", f"/?system_id={SITE}#attention"),
        ("/chat?conversation=1", f"/chat?conversation=1&system_id={SITE}"),
        (f"/health?system_id={OTHER}", f"/health?system_id={SITE}"),
    ],
)
def test_a_page_at_a_site(path: str, address: str) -> None:
    assert of_site(path, SITE) == address
    assert of_site(path, None) == path


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        (f"/health?system_id={SITE}", f"/health?system_id={SITE}"),
        ("", "/"),
        ("//elsewhere.example/", "/"),
        ("/\\elsewhere.example", "/"),
        ("https://elsewhere.example", "/"),
        ("/chat\r\nSet-Cookie: a=b", "/"),
        ("/sign-in/again", "/"),
        ("/api/home/now", "/"),
        ("/ch\u00e4t", "/"),
    ],
)
def test_only_a_page_of_this_server_is_led_back_to(wanted: str, led_to: str) -> None:
    assert inside(wanted) == led_to
