"""People, links, sessions, tokens."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.accounts.records import ApiToken, Role, Scope, User
from services.errors import Conflict
from tests.contract.conftest import NOON, Stores

ANA, BOB = UUID(int=0xA), UUID(int=0xB)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
async def ana(stores: Stores) -> User:
    return await stores.accounts.add_user(
        user_id=ANA, email="Ana@Example.com", role=Role.ADMIN, password_hash="$argon2id$x", at=at(0)
    )


async def test_users_are_found_whatever_the_case_of_their_address(
    stores: Stores, ana: User
) -> None:
    store = stores.accounts
    assert ana == User(id=ANA, email="Ana@Example.com", role=Role.ADMIN, created_at=at(0))
    bob = await store.add_user(
        user_id=BOB, email=" bob@example.com ", role=Role.VIEWER, password_hash=None, at=at(1)
    )
    assert bob.email == "bob@example.com"
    assert await store.user_by_email("ANA@example.COM ") == ana
    assert await store.user_by_email("nobody@example.com") is None
    assert await store.user(BOB) == bob
    assert await store.user(UUID(int=9)) is None
    assert list(await store.users()) == [ana, bob]
    assert await store.password_hash(ANA) == "$argon2id$x"
    assert await store.password_hash(BOB) is None
    assert await store.password_hash(UUID(int=9)) is None


async def test_an_address_is_taken_once(stores: Stores, ana: User) -> None:
    with pytest.raises(Conflict):
        await stores.accounts.add_user(
            user_id=BOB, email="ana@example.com", role=Role.USER, password_hash=None, at=at(1)
        )
    assert list(await stores.accounts.users()) == [ana]


async def test_a_link_signs_in_once_and_in_time(stores: Stores, ana: User) -> None:
    store = stores.accounts
    for link in ("one", "two"):
        await store.add_login_link(link_hash=link, user_id=ANA, expires_at=at(60), at=at(0))
    assert await store.use_login_link(link_hash="one", at=at(59)) == replace(
        ana, last_login_at=at(59)
    )
    assert await store.use_login_link(link_hash="one", at=at(59)) is None
    assert await store.use_login_link(link_hash="two", at=at(60)) is None
    assert await store.use_login_link(link_hash="three", at=at(0)) is None
    assert (await store.users())[0].last_login_at == at(59)


async def test_a_session_lasts_until_it_ends(stores: Stores, ana: User) -> None:
    store = stores.accounts
    for session in ("one", "two"):
        await store.add_session(session_hash=session, user_id=ANA, at=at(0), expires_at=at(60))
    assert await store.session_user(session_hash="one", at=at(59)) == ana
    assert await store.session_user(session_hash="one", at=at(60)) is None
    await store.end_session(session_hash="one")
    await store.end_session(session_hash="one")
    assert await store.session_user(session_hash="one", at=at(1)) is None
    assert await store.session_user(session_hash="two", at=at(1)) == ana
    assert await store.session_user(session_hash="three", at=at(1)) is None


@pytest.mark.usefixtures("ana")
async def test_tokens_are_listed_used_and_revoked(stores: Stores) -> None:
    store = stores.accounts
    token = await store.add_token(
        token_id=UUID(int=1), name="meter", scope=Scope.READ, token_hash="h", user_id=ANA, at=at(0)
    )
    assert token == ApiToken(
        id=UUID(int=1), name="meter", scope=Scope.READ, user_id=ANA, created_at=at(0)
    )
    used = replace(token, last_used_at=at(5))
    assert await store.token(token_hash="h", at=at(5)) == used
    assert await store.token(token_hash="x", at=at(5)) is None
    assert list(await store.tokens()) == [used]
    with pytest.raises(Conflict):
        await store.add_token(
            token_id=UUID(int=2),
            name="meter",
            scope=Scope.ADMIN,
            token_hash="i",
            user_id=ANA,
            at=at(0),
        )
    assert await store.delete_token(UUID(int=1)) is True
    assert await store.delete_token(UUID(int=1)) is False
    assert await store.token(token_hash="h", at=at(6)) is None


async def test_a_revoked_person_has_no_way_in(stores: Stores, ana: User) -> None:
    store = stores.accounts
    bob = await store.add_user(
        user_id=BOB, email="bob@example.com", role=Role.USER, password_hash="$x", at=at(0)
    )
    for user in (ana, bob):
        name = user.email
        await store.add_login_link(
            link_hash=f"link {name}", user_id=user.id, expires_at=at(60), at=at(0)
        )
        await store.add_session(
            session_hash=f"session {name}", user_id=user.id, at=at(0), expires_at=at(60)
        )
        await store.add_token(
            token_id=UUID(int=user.id.int + 0x10),
            name=name,
            scope=Scope.READ,
            token_hash=f"token {name}",
            user_id=user.id,
            at=at(0),
        )
    revoked = await store.revoke_user(BOB, at=at(5))
    assert revoked == replace(bob, revoked_at=at(5))
    assert await store.revoke_user(BOB, at=at(9)) == revoked
    assert await store.revoke_user(UUID(int=9), at=at(9)) is None
    assert await store.use_login_link(link_hash="link bob@example.com", at=at(6)) is None
    assert await store.session_user(session_hash="session bob@example.com", at=at(6)) is None
    assert await store.token(token_hash="token bob@example.com", at=at(6)) is None
    assert await store.password_hash(BOB) is None
    assert await store.session_user(session_hash=f"session {ana.email}", at=at(6)) == ana
    assert await store.token(token_hash=f"token {ana.email}", at=at(6)) is not None

    assert await store.restore_user(BOB) == bob
    assert await store.restore_user(UUID(int=9)) is None
    assert await store.session_user(session_hash="session bob@example.com", at=at(6)) is None
