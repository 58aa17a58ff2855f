"""Whatever a client sends, it gets a problem that says what is wrong, never a server error."""

from __future__ import annotations

from typing import Any

import pytest

from services.errors import Unavailable
from tests.fakes.sites.web_site import WebSite
from tests.integration.server.conftest import Callers
from tests.integration.server.test_access import endpoints

NASTY: dict[str, bytes] = {
    "nothing": b"",
    "half": b'{"a": ',
    "not an object": b"[1, 2]",
    "a word": b'"text"',
    "null": b"null",
    "NaN": b'{"reason": NaN, "voltage_low": NaN}',
    "infinite": b'{"voltage_low": 1e999}',
    "huge integer": b'{"voltage_low": ' + b"9" * 5000 + b"}",
    "too large for a float": b'{"voltage_low": ' + b"9" * 350 + b"}",
    "NUL": b'{"name": "a\\u0000b", "reason": "a\\u0000b", "question": "a\\u0000b"}',
    "half a surrogate": b'{"name": "\\ud800", "reason": "\\ud800abc", "question": "\\udfff"}',
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "deep": b"[" * 5_000 + b"]" * 5_000,
    "deep objects": b'{"a":' * 500 + b"1" + b"}" * 500,
    "wrong types": b'{"load_id": 5, "target_on": "yes", "email": [], "name": {}, "question": 1,'
    b' "miners": 3, "snapshot": [], "preferences": "x", "decision_id": {}, "minutes": "soon"}',
}


@pytest.mark.parametrize("body", NASTY.values(), ids=NASTY.keys())
async def test_no_body_is_a_server_error(site: WebSite, callers: Callers, body: bytes) -> None:
    client = await callers.token()
    headers = {"Content-Type": "application/json"}
    for method, path in endpoints(site):
        if method == "GET" or path == "/api/chat":
            continue
        answer = await client.request(method, path, content=body, headers=headers)
        assert answer.status_code < 500 or answer.status_code == 503, (method, path, answer.text)
        if answer.status_code >= 400:
            problem = answer.json()
            assert problem["status"] == answer.status_code
            assert problem["detail"]


QUERIES = [
    "limit=0",
    "limit=x",
    "limit=1e9",
    "cursor=%00",
    "cursor=bm9wZSAw",
    "cursor=MjAyNi0wMS0wMSAw",
    "system_id=1",
    "system_id=%00",
    "hours=-1",
    "hours=nan",
    "hours=1e300",
    "from=yesterday",
    "from=2026-01-01",
    "from=2026-01-01T00:00:00",
    "from=9999-12-31T23:59:59%2B00:00&to=0001-01-01T00:00:00%2B00:00",
    "from=0001-01-01T00:00:00%2B14:00",
    "from=2026-06-21T00:00:00Z&to=2026-06-20T00:00:00Z",
    "metric=colour",
    "metric=energy.pv_power_w&step_s=0",
    "metric=energy.pv_power_w&step_s=1e-9",
    "metric=energy.pv_power_w&step_s=nan",
    "metric=energy.pv_power_w&step_s=inf",
    "metric=energy.pv_power_w&from=2000-01-01T00:00:00Z&step_s=1",
    "load_id=5",
    "format=pdf",
    "after=-5",
    "after=99999999999999999999999999",
    "voltage=1e400",
]


@pytest.mark.parametrize("query", QUERIES)
async def test_no_query_is_a_server_error(site: WebSite, callers: Callers, query: str) -> None:
    client = await callers.token()
    for method, path in endpoints(site):
        if method != "GET" or path == "/api/stream":
            continue
        answer = await client.get(f"{path}?{query}")
        assert answer.status_code < 500 or path == "/api/health", (path, answer.text)
        if answer.status_code >= 400 and path != "/api/health":
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        pytest.param("PUT", "/api/preferences", b"{", 400, "line 1", id="malformed: where"),
        pytest.param("POST", "/api/actions", b"{}", 422, "load_id", id="missing: what"),
        pytest.param("GET", "/api/decisions/5", b"", 400, "decision_id", id="no uuid"),
        pytest.param("GET", "/api/nothing", b"", 404, "/api/nothing", id="no such path"),
        pytest.param("DELETE", "/api/preferences", b"{}", 405, "", id="no such method"),
        pytest.param("GET", "/api/energy/stats?hours=0", b"", 422, "hours", id="rule named"),
        pytest.param("POST", "/api/ask", b'{"question": "  "}', 422, "question", id="blank"),
        pytest.param(
            "POST", "/api/ask", b'{"question": "?", "agent": "boss"}', 422, "agent", id="no agent"
        ),
        pytest.param(
            "POST",
            "/api/allocate",
            b'{"miners": [{"nmae": 1}]}',
            422,
            "miners",
            id="typo in what-if",
        ),
    ],
)
async def test_the_problem_says_what_and_where(
    callers: Callers, method: str, path: str, body: bytes, status: int, words: str
) -> None:
    client = await callers.token()
    headers = {"Content-Type": "application/json"}
    answer = await client.request(method, path, content=body, headers=headers)
    problem: dict[str, Any] = answer.json()
    assert answer.status_code == status, problem
    assert words in str(problem)
    assert problem["type"].startswith("urn:commandcenter:problem:")


async def test_large_bodies_are_refused(callers: Callers) -> None:
    client = await callers.token()

    async def endless() -> Any:
        for _ in range(300):
            yield b"x" * 1024

    for content in (b"x" * 300_000, endless()):
        answer = await client.put("/api/preferences", content=content)
        assert answer.status_code == 413


async def test_json_comes_as_json(callers: Callers) -> None:
    client = await callers.token()
    answer = await client.post("/api/ask", content=b'{"question": "?"}')
    assert answer.status_code == 422


async def test_a_store_that_is_away_is_said_so(site: WebSite, callers: Callers) -> None:
    client = await callers.token()

    async def away() -> Any:
        raise Unavailable(what="the database", detail="refused", advice="It is retried.")

    site.stores.site.systems = away  # type: ignore[method-assign]  # the fake goes away
    answer = await client.get("/api/home/now")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "database" in answer.json()["detail"]
    assert (await client.get("/api/health/ready")).status_code == 503
    assert (await client.get("/api/health/live")).status_code == 200
