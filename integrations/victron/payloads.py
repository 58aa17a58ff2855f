"""VRM's JSON. ``formattedValue`` and texts are localised: only ``rawValue`` and codes are read."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from integrations.lenient import Flag, Number, Payload, Text

MOST_ATTRIBUTES = 5_000
MOST_INSTALLATIONS = 1_000
_DEEPEST = 4
"""Levels of a nested error that are read."""

SeriesPayload = dict[str, list[tuple[float, ...]]]


class Attribute(Payload):
    """One live value of an installation: ``rawValue`` may be number, text, null; time epoch s.

    ``instance`` tells devices of one kind apart; the system's own values have 0.
    """

    code: Text = None
    instance: Number = None
    service: Text = Field(default=None, alias="dbusServiceType")
    raw: Number = Field(default=None, alias="rawValue")
    timestamp: Number = None


class Installation(Payload):
    """One site as listed with ``extended=1``."""

    id_site: Number = Field(default=None, alias="idSite")
    extended: list[Attribute] = Field(default_factory=list, max_length=MOST_ATTRIBUTES)


class Diagnostics(Payload):
    """One page of all values of an installation, of all its devices."""

    records: list[Attribute] = Field(default_factory=list, max_length=MOST_ATTRIBUTES)
    num_records: Number = None


class VrmUser(Payload):
    """The token's user."""

    id: Annotated[int, Field(gt=0, lt=2**63)]


class Me(Payload):
    """The answer of ``users/me``."""

    user: VrmUser


class Installations(Payload):
    """The answer of ``users/{id}/installations``."""

    records: list[Installation] = Field(default_factory=list, max_length=MOST_INSTALLATIONS)


class VrmEnvelope(Payload):
    """The envelope of every answer; errors come as text, list or object, in either key."""

    success: Flag = None
    errors: Any = None
    error: Any = None
    error_code: Text = None

    def error_text(self) -> str | None:
        """The vendor's error in one line; None when it gave none."""
        message = _first_words(self.errors if self.errors is not None else self.error)
        return ": ".join(part for part in (self.error_code, message) if part) or None


def _first_words(errors: object, *, depth: int = 0) -> str | None:
    """The text of an error that may be text, a list or an object; … where it is nested too
    deeply.
    """
    if isinstance(errors, dict | list) and depth >= _DEEPEST:
        return "…"
    if isinstance(errors, dict):
        parts = [f"{key}: {_first_words(item, depth=depth + 1)}" for key, item in errors.items()]
        return "; ".join(parts) or None
    if isinstance(errors, list):
        return "; ".join(str(_first_words(item, depth=depth + 1)) for item in errors) or None
    return str(errors) if errors is not None else None


def series(answer: object) -> SeriesPayload:
    """The series of a ``stats`` answer by code, as rows of numbers (first column epoch ms).

    A series without data is ``false`` there and left out here, as are rows that are not numbers.
    """
    records = answer.get("records") if isinstance(answer, dict) else None
    if not isinstance(records, dict):
        return {}
    series = {code: _rows(rows) for code, rows in records.items() if isinstance(rows, list)}
    return {code: rows for code, rows in series.items() if rows}


def _rows(rows: list[Any]) -> list[tuple[float, ...]]:
    return [
        tuple(float(cell) for cell in row)
        for row in rows
        if isinstance(row, list) and row and all(_is_number(cell) for cell in row)
    ]


def _is_number(cell: object) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)
