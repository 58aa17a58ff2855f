"""What docs and docstrings mention, and whether it exists."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
FOLDERS = [*PACKAGES, "tests", "bench", "docs", "migrations", "scripts", "requirements"]
DOTTED = re.compile(rf"(?:{'|'.join([*PACKAGES, 'tests', 'bench'])})(?:\.\w+)+")
PATH = re.compile(r"[\w.…*<>{}-]*(?:/[\w.…*<>{}-]*)+|[\w-]+\.(?:py|md|sql|toml|sh|html|js|css)")
SNAKE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
PATTERN = re.compile(r"[*<>{}…]")
"""A path with these stands for many."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One name in backticks and where it stands."""

    text: str
    where: str


@cache
def tracked() -> tuple[str, ...]:
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True)
    return tuple(name for name in listed.stdout.splitlines() if (ROOT / name).exists())


@cache
def pages() -> tuple[tuple[str, str], ...]:
    """Every Markdown page with its text."""
    names = [name for name in tracked() if name.endswith(".md")]
    return tuple((name, (ROOT / name).read_text(encoding="utf-8")) for name in names)


@cache
def trees() -> dict[str, ast.Module]:
    """Every Python file of the repository."""
    names = [name for name in tracked() if name.endswith(".py")]
    return {name: ast.parse((ROOT / name).read_text(encoding="utf-8")) for name in names}


def in_pages() -> Iterator[Mention]:
    for name, text in pages():
        without_blocks = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        for found in re.findall(r"`([^`\n]+)`", without_blocks):
            yield Mention(found, name)


def in_docstrings() -> Iterator[Mention]:
    """What stands in double backticks in docstrings and in strings below assignments."""
    for name, tree in trees().items():
        if name.split("/")[0] in {"tests", "bench", "scripts"}:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                text = node.value.value
                if isinstance(text, str):
                    for found in re.findall(r"``([^`]+)``", text):
                        yield Mention(" ".join(found.split()), f"{name}:{node.lineno}")


def links() -> Iterator[Mention]:
    for name, text in pages():
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            yield Mention(target, name)


def defined(tree: ast.AST) -> dict[str, ast.AST]:
    """Names that a module or class defines at its top."""
    names: dict[str, ast.AST] = {}
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names[node.name] = node
        elif isinstance(node, ast.Assign):
            names |= {each.id: node for each in node.targets if isinstance(each, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names[node.target.id] = node
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names |= {(each.asname or each.name): node for each in node.names}
    return names


def resolves(dotted: str) -> bool:
    """Whether a dotted name is a package, a module, or something that a module defines."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        base = "/".join(parts[:length])
        rest = parts[length:]
        if (ROOT / base).is_dir() and not rest:
            return True
        for file in (f"{base}.py", f"{base}/__init__.py"):
            if file in trees():
                return _inside(trees()[file], rest)
    return False


def _inside(tree: ast.AST, rest: list[str]) -> bool:
    for name in rest:
        found = defined(tree).get(name)
        if found is None:
            return False
        tree = found
    return True


def exists(path: str) -> bool:
    """Whether a path, from the root or by its last parts, is a file or folder of the repository."""
    wanted = path.rstrip("/").removeprefix("./").split("::")[0]
    files = tracked()
    return any(
        name == wanted
        or name.endswith(f"/{wanted}")
        or name.startswith(f"{wanted}/")
        or f"/{wanted}/" in name
        for name in files
    )


@cache
def words() -> frozenset[str]:
    """Every identifier in the product's code, SQL, templates and settings, docstrings left out."""
    found: set[str] = set()
    for file, tree in trees().items():
        if file.startswith("tests/"):
            continue
        for node in ast.walk(tree):
            found |= _identifiers(node)
    for name in tracked():
        if name.endswith((".sql", ".html", ".js", ".css", ".toml", ".sh", ".in")):
            text = (ROOT / name).read_text(encoding="utf-8")
            found |= set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", text))
    return frozenset(found)


def _identifiers(node: ast.AST) -> set[str]:
    match node:
        case ast.Name(id=name) | ast.arg(arg=name) | ast.keyword(arg=str() as name):
            return {name}
        case ast.Attribute(attr=name) | ast.alias(name=name):
            return {name}
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Constant(value=str() as text) if " " not in text:
            return set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", text))
        case ast.Constant(value=str() as text) if "{" in text and "\n\n" not in text:
            return set(re.findall(r"\b[a-z]+_[a-z0-9_]+\b", text))
    return set()
