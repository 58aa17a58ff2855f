"""Docs and docstrings name what exists: files, modules, names, commands, settings, addresses."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import re
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from commandcenter.cli.app import app
from commandcenter.settings import Settings, variable_of
from commandcenter.version import VERSION
from server.routes import AREAS
from server.web import pages
from tests.architecture import documented
from tests.architecture.documented import DOTTED, PATH, PATTERN, ROOT, SNAKE, Mention

OUTSIDE = {"WATCHDOG_FILE", "NOTIFY_SOCKET", "LD_PRELOAD", "COVERAGE", "PYTHON"}
"""Variables that are no setting of ours."""

ADDRESS = re.compile(r"(?:(?:GET|POST|PUT|PATCH|DELETE) )?/(?:api|sign-in|chat|health)\S*")
OF_OTHERS = {
    "commandcenter/parts",  # in the wheel alone
    "commandcenter/parts/tools",
    "load_kw",  # columns of measured series
    "pv_kw",
    "soc_status",  # Victron's name
}
"""Names that are not of this repository."""


PAGES = list(pkgutil.iter_modules(pages.__path__, prefix=f"{pages.__name__}."))


def line_of(mention: Mention) -> str:
    return f"{mention.where}: `{mention.text}`"


def mentions() -> list[Mention]:
    return [*documented.in_pages(), *documented.in_docstrings()]


def commands() -> set[str]:
    """Every command's words, `user add` included."""
    group = get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    found = set()
    for name, command in group.commands.items():
        found.add(name)
        found |= {f"{name} {inner}" for inner in getattr(command, "commands", {})}
    return found


def options_of(name: str) -> set[str]:
    command = get_command(app)
    for word in name.split():
        assert isinstance(command, typer.core.TyperGroup)
        command = command.commands[word]
    return {option for parameter in command.params for option in parameter.opts}


def test_every_dotted_name_resolves() -> None:
    wrong = [
        line_of(mention)
        for mention in mentions()
        if DOTTED.fullmatch(mention.text.removesuffix("()"))
        and not documented.resolves(mention.text.removesuffix("()"))
        and not documented.exists(mention.text)
    ]
    assert wrong == []


def test_every_path_exists() -> None:
    folders = tuple(f"{name}/" for name in documented.FOLDERS)
    wrong = [
        line_of(mention)
        for mention in mentions()
        if PATH.fullmatch(mention.text)
        and not PATTERN.search(mention.text)
        and mention.text not in OF_OTHERS
        and (mention.text.startswith(folders) or mention.text.endswith((".py", ".md", ".sql")))
        and not documented.exists(mention.text)
    ]
    assert wrong == []


def test_every_link_leads_somewhere() -> None:
    wrong = []
    for link in documented.links():
        if "://" in link.text or link.text.startswith("#"):
            continue
        target = (ROOT / link.where).parent / link.text.split("#")[0]
        if not target.exists():
            wrong.append(line_of(link))
    assert wrong == []


def test_every_command_is_one() -> None:
    known, wrong = commands(), []
    for mention in mentions():
        found = re.match(r"(?:\.venv/bin/)?commandcenter ([a-z][a-z-]*(?: [a-z]+)?)", mention.text)
        if found is None:
            continue
        name = next((n for n in (found[1], found[1].split()[0]) if n in known), None)
        given = set(re.findall(r"--[a-z-]+", mention.text))
        if name is None or not given <= options_of(name) | {"--help"}:
            wrong.append(line_of(mention))
    assert wrong == []


def test_every_make_target_is_one() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    wrong = [
        line_of(mention)
        for mention in mentions()
        if (found := re.fullmatch(r"make ([a-z-]+).*", mention.text)) and found[1] not in targets
    ]
    assert wrong == []


def test_every_variable_is_a_setting() -> None:
    known = {variable_of(name) for name in Settings.model_fields} | OUTSIDE
    wrong = [
        line_of(mention)
        for mention in documented.in_pages()
        if (found := re.fullmatch(r"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=\S*)?", mention.text))
        and found[1] not in known
        and found[1] not in documented.words()
    ]
    assert wrong == []


def test_every_address_is_served() -> None:
    page_modules = [importlib.import_module(each.name) for each in PAGES]
    routers = [area.router for area in AREAS], [module.router for module in page_modules]
    paths = [
        str(getattr(route, "path", ""))
        for router in itertools.chain(*routers)
        for route in router.routes
    ]
    served = {re.sub(r"{[^}]*}", "*", path) for path in paths}
    known = {f"/api{path}" for path in served} | served | {"/static", "/api", "/api/openapi.json"}
    wrong = []
    for mention in mentions():
        if not re.fullmatch(
            r"(?:(?:GET|POST|PUT|PATCH|DELETE) )?/(?:api|sign-in|chat|health)\S*", mention.text
        ):
            continue
        path = re.sub(r"{[^}]*}", "*", mention.text.split(" ")[-1].split("?")[0]).rstrip("/")
        if path not in known and f"{path}/*" not in known:
            wrong.append(line_of(mention))
    assert wrong == []


def test_every_name_is_one_of_the_code() -> None:
    wrong = [
        line_of(mention)
        for mention in mentions()
        if SNAKE.fullmatch(mention.text)
        and mention.text not in documented.words()
        and mention.text not in OF_OTHERS
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "resolves"),
    [
        pytest.param("energy.allocation.allocator.allocate", True, id="function"),
        pytest.param("commandcenter.settings.Settings.home", True, id="field"),
        pytest.param("commandcenter.wiring", True, id="package"),
        pytest.param("commandcenter.wiring.wire", False, id="nothing in a package"),
        pytest.param("energy.allocation.allocator.guess", False, id="no function"),
    ],
)
def test_the_resolver_tells_what_exists(text: str, resolves: bool) -> None:
    assert documented.resolves(text) is resolves


def test_the_checks_would_find_a_lie() -> None:
    assert not documented.exists("tests/unit/energy/test_quality.py")
    assert documented.exists("docs/glossary.md")
    assert "no_such_name_anywhere_else" + "_at_all" not in documented.words()


def test_the_change_log_names_the_version_in_preparation() -> None:
    headings = re.findall(
        r"^## (\S+)", Path(ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert headings[0] == VERSION.split(".dev")[0]
    assert headings == sorted(headings, reverse=True)
