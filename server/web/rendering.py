"""Templates: where they are and what every page gets."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from energy.site.display import Display
from energy.wording import duration
from server.web.links import of_site
from server.web.static_files import asset
from services.stored import Json

FOLDER = Path(__file__).parent
NO_STORE = {"Cache-Control": "no-store"}


@cache
def environment() -> Environment:
    """The templates, escaping everything by default."""
    templates = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals["asset"] = asset
    templates.globals["number"] = number
    templates.filters["of_site"] = of_site
    templates.filters["since"] = since
    templates.filters["is_stale"] = is_stale
    templates.filters["age"] = age
    templates.filters["digits"] = digits_shown
    templates.filters["kilo"] = lambda value: None if value is None else value / 1_000.0
    return templates


def number(value: float | None, digits: int = 0) -> str:
    """A number for people, with thin spaces between thousands; a dash where it is not known."""
    if value is None:
        return "–"
    return f"{value:,.{digits}f}".replace(",", "\N{NARROW NO-BREAK SPACE}").replace(
        "-", "\N{MINUS SIGN}"
    )


def digits_shown(display: Display, unit: str, digits: int) -> int:
    """The decimals of a number of ``unit``: kilowatts have two where watts have none."""
    return 2 if unit == "W" and display.kilowatts else digits


def since(reading: Json, at: str) -> str:
    """Time of a reading, ISO 8601, from its age at ``at``; empty where it is not known."""
    if reading["age_s"] is None:
        return ""
    return (datetime.fromisoformat(at) - timedelta(seconds=reading["age_s"])).isoformat()


def is_stale(reading: Json) -> bool:
    """Whether a reading is older than its limit."""
    age_s, limit_s = reading["age_s"], reading["stale_after_s"]
    return age_s is not None and limit_s is not None and age_s > limit_s


def age(reading: Json) -> str:
    """``3 min ago``, or ``never`` without a measurement."""
    age_s = reading["age_s"]
    return "never" if age_s is None else f"{duration(age_s)} ago"


def page(template: str, *, status_code: int = 200, **values: Any) -> HTMLResponse:
    """A rendered page that no cache keeps."""
    text = environment().get_template(template).render(**values)
    return HTMLResponse(text, status_code=status_code, headers=NO_STORE)
