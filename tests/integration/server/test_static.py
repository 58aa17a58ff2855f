"""Static files over HTTP: kept for ever under their digest, compressed, never from elsewhere."""

from __future__ import annotations

import gzip

import pytest

from server.web.static_files import asset, files
from tests.integration.server.conftest import Callers


async def test_a_file_is_compressed_and_kept_for_ever(callers: Callers) -> None:
    client = await callers.nobody(**{"Accept-Encoding": "gzip"})
    answer = await client.get(asset("uplot/uPlot.iife.min.js"))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert int(answer.headers["content-length"]) < 23_000
    assert answer.content == files().by_name["uplot/uPlot.iife.min.js"].plain


async def test_whoever_takes_no_compression_gets_none(callers: Callers) -> None:
    client = await callers.nobody(**{"Accept-Encoding": "identity"})
    answer = await client.get(asset("css/app.css"))
    assert "content-encoding" not in answer.headers
    assert answer.content == files().by_name["css/app.css"].plain


@pytest.mark.parametrize(
    ("path", "status", "kept"),
    [
        pytest.param("/static/0123456789ab/css/app.css", 200, "no-cache", id="another digest"),
        pytest.param("/static/css/app.css", 200, "no-cache", id="no digest"),
        pytest.param("/static/", 404, "no-store", id="the folder"),
        pytest.param("/static/nothing.js", 404, "no-store", id="unknown"),
        pytest.param("/static/..%2frendering.py", 404, "no-store", id="outside"),
        pytest.param("/static/%2e%2e/rendering.py", 404, "no-store", id="outside, encoded"),
    ],
)
async def test_other_addresses(callers: Callers, path: str, status: int, kept: str) -> None:
    answer = await (await callers.nobody()).get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (status, kept)


async def test_files_are_only_read(callers: Callers) -> None:
    assert (await (await callers.nobody()).post("/static/css/app.css")).status_code == 405
    assert (await (await callers.nobody()).head("/static/css/app.css")).status_code == 200


async def test_pages_and_long_json_are_compressed(callers: Callers) -> None:
    client = await callers.browser()
    for path in ("/", "/api/home/now"):
        async with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["content-encoding"] == "gzip", path
            whole = gzip.decompress(b"".join([part async for part in answer.aiter_raw()]))
        assert len(whole) > 1_000
