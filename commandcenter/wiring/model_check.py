"""The health check of the assistant's model: whether its server answers."""

from __future__ import annotations

from collections.abc import Callable

import httpx2

from services.views.health import Check
from services.views.records import CheckAnswer

TIMEOUT_S = 1.5
SERVER_ERROR = 500
ADVICE = (
    "The built-in model answers meanwhile. See that the model server runs and that LLM_BASE_URL is"
    " its address."
)


def model_check(
    *, model: str | None, base_url: str | None, ready: Callable[[], bool], http: httpx2.AsyncClient
) -> Check:
    """A check that requests the list of models from the server at ``base_url``, without a key.

    Any answer but a server error (5xx) shows that it runs; a wrong key shows only at the first
    question. A provider's cloud, which has no ``base_url``, is not checked.
    """
    name = "built-in model" if model is None else model

    async def check() -> CheckAnswer:
        detail = f"{name}, {'ready' if ready() else 'loading'}"
        if model is None or base_url is None:
            return {"ok": True, "detail": detail}
        problem = await _problem(http, base_url)
        if problem is None:
            return {"ok": True, "detail": detail}
        return {
            "ok": False,
            "status": "degraded",
            "detail": f"{name}: {base_url} {problem}",
            "advice": ADVICE,
        }

    return check


async def _problem(http: httpx2.AsyncClient, base_url: str) -> str | None:
    try:
        answer = await http.get(f"{base_url}/models", timeout=TIMEOUT_S)
    except httpx2.HTTPError as error:
        return f"does not answer ({type(error).__name__})"
    if answer.status_code >= SERVER_ERROR:
        return f"answers HTTP {answer.status_code}"
    return None
