"""Who may enter: links, passwords, sessions, tokens, and how guessing is slowed."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from uuid import UUID, uuid4

import pytest

from services.accounts.accounts import ATTEMPT_WINDOW_S, LINK_LIFE, SESSION_LIFE, Accounts
from services.accounts.records import Role, Scope, User
from services.accounts.sign_in_attempts import KEYS_KEPT, AttemptLimiter
from services.errors import Conflict, Invalid, NotFound, RateLimited, SignInRefused
from tests.fakes.clock import EPOCH, SteppingClock
from tests.fakes.stores.accounts import InMemoryAccountStore

PASSWORD = "correct horse battery"
CLIENT = "client 127.0.0.1"


class Door:
    """Accounts over a store in memory, with secrets that can be told apart."""

    def __init__(self) -> None:
        self.clock = SteppingClock()
        self.store = InMemoryAccountStore()
        numbers = count(1)
        self.accounts = Accounts(
            store=self.store, clock=self.clock, new_secret=lambda: f"secret-{next(numbers)}"
        )

    async def person(self, role: Role = Role.USER, password: str | None = None) -> User:
        email = f"{role.value}@example.com"
        return await self.accounts.create_user(email=email, role=role, password=password)


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.mark.parametrize(
    ("email", "password", "paths"),
    [
        pytest.param("owner", None, ["email"], id="no address"),
        pytest.param("a b@example.com", None, ["email"], id="a space"),
        pytest.param("a@" + "b" * 300, None, ["email"], id="too long"),
        pytest.param("a@b\x00", None, ["email"], id="NUL"),
        pytest.param("a@example.com", "short", ["password"], id="short password"),
        pytest.param("a@example.com", "x" * 257, ["password"], id="endless password"),
        pytest.param("", "", ["email", "password"], id="both"),
    ],
)
async def test_people_that_can_not_be_added(
    door: Door, email: str, password: str | None, paths: list[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        await door.accounts.create_user(email=email, role=Role.USER, password=password)
    assert [path for path, _ in refused.value.problems] == paths
    assert await door.accounts.users() == []


async def test_an_address_is_taken_whatever_its_case(door: Door) -> None:
    await door.person()
    with pytest.raises(Conflict):
        await door.accounts.create_user(email="USER@example.com", role=Role.ADMIN)


async def test_a_given_id_is_kept(door: Door) -> None:
    wanted = UUID(int=1)
    made = await door.accounts.create_user(email="a@b", role=Role.ADMIN, user_id=wanted)
    assert (made.id, await door.accounts.user(wanted)) == (wanted, made)


@pytest.mark.parametrize(
    ("wait", "opens"),
    [
        pytest.param(LINK_LIFE - timedelta(seconds=1), True, id="just before its end"),
        pytest.param(LINK_LIFE, False, id="at its end"),
    ],
)
async def test_a_link_opens_for_an_hour(door: Door, wait: timedelta, opens: bool) -> None:
    link = await door.accounts.new_link((await door.person()).id)
    door.clock.advance(wait.total_seconds())
    if opens:
        assert (await door.accounts.sign_in_by_link(link, client=CLIENT)).user.role is Role.USER
    else:
        with pytest.raises(SignInRefused):
            await door.accounts.sign_in_by_link(link, client=CLIENT)


async def test_a_link_opens_once(door: Door) -> None:
    link = await door.accounts.new_link((await door.person()).id)
    await door.accounts.sign_in_by_link(link, client=CLIENT)
    with pytest.raises(SignInRefused):
        await door.accounts.sign_in_by_link(link, client=CLIENT)


async def test_there_is_no_link_for_nobody(door: Door) -> None:
    with pytest.raises(NotFound):
        await door.accounts.new_link(uuid4())


async def test_secrets_are_not_in_the_store(door: Door) -> None:
    user = await door.person(password=PASSWORD)
    link = await door.accounts.new_link(user.id)
    session = await door.accounts.sign_in_by_link(link, client=CLIENT)
    made = await door.accounts.create_token(name="t", scope=Scope.READ, user_id=user.id)
    kept = repr(vars(door.store))
    for secret in (link, session.secret, made.secret, PASSWORD):
        assert secret not in kept


@pytest.mark.parametrize(
    ("wait", "known"),
    [
        pytest.param(SESSION_LIFE - timedelta(seconds=1), True, id="on its last day"),
        pytest.param(SESSION_LIFE, False, id="after a month"),
    ],
)
async def test_a_session_lasts_a_month(door: Door, wait: timedelta, known: bool) -> None:
    link = await door.accounts.new_link((await door.person()).id)
    session = await door.accounts.sign_in_by_link(link, client=CLIENT)
    assert session.expires_at == EPOCH + SESSION_LIFE
    door.clock.advance(wait.total_seconds())
    found = await door.accounts.by_session(session.secret)
    assert (found is not None) is known


async def test_signing_out_ends_the_session(door: Door) -> None:
    link = await door.accounts.new_link((await door.person()).id)
    session = await door.accounts.sign_in_by_link(link, client=CLIENT)
    await door.accounts.sign_out(session.secret)
    assert await door.accounts.by_session(session.secret) is None
    await door.accounts.sign_out("never was")


async def test_passwords_open_for_the_right_person(door: Door) -> None:
    await door.person(Role.ADMIN, PASSWORD)
    await door.person(Role.USER)
    opened = await door.accounts.sign_in_by_password("ADMIN@example.com", PASSWORD, client=CLIENT)
    assert opened.user.role is Role.ADMIN
    for email, password in (
        ("admin@example.com", "wrong but long enough"),
        ("user@example.com", PASSWORD),
        ("stranger@example.com", PASSWORD),
    ):
        with pytest.raises(SignInRefused, match="do not belong together"):
            await door.accounts.sign_in_by_password(email, password, client="somebody else")


async def test_guessing_waits_for_the_window_to_move(door: Door) -> None:
    await door.person(password=PASSWORD)
    for attempt in range(10):
        with pytest.raises(SignInRefused):
            await door.accounts.sign_in_by_password(
                "user@example.com", f"guess {attempt} of many", client=f"client {attempt}"
            )
    with pytest.raises(RateLimited) as refused:
        await door.accounts.sign_in_by_password("user@example.com", PASSWORD, client="another")
    assert refused.value.retry_after_s == ATTEMPT_WINDOW_S
    door.clock.advance(ATTEMPT_WINDOW_S)
    await door.accounts.sign_in_by_password("user@example.com", PASSWORD, client="another")


@pytest.mark.parametrize(
    ("role", "wanted", "granted"),
    [
        (Role.ADMIN, Scope.ADMIN, Scope.ADMIN),
        (Role.ADMIN, Scope.READ, Scope.READ),
        (Role.USER, Scope.CONTROL, Scope.CONTROL),
        (Role.USER, Scope.ADMIN, None),
        (Role.VIEWER, Scope.READ, Scope.READ),
        (Role.VIEWER, Scope.CONTROL, None),
    ],
)
async def test_a_token_reaches_no_further_than_its_owner(
    door: Door, role: Role, wanted: Scope, granted: Scope | None
) -> None:
    user = await door.person(role)
    if granted is None:
        with pytest.raises(Invalid, match="scope"):
            await door.accounts.create_token(name="t", scope=wanted, user_id=user.id)
        return
    made = await door.accounts.create_token(name=" t ", scope=wanted, user_id=user.id)
    identity = await door.accounts.by_token(made.secret)
    assert identity is not None
    assert (identity.scope, identity.name, made.token.name) == (granted, "token t", "t")
    assert [identity.may(scope) for scope in Scope] == [
        list(Scope).index(scope) <= list(Scope).index(granted) for scope in Scope
    ]


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
async def test_tokens_have_names(door: Door, name: str) -> None:
    user = await door.person()
    with pytest.raises(Invalid, match="name"):
        await door.accounts.create_token(name=name, scope=Scope.READ, user_id=user.id)


async def test_a_revoked_or_invented_token_is_nobodys(door: Door) -> None:
    user = await door.person()
    made = await door.accounts.create_token(name="t", scope=Scope.READ, user_id=user.id)
    assert await door.accounts.by_token("cct_invented") is None
    assert [token.name for token in await door.accounts.tokens()] == ["t"]
    await door.accounts.delete_token(made.token.id)
    assert await door.accounts.by_token(made.secret) is None
    with pytest.raises(NotFound):
        await door.accounts.delete_token(made.token.id)


async def test_people_are_named_by_their_address(door: Door) -> None:
    link = await door.accounts.new_link((await door.person()).id)
    session = await door.accounts.sign_in_by_link(link, client=CLIENT)
    identity = await door.accounts.by_session(session.secret)
    assert identity is not None
    assert identity.name == "user@example.com"


def test_the_limiter_forgets_the_oldest_keys_first() -> None:
    limiter = AttemptLimiter(what="attempts", limit=1, window_s=60)
    for number in range(KEYS_KEPT + 1):
        limiter.attempt(f"key {number}", at=EPOCH)
    limiter.attempt("key 0", at=EPOCH)
    with pytest.raises(RateLimited, match="too many attempts: try again in 60 s"):
        limiter.attempt(f"key {KEYS_KEPT}", at=EPOCH)
    limiter.forget(f"key {KEYS_KEPT}")
    limiter.attempt(f"key {KEYS_KEPT}", at=EPOCH)


async def test_a_revoked_person_is_nobody_until_restored(door: Door) -> None:
    await door.person(Role.ADMIN)
    user = await door.person(password=PASSWORD)
    link = await door.accounts.new_link(user.id)
    opened = await door.accounts.sign_in_by_link(link, client=CLIENT)
    made = await door.accounts.create_token(name="bot", scope=Scope.READ, user_id=user.id)
    revoked = await door.accounts.revoke_user(user.id)
    assert revoked.revoked_at is not None
    assert await door.accounts.by_session(opened.secret) is None
    assert await door.accounts.by_token(made.secret) is None
    with pytest.raises(Conflict, match="restore it first"):
        await door.accounts.new_link(user.id)
    with pytest.raises(SignInRefused):
        await door.accounts.sign_in_by_password(user.email, PASSWORD, client=CLIENT)

    await door.accounts.create_token(name="left", scope=Scope.READ, user_id=user.id)
    assert await door.accounts.by_token(f"cct_secret-{4}") is None
    assert (await door.accounts.restore_user(user.id)).revoked_at is None
    fresh = await door.accounts.new_link(user.id)
    assert (await door.accounts.sign_in_by_link(fresh, client=CLIENT)).user.id == user.id


async def test_the_last_admin_stays(door: Door) -> None:
    admin = await door.person(Role.ADMIN)
    await door.person()
    with pytest.raises(Conflict, match="last admin"):
        await door.accounts.revoke_user(admin.id)
    other = await door.accounts.create_user(email="second@example.com", role=Role.ADMIN)
    assert (await door.accounts.revoke_user(admin.id)).revoked_at is not None
    with pytest.raises(Conflict, match="last admin"):
        await door.accounts.revoke_user(other.id)
    with pytest.raises(NotFound):
        await door.accounts.revoke_user(uuid4())
    with pytest.raises(NotFound):
        await door.accounts.restore_user(uuid4())
