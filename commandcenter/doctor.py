"""The doctor: tries each dependency and credential, and gives advice for those that fail."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from agents.models.trial import Trial, try_models
from commandcenter.clock import WallClock
from commandcenter.settings import Settings, SiteKind
from commandcenter.wiring.assistant import model_settings
from commandcenter.wiring.composition import open_site
from services.errors import CommandCenterError
from services.stored import Json

MODEL_S = 20.0
"""Time limit for a model's one-word answer, s."""

MEANWHILE = "The built-in model answers meanwhile."
FREE_BYTES = 500_000_000
WEB_FILES = ("css/app.css", "js/shell.js", "uplot/uPlot.iife.min.js")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Result of one check."""

    name: str
    ok: bool
    detail: str
    advice: str = ""

    def to_json(self) -> Json:
        """For machines."""
        return {"name": self.name, "ok": self.ok, "detail": self.detail, "advice": self.advice}


async def examine(settings: Settings) -> list[Finding]:
    """Run all checks; a failing dependency is a finding, not an exception."""
    findings = [_home(settings.home), _web_files(), _port(settings)]
    findings += await _models(settings)
    findings += await _site(settings)
    return findings


def _home(home: Path) -> Finding:
    name = "data folder"
    try:
        home.mkdir(parents=True, exist_ok=True)
        space = os.statvfs(home)
    except OSError as error:
        return Finding(
            name=name,
            ok=False,
            detail=f"{home}: {error.strerror}",
            advice="Make it writable for this user, or set COMMANDCENTER_HOME.",
        )
    free = space.f_bavail * space.f_frsize
    writable = os.access(home, os.W_OK)
    return Finding(
        name=name,
        ok=writable and free > FREE_BYTES,
        detail=f"{home}: {free / 1e9:.1f} GB free{'' if writable else ', not writable'}",
        advice="Free some space, or set COMMANDCENTER_HOME to another folder.",
    )


def _web_files() -> Finding:
    package = importlib.util.find_spec("server")
    folder = Path(str(package.origin)).parent if package is not None else Path()
    static = folder / "web" / "static"
    missing = [name for name in WEB_FILES if not (static / name).exists()]
    return Finding(
        name="front-end files",
        ok=not missing,
        detail="there" if not missing else f"missing: {', '.join(missing)}",
        advice="Install the program again: files of it are missing.",
    )


def _port(settings: Settings) -> Finding:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        taken = settings.port != 0 and probe.connect_ex((settings.host, settings.port)) == 0
    detail = "in use (by this program, if it runs)" if taken else "free"
    return Finding(name="port", ok=True, detail=f"{settings.host}:{settings.port} {detail}")


async def _models(settings: Settings) -> list[Finding]:
    """Every configured model is asked one short question, as the assistant would ask it."""
    if settings.llm_model is None:
        return [Finding(name="model", ok=True, detail="the built-in one answers (LLM_MODEL unset)")]
    models = replace(model_settings(settings), timeout_s=min(settings.llm_timeout_s, MODEL_S))
    trials = await asyncio.to_thread(try_models, models, clock=WallClock())
    return [_tried(trial) for trial in trials]


def _tried(trial: Trial) -> Finding:
    name = f"model {trial.model}"
    if trial.problem is None:
        return Finding(name=name, ok=True, detail=f"answered in {trial.seconds:.1f} s")
    advice = trial.advice or "Start the provider or correct LLM_BASE_URL and the provider's key."
    return Finding(name=name, ok=False, detail=trial.problem, advice=f"{advice} {MEANWHILE}")


async def _site(settings: Settings) -> list[Finding]:
    findings: list[Finding] = []

    async def attempt(name: str, advice: str, try_it: Callable[[], Awaitable[str]]) -> bool:
        try:
            findings.append(Finding(name=name, ok=True, detail=await try_it()))
        except (CommandCenterError, OSError) as error:
            findings.append(Finding(name=name, ok=False, detail=str(error), advice=advice))
        return findings[-1].ok

    async def look() -> str:
        async with open_site(settings, live=settings.site is SiteKind.SIMULATED) as site:
            health = await site.stores.health.check()
            for adapter in await site.stores.site.adapters(site.system_id):

                async def poll(adapter_id: UUID = adapter.id) -> str:
                    return f"{await site.work.poll(adapter_id, site.system_id)} new samples"

                await attempt(adapter.name, "Check its address and credentials.", poll)
            return str(health["detail"])

    await attempt("database", "Check DATABASE_URL, or that no other program owns the folder.", look)
    return findings
