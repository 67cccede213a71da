"""The repository as text and syntax trees, for tests that hold the house rules."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("edge", "drivers", "zoning", "sim")
FOLDERS: Final = (*PACKAGES, "config", "scripts", "tests", "docs", "typings", ".ci")
SKIP: Final = frozenset({"__pycache__", "node_modules"})


@cache
def files() -> tuple[Path, ...]:
    """Return every file of the repository, relative to its root."""
    top = [path for path in ROOT.iterdir() if path.is_file() and not path.name.startswith(".cov")]
    deep = [path for name in FOLDERS for path in (ROOT / name).rglob("*") if path.is_file()]
    return tuple(
        sorted(
            path.relative_to(ROOT)
            for path in (*top, *deep)
            if not SKIP.intersection(path.relative_to(ROOT).parts)
        )
    )


def modules(*folders: str) -> Iterator[Path]:
    """Return the Python files below some folders, relative to the root."""
    return (path for path in files() if path.suffix == ".py" and path.parts[0] in folders)


def below(path: Path, *dotted: str) -> bool:
    """Return whether a module is one of these or stands inside one."""
    name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    return any(name == one or name.startswith(f"{one}.") for one in dotted)


@cache
def text(path: Path) -> str:
    """Return a file's text; bytes that are no UTF-8 become marks."""
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


@cache
def tree(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(text(path), str(path))


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[Function]:
    """Return every function and method of a module."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def lines_of(function: Function) -> int:
    """Return how many lines a function takes, decorators left out."""
    assert function.end_lineno is not None, "parsed text has line numbers"
    return function.end_lineno - function.lineno + 1


def calls(node: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Return the calls below a node with the dotted name of what is called."""
    for one in ast.walk(node):
        if isinstance(one, ast.Call):
            yield ast.unparse(one.func), one


def imports(path: Path) -> frozenset[str]:
    """Return the dotted names that a module imports, wherever the import stands."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(found)
