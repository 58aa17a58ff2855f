"""Sign-in: one-time links, sessions, passwords, machine tokens.

Each secret is shown once and stored hashed.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from services.accounts.passwords import hash_password, password_matches
from services.accounts.ports import AccountStore
from services.accounts.records import ApiToken, Role, Scope, User
from services.accounts.rights import covers, rights
from services.accounts.sign_in_attempts import AttemptLimiter
from services.clock import Clock
from services.errors import Conflict, Invalid, NotFound, SignInRefused

LINK_LIFE = timedelta(hours=1)
SESSION_LIFE = timedelta(days=30)
ATTEMPTS, ATTEMPT_WINDOW_S = 10, 300.0
TOKEN_PREFIX = "cct_"  # noqa: S105 - a prefix by which leaked tokens are found, no secret
PASSWORD_LENGTH = (12, 256)
NAME_LENGTH = 100
EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+")
EMAIL_LENGTH = 254


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A fresh session. ``secret`` goes into the cookie and is not kept."""

    user: User
    secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A fresh machine token. ``secret`` is shown once and not kept."""

    token: ApiToken
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The caller: the user, and the scope of their session or token."""

    user: User
    scope: Scope
    token: ApiToken | None = None

    @property
    def name(self) -> str:
        """The caller's name in logs and in the emergency stop's banner."""
        return self.user.email if self.token is None else f"token {self.token.name}"

    def may(self, scope: Scope) -> bool:
        """Whether the granted scope includes ``scope``."""
        return covers(self.scope, scope)


