"""Shelly's digest sign-in: challenges reused, replaced, odd and refused."""

from __future__ import annotations

import asyncio

import pytest

from services.errors import VendorError
from tests.fakes.shelly_relay import (
    PASSWORD,
    PLAIN,
    client,
    status,
)
from tests.fakes.vendor_http import (
    Script,
    ShellyDevice,
    answer,
)


async def test_the_challenge_is_reused_until_it_changes() -> None:
    device = ShellyDevice(password=PASSWORD, status=status(switch__0=PLAIN))
    shelly = client(device, password=PASSWORD)
    story = []
    for nonce in ("n1", "n1", "n1", "n2", "n2"):
        device.nonce = nonce
        await shelly.status()
        story.append((device.challenges, device.requests))
    assert story == [(1, 2), (1, 3), (1, 4), (2, 6), (2, 7)]


async def test_calls_at_once_go_one_after_another() -> None:
    device = ShellyDevice(password=PASSWORD, status=status(switch__0=PLAIN))
    shelly = client(device, password=PASSWORD)
    await asyncio.gather(*(shelly.status() for _ in range(4)))
    assert (device.challenges, device.requests) == (1, 5)


async def test_a_dead_nonce_that_is_answered_with_429_is_replaced() -> None:
    device = ShellyDevice(password=PASSWORD, status=status(switch__0=PLAIN))
    shelly = client(device, password=PASSWORD)
    await shelly.status()
    device.nonce, device.forgets = "n2", 429
    await shelly.status()
    await shelly.status()
    # Challenged once, the dead nonce, challenged once more, signed; then signed at once.
    assert (device.challenges, device.requests) == (2, 6)


@pytest.mark.parametrize(
    ("challenge", "detail"),
    [
        pytest.param("", "a sign-in that is no digest", id="none"),
        pytest.param('Basic realm="x"', "a sign-in that is no digest", id="basic"),
        pytest.param("Digest", "a sign-in that is no digest", id="the bare word"),
        pytest.param('Digest realm="x"', "no nonce or no realm", id="no nonce"),
        pytest.param('Digest nonce="x"', "no nonce or no realm", id="no realm"),
        pytest.param("Digest =,=,,==", "no nonce or no realm", id="garbage"),
        pytest.param(
            'Digest realm="x", nonce="y", algorithm=SHA-512-256',
            "an algorithm other than SHA-256 and MD5",
            id="an unknown algorithm",
        ),
        pytest.param(
            'Digest realm="x", nonce="y", qop="auth-int"', "the body signed", id="auth-int"
        ),
    ],
)
async def test_odd_challenges(challenge: str, detail: str) -> None:
    script = Script([answer({}, 401, www_authenticate=challenge)])
    with pytest.raises(VendorError, match=detail) as caught:
        await client(script, password=PASSWORD).status()
    assert not caught.value.retry


@pytest.mark.parametrize(
    ("challenge", "parts"),
    [
        pytest.param(
            'Basic realm="b", digest qop="auth,auth-int", realm="r \\"1\\"", nonce=n, opaque="o"',
            {"realm", "algorithm=MD5", "qop=auth", 'opaque="o"', "nc=00000001"},
            id="among others, with all parts",
        ),
        pytest.param('Digest realm="r", nonce="n"', {"algorithm=MD5"}, id="as of old: no count"),
    ],
)
async def test_challenges_are_answered(challenge: str, parts: set[str]) -> None:
    script = Script([answer({}, 401, www_authenticate=challenge), answer(status(switch__0=PLAIN))])
    await client(script, password=PASSWORD).status()
    signed = script.requests[1].headers["authorization"]
    assert signed.startswith('Digest username="admin"')
    assert all(part in signed for part in parts)
    assert ("nc=" in signed) == ("qop" in challenge)


async def test_a_wrong_password_is_said_and_not_tried_again() -> None:
    device = ShellyDevice(password=PASSWORD)
    with pytest.raises(VendorError) as caught:
        await client(device, password="not-it").status()
    assert caught.value.detail == "HTTP 401: refused, check the key or password"
    assert (caught.value.retry, device.requests) == (False, 2)
