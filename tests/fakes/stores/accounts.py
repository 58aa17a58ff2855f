"""People, sessions, sign-in links and tokens in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.accounts.records import ApiToken, Role, Scope, User
from services.errors import Conflict


@dataclass(slots=True)
class _Link:
    user_id: UUID
    expires_at: datetime
    used: bool = False


class InMemoryAccountStore:
    """``AccountStore`` in dictionaries."""

    def __init__(self) -> None:
        self._users: dict[UUID, User] = {}
        self._passwords: dict[UUID, str | None] = {}
        self._links: dict[str, _Link] = {}
        self._sessions: dict[str, tuple[UUID, datetime]] = {}
        self._tokens: dict[str, ApiToken] = {}

    async def users(self) -> Sequence[User]:
        return sorted(self._users.values(), key=lambda user: user.email.lower())

    async def user_by_email(self, email: str) -> User | None:
        wanted = email.strip().lower()
        return next((u for u in self._users.values() if u.email.lower() == wanted), None)

    async def user(self, user_id: UUID) -> User | None:
        return self._users.get(user_id)

    async def add_user(
        self, *, user_id: UUID, email: str, role: Role, password_hash: str | None, at: datetime
    ) -> User:
        if user_id in self._users or await self.user_by_email(email) is not None:
            raise Conflict(f"a user {email.strip()!r} exists already")
        user = User(id=user_id, email=email.strip(), role=role, created_at=at)
        self._users[user_id] = user
        self._passwords[user_id] = password_hash
        return user

    async def revoke_user(self, user_id: UUID, *, at: datetime) -> User | None:
        user = self._users.get(user_id)
        if user is None:
            return None
        self._passwords[user_id] = None
        self._links = {k: link for k, link in self._links.items() if link.user_id != user_id}
        self._sessions = {k: s for k, s in self._sessions.items() if s[0] != user_id}
        self._tokens = {k: t for k, t in self._tokens.items() if t.user_id != user_id}
        revoked_at = at if user.revoked_at is None else user.revoked_at
        self._users[user_id] = replace(user, revoked_at=revoked_at)
        return self._users[user_id]

    async def restore_user(self, user_id: UUID) -> User | None:
        user = self._users.get(user_id)
        if user is not None:
            self._users[user_id] = replace(user, revoked_at=None)
        return self._users.get(user_id)

    async def password_hash(self, user_id: UUID) -> str | None:
        return self._passwords.get(user_id)

    async def add_login_link(
        self, *, link_hash: str, user_id: UUID, expires_at: datetime, at: datetime
    ) -> None:
        self._links[link_hash] = _Link(user_id=user_id, expires_at=expires_at)

    async def use_login_link(self, *, link_hash: str, at: datetime) -> User | None:
        link = self._links.get(link_hash)
        if link is None or link.used or link.expires_at <= at:
            return None
        link.used = True
        self._users[link.user_id] = replace(self._users[link.user_id], last_login_at=at)
        return self._users[link.user_id]

    async def add_session(
        self, *, session_hash: str, user_id: UUID, at: datetime, expires_at: datetime
    ) -> None:
        self._sessions[session_hash] = (user_id, expires_at)

    async def session_user(self, *, session_hash: str, at: datetime) -> User | None:
        user_id, expires_at = self._sessions.get(session_hash, (None, at))
        return None if user_id is None or expires_at <= at else self._users.get(user_id)

    async def end_session(self, *, session_hash: str) -> None:
        self._sessions.pop(session_hash, None)

    async def add_token(
        self,
        *,
        token_id: UUID,
        name: str,
        scope: Scope,
        token_hash: str,
        user_id: UUID,
        at: datetime,
    ) -> ApiToken:
        if any(token.name == name for token in self._tokens.values()):
            raise Conflict(f"a token {name!r} exists already: delete it or take another name")
        token = ApiToken(id=token_id, name=name, scope=scope, user_id=user_id, created_at=at)
        self._tokens[token_hash] = token
        return token

    async def token(self, *, token_hash: str, at: datetime) -> ApiToken | None:
        token = self._tokens.get(token_hash)
        if token is None:
            return None
        self._tokens[token_hash] = replace(token, last_used_at=at)
        return self._tokens[token_hash]

    async def tokens(self) -> Sequence[ApiToken]:
        return sorted(self._tokens.values(), key=lambda token: token.name)

    async def delete_token(self, token_id: UUID) -> bool:
        found = [key for key, token in self._tokens.items() if token.id == token_id]
        for key in found:
            del self._tokens[key]
        return bool(found)
