"""Templates: where they are and what every page gets."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
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


@cache
def asset(path: str) -> str:
    """A static file's address, which changes with its content."""
    file = STATIC / path
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:10] if file.exists() else "missing"
    return f"/static/{path}?v={digest}"


def page(template: str, *, status_code: int = 200, **values: Any) -> HTMLResponse:
    """A rendered page that no cache keeps."""
    text = environment().get_template(template).render(**values)
    return HTMLResponse(text, status_code=status_code, headers=NO_STORE)
