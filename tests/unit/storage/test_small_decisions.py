"""Decisions are stored in a fraction of their size, and come back byte for byte."""

from __future__ import annotations

from random import Random

import pytest

from services.control.decision_chain import canonical_text
from services.errors import Invalid
from services.stored import Json
from storage.stores.small_decisions import packed, unpacked
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import ScriptedSite

MOST_BYTES = 1_500


async def decisions(count: int) -> list[Json]:
    """Of a site whose readings never repeat themselves."""
    site, chance, made = await ScriptedSite().set_up(), Random(3), []  # noqa: S311 - no secret
    for _ in range(count):
        site.clock.advance(60.0)
        await site.see(
            pv_w=chance.uniform(0.0, 9_000.0),
            voltage_v=chance.uniform(44.0, 56.0),
            current_a=chance.uniform(-90.0, 90.0),
            load_w=chance.uniform(800.0, 6_000.0),
            room_c=chance.uniform(-3.0, 42.0),
        )
        made.append((await site.loop.control.run_cycle(SYSTEM_ID)).document)
    return made


async def test_a_decision_takes_a_kilobyte_and_a_half_at_most() -> None:
    made = await decisions(40)
    small = [packed(document) for document in made]
    assert max(len(each.body) for each in small) <= MOST_BYTES
    assert len({each.settings_hash for each in small}) == 1, "settings are stored once"
    for document, each in zip(made, small, strict=True):
        assert canonical_text(unpacked(each.body, each.settings)) == canonical_text(document)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({}, id="empty"),
        pytest.param({"n": [1, 1e22, None, "°C"]}, id="no decision"),
        pytest.param({"allocation": {"budget": {}}}, id="no inputs"),
        pytest.param({"allocation": []}, id="not an object"),
        pytest.param({"allocation": {"inputs": {"miners": []}}}, id="half the settings"),
    ],
)
def test_any_document_comes_back(document: Json) -> None:
    small = packed(document)
    assert unpacked(small.body, small.settings) == document


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(Invalid):
        packed({"w": float("inf")})
