"""The smaller of role and token, for every pair."""

from __future__ import annotations

import pytest

from services.accounts.records import Role, Scope
from services.accounts.rights import covers, rights


@pytest.mark.parametrize(
    ("role", "token", "granted"),
    [
        (Role.VIEWER, None, Scope.READ),
        (Role.USER, None, Scope.CONTROL),
        (Role.ADMIN, None, Scope.ADMIN),
        (Role.VIEWER, Scope.ADMIN, Scope.READ),
        (Role.USER, Scope.READ, Scope.READ),
        (Role.USER, Scope.ADMIN, Scope.CONTROL),
        (Role.ADMIN, Scope.READ, Scope.READ),
        (Role.ADMIN, Scope.CONTROL, Scope.CONTROL),
        (Role.ADMIN, Scope.ADMIN, Scope.ADMIN),
    ],
)
def test_the_smaller_of_role_and_token_counts(
    role: Role, token: Scope | None, granted: Scope
) -> None:
    assert rights(role, token) is granted


def test_each_scope_covers_itself_and_what_is_below() -> None:
    assert [[covers(granted, needed) for needed in Scope] for granted in Scope] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
