"""The vendors' real answers, as recorded: signs, times and errors."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs
from uuid import UUID

import pytest

from integrations.messages.adapter import AppriseMessenger
from integrations.messages.client import AppriseClient, TwilioClient
from integrations.messages.guard import HostGuard
from integrations.shelly.adapter import ShellyReader
from integrations.shelly.client import ShellyClient
from integrations.solark.adapter import SolArkReader
from integrations.solark.client import SolArkAccount, SolArkClient
from integrations.solark.payloads import BatteryDetail, Day, Token
from integrations.victron.adapter import VrmReader
from integrations.victron.client import VrmClient
from integrations.victron.mapping import history
from integrations.victron.payloads import VrmEnvelope, series
from services.errors import DeliveryError, VendorError
from services.telemetry.records import BatterySample, EnergySample, LoadSample
from tests.fakes.clock import SteppingClock
from tests.fakes.vendor_http import Routes, Script, Waits, answer, in_memory

FIXTURES = Path(__file__).resolve().parents[4] / "shared" / "data" / "fixtures"
DEVICE = UUID(int=1)

pytestmark = pytest.mark.recorded


def recorded(name: str) -> object:
    path = FIXTURES / name
    if not path.exists():
        pytest.skip(f"the recorded payload {path} is not there")
    return json.loads(path.read_text(encoding="utf-8"))


async def vrm(name: str, site_id: int, now: datetime) -> list[object]:
    site = recorded(f"victron_vrm/{name}.json")
    script = Script(
        [
            answer(recorded("victron_vrm/users_me.json")),
            answer({"success": True, "records": [site]}),
        ]
    )
    client = VrmClient(http=in_memory(script), token="t", base_url="http://v", sleep=Waits())
    reader = VrmReader(client=client, site_id=site_id, device_id=DEVICE, clock=SteppingClock(now))
    return list(await reader.read())


@pytest.mark.parametrize(
    ("name", "site_id", "stamp", "values"),
    [
        (
            "site_extended_ess_charging",
            219742,
            1776515876,
            {
                "voltage_v": 50.38,
                "current_a": 49.9,
                "power_w": 2514.0,
                "soc_pct": 46.0,
                "state": "charging",
            },
        ),
        (
            "site_extended_offgrid_discharging",
            209689,
            1776515873,
            {
                "voltage_v": 53.05,
                "current_a": -4.1,
                "power_w": -217.5,
                "soc_pct": 96.9,
                "state": "discharging",
            },
        ),
        (
            "site_extended_boat_discharge",
            722303,
            1776515898,
            {
                "voltage_v": 53.23,
                "current_a": -61.47,
                "power_w": -3272.0,
                "soc_pct": 73.2,
                "state": "discharging",
            },
        ),
    ],
)
async def test_vrm_sites(name: str, site_id: int, stamp: int, values: dict[str, object]) -> None:
    at = datetime.fromtimestamp(stamp, UTC)
    expected = BatterySample(device_id=DEVICE, at=at, **values)  # type: ignore[arg-type] # table
    assert await vrm(name, site_id, at + timedelta(minutes=5)) == [expected]


def test_vrm_series_with_false() -> None:
    found = series(recorded("victron_vrm/stats_consumption_with_false.json"))
    assert sorted(found) == ["Bc", "Pc"]
    first = history(found, "Bc")[0]
    assert (first.at, first.value) == (
        datetime(2016, 9, 12, 11, 53, 30, tzinfo=UTC),
        0.018203735351562,
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("error_doc_shape", "Error code: Error message"),
        ("forecasts_last_reset", "missing_parameters: ResetType em falta"),
    ],
)
def test_vrm_errors(name: str, said: str) -> None:
    envelope = VrmEnvelope.model_validate(recorded(f"victron_vrm/{name}.json"))
    assert (envelope.success, envelope.error_text()) == (False, said)


def solark(**routes: object) -> SolArkReader:
    answers = {
        "/oauth/token": recorded("solark/cloud_token.json"),
        "/inverter/battery/E1/realtime": recorded("solark/sunsynk_inverter_realtime_battery.json"),
        "/realtime": recorded("solark/cloud_realtime.json"),
        "/flow": recorded("solark/cloud_flow.json"),
        **routes,
    }
    client = SolArkClient(
        http=in_memory(Routes(**{end: answer(body) for end, body in answers.items()})),
        account=SolArkAccount(username="u", password="p", base_url="http://s"),
        sleep=Waits(),
    )
    return SolArkReader(
        client=client,
        plant_id=424242,
        device_id=DEVICE,
        clock=SteppingClock(datetime(2026, 4, 3, 16, 40, tzinfo=UTC)),
        timezone="America/Los_Angeles",
        inverter_serial="E1",
    )


async def test_solark_flow_with_the_plants_time_and_the_inverters_voltage() -> None:
    assert await solark().read() == [
        EnergySample(
            device_id=DEVICE,
            at=datetime(2026, 4, 3, 16, 37, 1, tzinfo=UTC),
            pv_power_w=9974.0,
            load_power_w=1653.0,
            battery_power_w=64.0,
            grid_power_w=-7905.0,
            battery_voltage_v=53.3,
            soc_pct=100.0,
            temperature_c=18.7,
        )
    ]


@pytest.mark.parametrize(
    ("name", "detail", "retry"),
    [
        ("cloud_error", "code 2: No Permissions", False),
        ("error_generic_http200", "code 500: Something went wrong", True),
    ],
)
async def test_solark_errors_in_http_200(name: str, detail: str, retry: bool) -> None:
    with pytest.raises(VendorError) as caught:
        await solark(**{"/flow": recorded(f"solark/{name}.json")}).read()
    assert (caught.value.detail, caught.value.retry) == (detail, retry)


def test_solark_token_and_curves() -> None:
    token = recorded("solark/cloud_token.json")
    curves = recorded("solark/cloud_energy_day.json")
    detail = recorded("solark/sunsynk_inverter_realtime_battery.json")
    assert isinstance(token, dict)
    assert isinstance(curves, dict)
    assert isinstance(detail, dict)
    assert Token.model_validate(token["data"]).expires_in == 7200
    assert BatteryDetail.model_validate(detail["data"]) == BatteryDetail(voltage=53.3, temp=18.7)
    day = Day.model_validate(curves["data"])
    assert [(c.label, c.unit, [r.value for r in c.records]) for c in day.infos] == [
        ("Load", "kWh", [71.1, 81.6]),
        ("PV", "kWh", [32.1, 29.1]),
    ]


async def shelly(name: str, loads: dict[int, UUID]) -> list[object]:
    body = recorded(f"shelly/local/{name}.json")
    assert isinstance(body, dict)
    status = body.get("status", body)
    now = datetime.fromtimestamp(status["sys"]["unixtime"], UTC)
    client = ShellyClient(http=in_memory(Script([answer(status)])), base_url="http://relay")
    return list(await ShellyReader(client=client, clock=SteppingClock(now), loads=loads).read())


async def test_shelly_with_a_meter() -> None:
    name = "gen2_Shelly_Plus_1PM_SNSW-001P16EU_20231219-133934-1.1.0-g34b5d4f"
    assert await shelly(name, {0: DEVICE}) == [
        LoadSample(
            device_id=DEVICE,
            at=datetime.fromtimestamp(1707326936, UTC),
            is_on=False,
            power_w=0.0,
            energy_wh=110.046,
            temperature_c=30.3,
        )
    ]


async def test_shelly_plug_that_is_on() -> None:
    name = "gen2_Shelly_Plus_Plug_S_SNPL-00112EU_20231219-134003-1.1.0-g34b5d4f"
    (sample,) = await shelly(name, {0: DEVICE})
    assert isinstance(sample, LoadSample)
    assert (sample.is_on, sample.power_w) == (True, 2.7)


async def test_shelly_without_a_meter() -> None:
    name = "gen2_Shelly_Pro_3_SPSW-003XE16EU_20231219-133956-1.1.0-g34b5d4f"
    samples = await shelly(name, {0: DEVICE, 2: UUID(int=2)})
    assert [(s.is_on, s.power_w, s.energy_wh) for s in samples if isinstance(s, LoadSample)] == [
        (False, None, None),
        (False, None, None),
    ]


async def test_shelly_with_a_cover_has_no_switch() -> None:
    with pytest.raises(VendorError, match="no switch 0; the device has: none"):
        await shelly("shelly2pmg3__Shelly.GetStatus", {0: DEVICE})


async def test_shelly_busy() -> None:
    note = recorded("shelly/local/rpc_error_429_note.json")
    client = ShellyClient(
        http=in_memory(Script([answer(note)])), base_url="http://relay", sleep=Waits()
    )
    with pytest.raises(VendorError) as caught:
        await client.status()
    assert (caught.value.detail, caught.value.retry) == ("error 429: Too many requests", True)


SMS = "twilio://AC1:token@15551230000/15559870000"


def twilio(name: str, status: int) -> Script:
    return Script([answer(recorded(f"twilio/{name}.json"), status)])


def messenger(script: Script) -> AppriseMessenger:
    return AppriseMessenger(
        sms=TwilioClient(http=in_memory(script), base_url="http://t"),
        guard=HostGuard(),
        library=AppriseClient(),
    )


@pytest.mark.parametrize(
    "name",
    ["message_201_create", "message_201_createWithQueuedStatus", "message_201_createWoService"],
)
async def test_twilio_takes_a_message(name: str) -> None:
    script = twilio(name, 201)
    await messenger(script).send(target=SMS, subject="s", body="b")
    (request,) = script.requests
    assert (request.method, request.url.path.rsplit("/", 1)[-1]) == ("POST", "Messages.json")
    assert parse_qs(request.content.decode())["Body"] == ["s\nb"]


async def test_twilio_opted_out_in_the_newer_shape() -> None:
    with pytest.raises(DeliveryError) as caught:
        await messenger(twilio("error_21610_rfc9457_http400", 400)).send(
            target=SMS, subject="s", body="b"
        )
    assert (caught.value.detail, caught.value.retry) == (
        "HTTP 400: error 21610: Unsubscribed",
        False,
    )


async def test_shelly_of_the_first_generation() -> None:
    body = recorded(
        "shelly/local/gen1_Shelly_Vintage_SHVIN-1_20230913-111730-v1.14.0-gcb84623.json"
    )
    assert isinstance(body, dict)
    client = ShellyClient(
        http=in_memory(Routes(**{"/shelly": answer(body["shelly"])})), base_url="http://relay"
    )
    with pytest.raises(VendorError, match="SHVIN-1 is a first-generation device"):
        await client.status()
