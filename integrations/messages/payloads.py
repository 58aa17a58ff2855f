"""Twilio's JSON: a message that was taken, and errors in the old and the RFC 9457 shape."""

from __future__ import annotations

from integrations.lenient import Number, Payload, Text


class TwilioMessage(Payload):
    """A created message. ``queued`` is taken, not delivered; ``error_code`` is null or a number."""

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

    def said(self) -> str | None:
        """The words of either shape."""
        return self.message or self.detail or self.title
