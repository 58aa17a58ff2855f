"""A mail server that only keeps messages, so that alerts can be read without a real one."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMail:
    """One message as it arrived."""

    sender: str
    recipients: tuple[str, ...]
    subject: str
    body: str


class SmtpSink:
    """Receives mail on a loopback port; the newest ``keep`` messages stay in memory."""

    def __init__(self, *, file: Path | None = None, keep: int = 500) -> None:
        """Also append every message to ``file``, one JSON object per line, when given."""
        self.messages: list[ReceivedMail] = []
        self._file, self._keep = file, keep
        self._server: asyncio.Server | None = None

    async def start(self, *, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen and return the port.

        Raises:
            OSError: The port is taken.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, hostname="localhost", enable_SMTPUTF8=True, loop=loop), host, port
        )
        listening: int = self._server.sockets[0].getsockname()[1]
        return listening

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def handle_DATA(  # noqa: N802 - the name that the library calls
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep one message."""
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content or "").encode()
        parsed = message_from_bytes(raw, policy=default)
        text = parsed.get_body(("plain", "html"))
        mail = ReceivedMail(
            sender=str(envelope.mail_from or ""),
            recipients=tuple(str(to) for to in envelope.rcpt_tos),
            subject=str(parsed["subject"] or ""),
            body=str(text.get_content()).replace("\r\n", "\n") if text is not None else "",
        )
        self.messages.append(mail)
        del self.messages[: -self._keep]
        if self._file is not None:
            await asyncio.to_thread(_append, self._file, mail)
        return "250 Message accepted for delivery"


def _append(file: Path, mail: ReceivedMail) -> None:
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(asdict(mail), ensure_ascii=False) + "\n")
