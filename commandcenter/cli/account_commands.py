"""Commands for people and for machines' tokens: add, list, link, revoke, restore."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from commandcenter.cli import options
from commandcenter.cli.edge import command, print_json
from commandcenter.settings import load_settings
from commandcenter.sign_in import sign_in_url
from services.accounts.accounts import Accounts
from services.accounts.records import ApiToken, Role, Scope, User
from services.errors import Conflict, NotFound

user_app = typer.Typer(
    help="People who may sign in: add, list, link, revoke, restore.", no_args_is_help=True
)
token_app = typer.Typer(help="Tokens for machines: add, list, revoke.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="E-mail address, the name to sign in with.")]


@user_app.command("add")
@command
async def user_add(
    email: Email,
    role: Annotated[Role, typer.Option(help="What the person may do.")] = Role.USER,
) -> None:
    """Add a person and print a one-time sign-in link."""
    settings = load_settings()
    async with _accounts() as accounts:
        user = await accounts.create_user(email=email, role=role)
        typer.echo(sign_in_url(settings, await accounts.new_link(user.id)))


@user_app.command("link")
@command
async def user_link(email: Email) -> None:
    """Print a new one-time sign-in link for a person."""
    settings = load_settings()
    async with _accounts() as accounts:
        user = await _user(accounts, email)
        typer.echo(sign_in_url(settings, await accounts.new_link(user.id)))


@user_app.command("list")
@command
async def user_list(json: options.Json = False) -> None:
    """List people, the revoked ones too."""
    async with _accounts() as accounts:
        users = await accounts.users()
    if json:
        print_json([_user_row(user) for user in users])
        return
    rows = [
        (user.email, user.role, _at(user.last_login_at), _at(user.revoked_at)) for user in users
    ]
    _print(("E-mail", "Role", "Last signed in", "Revoked"), rows)


@user_app.command("revoke")
@command
async def user_revoke(email: Email) -> None:
    """Take a person's access at once.

    Sessions, links, password and tokens end; what the person did stays in the logs.
    """
    async with _accounts() as accounts:
        user = await accounts.revoke_user((await _user(accounts, email)).id)
    typer.echo(f"{user.email} can't sign in any more.")


@user_app.command("restore")
@command
async def user_restore(email: Email) -> None:
    """Let a revoked person sign in again.

    Prints a one-time sign-in link.
    """
    settings = load_settings()
    async with _accounts() as accounts:
        user = await accounts.restore_user((await _user(accounts, email)).id)
        typer.echo(sign_in_url(settings, await accounts.new_link(user.id)))


@token_app.command("add")
@command
async def token_add(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    scope: Annotated[Scope, typer.Option(help="What the token may do.")] = Scope.READ,
) -> None:
    """Create a token and print it, this once."""
    async with _accounts() as accounts:
        owner = await _first_admin(accounts)
        made = await accounts.create_token(name=name, scope=scope, user_id=owner.id)
        typer.echo(made.secret)


@token_app.command("list")
@command
async def token_list(json: options.Json = False) -> None:
    """List all tokens, never with their secrets."""
    async with _accounts() as accounts:
        tokens = await accounts.tokens()
        emails = {user.id: user.email for user in await accounts.users()}
    if json:
        print_json([_token_row(token, emails) for token in tokens])
        return
    rows = [
        (token.name, token.scope, emails.get(token.user_id, ""), _at(token.last_used_at))
        for token in tokens
    ]
    _print(("Name", "Scope", "Of", "Last used"), rows)


@token_app.command("revoke")
@command
async def token_revoke(
    name: Annotated[str, typer.Argument(help="The token's name or id, as listed.")],
) -> None:
    """Revoke a token at once."""
    async with _accounts() as accounts:
        for token in await accounts.tokens():
            if name in {token.name, str(token.id)}:
                await accounts.delete_token(token.id)
                typer.echo(f"The token {token.name!r} is revoked.")
                return
    raise NotFound(kind="token", key=name)


@asynccontextmanager
async def _accounts() -> AsyncIterator[Accounts]:
    """The site's accounts, opened with the database only, because loading the rest takes
    seconds.
    """
    from commandcenter.wiring.accounts import open_accounts

    async with open_accounts(load_settings()) as accounts:
        yield accounts


async def _user(accounts: Accounts, email: str) -> User:
    wanted = email.strip().lower()
    for user in await accounts.users():
        if user.email.lower() == wanted:
            return user
    raise NotFound(kind="user", key=email)


async def _first_admin(accounts: Accounts) -> User:
    """The owner of a new token: the admin who was added first."""
    admins = [
        user
        for user in await accounts.users()
        if user.role is Role.ADMIN and user.revoked_at is None
    ]
    if not admins:
        raise Conflict("there is no admin whose token it could be")
    return min(admins, key=lambda user: user.created_at)


def _user_row(user: User) -> dict[str, str | None]:
    return {
        "id": str(user.id),
        "email": user.email,
        "role": user.role.value,
        "created_at": user.created_at.isoformat(),
        "last_login_at": _iso(user.last_login_at),
        "revoked_at": _iso(user.revoked_at),
    }


def _token_row(token: ApiToken, emails: dict[UUID, str]) -> dict[str, str | None]:
    return {
        "id": str(token.id),
        "name": token.name,
        "scope": token.scope.value,
        "user": emails.get(token.user_id),
        "created_at": token.created_at.isoformat(),
        "last_used_at": _iso(token.last_used_at),
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _at(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def _print(columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    table = Table(*columns)
    for row in rows:
        table.add_row(*row)
    console = Console()
    (console if console.is_terminal else Console(width=160)).print(table)
