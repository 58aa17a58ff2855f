"""``commandcenter allocate --follow``: JSON lines in, decisions out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from energy.site.pv_array import PvArray
from forecasting.clear_sky import ArrayGeometry, ClearSkyModel, geometry
from services.control.co_simulation import FollowedSite, follow, line_of, site_from
from services.errors import Invalid
from services.telemetry.ports import SkyModel

NO_SETTINGS = 'the first line must hold {"settings": {…}}'


def sky_over(latitude: float, longitude: float, arrays: Sequence[PvArray]) -> SkyModel:
    """The clear sky over the given arrays; over the reference site's where none is given."""
    if not arrays:
        return ClearSkyModel(ArrayGeometry(latitude=latitude, longitude=longitude))
    return ClearSkyModel(*(geometry(latitude, longitude, array) for array in arrays))


def answers(lines: Iterable[bytes]) -> Iterator[str]:
    """One JSON line per cycle: the decision, or what is wrong with the line.

    A valid settings line gets no answer. An invalid line gets an error line and changes nothing.
    """
    site: FollowedSite | None = None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            document = _document(line)
            if site is None:
                site = _set_up(document)
                continue
            site, decision = follow(site, document)
            yield _text(line_of(decision))
        except Invalid as error:
            problems = [{"path": path, "message": message} for path, message in error.problems]
            yield _text({"error": {"line": number, "problems": problems}})


def _set_up(document: dict[str, Any]) -> FollowedSite:
    if "settings" not in document:
        raise Invalid([("settings", NO_SETTINGS)])
    return site_from(document, sky_over)


def _document(line: bytes) -> dict[str, Any]:
    try:
        document = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Invalid([("", f"is not UTF-8: {error}")]) from None
    except (ValueError, RecursionError) as error:
        raise Invalid([("", f"is not JSON: {error}")]) from None
    if not isinstance(document, dict):
        raise Invalid([("", f"must be an object, got {type(document).__name__}")])
    return document


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
