"""All pages in one router."""

from __future__ import annotations

from fastapi import APIRouter

from server.web.pages import chat, health, home, sign_in

router = APIRouter(include_in_schema=False)
for each in (sign_in, home, chat, health):
    router.include_router(each.router)
