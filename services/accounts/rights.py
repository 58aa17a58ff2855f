"""What a caller may do: the smaller of a person's role and their token's scope, everywhere."""

from __future__ import annotations

from services.accounts.records import Role, Scope

SCOPES = tuple(Scope)
ROLE_SCOPES = {Role.VIEWER: Scope.READ, Role.USER: Scope.CONTROL, Role.ADMIN: Scope.ADMIN}


def rights(role: Role, token: Scope | None = None) -> Scope:
    """The scope that someone of ``role`` has, by a token (None: in person)."""
    own = ROLE_SCOPES[role]
    return own if token is None else min(token, own, key=SCOPES.index)


def covers(granted: Scope, needed: Scope) -> bool:
    """Whether ``granted`` includes ``needed``."""
    return SCOPES.index(granted) >= SCOPES.index(needed)
