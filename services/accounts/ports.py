"""Where people, sessions and tokens are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.accounts.records import ApiToken, Role, Scope, User


class AccountStore(Protocol):
    """People, sessions, sign-in links, tokens. Secrets are stored hashed; ``*_hash`` arguments are
    SHA-256 hex.
    """

    async def users(self) -> Sequence[User]: ...
    async def user_by_email(self, email: str) -> User | None: ...
    async def user(self, user_id: UUID) -> User | None: ...
    async def add_user(
        self, *, user_id: UUID, email: str, role: Role, password_hash: str | None, at: datetime
    ) -> User: ...
    async def revoke_user(self, user_id: UUID, *, at: datetime) -> User | None:
        """Atomically remove password, links, sessions and tokens; None without such a user."""
        ...

    async def restore_user(self, user_id: UUID) -> User | None:
        """Undo the revocation, but not what it removed; None without such a user."""
        ...

    async def password_hash(self, user_id: UUID) -> str | None: ...
    async def add_login_link(
        self, *, link_hash: str, user_id: UUID, expires_at: datetime, at: datetime
    ) -> None: ...
    async def use_login_link(self, *, link_hash: str, at: datetime) -> User | None:
        """Atomically consume an unexpired, unused link."""
        ...

    async def add_session(
        self, *, session_hash: str, user_id: UUID, at: datetime, expires_at: datetime
    ) -> None: ...
    async def session_user(self, *, session_hash: str, at: datetime) -> User | None:
        """The user of a session that has not ended or expired; None for a revoked person's."""
        ...

    async def end_session(self, *, session_hash: str) -> None: ...
    async def add_token(
        self,
        *,
        token_id: UUID,
        name: str,
        scope: Scope,
        token_hash: str,
        user_id: UUID,
        at: datetime,
    ) -> ApiToken: ...
    async def token(self, *, token_hash: str, at: datetime) -> ApiToken | None:
        """The live token with this hash; updates its last use."""
        ...

    async def tokens(self) -> Sequence[ApiToken]: ...
    async def delete_token(self, token_id: UUID) -> bool: ...