class Accounts:
    """People, their sessions and their machines' tokens."""

    def __init__(
        self,
        *,
        store: AccountStore,
        clock: Clock,
        new_secret: Callable[[], str] = lambda: secrets.token_urlsafe(32),
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        """``clock`` is the wall clock, also on a simulated site: sessions expire in real time."""
        self._store, self._clock = store, clock
        self._new_secret, self._new_id = new_secret, new_id
        self._limiter = AttemptLimiter(
            what="sign-in attempts", limit=ATTEMPTS, window_s=ATTEMPT_WINDOW_S
        )

    # --- people

    async def users(self) -> Sequence[User]:
        """All users by e-mail."""
        return await self._store.users()

    async def user(self, user_id: UUID) -> User:
        """One user.

        Raises:
            NotFound: No such user.
        """
        return _known(await self._store.user(user_id), user_id)

    async def create_user(
        self, *, email: str, role: Role, password: str | None = None, user_id: UUID | None = None
    ) -> User:
        """Add a person; without a password they sign in by link only.

        Raises:
            Invalid: The e-mail or the password breaks a rule.
            Conflict: The e-mail is taken (letter case does not matter).
        """
        problems = _email_problems(email) + _password_problems(password)
        if problems:
            raise Invalid(problems)
        if await self._store.user_by_email(email) is not None:
            raise Conflict(f"a user {email!r} exists already")
        return await self._store.add_user(
            user_id=self._new_id() if user_id is None else user_id,
            email=email,
            role=role,
            password_hash=None if password is None else await hash_password(password),
            at=self._clock.now(),
        )

    async def revoke_user(self, user_id: UUID) -> User:
        """End a person's access at once: sessions, links, password, tokens. Repeating it is no
        error.

        Raises:
            NotFound: No such user.
            Conflict: This is the last admin.
        """
        others = [user for user in await self.users() if user.id != user_id]
        if not any(user.role is Role.ADMIN and user.revoked_at is None for user in others):
            raise Conflict("this is the last admin: add another one first")
        return _known(await self._store.revoke_user(user_id, at=self._clock.now()), user_id)

    async def restore_user(self, user_id: UUID) -> User:
        """Let a revoked person sign in again, by a new link.

        Raises:
            NotFound: No such user.
        """
        return _known(await self._store.restore_user(user_id), user_id)

    # --- signing in and out

    async def new_link(self, user_id: UUID) -> str:
        """A one-time sign-in link's secret, good for an hour. Put it into ``/sign-in/{secret}``.

        Raises:
            NotFound: No such user.
            Conflict: The person's access was revoked.
        """
        user = await self.user(user_id)
        if user.revoked_at is not None:
            raise Conflict(f"the access of {user.email} was revoked: restore it first")
        secret, now = self._new_secret(), self._clock.now()
        await self._store.add_login_link(
            link_hash=_hashed(secret), user_id=user_id, expires_at=now + LINK_LIFE, at=now
        )
        return secret

    async def sign_in_by_link(self, secret: str, *, client: str) -> SignedIn:
        """Open a session by a one-time link. Attempts are counted per ``client`` (an address).

        Raises:
            SignInRefused: The link is unknown, used or expired.
            RateLimited: Too many attempts from this client.
        """
        now = self._clock.now()
        self._limiter.attempt(client, at=now)
        user = await self._store.use_login_link(link_hash=_hashed(secret), at=now)
        if user is None:
            raise SignInRefused(
                "This sign-in link has been used or has expired. Make a new one with "
                "`commandcenter user add` or sign in with your password."
            )
        return await self._open_session(user, client=client)

    async def sign_in_by_password(self, email: str, password: str, *, client: str) -> SignedIn:
        """Open a session by e-mail and password.

        Raises:
            SignInRefused: They do not belong together.
            RateLimited: Too many attempts from this client or for this e-mail.
        """
        now = self._clock.now()
        self._limiter.attempt(client, at=now)
        self._limiter.attempt(_account_key(email), at=now)
        user = await self._store.user_by_email(email)
        stored = None if user is None else await self._store.password_hash(user.id)
        if not await password_matches(password, stored) or user is None:
            raise SignInRefused("E-mail and password do not belong together.")
        self._limiter.forget(_account_key(email))
        return await self._open_session(user, client=client)

    async def sign_out(self, secret: str) -> None:
        """End a session; an unknown one is no error."""
        await self._store.end_session(session_hash=_hashed(secret))

    async def by_session(self, secret: str) -> Identity | None:
        """The caller with this session; None when the session has ended, expired or never
        existed.
        """
        user = await self._store.session_user(session_hash=_hashed(secret), at=self._clock.now())
        return None if user is None else Identity(user=user, scope=rights(user.role))

    # --- machines

    async def create_token(self, *, name: str, scope: Scope, user_id: UUID) -> NewToken:
        """A machine's token, never stronger than its owner's role.

        Raises:
            NotFound: No such user.
            Invalid: The name is empty or too long, or the owner's role does not reach the scope.
        """
        owner = await self.user(user_id)
        problems = []
        if not name.strip() or len(name) > NAME_LENGTH:
            problems.append(("name", f"must have 1 to {NAME_LENGTH} characters"))
        if not covers(rights(owner.role), scope):
            problems.append(("scope", f"{scope} is more than the role {owner.role} may do"))
        if problems:
            raise Invalid(problems)
        secret = TOKEN_PREFIX + self._new_secret()
        token = await self._store.add_token(
            token_id=self._new_id(),
            name=name.strip(),
            scope=scope,
            token_hash=_hashed(secret),
            user_id=user_id,
            at=self._clock.now(),
        )
        return NewToken(token=token, secret=secret)

    async def by_token(self, secret: str) -> Identity | None:
        """The caller with this token, with the smaller of its scope and its owner's role; None
        without one.
        """
        token = await self._store.token(token_hash=_hashed(secret), at=self._clock.now())
        user = None if token is None else await self._store.user(token.user_id)
        if token is None or user is None or user.revoked_at is not None:
            return None
        return Identity(user=user, scope=rights(user.role, token.scope), token=token)

    async def tokens(self) -> Sequence[ApiToken]:
        """All tokens, without their secrets."""
        return await self._store.tokens()

    async def delete_token(self, token_id: UUID) -> None:
        """Revoke a token at once.

        Raises:
            NotFound: No such token.
        """
        if not await self._store.delete_token(token_id):
            raise NotFound(kind="token", key=str(token_id))

    async def _open_session(self, user: User, *, client: str) -> SignedIn:
        self._limiter.forget(client)
        secret, now = self._new_secret(), self._clock.now()
        await self._store.add_session(
            session_hash=_hashed(secret), user_id=user.id, at=now, expires_at=now + SESSION_LIFE
        )
        return SignedIn(user=user, secret=secret, expires_at=now + SESSION_LIFE)


def _known(user: User | None, user_id: UUID) -> User:
    if user is None:
        raise NotFound(kind="user", key=str(user_id))
    return user


def _hashed(secret: str) -> str:
    """SHA-256 without salt is enough: the secrets are 256 random bits and cannot be guessed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _account_key(email: str) -> str:
    return f"account {email.strip().lower()[:EMAIL_LENGTH]}"


def _email_problems(email: str) -> list[tuple[str, str]]:
    if len(email) <= EMAIL_LENGTH and EMAIL.fullmatch(email):
        return []
    return [("email", "must be an e-mail address like owner@example.com")]


def _password_problems(password: str | None) -> list[tuple[str, str]]:
    shortest, longest = PASSWORD_LENGTH
    if password is None or shortest <= len(password) <= longest:
        return []
    return [("password", f"must have {shortest} to {longest} characters")]
