"""People, sessions and tokens."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.accounts.records import ApiToken, Role, Scope, User

STRICT = ConfigDict(extra="forbid")


class Login(BaseModel):
    """Either a one-time link's secret, or e-mail and password."""

    model_config = STRICT | ConfigDict(
        json_schema_extra={"examples": [{"email": "owner@example.com", "password": "…"}]}
    )

    link: str | None = Field(default=None, max_length=200)
    email: str | None = Field(default=None, max_length=254)
    password: str | None = Field(default=None, max_length=256)


class NewUser(BaseModel):
    """A person to add; without a password they sign in by link."""

    model_config = STRICT | ConfigDict(
        json_schema_extra={"examples": [{"email": "kim@example.com", "role": "viewer"}]}
    )

    email: str
    role: Role = Role.VIEWER
    password: str | None = None


class UserView(BaseModel):
    """A person as listed."""

    id: UUID
    email: str
    role: Role
    created_at: datetime
    last_login_at: datetime | None
    revoked_at: datetime | None = None

    @classmethod
    def of(cls, user: User) -> UserView:
        """From the record."""
        return cls(
            id=user.id,
            email=user.email,
            role=user.role,
            created_at=user.created_at,
            last_login_at=user.last_login_at,
            revoked_at=user.revoked_at,
        )


class Session(BaseModel):
    """Who is signed in now."""

    user: UserView
    scope: Scope
    expires_at: datetime | None = None


class CreatedUser(UserView):
    """A new person, with the path of their one-time sign-in link (good for an hour, once)."""

    sign_in_path: str


class NewTokenRequest(BaseModel):
    """A token to make."""

    model_config = STRICT | ConfigDict(
        json_schema_extra={"examples": [{"name": "grafana", "scope": "read"}]}
    )

    name: str
    scope: Scope = Scope.READ


class TokenView(BaseModel):
    """A token as listed: never with its secret."""

    id: UUID
    name: str
    scope: Scope
    user_id: UUID
    created_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, token: ApiToken) -> TokenView:
        """From the record."""
        return cls(
            id=token.id,
            name=token.name,
            scope=token.scope,
            user_id=token.user_id,
            created_at=token.created_at,
            last_used_at=token.last_used_at,
        )


class CreatedToken(TokenView):
    """A new token, this once with its secret."""

    token: str
