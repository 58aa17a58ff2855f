"""Sessions of SolArk's cloud: renewed in time, ended early, refused."""

from __future__ import annotations

import asyncio

import pytest

from services.errors import VendorError
from tests.fakes.solark_cloud import ACCOUNT, PASSWORD, SAMPLE, Cloud, bad, reader
from tests.fakes.vendor_http import answer


async def test_a_session_is_renewed_shortly_before_it_ends() -> None:
    times = [0.0]
    cloud = Cloud(expires_in=3600)
    solark = cloud.client(monotonic=times)
    story = []
    for at in (0.0, 3539.0, 3540.0, 3541.0, 7080.0):
        times[0] = at
        await solark.realtime(1)
        story.append((at, list(cloud.grants)))
    assert story == [
        (0.0, ["password"]),
        (3539.0, ["password"]),
        (3540.0, ["password", "refresh_token"]),
        (3541.0, ["password", "refresh_token"]),
        (7080.0, ["password", "refresh_token", "refresh_token"]),
    ]


@pytest.mark.parametrize(
    ("expires_in", "kept_s", "renewed_s"), [(None, 539.0, 540.0), (60, 29.0, 30.0)]
)
async def test_short_and_untold_sessions(
    expires_in: object, kept_s: float, renewed_s: float
) -> None:
    times = [0.0]
    cloud = Cloud(expires_in=expires_in)
    solark = cloud.client(monotonic=times)
    counts = []
    for at in (0.0, kept_s, renewed_s):
        times[0] = at
        await solark.realtime(1)
        counts.append(len(cloud.grants))
    assert counts == [1, 1, 2]


@pytest.mark.parametrize("ending", ["code 102 in HTTP 200", "HTTP 401"])
async def test_a_session_that_ended_early_is_renewed_once(ending: str) -> None:
    cloud = Cloud()
    solark = cloud.client()
    await solark.realtime(1)
    cloud.good.clear()
    if ending == "HTTP 401":
        ended = answer({}, 401)
        known = cloud.routes.of("/realtime")
        cloud.routes.set("/realtime", lambda r: known(r) if cloud.good else ended)
    assert (await solark.realtime(1)).update_at == "2026-04-03T16:37:01Z"
    assert cloud.grants == ["password", "refresh_token"]


async def test_a_refused_refresh_falls_back_to_the_password() -> None:
    cloud = Cloud()
    solark = cloud.client()
    await solark.realtime(1)
    cloud.good.clear()
    cloud.refuse_refresh = True
    await solark.realtime(1)
    assert cloud.grants == ["password", "refresh_token", "password"]


async def test_a_refreshed_session_that_is_refused_too_falls_back_to_the_password() -> None:
    cloud = Cloud()
    solark = cloud.client()
    await solark.realtime(1)
    cloud.good.clear()
    known = cloud.routes.of("/realtime")
    cloud.routes.set(
        "/realtime", lambda r: known(r) if len(cloud.grants) == 3 else bad(102, "token invalid")
    )
    await solark.realtime(1)
    assert cloud.grants == ["password", "refresh_token", "password"]


async def test_many_callers_sign_in_once() -> None:
    cloud = Cloud()
    solark = cloud.client()
    await asyncio.gather(*(solark.realtime(1) for _ in range(5)))
    assert cloud.grants == ["password"]


@pytest.mark.parametrize("status", [200, 401])
async def test_a_wrong_password_is_said_without_it(status: int) -> None:
    cloud = Cloud()
    cloud.routes.set("/oauth/token", bad(102, f"wrong {PASSWORD}", status))
    with pytest.raises(VendorError) as caught:
        await reader(cloud).read()
    error = caught.value
    assert error.call == "sign-in"
    assert error.detail == (
        f"HTTP {status}, code 102: wrong ***: refused, check user name and password"
    )
    assert not error.retry
    assert PASSWORD not in f"{error!r} {vars(error)} {ACCOUNT!r}"


async def test_a_server_fault_at_sign_in_is_tried_again() -> None:
    cloud = Cloud()
    known = cloud.routes.of("/oauth/token")
    faults = [answer({}, 502), answer({}, 502)]
    cloud.routes.set("/oauth/token", lambda r: faults.pop() if faults else known(r))
    assert await reader(cloud).read() == [SAMPLE]


async def test_a_server_fault_at_refresh_is_no_reason_for_the_password() -> None:
    times = [0.0]
    cloud = Cloud()
    solark = cloud.client(monotonic=times)
    await solark.realtime(1)
    times[0] = 4000.0
    cloud.routes.set("/oauth/token", answer({}, 502))
    with pytest.raises(VendorError, match="HTTP 502"):
        await solark.realtime(1)
    assert cloud.grants == ["password"]
