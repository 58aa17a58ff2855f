"""SolArk's cloud: sessions that end early, errors inside HTTP 200, freshness from the plant."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import httpx2
import pytest

from integrations.solark.adapter import SolArkReader
from integrations.solark.client import SolArkAccount, SolArkClient
from integrations.solark.mapping import POWERS
from services.errors import VendorError
from services.telemetry.records import EnergySample, Sample
from tests.fakes.clock import SteppingClock
from tests.fakes.vendor_http import Answer, Routes, Waits, answer, form_of, in_memory

INVERTER = UUID(int=1)
NOW = datetime(2026, 4, 3, 16, 40, tzinfo=UTC)
PASSWORD = "very-secret"
ACCOUNT = SolArkAccount(username="owner@example.com", password=PASSWORD, base_url="http://solark/")
FLOW = {"pvPower": 3000, "battPower": 1000, "gridOrMeterPower": 0, "loadOrEpsPower": 2000}


def fine(data: object) -> httpx2.Response:
    return answer({"code": 0, "msg": "Success", "data": data, "success": True})


def bad(code: object, msg: str = "No Permissions", status: int = 200) -> httpx2.Response:
    return answer({"code": code, "msg": msg, "success": False}, status)


class Cloud:
    """A cloud that hands out numbered sessions and can end them."""

    def __init__(self, *, expires_in: object = 3600) -> None:
        self.expires_in, self.serial, self.grants = expires_in, 0, list[str]()
        self.refuse_refresh = False
        self.good: set[str] = set()
        self.routes = Routes(
            **{
                "/oauth/token": self._sign_in,
                "/realtime": lambda r: self._signed(r, {"updateAt": "2026-04-03T16:37:01Z"}),
                "/flow": lambda r: self._signed(r, {**FLOW, "toBat": True}),
            }
        )

    def _sign_in(self, request: httpx2.Request) -> Answer:
        form = form_of(request)
        self.grants.append(str(form["grant_type"]))
        if self.grants[-1] == "refresh_token" and self.refuse_refresh:
            return bad(102, "refresh token expired")
        if self.grants[-1] == "password" and form["password"] != PASSWORD:
            return bad(102, f"bad password {form['password']}", 401)
        self.serial += 1
        self.good = {f"a{self.serial}"}
        token = {"access_token": f"a{self.serial}", "refresh_token": f"r{self.serial}"}
        return fine({**token, "expires_in": self.expires_in})

    def _signed(self, request: httpx2.Request, data: object) -> Answer:
        token = request.headers["authorization"].removeprefix("Bearer ")
        return fine(data) if token in self.good else bad(102, "token invalid")

    def client(self, *, monotonic: list[float] | None = None) -> SolArkClient:
        times = [0.0] if monotonic is None else monotonic
        return SolArkClient(
            http=in_memory(self.routes),
            account=ACCOUNT,
            sleep=Waits(),
            monotonic=lambda: times[0],
        )


def reader(cloud: Cloud, *, serial: str | None = None) -> SolArkReader:
    return SolArkReader(
        client=cloud.client(),
        plant_id=424242,
        device_id=INVERTER,
        clock=SteppingClock(NOW),
        timezone="America/Los_Angeles",
        inverter_serial=serial,
    )


def energy(samples: Sequence[Sample]) -> list[EnergySample]:
    return [sample for sample in samples if isinstance(sample, EnergySample)]


def one_inverter(at: str | None = None, *, pac: float | None = None) -> Answer:
    return fine({"infos": [{"sn": "E1", "pac": pac, "updateAt": at}]})


SAMPLE = EnergySample(
    device_id=INVERTER,
    at=datetime(2026, 4, 3, 16, 37, 1, tzinfo=UTC),
    pv_power_w=3000.0,
    load_power_w=2000.0,
    battery_power_w=1000.0,
    grid_power_w=0.0,
)


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


async def test_the_battery_voltage_is_read_where_there_is_a_serial_number() -> None:
    cloud = Cloud()
    cloud.routes.set("inverter/battery/E1/realtime", fine({"voltage": "53.3", "temp": "-100"}))
    (sample,) = await reader(cloud, serial="E1").read()
    assert isinstance(sample, EnergySample)
    assert (sample.battery_voltage_v, sample.temperature_c) == (53.3, None)


async def test_powers_count_more_than_a_battery_detail_that_is_refused() -> None:
    cloud = Cloud()
    cloud.routes.set("inverter/battery/E1/realtime", bad(2))
    assert await reader(cloud, serial="E1").read() == [SAMPLE]


async def test_a_battery_detail_that_fails_takes_nothing_else_with_it() -> None:
    cloud = Cloud()
    cloud.routes.set("/inverters", one_inverter())
    cloud.routes.set("inverter/battery/E1/realtime", answer({}, 503))
    solark = reader(cloud, serial="E1")
    assert await solark.read() == [SAMPLE]
    assert solark.cautions() == ("inverter battery could not be read: HTTP 503",)
    cloud.routes.set("inverter/battery/E1/realtime", fine({"voltage": "53.3"}))
    assert await solark.read() == [replace(SAMPLE, battery_voltage_v=53.3)]
    assert solark.cautions() == ()


async def test_a_battery_detail_that_hangs_takes_nothing_else_with_it() -> None:
    cloud = Cloud()

    async def hang(_: httpx2.Request) -> Answer:
        await asyncio.sleep(60.0)
        return answer({})

    cloud.routes.set("/inverters", one_inverter())
    cloud.routes.set("inverter/battery/E1/realtime", hang)
    solark = SolArkReader(
        client=cloud.client(),
        plant_id=424242,
        device_id=INVERTER,
        clock=SteppingClock(NOW),
        timezone="America/Los_Angeles",
        inverter_serial="E1",
        optional_s=0.05,
    )
    assert await solark.read() == [SAMPLE]
    assert solark.cautions() == ("battery could not be read: no answer within 0.05 s",)


@pytest.mark.parametrize(
    ("detail_time", "listed", "at"),
    [
        pytest.param("2026-04-03T16:31:00Z", None, "16:31", id="the detail's own"),
        pytest.param("2026-04-03 09:31:00", None, "16:31", id="the plant's wall clock"),
        pytest.param(None, "2026-04-03T16:32:00Z", "16:32", id="the inverter's in the list"),
        pytest.param("soon", "2026-04-03T16:32:00Z", "16:32", id="no time in the detail"),
        pytest.param("9999-12-31T23:59:59-12:00", None, None, id="the end of the calendar"),
        pytest.param(None, None, None, id="nobody says: the plant's"),
        pytest.param("2026-04-03T16:44:00Z", None, "16:40", id="a little ahead is now"),
    ],
)
async def test_the_batterys_values_have_the_inverters_own_time(
    detail_time: str | None, listed: str | None, at: str | None
) -> None:
    cloud = Cloud()
    cloud.routes.set("/inverters", one_inverter(listed))
    detail = {"voltage": "53.3", "temp": 21, "time": detail_time}
    cloud.routes.set("inverter/battery/E1/realtime", fine(detail))
    found = await reader(cloud, serial="E1").read()
    if at is None:
        assert found == [replace(SAMPLE, battery_voltage_v=53.3, temperature_c=21.0)]
        return
    time = datetime.fromisoformat(f"2026-04-03T{at}:00+00:00")
    battery = EnergySample(device_id=INVERTER, at=time, battery_voltage_v=53.3, temperature_c=21.0)
    assert found == sorted([SAMPLE, battery], key=lambda sample: sample.at)


async def test_a_battery_from_the_future_is_left_out() -> None:
    cloud = Cloud()
    cloud.routes.set("/inverters", one_inverter())
    ahead = (NOW + timedelta(hours=2)).isoformat()
    cloud.routes.set("inverter/battery/E1/realtime", fine({"voltage": 53, "time": ahead}))
    solark = reader(cloud, serial="E1")
    assert await solark.read() == [SAMPLE]
    assert solark.cautions() == ("the inverter's clock runs ahead; its battery is not read",)


def three_inverters(*minutes: int, pac: float = 1000) -> Answer:
    return fine(
        {
            "infos": [
                {"sn": f"00E{n}", "pac": pac, "updateAt": f"2026-04-03T16:{minute:02}:00Z"}
                for n, minute in enumerate(minutes)
            ]
        }
    )


SILENT = "inverter …00E2 has reported 11 min less recently than the others"
PART = (
    "the flow shows 3000 W of sun and the plant's total 4503 W: it may be the part of one inverter"
)


@pytest.mark.parametrize(
    ("inverters", "why"),
    [
        pytest.param(three_inverters(37, 36, 27), None, id="all within one upload"),
        pytest.param(three_inverters(37, 36, 26), SILENT, id="one missed its upload"),
        pytest.param(three_inverters(37, 36, 37, pac=1333), None, id="a quarter less: weather"),
        pytest.param(three_inverters(37, 36, 37, pac=1501), PART, id="a part of the sun"),
        pytest.param(one_inverter(pac=9000), None, id="one inverter has no parts"),
    ],
)
async def test_a_subtotal_of_parallel_inverters_is_suspect(
    inverters: Answer, why: str | None
) -> None:
    cloud = Cloud()
    cloud.routes.set("/inverters", inverters)
    cloud.routes.set("inverter/battery/E1/realtime", fine({}))
    expected = SAMPLE if why is None else replace(SAMPLE, suspect=dict.fromkeys(POWERS, why))
    solark = reader(cloud, serial="E1")
    assert await solark.read() == [expected]
    assert await solark.read() == [expected], "the same report is judged once"


FELL = "all powers fell at once, as when one of several inverters is missing from the sum"


@pytest.mark.parametrize(
    ("inverters", "flows", "doubted"),
    [
        pytest.param(
            three_inverters(37),
            [(6000, 4000, 2000), (6000, 4000, 2000)],
            [False, False],
            id="one inverter",
        ),
        pytest.param(
            three_inverters(37, 37, pac=100),
            [(6000, 4000, 2000), (3000, 2000, 1000), (3100, 2100, 1000), (6000, 4000, 2000)],
            [False, True, False, False],
            id="a dip is doubted once; the next report that agrees clears it",
        ),
        pytest.param(
            three_inverters(37, 37, pac=100),
            [(6000, 4000, 2000), (3000, 4000, -1000)],
            [False, False],
            id="a cloud: the load stays",
        ),
        pytest.param(
            three_inverters(37, 37, pac=100),
            [(6000, 4000, 2000), (6000, 1000, 5000)],
            [False, False],
            id="a miner stops: the sun stays",
        ),
        pytest.param(
            answer({}, 404),
            [(6000, 4000, 2000), (3000, 2000, 1000)],
            [False, True],
            id="the list can't be read: there may be several",
        ),
        pytest.param(
            answer({}, 404),
            [(0, 6000, -6000), (0, 2000, -2000)],
            [False, False],
            id="at night a miner's stop takes the battery with it",
        ),
        pytest.param(
            three_inverters(37, 37, pac=0),
            [(0, 6000, -6000), (0, 2000, -2000)],
            [False, True],
            id="at night with several inverters it may be a part",
        ),
        pytest.param(
            three_inverters(37, 37, pac=0),
            [(0, 400, -400), (0, 100, -100)],
            [False, False],
            id="what is small may fall",
        ),
    ],
)
async def test_one_reports_dip_of_all_powers_is_suspect(
    inverters: Answer, flows: list[tuple[float, float, float]], doubted: list[bool]
) -> None:
    cloud, found = Cloud(), []
    cloud.routes.set("/inverters", inverters)
    cloud.routes.set("inverter/battery/E1/realtime", fine({}))
    solark = reader(cloud, serial="E1")
    for minute, (pv_w, load_w, battery_w) in enumerate(flows):
        cloud.routes.set("/plant/424242/realtime", fine({"updateAt": f"2026-04-03T16:3{minute}Z"}))
        flow = {"pvPower": pv_w, "loadOrEpsPower": load_w, "battPower": battery_w}
        direction = {"toBat": battery_w > 0, "batTo": battery_w < 0, "gridOrMeterPower": 0}
        cloud.routes.set("/flow", fine({**flow, **direction}))
        found.append([sample.suspect for sample in await solark.read()])
    assert found == [[dict.fromkeys(POWERS, FELL) if doubt else {}] for doubt in doubted]


@pytest.mark.parametrize(
    ("size_kw", "doubted"),
    [(2.1, False), (1.9, True), (0, False), (None, False), ("much", False)],
)
async def test_more_sun_than_the_array_can_give_is_suspect(size_kw: object, doubted: bool) -> None:
    cloud = Cloud()
    cloud.routes.set(
        "/plant/424242/realtime",
        fine({"updateAt": "2026-04-03T16:37:01Z", "totalPower": size_kw}),
    )
    why = {"pv_power_w": "3000 W is more than the array of 1900 W gives"}
    assert await reader(cloud).read() == [replace(SAMPLE, suspect=why if doubted else {})]


async def test_what_cannot_be_is_not_kept() -> None:
    cloud = Cloud()
    cloud.routes.set("/flow", fine({**FLOW, "pvPower": 1e308, "toBat": True, "soc": 140}))
    found = await reader(cloud).read()
    assert [(s.pv_power_w, s.load_power_w, s.soc_pct) for s in energy(found)] == [
        (None, 2000.0, None)
    ]
    assert energy(found)[0].suspect == {
        "pv_power_w": "1e+308 W can't be: it is from -50 to 150000 W",
        "soc_pct": "140 % can't be: it is from 0 to 100 %",
    }


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
