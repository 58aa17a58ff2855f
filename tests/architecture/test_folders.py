"""The house's rules: every folder is known, none escapes the import rules, no name collides."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_PACKAGES = {"tests", "migrations", "bench", "docs", "requirements", "scripts"}


def packages() -> set[str]:
    """Top-level folders that hold Python modules of the product."""
    return {path.parent.name for path in ROOT.glob("*/__init__.py")} - NOT_PACKAGES


def configuration() -> dict[str, Any]:
    tools: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
        "tool"
    ]
    return tools


def test_every_package_stands_under_the_import_rules() -> None:
    assert set(configuration()["importlinter"]["root_packages"]) == packages()


def test_every_package_is_type_checked() -> None:
    assert packages() <= set(configuration()["mypy"]["packages"])


def test_every_package_counts_for_coverage() -> None:
    assert set(configuration()["coverage"]["run"]["source"]) == packages()


def test_every_top_level_folder_is_known() -> None:
    folders = {
        path.name
        for path in ROOT.iterdir()
        if path.is_dir() and not path.name.startswith(".") and any(path.glob("**/*.py"))
    } - {"mutants"}
    assert folders - NOT_PACKAGES == packages()


def inner_packages() -> list[str]:
    """Packages inside the top-level ones, one level deep, but for vendors, pages and routes."""
    listed = {"integrations", "server", "tools", "scheduler", "forecasting"}
    return sorted(
        f"{path.parent.parent.name}/{path.parent.name}"
        for path in ROOT.glob("*/*/__init__.py")
        if path.parent.parent.name in packages() - listed
    )


@pytest.mark.parametrize("package", inner_packages())
def test_every_inner_package_is_described_in_the_architecture(package: str) -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert f"`{package}/`" in text


def test_generic_names_do_not_collide_with_installed_packages() -> None:
    top_levels = importlib.metadata.packages_distributions()
    ours = {"commandcenter"}
    colliding = {
        name: top_levels[name] for name in packages() if set(top_levels.get(name, [])) - ours
    }
    assert colliding == {}


@pytest.mark.parametrize("lock", ["bootstrap", "runtime", "dev"])
def test_lock_files_carry_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")
    assert "--hash=sha256:" in text
    assert "://" not in text


def test_the_program_needs_no_node() -> None:
    lock = (ROOT / "requirements" / "runtime.lock").read_text(encoding="utf-8")
    assert not re.findall(r"^node", lock, re.MULTILINE)
    assert not list(ROOT.glob("package*.json"))


@pytest.mark.parametrize("path", sorted((ROOT / "migrations").glob("*.sql")), ids=lambda p: p.name)
def test_every_migration_has_a_rollback(path: Path) -> None:
    if path.name.endswith(".rollback.sql"):
        assert path.with_name(path.name.replace(".rollback.sql", ".sql")).exists()
    else:
        assert path.with_name(path.stem + ".rollback.sql").exists()
