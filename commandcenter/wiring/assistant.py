"""The assistant: its models, its tools, and the runs that answer questions."""

from __future__ import annotations

import structlog

from agents.assistant import CrewAssistant
from agents.models.settings import ModelSettings
from commandcenter.settings import Settings
from commandcenter.wiring.foundation import Foundation
from commandcenter.wiring.model_check import model_check
from commandcenter.wiring.views import Views
from services.accounts.records import Role
from services.actions.proposals import Proposals
from services.chat.records import Run, RunLimits
from services.chat.runs import Runs
from tools.services import ToolServices

log = structlog.get_logger("commandcenter")


def model_settings(settings: Settings) -> ModelSettings:
    """The models from the settings."""
    return ModelSettings(
        model=settings.llm_model,
        manager_model=settings.llm_manager_model,
        base_url=settings.llm_base_url,
        fallbacks=settings.llm_fallback_models,
        timeout_s=settings.llm_timeout_s,
        daily_budget_usd=settings.llm_daily_budget_usd,
    )


def build_assistant(base: Foundation, views: Views, proposals: Proposals) -> CrewAssistant:
    """The crew with its tools; adds the model's check to health."""

    async def who_asks(run: Run) -> tuple[str, Role]:
        user = await base.stores.accounts.user(run.user_id)
        return ("somebody", Role.VIEWER) if user is None else (user.email, user.role)

    assistant = CrewAssistant(
        services=_tools(base, views, proposals),
        models=model_settings(base.settings),
        who_asks=who_asks,
        limits=_run_limits(base.settings),
    )
    check = model_check(
        model=base.settings.llm_model,
        base_url=base.settings.llm_base_url,
        ready=lambda: assistant.ready,
        http=base.http,
    )
    views.health.add("assistant", check, kind="model")
    return assistant


def build_runs(base: Foundation, assistant: CrewAssistant) -> Runs:
    """Questions under way, each within the limits of the settings."""
    return Runs(
        assistant=assistant,
        conversations=base.stores.conversations,
        bus=base.stores.events,
        clock=base.clock,
        limits=_run_limits(base.settings),
        on_error=_log_run_error,
    )


def _tools(base: Foundation, views: Views, proposals: Proposals) -> ToolServices:
    stores = base.stores
    return ToolServices(
        live=views.live,
        history=views.history,
        settings=views.settings,
        what_if=views.what_if,
        decisions=stores.decisions,
        actions=stores.actions,
        proposals=proposals,
        alerts=stores.alerts,
        health=views.health,
        site=stores.site,
        clock=base.clock,
    )


def _run_limits(settings: Settings) -> RunLimits:
    return RunLimits(
        seconds=settings.run_max_seconds,
        calls=settings.run_max_calls,
        tokens=settings.run_max_tokens,
        answer_chars=settings.run_max_answer_chars,
        proposals=settings.run_max_proposals,
    )


def _log_run_error(run: Run, error: Exception) -> None:
    log.warning("run_failed", run_id=str(run.id), error=type(error).__name__, detail=str(error))
