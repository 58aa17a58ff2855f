"""Messages: which targets are taken, what failures mean, and that no secret gets out."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from urllib.parse import parse_qs

import httpx2
import pytest

from integrations.messages.adapter import AppriseMessenger
from integrations.messages.client import AppriseClient, TwilioClient
from integrations.messages.guard import HostGuard
from integrations.messages.mapping import TwilioTarget, retry_after_logs, scheme_of, twilio_target
from services.errors import DeliveryError
from tests.fakes.vendor_http import Answer, Script, answer, in_memory

SECRET = "token-very-secret"
SMS = f"twilio://AC123:{SECRET}@15551230000/15559870000"


async def resolve(host: str) -> Sequence[str]:
    known = {
        "hooks.example": ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
        "inside.example": ["93.184.215.14", "10.0.0.7"],
        "mail.example": ["93.184.215.15"],
    }
    if host in known:
        return known[host]
    if host[0].isdigit() or ":" in host:
        return [host]
    raise OSError("no such host")


def messenger(
    script: Script | None = None, *, allowed: frozenset[str] = frozenset()
) -> AppriseMessenger:
    return AppriseMessenger(
        sms=TwilioClient(http=in_memory(script or Script([answer({})])), base_url="http://twilio/"),
        guard=HostGuard(allowed_hosts=allowed, resolve=resolve),
        library=AppriseClient(timeout_s=1.0),
    )


@pytest.mark.parametrize(
    ("target", "detail", "retry"),
    [
        ("file:///etc/passwd", "this kind of target is not supported", False),
        ("dbus://", "this kind of target is not supported", False),
        ("syslog://", "this kind of target is not supported", False),
        ("nonsense", "this kind of target is not supported", False),
        ("jsons://hooks.example/x?redirect=yes", "the option redirect is not allowed", False),
        ("slack://a/b/c?template=/etc/passwd", "the option template is not allowed", False),
        ("mailto://mail.example?pgpkey=/x", "the option pgpkey is not allowed", False),
        ("json://", "the target cannot be read; check its parts", False),
        ("json://127.0.0.1:9/x", "the host 127.0.0.1 is not a public one", False),
        ("json://169.254.169.254/latest", "the host 169.254.169.254 is not a public one", False),
        ("jsons://10.1.2.3", "the host 10.1.2.3 is not a public one", False),
        ("json://[::1]/x", "is not a public one", False),
        ("json://[::ffff:127.0.0.1]/x", "is not a public one", False),
        ("json://224.0.0.1/x", "the host 224.0.0.1 is not a public one", False),
        ("json://inside.example/x", "the host inside.example is not a public one", False),
        ("json://gone.example/x", "the host gone.example cannot be found", True),
        (
            "mailto://u:pw12345@mail.example?smtp=10.0.0.1&from=a@b.de",
            "the host 10.0.0.1 is not a public one",
            False,
        ),
        ("ntfy://10.0.0.1/topic", "the host 10.0.0.1 is not a public one", False),
        (f"twilio://AC1:{SECRET}@15551230000", "with one number to send to", False),
        (f"twilio://AC1:{SECRET}@15551230000/1/2", "with one number to send to", False),
        ("twilio://15551230000/15559870000", "with one number to send to", False),
        ("twilio://[broken/1", "it is not a valid URL", False),
    ],
)
async def test_refused_targets(target: str, detail: str, retry: bool) -> None:
    sender = messenger()
    for attempt in (
        sender.check(target),
        sender.send(target=target, subject="s", body="b"),
    ):
        with pytest.raises(DeliveryError) as caught:
            await attempt
        assert detail in caught.value.detail
        assert caught.value.retry is retry
        assert SECRET not in str(caught.value)
        assert "pw12345" not in str(caught.value)


@pytest.mark.parametrize(
    "target",
    [
        "jsons://hooks.example/x",
        "mailtos://user:pw@mail.example?to=a@b.de",
        "ntfy://topic",
        "tgram://123456789:AABBCCDDEEFFGGHHIIJJKKLLMMNNOOPPQQR/12315544",
        SMS,
    ],
)
async def test_targets_that_are_taken(target: str) -> None:
    await messenger().check(target)


@pytest.mark.parametrize("allowed", ["127.0.0.1", "127.0.0.1:1025"])
async def test_the_operator_may_allow_a_host(allowed: str) -> None:
    target = "mailto://127.0.0.1:1025?from=a@b.de&to=c@d.de"
    await messenger(allowed=frozenset({allowed})).check(target)
    with pytest.raises(DeliveryError):
        await messenger(allowed=frozenset({"127.0.0.1:9"})).check(target)


@pytest.mark.parametrize(
    ("target", "read"),
    [
        (
            SMS,
            TwilioTarget(account="AC123", secret=SECRET, sender="+15551230000", to="+15559870000"),
        ),
        (
            "twilio://AC1:a%2Fb@MGabc/%2B1555-987?validity=60&apikey=SK1",
            TwilioTarget(
                account="AC1", secret="a/b", sender="MGabc", to="+1555987", validity_s=60, key="SK1"
            ),
        ),
    ],
)
def test_twilio_targets(target: str, read: TwilioTarget) -> None:
    assert twilio_target(target) == read
    assert SECRET not in repr(read)


async def test_an_sms_is_sent_with_the_time_it_is_worth() -> None:
    script = Script([answer({"sid": "SM1", "status": "queued", "error_code": None}, 201)])
    await messenger(script).send(target=SMS, subject="Battery low", body="46.9 V" + "x" * 2000)
    (request,) = script.requests
    form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
    assert request.url == "http://twilio/2010-04-01/Accounts/AC123/Messages.json"
    assert (
        request.headers["authorization"]
        == "Basic " + base64.b64encode(f"AC123:{SECRET}".encode()).decode()
    )
    assert len(form.pop("Body")) == 1600
    assert form == {"To": "+15559870000", "From": "+15551230000", "ValidityPeriod": "300"}


async def test_a_messaging_service_and_an_api_key() -> None:
    script = Script([answer({"sid": "SM1"}, 201)])
    target = f"twilio://AC1:{SECRET}@MGabc/15559870000?apikey=SK1&validity=60"
    await messenger(script).send(target=target, subject="", body="hello")
    (request,) = script.requests
    form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
    assert form == {
        "To": "+15559870000",
        "MessagingServiceSid": "MGabc",
        "Body": "hello",
        "ValidityPeriod": "60",
    }
    assert (
        request.headers["authorization"]
        == "Basic " + base64.b64encode(f"SK1:{SECRET}".encode()).decode()
    )


def old(code: int, status: int) -> Answer:
    body = {"code": code, "message": f"no {SECRET}", "more_info": "x", "status": status}
    return answer(body, status)


@pytest.mark.parametrize(
    ("taken", "detail", "retry"),
    [
        pytest.param(old(21211, 400), "HTTP 400: error 21211: no ***", False, id="bad number"),
        pytest.param(old(20003, 401), "HTTP 401: error 20003: no ***", False, id="wrong token"),
        pytest.param(old(21610, 400), "HTTP 400: error 21610: no ***", False, id="opted out"),
        pytest.param(old(20429, 429), "HTTP 429: error 20429: no ***", True, id="rate limit"),
        pytest.param(old(21611, 400), "HTTP 400: error 21611: no ***", True, id="queue full"),
        pytest.param(old(99999, 400), "HTTP 400: error 99999: no ***", False, id="unknown"),
        pytest.param(
            answer({"type": "t", "title": "Unsubscribed", "status": 400, "code": 21610}, 400),
            "HTTP 400: error 21610: Unsubscribed",
            False,
            id="newer shape",
        ),
        pytest.param(
            answer({"sid": "SM1", "error_code": 30001, "error_message": "Queue overflow"}, 201),
            "HTTP 201: error 30001: Queue overflow",
            True,
            id="error inside a success",
        ),
        pytest.param(answer({}, 503), "HTTP 503", True, id="server error"),
        pytest.param(b"<html>", "HTTP 200", True, id="garbage"),
        pytest.param(None, "no answer within 15 s", True, id="silence"),
        pytest.param(httpx2.ConnectError("x"), "cannot connect", True, id="not reached"),
    ],
)
async def test_sms_errors(taken: Answer | Exception, detail: str, retry: bool) -> None:
    with pytest.raises(DeliveryError) as caught:
        await messenger(Script([taken])).send(target=SMS, subject="s", body="b")
    error = caught.value
    assert (error.channel, error.detail, error.retry) == ("twilio", detail, retry)


@pytest.mark.parametrize(
    ("logged", "retry"),
    [
        (["Failed to send JSON POST notification: Page not found., error=404."], False),
        (["Failed to send JSON POST notification: error=302."], False),
        (["Failed to send JSON POST notification: error=429."], True),
        (["Failed to send JSON POST notification: error=500."], True),
        (['Connection error while submitting email to "mail.example"'], True),
        ([], True),
    ],
)
def test_retries(logged: list[str], retry: bool) -> None:
    assert retry_after_logs(logged) is retry


@pytest.mark.parametrize(
    ("target", "scheme"), [("MAILTO://x", "mailto"), ("x", "?"), ("://x", "?"), ("a b://x", "?")]
)
def test_schemes(target: str, scheme: str) -> None:
    assert scheme_of(target) == scheme
