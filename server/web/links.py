"""Addresses of pages. Each names its site, so that no link leads to another site by mistake.

An address without a site means the first one by name, which changes when a site is added. People
may type such an address, but pages must not contain one.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit
from uuid import UUID

from starlette.requests import Request

SITE = "system_id"
HOME = "/"


def of_site(path: str, site_id: UUID | None) -> str:
    """``path`` with the site in its query; query and fragment are kept. Unchanged without a
    site.
    """
    if site_id is None:
        return path
    parts = urlsplit(path)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != SITE]
    return urlunsplit(parts._replace(query=urlencode([*query, (SITE, str(site_id))])))


def sign_in_from(request: Request) -> str:
    """The sign-in page that leads back to where somebody wanted to go."""
    url = request.url
    wanted = f"{url.path}?{url.query}" if url.query else url.path
    return "/sign-in" if wanted == HOME else f"/sign-in?next={quote(wanted, safe='')}"


def inside(wanted: str) -> str:
    """Where to go after the sign-in: a page of this server, home for everything else.

    Browsers read two slashes, or a slash and a backslash, as the beginning of another host.
    """
    if not wanted.isascii() or not wanted.isprintable() or "\\" in wanted:
        return HOME
    is_page = wanted.startswith("/") and not wanted.startswith(("//", "/sign-in", "/api/"))
    return wanted if is_page else HOME
