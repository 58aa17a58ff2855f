"""The plant's reports: one sample each with the plant's own time, days of the past, errors."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from integrations.solark.adapter import SolArkReader
from services.errors import VendorError
from services.telemetry.records import EnergySample
from tests.fakes.clock import SteppingClock
from tests.fakes.solark_cloud import INVERTER, NOW, PASSWORD, SAMPLE, Cloud, bad, fine, reader
from tests.fakes.vendor_http import Answer, answer, form_of


async def test_a_poll_between_reports_gives_the_same_sample_with_the_same_time() -> None:
    cloud = Cloud()
    solark = reader(cloud)
    assert await solark.read() == [SAMPLE]
    assert await solark.read() == [SAMPLE]
    assert [r.url.path for r in cloud.routes.requests] == [
        "/oauth/token",
        "/api/v1/plant/424242/realtime",
        "/api/v1/plant/energy/424242/flow",
        "/api/v1/plant/424242/realtime",
        "/api/v1/plant/energy/424242/flow",
    ]
    login = cloud.routes.requests[0]
    assert form_of(login) == {
        "grant_type": "password",
        "username": "owner@example.com",
        "password": PASSWORD,
        "client_id": "csp-web",
    }
    assert login.headers["origin"] == "https://www.solarkcloud.com"


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 4, 4, 6, 59, tzinfo=UTC), "2026-04-03"),
        (datetime(2026, 4, 4, 7, 0, tzinfo=UTC), "2026-04-04"),
    ],
)
async def test_the_day_is_the_plants(now: datetime, day: str) -> None:
    cloud = Cloud()
    solark = SolArkReader(
        client=cloud.client(),
        plant_id=1,
        device_id=INVERTER,
        clock=SteppingClock(now),
        timezone="America/Los_Angeles",
    )
    await solark.read()
    assert cloud.routes.requests[-1].url.params["date"] == day


@pytest.mark.parametrize(
    ("realtime", "detail", "retry"),
    [
        pytest.param(
            {"updateAt": None}, "it does not say when the plant last reported", True, id="no time"
        ),
        pytest.param(
            {"updateAt": "2026-04-03 16:37:01"},
            "it does not say when the plant last reported",
            True,
            id="time without zone",
        ),
        pytest.param(
            {"updateAt": (NOW + timedelta(hours=7)).isoformat()},
            "its clock runs 25200 s ahead; set the time of the device",
            False,
            id="time zone mistaken",
        ),
    ],
)
async def test_no_made_up_freshness(realtime: object, detail: str, retry: bool) -> None:
    cloud = Cloud()
    cloud.routes.set("/realtime", fine(realtime))
    with pytest.raises(VendorError) as caught:
        await reader(cloud).read()
    assert (caught.value.detail, caught.value.retry) == (detail, retry)


@pytest.mark.parametrize(
    ("flow", "detail", "retry"),
    [
        pytest.param(bad(2), "code 2: No Permissions", False, id="error inside HTTP 200"),
        pytest.param(bad("2"), "code 2: No Permissions", False, id="code as text"),
        pytest.param(
            bad(500, "Something went wrong"), "code 500: Something went wrong", True, id="s"
        ),
        pytest.param(bad(429, "slow down"), "code 429: slow down", True, id="rate limit inside"),
        pytest.param(answer({}), "no code", True, id="no envelope"),
        pytest.param(answer([]), "no code", True, id="a list"),
        pytest.param(
            answer({"msg": "x"}, 403),
            "HTTP 403: x: refused, check the key or password",
            False,
            id="403",
        ),
        pytest.param(answer({}, 500), "HTTP 500", True, id="500"),
        pytest.param(
            b"<html>", "HTTP 200 without JSON (no content type, 6 bytes)", True, id="garbage"
        ),
        pytest.param(None, "no answer within 15 s", True, id="silence"),
        pytest.param(
            fine(None),
            "not understood: the answer: Input should be a valid dictionary or instance of"
            " FlowPayload",
            True,
            id="success without data",
        ),
    ],
)
async def test_errors(flow: Answer, detail: str, retry: bool) -> None:
    cloud = Cloud()
    cloud.routes.set("/flow", flow)
    with pytest.raises(VendorError) as caught:
        await reader(cloud).read()
    assert (caught.value.detail, caught.value.retry) == (detail, retry)


async def test_the_past_is_read_day_by_day_and_cut_to_the_gap() -> None:
    cloud = Cloud()
    records = [{"time": time, "value": "400.0"} for time in ("00:05", "12:00", "23:55")]
    cloud.routes.set("/day", fine({"infos": [{"unit": "W", "label": "PV", "records": records}]}))
    start = datetime(2026, 4, 3, 19, 0, tzinfo=UTC)  # noon at the plant
    samples = await reader(cloud).between(start, start + timedelta(hours=24))
    assert [sample.at - start for sample in samples] == [
        timedelta(hours=11, minutes=55),
        timedelta(hours=12, minutes=5),
    ]


async def test_a_day_without_a_measured_load_has_none() -> None:
    cloud = Cloud()
    curves = {"PV": "4000.0", "Load": "0.0", "Battery": "-1000.0", "Grid": "0.0"}
    cloud.routes.set(
        "/day",
        fine(
            {
                "infos": [
                    {"unit": "W", "label": label, "records": [{"time": "12:00", "value": value}]}
                    for label, value in curves.items()
                ]
            }
        ),
    )
    (sample,) = await reader(cloud).day(date(2026, 4, 3))
    assert (sample.load_power_w, sample.pv_power_w) == (None, 4000.0)


async def test_a_day_is_read_with_its_local_date() -> None:
    cloud = Cloud()
    records = [{"time": "12:00", "value": "-400.0", "updateTime": None}]
    cloud.routes.set(
        "/day", fine({"infos": [{"unit": "W", "label": "Battery", "records": records}]})
    )
    assert await reader(cloud).day(date(2026, 4, 3)) == [
        EnergySample(
            device_id=INVERTER,
            at=datetime(2026, 4, 3, 19, 0, tzinfo=UTC),
            battery_power_w=400.0,
        )
    ]
    assert dict(cloud.routes.requests[-1].url.params) == {
        "date": "2026-04-03",
        "id": "424242",
        "lan": "en",
    }
