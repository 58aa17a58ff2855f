"""The exceptions of the product: one base class, narrow kinds; each says whether a retry helps."""

from __future__ import annotations

from datetime import datetime


class CommandCenterError(Exception):
    """Base of all errors raised on purpose. ``retry`` says whether the same call may succeed
    later.
    """

    retry: bool = False


class Unavailable(CommandCenterError):
    """A dependency (database, server) does not answer now."""

    retry = True

    def __init__(self, *, what: str, detail: str, advice: str) -> None:
        """``what`` does not answer (``detail``); ``advice`` says what to do."""
        super().__init__(f"{what} does not answer: {detail}. {advice}")
        self.what, self.detail, self.advice = what, detail, advice


class VendorError(CommandCenterError):
    """A vendor's API failed or sent an unusable answer."""

    def __init__(
        self,
        *,
        vendor: str,
        call: str,
        detail: str,
        retry: bool,
        retry_after_s: float | None = None,
    ) -> None:
        """``call`` on ``vendor`` failed with ``detail``; ``retry_after_s`` as told by the
        vendor.
        """
        super().__init__(f"{vendor}: {call}: {detail}")
        self.vendor, self.call, self.detail = vendor, call, detail
        self.retry, self.retry_after_s = retry, retry_after_s


class Postponed(CommandCenterError):
    """Nothing was asked of a vendor, because it wants no request before ``until``."""

    def __init__(self, *, what: str, until: datetime) -> None:
        """``what`` is the adapter's name."""
        super().__init__(f"{what} wants no request before {until:%Y-%m-%d %H:%M:%S %Z}")
        self.until = until


class DeliveryError(CommandCenterError):
    """A message could not be delivered."""

    def __init__(self, *, channel: str, detail: str, retry: bool) -> None:
        """Delivery by ``channel`` failed with ``detail``."""
        super().__init__(f"delivery by {channel} failed: {detail}")
        self.channel, self.detail, self.retry = channel, detail, retry


class Invalid(CommandCenterError):
    """A value breaks a rule. ``problems`` are (path, message) pairs; nothing was changed."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        """Keep every problem, not only the first."""
        super().__init__(
            "; ".join(f"{path}: {message}" if path else message for path, message in problems)
        )
        self.problems = problems


class NotFound(CommandCenterError):
    """The named record does not exist."""

    def __init__(self, *, kind: str, key: str) -> None:
        """No ``kind`` with ``key``."""
        super().__init__(f"no {kind} {key!r}")
        self.kind, self.key = kind, key


class Conflict(CommandCenterError):
    """The record has changed since it was read, or its state forbids this."""

    def __init__(self, detail: str) -> None:
        """``detail`` says what is in the way and what to do."""
        super().__init__(detail)


class Forbidden(CommandCenterError):
    """The caller may not do this."""

    def __init__(self, *, action: str, needs: str) -> None:
        """``action`` needs the role or scope ``needs``."""
        super().__init__(f"{action} needs {needs}")


class RateLimited(CommandCenterError):
    """Too many attempts. ``retry_after_s`` says when the next one counts."""

    retry = True

    def __init__(self, *, what: str, retry_after_s: float) -> None:
        """``what`` was tried too often."""
        super().__init__(f"too many {what}: try again in {retry_after_s:.0f} s")
        self.what, self.retry_after_s = what, retry_after_s


class SignInRefused(CommandCenterError):
    """A link, password or token was refused. The message never says which part was wrong."""

    def __init__(self, detail: str) -> None:
        """``detail`` says what to do, not what was wrong."""
        super().__init__(detail)
