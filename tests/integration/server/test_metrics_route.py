"""The figures for a monitoring system are read with a read token."""

from __future__ import annotations

from services.accounts.records import Scope
from tests.integration.server.conftest import Callers


async def test_a_read_token_reads_the_figures(callers: Callers) -> None:
    reader = await callers.token(Scope.READ)
    answer = await reader.get("/api/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# TYPE commandcenter_cycles_missed_24h gauge\n" in answer.text


async def test_a_stranger_reads_none(callers: Callers) -> None:
    assert (await (await callers.nobody()).get("/api/metrics")).status_code == 401
