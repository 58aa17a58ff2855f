"""Templates: where they are and what every page gets."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from server.web.static_files import asset

FOLDER = Path(__file__).parent
NO_STORE = {"Cache-Control": "no-store"}


@cache
def environment() -> Environment:
    """The templates, escaping everything by default."""
    found = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["asset"] = asset
    found.globals["number"] = number
    found.filters["kilo"] = lambda value: None if value is None else value / 1_000.0
    return found


def number(value: float | None, digits: int = 0) -> str:
    """A number for people, thousands apart by a thin space; a dash for what is not known."""
    if value is None:
        return "–"
    return f"{value:,.{digits}f}".replace(",", "\N{NARROW NO-BREAK SPACE}").replace(
        "-", "\N{MINUS SIGN}"
    )


def page(template: str, *, status_code: int = 200, **values: Any) -> HTMLResponse:
    """A rendered page that no cache keeps."""
    text = environment().get_template(template).render(**values)
    return HTMLResponse(text, status_code=status_code, headers=NO_STORE)
