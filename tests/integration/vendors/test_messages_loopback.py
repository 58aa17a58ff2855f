"""Mail, webhooks and SMS against servers on this machine."""

from __future__ import annotations

import asyncio
import logging
from email import message_from_bytes
from email.policy import default

import httpx2
import pytest
from aiosmtpd.smtp import SMTP, Envelope

from integrations.messages.adapter import AppriseMessenger
from integrations.messages.client import AppriseClient, TwilioClient
from integrations.messages.guard import HostGuard
from services.errors import DeliveryError
from tests.fakes.vendor_http import Answer, Loopback, Script, answer, form_of


class Mailbox:
    """Takes mail, or answers as the test set."""

    def __init__(self, reply: str = "250 OK") -> None:
        self.reply, self.mails = reply, list[tuple[str, str, list[str]]]()

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802 - the library's name
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        part = mail.get_body(("plain", "html"))
        assert part is not None
        self.mails.append((str(mail["subject"]), part.get_content(), list(envelope.rcpt_tos)))
        return self.reply


def messenger(
    http: httpx2.AsyncClient, *, twilio: str = "http://127.0.0.1:9", timeout_s: float = 5.0
) -> AppriseMessenger:
    return AppriseMessenger(
        sms=TwilioClient(http=http, base_url=twilio),
        guard=HostGuard(allowed_hosts=frozenset({"127.0.0.1"})),
        library=AppriseClient(timeout_s=timeout_s),
    )


async def test_a_mail_arrives() -> None:
    box = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, loop=loop), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, httpx2.AsyncClient() as http:
        await messenger(http).send(
            target=f"mailto://127.0.0.1:{port}?from=site@example.com&to=owner@example.com",
            subject="Battery at 46.9 V − critical",
            body="Stopped: Primary S21+",
        )
    ((subject, body, to),) = box.mails
    assert subject == "Battery at 46.9 V − critical"
    assert "Stopped: Primary S21+" in body
    assert to == ["owner@example.com"]


@pytest.mark.parametrize("reply", ["451 busy", "554 refused"])
async def test_a_mail_server_that_does_not_take_it(reply: str) -> None:
    loop = asyncio.get_running_loop()
    box = Mailbox(reply)
    server = await loop.create_server(lambda: SMTP(box, loop=loop), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, httpx2.AsyncClient() as http:
        with pytest.raises(DeliveryError) as caught:
            await messenger(http).send(
                target=f"mailto://127.0.0.1:{port}?from=a@example.com&to=b@example.com",
                subject="s",
                body="b",
            )
    assert caught.value.retry


async def test_a_webhook_gets_its_json() -> None:
    script = Script([answer({})])
    async with Loopback(script) as server, httpx2.AsyncClient() as http:
        await messenger(http).send(
            target=f"json://127.0.0.1:{server.port}/hook", subject="Title", body="Words"
        )
    (request,) = script.requests
    form = form_of(request)
    assert (request.url.path, form["title"], form["message"]) == ("/hook", "Title", "Words")


@pytest.mark.parametrize(
    ("taken", "retry"),
    [
        pytest.param(answer({}, 404), False, id="gone"),
        pytest.param(answer({}, 302, location="http://127.0.0.1:9/"), False, id="redirect"),
        pytest.param(answer({}, 503), True, id="down"),
        pytest.param(b"garbage\r\n\r\n", True, id="garbage"),
    ],
)
async def test_webhooks_that_fail(
    taken: Answer, retry: bool, caplog: pytest.LogCaptureFixture
) -> None:
    script = Script([taken])
    caplog.set_level(logging.DEBUG)
    async with Loopback(script) as server, httpx2.AsyncClient() as http:
        with pytest.raises(DeliveryError) as caught:
            await messenger(http).send(
                target=f"json://user:pw-secret@127.0.0.1:{server.port}/h00k-secret?+X-Key=k3y-secret",
                subject="s",
                body="b",
            )
    assert (caught.value.channel, caught.value.retry) == ("json", retry)
    assert "secret" not in str(caught.value)
    warned = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert not [line for line in warned if "secret" in line]
    assert len(script.requests) == 1


async def test_a_server_that_never_answers_does_not_hold_us_up() -> None:
    async with Loopback(Script([None])) as server, httpx2.AsyncClient() as http:
        async with asyncio.timeout(20):
            with pytest.raises(DeliveryError) as caught:
                await messenger(http, timeout_s=0.3).send(
                    target=f"json://127.0.0.1:{server.port}/x?rto=1", subject="s", body="b"
                )
    assert (caught.value.detail, caught.value.retry) == ("no answer within 0.3 s", True)


async def test_an_sms_is_taken() -> None:
    script = Script([answer({"sid": "SM1", "status": "queued"}, 201)])
    async with Loopback(script) as server, httpx2.AsyncClient() as http:
        await messenger(http, twilio=server.url).send(
            target="twilio://AC1:token@15551230000/15559870000", subject="s", body="b"
        )
    assert script.paths == ["/2010-04-01/Accounts/AC1/Messages.json"]
