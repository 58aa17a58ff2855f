"""Twilio's JSON: an accepted message, and errors in the old and the RFC 9457 shape."""

from __future__ import annotations

from integrations.lenient import Number, Payload, Text


class TwilioMessage(Payload):
    """A created message. ``queued`` means accepted, not delivered; ``error_code`` null or a
    number.
    """

    sid: Text = None
    status: Text = None
    error_code: Number = None
    error_message: Text = None


class TwilioError(Payload):
    """``{"code", "message", "status"}`` or ``{"type", "title", "status", "code", "detail"}``."""

    code: Number = None
    message: Text = None
    title: Text = None
    detail: Text = None

    def error_text(self) -> str | None:
        """The error's text in either shape."""
        return self.message or self.detail or self.title
