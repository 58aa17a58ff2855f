"""VRM: battery samples by the attributes' own times, errors in all shapes, the rate window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx2
import pytest

from integrations.rate import RateWindow
from integrations.victron.adapter import VrmReader
from integrations.victron.client import VrmClient
from integrations.victron.mapping import battery_samples, history
from integrations.victron.payloads import Attribute, VrmEnvelope, series
from services.errors import VendorError
from services.telemetry.records import BatterySample, Point
from tests.fakes.clock import SteppingClock
from tests.fakes.vendor_http import Answer, Script, Waits, answer, in_memory

PACK = UUID(int=1)
NOW = datetime(2026, 4, 18, 12, 40, tzinfo=UTC)
TOKEN = "very-secret-token"
ME = {"success": True, "user": {"id": 22, "name": "x"}}


def ago(seconds: float) -> float:
    return NOW.timestamp() - seconds


def attribute(code: str, raw: object, age_s: float | None = 30.0) -> dict[str, object]:
    stamp = None if age_s is None else ago(age_s)
    return {"code": code, "rawValue": raw, "formattedValue": "A descarregar", "timestamp": stamp}


def site(*attributes: dict[str, object], number: object = 7) -> dict[str, object]:
    return {"success": True, "records": [{"idSite": number, "extended": list(attributes)}]}


def client(*answers: Answer | Exception, script: Script | None = None) -> VrmClient:
    script = Script([answer(ME), *answers]) if script is None else script
    return VrmClient(http=in_memory(script), token=TOKEN, base_url="http://v/v2/", sleep=Waits())


async def read(*attributes: dict[str, object]) -> list[BatterySample]:
    reader = VrmReader(
        client=client(answer(site(*attributes))),
        site_id=7,
        device_id=PACK,
        clock=SteppingClock(NOW),
    )
    return [sample for sample in await reader.read() if isinstance(sample, BatterySample)]


def sample(age_s: float, **values: float | str) -> BatterySample:
    at = NOW - timedelta(seconds=age_s)
    return BatterySample(device_id=PACK, at=at, **values)  # type: ignore[arg-type] # table rows


@pytest.mark.parametrize(
    ("attributes", "samples"),
    [
        pytest.param(
            [
                attribute("bv", 53.05),
                attribute("bc", -4.1),
                attribute("bs", 96.9),
                attribute("bst", 2),
            ],
            [
                sample(
                    30,
                    voltage_v=53.05,
                    current_a=-4.1,
                    power_w=-217.5,
                    soc_pct=96.9,
                    state="discharging",
                )
            ],
            id="discharging is negative",
        ),
        pytest.param(
            [attribute("bv", "50.38"), attribute("bc", 49.9), attribute("bst", "1")],
            [
                sample(
                    30,
                    voltage_v=50.38,
                    current_a=49.9,
                    power_w=2514.0,
                    state="charging",
                )
            ],
            id="charging is positive, numbers as text",
        ),
        pytest.param(
            [attribute("bv", 52.0, 3600), attribute("bc", 1.0, 20)],
            [sample(3600, voltage_v=52.0), sample(20, current_a=1.0)],
            id="each value keeps its own age",
        ),
        pytest.param(
            [attribute("bv", 52.0), attribute("bc", None), attribute("soc_status", 25)],
            [sample(30, voltage_v=52.0)],
            id="null is unknown, the icon is no state of charge",
        ),
        pytest.param(
            [attribute("bv", 52.0), attribute("bs", 50, None)],
            [sample(30, voltage_v=52.0)],
            id="a value without a time is left out",
        ),
        pytest.param(
            [attribute("V", 51.0), attribute("I", 2), attribute("SOC", 40), attribute("BT", 18.5)],
            [
                sample(
                    30,
                    voltage_v=51.0,
                    current_a=2.0,
                    power_w=102.0,
                    soc_pct=40.0,
                    temperature_c=18.5,
                )
            ],
            id="a single monitor stands in",
        ),
        pytest.param(
            [attribute("V", 51.0, 5), attribute("bv", 52.0), attribute("bv", 51.9, 90)],
            [sample(30, voltage_v=52.0)],
            id="the system's battery first, its newest value",
        ),
        pytest.param(
            [attribute("bv", 52.0, -10)], [sample(0, voltage_v=52.0)], id="a little ahead is now"
        ),
        pytest.param(
            [attribute("bv", 0.0), attribute("bst", 9)],
            [sample(30, voltage_v=0.0)],
            id="zero is a number, an unknown state is none",
        ),
    ],
)
async def test_samples(attributes: list[dict[str, object]], samples: list[BatterySample]) -> None:
    assert await read(*attributes) == samples


@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param([], id="empty"),
        pytest.param([attribute("bv", False), attribute("bs", None)], id="false and null"),
        pytest.param([attribute("bst", 1), attribute("solar_yield", 5000)], id="nothing measured"),
    ],
)
async def test_no_battery_values_is_an_error(attributes: list[dict[str, object]]) -> None:
    with pytest.raises(VendorError, match="the installation shows no battery values"):
        await read(*attributes)


async def test_a_clock_hours_ahead_is_not_believed() -> None:
    with pytest.raises(VendorError, match="7200 s ahead"):
        await read(attribute("bv", 52.0, -7200))


async def test_requests_are_signed_and_the_user_is_asked_for_once() -> None:
    script = Script([answer(ME), answer(site(attribute("bv", 52.0)))])
    vrm = client(script=script)
    await vrm.attributes(7)
    await vrm.attributes(7)
    assert script.paths == [
        "/v2/users/me",
        "/v2/users/22/installations",
        "/v2/users/22/installations",
    ]
    assert {r.headers["x-authorization"] for r in script.requests} == {f"Token {TOKEN}"}
    assert dict(script.requests[1].url.params) == {"extended": "1", "idSite": "7"}


@pytest.mark.parametrize(
    ("answers", "detail", "retry"),
    [
        pytest.param(
            [answer({"success": False, "errors": "Token inválido", "error_code": "x"}, 401)],
            "HTTP 401: x: Token inválido: refused, check the key or password",
            False,
            id="wrong token",
        ),
        pytest.param(
            [answer({"success": False, "errors": f"bad {TOKEN}"})],
            "bad ***",
            False,
            id="failed inside HTTP 200, token redacted",
        ),
        pytest.param(
            [answer({"success": False, "error": {"idSite": ["gone", "x"]}})],
            "idSite: gone; x",
            False,
            id="error as an object",
        ),
        pytest.param([answer({})], "answered without success", False, id="no envelope"),
        pytest.param(
            [answer({"success": True, "records": []})],
            "this token sees no such installation; check the site id",
            False,
            id="success without data",
        ),
        pytest.param(
            [answer(site(number=8))],
            "this token sees no such installation; check the site id",
            False,
            id="another installation",
        ),
        pytest.param(
            [answer({"success": True, "records": {"a": 1}})],
            "not understood: records: Input should be a valid list",
            True,
            id="another shape",
        ),
        pytest.param([b"<html>"], "HTTP 200 without JSON (no content type, 6 bytes)", True, id="x"),
        pytest.param([answer([], 500)], "HTTP 500", True, id="server error"),
        pytest.param([httpx2.ReadTimeout("x")], "no answer within 10 s", True, id="timeout"),
    ],
)
async def test_errors(answers: list[Answer | Exception], detail: str, retry: bool) -> None:
    with pytest.raises(VendorError) as caught:
        await client(*answers).attributes(7)
    assert (caught.value.detail, caught.value.retry) == (detail, retry)
    assert TOKEN not in f"{caught.value!r} {caught.value} {vars(caught.value)}"


async def test_too_many_requests_waits_as_told() -> None:
    waits = Waits()
    script = Script(
        [answer(ME), answer({}, 429, retry_after="4"), answer(site(attribute("bv", 52.0)))]
    )
    vrm = VrmClient(http=in_memory(script), token=TOKEN, base_url="http://v", sleep=waits)
    assert len(await vrm.attributes(7)) == 1
    assert waits.seconds == [4.0]


async def test_the_window_of_requests_is_kept() -> None:
    waits = Waits()
    vrm = VrmClient(
        http=in_memory(Script([answer(ME), answer(site(attribute("bv", 52.0)))])),
        token=TOKEN,
        base_url="http://v",
        window=RateWindow(capacity=3, refill_s=0.33, monotonic=lambda: 0.0),
        sleep=waits,
    )
    for _ in range(4):
        await vrm.attributes(7)
    assert [round(wait, 2) for wait in waits.seconds] == [0.33, 0.66]


async def test_recorded_series_are_asked_in_seconds_and_answered_in_milliseconds() -> None:
    script = Script(
        [
            answer(
                {
                    "success": True,
                    "records": {
                        "bv": [[NOW.timestamp() * 1000, 52.1, 52.0, 52.2], ["x", 1], [1]],
                        "bc": False,
                    },
                }
            )
        ]
    )
    found = await client(script=script).stats(
        7, codes=["bv", "bc"], start=NOW - timedelta(hours=1), end=NOW
    )
    assert history(found, "bv") == [
        Point(at=NOW, value=52.1),
        Point(at=datetime(1970, 1, 1, 0, 0, 0, 1000, tzinfo=UTC), value=None),
    ]
    assert history(found, "bc") == []
    query = script.requests[0].url.params
    assert (query["start"], query["end"]) == (str(int(ago(3600))), str(int(ago(0))))
    assert query.get_list("attributeCodes[]") == ["bv", "bc"]


@pytest.mark.parametrize("sent", [None, [], {"records": False}, {"records": {"bv": False}}])
def test_no_series(sent: object) -> None:
    assert series(sent) == {}


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"errors": "a", "error_code": "c"}, "c: a"),
        ({"errors": ["a", {"b": "c"}]}, "a; b: c"),
        ({"error": "a"}, "a"),
        ({"errors": []}, None),
        ({}, None),
    ],
)
def test_said(sent: dict[str, object], said: str | None) -> None:
    assert VrmEnvelope.model_validate(sent).error_text() == said


def test_mapping_is_pure_and_sorted() -> None:
    attributes = [
        Attribute.model_validate(attribute("bc", 1, 1)),
        Attribute.model_validate(attribute("bv", 52, 2)),
    ]
    call = client(answer({})).call("x")
    once = battery_samples(attributes, device_id=PACK, now=NOW, call=call)
    assert once == battery_samples(attributes[::-1], device_id=PACK, now=NOW, call=call)
    assert [s.at for s in once] == sorted(s.at for s in once)
