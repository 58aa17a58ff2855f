"""What the pages load is there, is what it was checked as, and loads nothing from elsewhere."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from server.web.static_files import FOLDER, asset, files

TEMPLATES = FOLDER.parent / "templates"
CHECKSUMS = {
    "uplot/LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
    "uplot/uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uplot/uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
}
"""SHA-256 of uPlot 1.6.32's files, as released."""
SCRIPTS = sorted((FOLDER / "js").glob("*.js"))


@pytest.mark.parametrize("name", CHECKSUMS)
def test_the_library_is_as_released(name: str) -> None:
    assert hashlib.sha256(files().by_name[name].plain).hexdigest() == CHECKSUMS[name]


def test_every_file_that_a_template_names_exists() -> None:
    named = {
        name
        for template in TEMPLATES.rglob("*.html")
        for name in re.findall(r"asset\(['\"](.+?)['\"]\)", template.read_text())
    }
    assert named
    assert named <= set(files().by_name)


def test_nothing_is_carried_that_no_page_loads() -> None:
    sources = [*TEMPLATES.rglob("*.html"), *SCRIPTS, *FOLDER.parent.rglob("*.py")]
    text = "".join(source.read_text() for source in sources)
    loaded = {name for name in files().by_name if Path(name).name in text}
    licences = {name for name in files().by_name if Path(name).name == "LICENSE"}
    assert set(files().by_name) - loaded - licences == set()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_modules_import_only_their_neighbours(script: Path) -> None:
    imported = re.findall(r'^import (?:.+ from )?"(.+?)";', script.read_text(), re.MULTILINE)
    assert all((script.parent / name).exists() and name.startswith("./") for name in imported)


def test_the_address_changes_with_the_content(tmp_path: Path) -> None:
    (tmp_path / "one.css").write_text("a")
    before = files(tmp_path)
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "three.js").write_text("b")
    files.cache_clear()
    after = files(tmp_path)
    assert before.digest != after.digest
    assert set(after.by_name) == {"one.css", "two/three.js"}
    assert asset("js/shell.js") == f"/static/{files().digest}/js/shell.js"
