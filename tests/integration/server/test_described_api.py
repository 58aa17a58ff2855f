"""The API is what its description says: every answer has its shape, every refusal is announced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter

from server.described import DescribedRoute
from server.routes import AREAS
from server.schemas.control import StopRequest
from server.schemas.examples import HOME_NOW
from server.schemas.now import HomeNow
from server.schemas.problems import MEDIA_TYPE, Problem, statuses
from services.accounts.records import Scope
from services.telemetry.rollup import Rollup
from tests.fakes.sites.web_site import SYSTEM_ID, WebSite
from tests.integration.server.conftest import Callers

MISSING = UUID(int=7)
STREAMED = {"/runs/{run_id}/events", "/chat", "/stream"}
PLAIN = {"/metrics"}
OTHER_MEDIA = {"/conversations/{conversation_id}/export"}
OPEN = {"/health/live", "/health/ready", "/auth/login", "/auth/logout"}
BODIES = {
    "/actions": {"load_id": str(MISSING), "target_on": True},
    "/ask": {"question": "Why?", "conversation_id": str(MISSING)},
    "/chat": {"question": "Why?", "conversation_id": str(MISSING)},
    "/runs": {"question": "Why?", "conversation_id": str(MISSING)},
    "/decisions/replay": {"decision_id": str(MISSING)},
    "/auth/login": {"link": "unknown"},
    "/users": {"email": "nobody"},
    "/tokens": {"name": ""},
    "/alerts/{alert_id}/snooze": {"minutes": 5},
}


def routes() -> list[APIRoute]:
    return [route for area in AREAS for route in area.router.routes if isinstance(route, APIRoute)]


def method_of(route: APIRoute) -> str:
    return min(route.methods or {"GET"})


def of(route: APIRoute) -> str:
    return f"{method_of(route)} {route.path}"


def concrete(route: APIRoute, value: object = MISSING) -> str:
    path = route.path_format
    for name in route.param_convertors:
        path = path.replace("{" + name + "}", str(value))
    return f"/api{path}"


@pytest.mark.parametrize("route", routes(), ids=of)
def test_every_answer_has_a_type(route: APIRoute) -> None:
    assert isinstance(route, DescribedRoute)
    if route.path in STREAMED | OTHER_MEDIA:
        assert route.responses[200]["content"]
    elif route.path not in PLAIN and route.status_code != 204:
        assert route.response_model is not None
        assert "Any" not in str(route.response_model)


@pytest.mark.parametrize("route", routes(), ids=of)
def test_every_refusal_that_follows_from_what_is_asked_is_announced(route: APIRoute) -> None:
    announced = statuses(route.responses)
    assert route.path in OPEN or 401 in announced
    assert not route.body_field or {400, 413, 422} <= announced
    assert not route.param_convertors or {400, 404} <= announced
    assert "if_match" not in str(route.dependant.header_params) or {409, 412} <= announced
    assert "default" in route.responses


def test_the_description_names_one_shape_for_all_refusals(site: WebSite) -> None:
    described = site.app.openapi()
    operations = [
        operation
        for path, methods in described["paths"].items()
        for operation in methods.values()
        if path.startswith("/api")
    ]
    assert len(operations) > 59
    wanted = {"$ref": "#/components/schemas/Problem"}
    for operation in operations:
        for status in statuses(operation["responses"]):
            content = operation["responses"][str(status)]["content"]
            assert content.get(MEDIA_TYPE, {}).get("schema") == wanted or status == 503
    assert described["components"]["schemas"]["Problem"]["properties"]["detail"]


async def asked(client: httpx2.AsyncClient, route: APIRoute, how: str) -> httpx2.Response:
    method, path = method_of(route), concrete(route)
    body: Any = BODIES.get(route.path, {})
    if how == "malformed":
        return await client.request(method, path, content=b"{")
    if how == "bad id":
        return await client.request(method, concrete(route, "no-id"), json=body)
    if how == "bad site":
        return await client.request(method, path, params={"system_id": "x"}, json=body)
    if how == "no body":
        return await client.request(method, path)
    if how == "a list":
        return await client.request(method, path, json=[])
    if how == "a cursor":
        return await client.request(method, path, params={"cursor": "x", "hours": "-1"}, json=body)
    if how == "a tag":
        return await client.request(method, path, headers={"If-Match": "x"}, json=body)
    return await client.request(method, path, json=body)


HOWS = ["plain", "malformed", "bad id", "bad site", "no body", "a list", "a cursor", "a tag"]


@pytest.mark.parametrize("how", HOWS)
async def test_whatever_is_sent_the_answer_is_an_announced_one(callers: Callers, how: str) -> None:
    clients = [
        await callers.nobody(),
        await callers.token(Scope.READ),
        await callers.token(Scope.ADMIN),
    ]
    for route in routes():
        if route.path == "/stream":
            continue  # it never ends
        for client in clients:
            answer = await asked(client, route, how)
            if answer.is_success:
                assert answer.status_code == (route.status_code or 200)
                continue
            named = f"{of(route)} {how}: {answer.status_code} {answer.text}"
            assert answer.status_code in statuses(route.responses), named
            assert answer.headers["content-type"] == MEDIA_TYPE, named
            assert Problem.model_validate(answer.json()).status == answer.status_code


def unnamed(value: object, path: str = "") -> Iterator[str]:
    """Fields of an answer that its type doesn't name."""
    if isinstance(value, BaseModel):
        names = () if path.endswith("SeriesColumns") else (value.model_extra or {})
        yield from (f"{path}.{name}" for name in names)
        for name in type(value).model_fields:
            yield from unnamed(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for item in value:
            yield from unnamed(item, path)


READS = [
    "/home/now",
    "/battery/now",
    "/energy/latest",
    "/energy/stats?hours=2",
    "/energy/hourly",
    "/energy/daily",
    "/energy/series?metric=pv_power_w&step_s=3600",
    "/battery/convert?soc=50",
    "/health",
    "/health/live",
    "/health/ready",
    "/preferences",
    "/miners",
    "/hvac/zones",
    "/decisions",
    "/actions",
    "/alerts",
    "/users",
    "/tokens",
    "/conversations",
    "/emergency-stop",
    "/auth/session",
]


@pytest.mark.parametrize("path", READS)
async def test_answers_hold_what_their_type_names_and_nothing_else(
    site: WebSite, callers: Callers, path: str
) -> None:
    stores = site.stores
    rollup = Rollup(
        sites=stores.site,
        telemetry=stores.telemetry,
        settings=stores.settings,
        memory=stores.memory,
        clock=site.clock,
    )
    await rollup.roll_last_day(SYSTEM_ID)
    client = await callers.token()
    answer = await client.get(f"/api{path}")
    assert answer.status_code == 200, answer.text
    (route,) = (each for each in routes() if of(each) == f"GET {path.split('?', maxsplit=1)[0]}")
    kind: TypeAdapter[object] = TypeAdapter(route.response_model)
    assert list(unnamed(kind.validate_python(answer.json()), path.split("?", maxsplit=1)[0])) in (
        [],
        ["/energy/series.pv_power_w"],
    )


async def test_decisions_hold_what_their_type_names(callers: Callers) -> None:
    client = await callers.token()
    listed = (await client.get("/api/decisions")).json()["items"]
    for path, body in (
        ("/allocate", {}),
        ("/decisions/replay", {"decision_id": listed[0]["id"]}),
    ):
        answer = await client.post(f"/api{path}", json=body)
        assert answer.status_code == 200, answer.text
        (route,) = (each for each in routes() if each.path == path)
        kind: TypeAdapter[object] = TypeAdapter(route.response_model)
        assert list(unnamed(kind.validate_python(answer.json()))) == []


async def test_a_reading_that_is_not_finite_is_answered_as_text(callers: Callers) -> None:
    client = await callers.token()
    answer = await client.post("/api/allocate", json={"snapshot": {"battery_voltage_v": "NaN"}})
    assert answer.status_code in {200, 422}, answer.text


def test_examples_are_of_their_type() -> None:
    assert list(unnamed(HomeNow.model_validate(HOME_NOW))) == []
    assert StopRequest.model_config["json_schema_extra"]


async def test_a_query_parameter_that_is_not_there_is_refused(callers: Callers) -> None:
    """``hours`` instead of ``from`` would otherwise give another span without a word."""
    client = await callers.token()
    answer = await client.get("/api/energy/hourly", params={"hours": 3})
    assert answer.status_code == 422
    (problem,) = answer.json()["errors"]
    assert problem["path"] == "hours"
    assert "from" in problem["message"]
