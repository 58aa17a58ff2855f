"""What a prompt is told of the site: kept for a while, but never older than a changed setting."""

from __future__ import annotations

from dataclasses import replace

from agents.context.bundle import Bundle
from agents.context.site_context import CACHE_S, ContextManager
from tests.fakes.sites.assistant_site import SYSTEM_ID, AssistantSite, build_site


class Prompts:
    """A context manager on a fixed site, asked at given wall seconds."""

    def __init__(self, site: AssistantSite) -> None:
        self.site, self.now_s = site, 0.0
        self.context = ContextManager(services=site.services, monotonic=lambda: self.now_s)

    async def facts(self) -> tuple[Bundle, bool]:
        system = await self.site.stores.site.system(SYSTEM_ID)
        assert system is not None
        bundle, _ = await self.context.build(
            system=system, question="Why is the dump load off?", history=()
        )
        (report,) = [part for part in bundle.parts if part.name == "site"]
        return bundle, report.cached


async def test_facts_are_kept_for_five_minutes() -> None:
    prompts = Prompts(await build_site())
    seen = []
    for second in (0.0, CACHE_S - 1.0, CACHE_S):
        prompts.now_s = second
        seen.append((await prompts.facts())[1])
    assert seen == [False, True, False]


async def test_a_changed_setting_is_in_the_next_prompt() -> None:
    """Whoever changed it, in whatever process: the versions of the settings are compared."""
    site = await build_site()
    prompts = Prompts(site)
    before, _ = await prompts.facts()
    assert "low 47.00 V" in before.text
    stored = await site.stores.settings.preferences(SYSTEM_ID)
    await site.stores.settings.save_preferences(
        SYSTEM_ID,
        replace(stored.value, voltage_low=48.0),
        expected_version=stored.version,
        actor="owner",
    )
    after, cached = await prompts.facts()
    assert "low 48.00 V" in after.text
    assert not cached


async def test_a_miner_that_is_gone_is_not_in_the_next_prompt() -> None:
    site = await build_site()
    prompts = Prompts(site)
    await prompts.facts()
    (first, *_) = await site.stores.settings.miners(SYSTEM_ID)
    await site.stores.settings.delete_miner(SYSTEM_ID, first.value.id, actor="owner")
    after, cached = await prompts.facts()
    assert f"miner {first.value.name}: priority" not in after.text
    assert not cached
