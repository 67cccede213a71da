"""Runs benchmarks by name, prints each as a table, writes all rows as JSON.

A benchmark is a file beside this one with `run(seconds) -> list of rows`. A row is a mapping with
`name` and numbers; the one of this product says `"ours": True`. Where rows have `per_s`, `ratio` =
ours / row is added: above 1 this product is quicker. Benchmarks import each other's files and those
of tests/support by their bare names.
"""

import argparse
import importlib.util
import json
import os
import platform
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = Path(__file__).parent
SUPPORT = FOLDER.parents[1] / "tests" / "support"
SECONDS = 10.0
Row = dict[str, Any]


def main() -> int:
    """Run what is asked for; 0 when every benchmark gave rows."""
    known = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
    parser = argparse.ArgumentParser(prog="scripts/bench", description=f"known: {', '.join(known)}")
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="aim of each, default 10")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there, too")
    parser.add_argument("--list", action="store_true", help="load all, say what each measures")
    args = parser.parse_args()
    strangers = [name for name in args.names if name not in known]
    if strangers or args.seconds <= 0:
        parser.error(f"unknown: {', '.join(strangers)}" if strangers else "--seconds: above 0")
    # The folder comes last: its `zoning` is not the package.
    sys.path[:] = [str(SUPPORT), *sys.path, str(FOLDER)]
    if args.list:
        print("\n".join(f"{name}: {subject(benchmark(name))}" for name in known))
        return 0
    report: Row = {"machine": machine(), "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    print(f"{report['machine']}: take ratios, not absolutes")
    for name in args.names or known:
        rows = with_ratio(run_of(benchmark(name))(args.seconds))
        report[name] = rows
        print(f"\n{name}\n{table(rows)}")
    if args.json:
        args.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 0 if all(report[name] for name in args.names or known) else 1


def benchmark(name: str) -> ModuleType:
    """Load a benchmark by its path."""
    spec = importlib.util.spec_from_file_location(f"bench_{name}", FOLDER / f"{name}.py")
    assert spec is not None, "the name comes from the folder's listing"
    assert spec.loader is not None, "and ends in .py"
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def run_of(module: ModuleType) -> Callable[[float], list[Row]]:
    """Return the `run` of a benchmark."""
    run: Callable[[float], list[Row]] = module.run
    return run


def subject(module: ModuleType) -> str:
    """Return what a benchmark measures, in its own first line. Raises AttributeError: no `run`."""
    run_of(module)
    return (module.__doc__ or "").partition("\n")[0]


def machine() -> str:
    """Return what matters of this machine, without its name."""
    return (
        f"{os.cpu_count()} cores {platform.machine()}, {platform.system()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def with_ratio(rows: list[Row]) -> list[Row]:
    """Add `ratio` = ours / row where one row is ours and it is not there yet."""
    ours = [row for row in rows if row.get("ours")]
    if len(ours) != 1 or any("ratio" in row for row in rows):
        return rows
    speed = ours[0].get("per_s")
    return [
        {**row, "ratio": round(speed / row["per_s"], 2)} if speed and row.get("per_s") else row
        for row in rows
    ]


def table(rows: Sequence[Row]) -> str:
    """Return rows as text in columns, in the order in which keys first appear."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    lines = [keys, *([cell(row.get(key)) for key in keys] for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(keys))]
    return "\n".join(
        "  ".join(
            word.ljust(width) if at == 0 else word.rjust(width)
            for at, (word, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def cell(value: object) -> str:
    """Return a value as it stands in a table."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
