"""Settings name the variable, what it got and what it wants."""

from __future__ import annotations

from pathlib import Path

import pytest

from commandcenter.settings import SiteKind, documented, load_settings
from services.errors import Invalid


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SITE", "SIM_SPEED", "COMMANDCENTER_PORT", "DATABASE_URL", "COMMANDCENTER_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_defaults_bring_up_the_simulated_site_on_loopback() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.site) == ("127.0.0.1", 8000, SiteKind.SIMULATED)
    assert settings.llm_model is None


def test_the_environment_is_read_and_options_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMANDCENTER_PORT", "9001")
    monkeypatch.setenv("SIM_SPEED", "60")
    settings = load_settings(COMMANDCENTER_PORT=9002, SITE=None)
    assert (settings.port, settings.sim_speed) == (9002, 60.0)


def test_a_dot_env_file_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SITE=none\nALLOWED_HOSTS=shack.lan, 10.0.0.5\n")
    settings = load_settings()
    assert settings.site is SiteKind.NONE
    assert settings.allowed_hosts == ("shack.lan", "10.0.0.5")


@pytest.mark.parametrize(
    ("variable", "value", "rule"),
    [
        pytest.param("COMMANDCENTER_PORT", "ninety", "integer", id="not a number"),
        pytest.param("COMMANDCENTER_PORT", "70000", "65535", id="port too large"),
        pytest.param("SITE", "moon", "simulated", id="unknown site"),
        pytest.param("SIM_SPEED", "0", "greater than 0", id="clock that stands"),
        pytest.param("LOG_LEVEL", "loud", "debug, info, warning or error", id="level"),
        pytest.param("LLM_BASE_URL", "ftp://x", "http", id="address"),
        pytest.param("LLM_BASE_URL", "http://[::1", "with a host", id="half an address"),
        pytest.param("SIM_URL", "http://", "with a host", id="no host"),
    ],
)
def test_a_bad_value_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, rule: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(Invalid) as caught:
        load_settings()
    [(path, message)] = caught.value.problems
    assert path == variable
    assert rule in message
    assert value in message or "given value" in message


def test_a_database_address_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://me:geheim@host/db")
    with pytest.raises(Invalid) as caught:
        load_settings()
    assert "geheim" not in str(caught.value)
    assert "postgresql://" in str(caught.value)


def test_the_list_documents_every_setting_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:geheim@host/db")
    rows = {row["variable"]: row for row in documented(load_settings())}
    assert rows["DATABASE_URL"]["value"] == "(set)"
    assert {"COMMANDCENTER_HOME", "SITE", "SIM_SPEED", "LLM_MODEL"} <= set(rows)
    assert all(row["description"] for row in rows.values())
