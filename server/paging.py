"""Lists by pages: ``limit`` and an opaque ``cursor`` in, items, the total and the next cursor
out.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from services.errors import Invalid

T = TypeVar("T")
U = TypeVar("U")
LARGEST = 200
TICK = timedelta(microseconds=1)


class Page(BaseModel, Generic[T]):
    """One page of a list, newest first where the list is one of events."""

    items: list[T]
    total: int = Field(description="How many there are in all")
    next_cursor: str | None = Field(default=None, description="Send as `cursor` for the next page")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """The requested page: ``limit`` items older than ``before``, after skipping ``skip`` of
    them.
    """

    limit: int
    before: datetime | None = None
    skip: int = 0


def _paging(
    limit: Annotated[int, Query(ge=1, le=LARGEST, description="Most items to answer with")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=200, description="`next_cursor` of the page before")
    ] = None,
) -> Paging:
    if cursor is None:
        return Paging(limit=limit)
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii")).decode("ascii")
        before, _, skip = text.partition(" ")
        at = None if before == "-" else datetime.fromisoformat(before)
        if (at is not None and at.tzinfo is None) or not 0 <= int(skip) <= 10**9:
            raise ValueError(cursor)  # noqa: TRY301 - handled below like any other bad cursor
    except (ValueError, binascii.Error):
        raise Invalid([("cursor", "is not a next_cursor of this list")]) from None
    return Paging(limit=limit, before=at, skip=int(skip))


Paged = Annotated[Paging, Depends(_paging)]


def page_of(items: Sequence[T], paging: Paging) -> Page[T]:
    """A page of a list that is in memory."""
    chosen = items[paging.skip : paging.skip + paging.limit]
    end = paging.skip + len(chosen)
    following = _cursor(None, end) if end < len(items) else None
    return Page(items=list(chosen), total=len(items), next_cursor=following)


async def page_by_time(
    paging: Paging,
    read: Callable[[datetime | None, int], Awaitable[Sequence[T]]],
    *,
    time_of: Callable[[T], datetime],
    show: Callable[[T], U],
    total: int,
) -> Page[U]:
    """A page of a list that is stored newest first.

    Several items may have the same time, so a cursor holds a time just after the last item's, and
    how many items from there on were answered already.
    """
    rows = await read(paging.before, paging.skip + paging.limit + 1)
    chosen = rows[paging.skip : paging.skip + paging.limit]
    following = None
    if len(rows) > paging.skip + paging.limit:
        last = time_of(chosen[-1])
        given = sum(time_of(row) == last for row in rows[: paging.skip + paging.limit])
        following = _cursor(last.astimezone(UTC) + TICK, given)
    return Page(items=[show(row) for row in chosen], total=total, next_cursor=following)


def _cursor(before: datetime | None, skip: int) -> str:
    text = f"{'-' if before is None else before.isoformat()} {skip}"
    return base64.urlsafe_b64encode(text.encode("ascii")).decode("ascii")
