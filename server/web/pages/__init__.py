"""All pages in one router."""

from __future__ import annotations

from fastapi import APIRouter

from server.web.pages import attention, chat, health, home, sign_in, stop

router = APIRouter(include_in_schema=False)
for module in (sign_in, home, chat, health, attention, stop):
    router.include_router(module.router)
