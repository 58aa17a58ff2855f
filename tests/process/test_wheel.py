"""The wheel: complete, under one name, and running far from the repository."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from commandcenter.version import VERSION
from tests.process.conftest import ROOT, environment

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

NOT_INSTALLED = {"bench", "docs", "requirements", "scripts", "tests"}
QUIET = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-index"]


def tracked() -> list[str]:
    """What the repository holds, new files included."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True)
    return [name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing is left in the repository."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in tracked():
        copy = folder / "source" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((ROOT / name).read_bytes())
    words = [sys.executable, "-m", "pip", "wheel", *QUIET, "--no-build-isolation"]
    subprocess.run([*words, "-w", str(folder / "out"), str(folder / "source")], check=True)
    (built,) = (folder / "out").iterdir()
    return built


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed in an environment of its own beside the libraries of this one."""
    venv = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    python = venv / "bin" / "python"
    words = [sys.executable, "-m", "pip", "--python", str(python), "install", *QUIET]
    subprocess.run([*words, str(wheel)], check=True)
    libraries = Path(httpx2.__file__).parents[1]
    (site,) = (venv / "lib").glob("python*/site-packages")
    (site / "libraries.pth").write_text(f"{libraries}\n")
    return venv / "bin" / "commandcenter"


def run(program: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(program), *words],
        cwd=folder,
        env=environment(folder / "home"),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@contextmanager
def up(program: Path, folder: Path) -> Iterator[str]:
    """The installed program as a site, and its address."""
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [str(program), "up"],
            cwd=folder,
            env=environment(folder / "home"),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            found = re.match(r"ready: (\S+)", said)
            assert found, (folder / "log").read_text()[-2000:]
            yield found[1]
            process.terminate()
            process.wait(timeout=15)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def test_the_wheel_holds_every_file_of_the_product_under_one_name(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        (top,) = (name for name in held if name.endswith("top_level.txt"))
        assert archive.read(top).decode().split() == ["commandcenter"]
    assert {name.split("/")[0].split("-")[0] for name in held} == {"commandcenter"}
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")} - NOT_INSTALLED
    product = [name for name in tracked() if name.split("/")[0] in folders | {"migrations"}]
    wanted = {
        name if name.startswith("commandcenter/") else f"commandcenter/parts/{name}"
        for name in product
    }
    assert len(wanted) > 200
    assert {name for name in held if ".dist-info/" not in name} == wanted


def test_it_runs_in_another_folder(program: Path, tmp_path: Path) -> None:
    said = run(program, tmp_path, "--version")
    assert (said.returncode, said.stdout) == (0, f"commandcenter {VERSION}\n")
    where = "import commandcenter, energy; print(energy.__file__)"
    python = [str(program.with_name("python")), "-c", where]
    found = subprocess.run(python, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert found.stdout.strip().startswith(str(program.parents[1]))
    assert "commandcenter/parts/energy" in found.stdout


def test_it_migrates_and_serves_its_pages(program: Path, tmp_path: Path) -> None:
    migrated = run(program, tmp_path, "migrate")
    assert migrated.returncode == 0, migrated.stderr
    assert "applied  0001_people_and_sites" in migrated.stdout
    with up(program, tmp_path) as url, httpx2.Client(base_url=url, timeout=30.0) as http:
        assert http.get("/api/health/ready").json() == {"status": "ok"}
        page = http.get("/sign-in")
        assert "<html" in page.text
        linked = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
        assert linked
        assert {http.get(path).status_code for path in linked} == {200}


def test_the_benchmarks_say_that_they_need_the_repository(program: Path, tmp_path: Path) -> None:
    answer = run(program, tmp_path, "bench", "allocator")
    assert answer.returncode == 4
    assert "repository" in answer.stderr
