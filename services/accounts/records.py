"""People, their roles, and the tokens of machines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a person may do: viewers read, users also command, admins also release the emergency
    stop and manage people.
    """

    ADMIN = "admin"
    USER = "user"
    VIEWER = "viewer"


class Scope(StrEnum):
    """What a machine's token may do; each includes the ones before it."""

    READ = "read"
    CONTROL = "control"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One person. ``revoked_at`` is set while they may not sign in; records of what they did are
    kept.
    """

    id: UUID
    email: str
    role: Role
    created_at: datetime
    last_login_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """One machine token as listed: never with its secret."""

    id: UUID
    name: str
    scope: Scope
    user_id: UUID
    created_at: datetime
    last_used_at: datetime | None = None
