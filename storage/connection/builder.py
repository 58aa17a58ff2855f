"""The one place that puts names into statements: our own tables and columns, never input.

A statement in ``storage/sql`` may hold ``{parts}``. Each is filled with a name or a list of names
in lower case; the word after the colon says how:

===============  =========================================
``{columns}``           ``a, b``
``{columns:places}``    ``%(a)s, %(b)s``
``{columns:sets}``      ``a = %(a)s, b = %(b)s``
``{columns:updates}``   ``a = excluded.a, b = excluded.b``
``{columns:numbers}``   ``('a', CASE WHEN … THEN a::double precision END), …`` (as believed)
``{metric:text}``       ``'a'``
``{metric:number}``     ``a``, a switch as 0 and 1
``{metric:believed}``   ``a IS NOT NULL AND …``: there, not suspect, a number that can be
===============  =========================================
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any, LiteralString

from typing_extensions import override

NAME = re.compile(r"[a-z_][a-z0-9_]*")
SWITCHES = frozenset({"is_on"})
"""Columns that are booleans."""

SqlParts = str | Sequence[str]


def built(template: LiteralString, **parts: SqlParts) -> LiteralString:
    """The statement with its parts filled in.

    Raises:
        ValueError: A part is no name.
    """
    return _Formatter().vformat(template, (), {key: _checked(part) for key, part in parts.items()})


def united(statements: Sequence[LiteralString]) -> LiteralString:
    """One statement with the rows of all statements (``UNION ALL``)."""
    return "\nUNION ALL\n".join(statements)


def number(name: str) -> str:
    """The column as a number."""
    return f"{name}::int" if name in SWITCHES else name


def believed(name: str) -> str:
    """The condition that a row's metric is present, not suspect, and a possible number.

    Numbers beyond 10¹² are no measurements, and sums of them would overflow.
    """
    return (
        f"{name} IS NOT NULL AND NOT suspect ? '{name}' AND {number(name)} BETWEEN -1e12 AND 1e12"
    )


_FORMS: Mapping[str, Callable[[str], str]] = {
    "": lambda name: name,
    "places": lambda name: f"%({name})s",
    "sets": lambda name: f"{name} = %({name})s",
    "updates": lambda name: f"{name} = excluded.{name}",
    "numbers": lambda name: (
        f"('{name}', CASE WHEN {believed(name)} THEN {number(name)}::double precision END)"
    ),
    "believed": believed,
    "text": lambda name: f"'{name}'",
    "number": number,
}


class _Formatter(string.Formatter):
    @override
    def format_field(self, value: Any, format_spec: str) -> str:
        return ", ".join(_FORMS[format_spec](name) for name in value)


def _checked(part: SqlParts) -> list[str]:
    names = [part] if isinstance(part, str) else list(part)
    for name in names:
        if NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} is no name of a table or column")
    return names
