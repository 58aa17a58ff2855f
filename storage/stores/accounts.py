"""People, sessions, sign-in links and tokens on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.accounts.records import ApiToken, Role, Scope, User
from storage.connection.mapping import record
from storage.connection.pool import Pool, connected, row, rows
from storage.connection.queries import queries

SQL = queries("accounts")
ACCESS_STATEMENTS = ("end_sessions_of_user", "use_up_links_of_user", "delete_tokens_of_user")
"""Statements that end a person's sessions, links and tokens."""


class PostgresAccountStore:
    """``AccountStore``: every secret arrives hashed."""

    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool

    async def users(self) -> Sequence[User]:
        """All users by e-mail."""
        return [record(User, stored_row) for stored_row in await rows(self._pool, SQL["users"])]

    async def user_by_email(self, email: str) -> User | None:
        """One by e-mail, whatever its letter case."""
        return await self._user("user_by_email", email=email.strip())

    async def user(self, user_id: UUID) -> User | None:
        """One by id."""
        return await self._user("user", id=user_id)

    async def add_user(
        self, *, user_id: UUID, email: str, role: Role, password_hash: str | None, at: datetime
    ) -> User:
        """Insert; a taken e-mail is a conflict."""
        values = {"id": user_id, "email": email.strip(), "role": role, "at": at}
        stored_row = await row(
            self._pool, SQL["add_user"], {**values, "password_hash": password_hash}
        )
        return (
            User(id=user_id, email=email.strip(), role=role, created_at=at)
            if (stored_row is None)
            else record(User, stored_row)
        )

    async def revoke_user(self, user_id: UUID, *, at: datetime) -> User | None:
        """End a person's access in one transaction: password, links, sessions, tokens."""
        values = {"id": user_id, "at": at}
        async with connected(self._pool) as connection:
            for name in ACCESS_STATEMENTS:
                await connection.execute(SQL[name], values)
            stored_row = await (await connection.execute(SQL["revoke_user"], values)).fetchone()
        return None if stored_row is None else record(User, stored_row)

    async def restore_user(self, user_id: UUID) -> User | None:
        """Let a revoked person have links again."""
        return await self._user("restore_user", id=user_id)

    async def password_hash(self, user_id: UUID) -> str | None:
        """The stored hash, None for people who sign in by link."""
        stored_row = await row(self._pool, SQL["password_hash"], {"id": user_id})
        return None if stored_row is None else stored_row["password_hash"]

    async def add_login_link(
        self, *, link_hash: str, user_id: UUID, expires_at: datetime, at: datetime
    ) -> None:
        """Store a link's hash."""
        values = {"link_hash": link_hash, "user_id": user_id, "expires_at": expires_at, "at": at}
        await rows(self._pool, SQL["add_link"], values)

    async def use_login_link(self, *, link_hash: str, at: datetime) -> User | None:
        """Use up a link, once."""
        async with connected(self._pool) as connection:
            values = {"link_hash": link_hash, "at": at}
            used = await (await connection.execute(SQL["use_link"], values)).fetchone()
            if used is None:
                return None
            noted = {"id": used["user_id"], "at": at}
            stored_row = await (await connection.execute(SQL["note_login"], noted)).fetchone()
        return None if stored_row is None else record(User, stored_row)

    async def add_session(
        self, *, session_hash: str, user_id: UUID, at: datetime, expires_at: datetime
    ) -> None:
        """Open a session."""
        values = {"session_hash": session_hash, "user_id": user_id, "at": at}
        await rows(self._pool, SQL["add_session"], {**values, "expires_at": expires_at})

    async def session_user(self, *, session_hash: str, at: datetime) -> User | None:
        """The user of a session that has not ended."""
        return await self._user("session_user", session_hash=session_hash, at=at)

    async def end_session(self, *, session_hash: str) -> None:
        """End a session."""
        await rows(self._pool, SQL["end_session"], {"session_hash": session_hash})

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
        """Insert; a taken name is a conflict."""
        values = {
            "id": token_id,
            "name": name,
            "scope": scope,
            "token_hash": token_hash,
            "user_id": user_id,
            "at": at,
        }
        await rows(self._pool, SQL["add_token"], values)
        return ApiToken(id=token_id, name=name, scope=scope, user_id=user_id, created_at=at)

    async def token(self, *, token_hash: str, at: datetime) -> ApiToken | None:
        """The live token with this hash; notes its use."""
        values = {"token_hash": token_hash, "at": at}
        stored_row = await row(self._pool, SQL["use_token"], values)
        return None if stored_row is None else record(ApiToken, stored_row)

    async def tokens(self) -> Sequence[ApiToken]:
        """All tokens by name."""
        return [
            record(ApiToken, stored_row) for stored_row in await rows(self._pool, SQL["tokens"])
        ]

    async def delete_token(self, token_id: UUID) -> bool:
        """Revoke; whether there was one."""
        return await row(self._pool, SQL["delete_token"], {"id": token_id}) is not None

    async def _user(self, query: str, **values: object) -> User | None:
        stored_row = await row(self._pool, SQL[query], values)
        return None if stored_row is None else record(User, stored_row)
