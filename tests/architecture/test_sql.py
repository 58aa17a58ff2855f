"""Every statement is in a described .sql file, names its columns, and is used."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.connection.builder import built
from storage.connection.queries import FOLDER, queries

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (
    "agents",
    "commandcenter",
    "energy",
    "forecasting",
    "integrations",
    "scheduler",
    "server",
    "services",
    "simulator",
    "storage",
    "tools",
)
STATEMENT = re.compile(
    r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|CREATE|DROP|ALTER|COPY|TRUNCATE|SET)\s"
)
ALLOWED = {
    "storage/embedded/cluster.py": "the database itself is made before any connection exists",
}
FILES = sorted(FOLDER.glob("*.sql"))


def python_files() -> Iterator[Path]:
    for folder in FOLDERS:
        yield from sorted((ROOT / folder).rglob("*.py"))


def statements(source: str) -> list[tuple[int, str]]:
    """Texts in the code, but no docstring, that look like SQL: line and text."""
    tree = ast.parse(source)
    told = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        (node.lineno, node.value[:60])
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in told
        and STATEMENT.match(node.value)
    ]


def test_no_statement_is_written_in_python() -> None:
    found = [
        (file.relative_to(ROOT).as_posix(), *line)
        for file in python_files()
        if file.relative_to(ROOT).as_posix() not in ALLOWED
        for line in statements(file.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        'query = "SELECT 1"',
        'query = f"DELETE FROM {table} WHERE id = 1"',
        'query = """\n    WITH gone AS (SELECT 1) SELECT 2"""',
    ],
)
def test_the_scan_finds_statements(source: str) -> None:
    assert statements(source)


def test_the_scan_leaves_docstrings_and_words_alone() -> None:
    assert statements('def f():\n    """SELECT one."""\n    return "Update it."') == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_files_are_described_and_name_their_columns(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert re.match(r"-- [A-Z].*\.", text), "says first what it holds"
    assert re.findall(r"(?i)(select|returning)\s+(\w+\.)?\*", text) == []
    names = re.findall(r"(?m)^-- name: (.*)$", text)
    assert len(names) == len(set(names))
    assert set(queries(file.stem)) == set(names)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_statement_is_used(file: Path) -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "storage").rglob("*.py"))
    unused = [name for name in queries(file.stem) if f'"{name}"' not in code]
    assert unused == []


def test_the_builder_takes_names_and_nothing_else() -> None:
    assert (
        built("INSERT INTO {t} ({c}) VALUES ({c:places})", t="loads", c=["id", "name"])
        == "INSERT INTO loads (id, name) VALUES (%(id)s, %(name)s)"
    )
    assert built("{m:number} {c:sets}", m="is_on", c=["a"]) == "is_on::int a = %(a)s"
    for bad in ("a; DROP TABLE b", "a b", "", "A", "a--", "a'"):
        with pytest.raises(ValueError, match="is no name"):
            built("SELECT {c}", c=bad)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_statement_begins_as_sql(file: Path) -> None:
    """A description's second line without its dashes is a syntax error when it is first used."""
    text = file.read_text(encoding="utf-8")
    named = re.split(r"^-- name: .*$", text, flags=re.MULTILINE)[1:]
    bodies = [re.sub(r"\A(\s*--.*\n|\s*\n)*", "", part) for part in named]
    assert [body[:60] for body in bodies if not STATEMENT.match(body)] == []
