"""What mutmut found, module by module: printed, and as a Markdown table with --table FILE."""

import argparse
import fnmatch
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

KILLED = frozenset((1, 3))  # pytest: a test failed, or the mutant broke pytest itself
ENDLESS = frozenset((24, 152, -24))  # SIGXCPU
SURVIVED = frozenset((0,))
UNTESTED = frozenset((5, 33))  # no test calls the function
COLUMNS = ("killed", "never ended", "survived", "no test", "not judged")


def results(folder: Path) -> dict[str, int | None]:
    """Return the exit code of every mutant by its name; None = it has not been run."""
    found: dict[str, int | None] = {}
    for meta in sorted((folder / "mutants" / "zoning").rglob("*.meta")):
        found |= json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def column(code: int | None) -> str:
    """Return what an exit code means; a run that pytest refused judges nothing."""
    for name, codes in zip(COLUMNS, (KILLED, ENDLESS, SURVIVED, UNTESTED), strict=False):
        if code in codes:
            return name
    return "not judged"


def module(mutant: str) -> str:
    """Return `checklist.load` of `zoning.checklist.load.x_flatten__mutmut_1`."""
    return mutant.partition(".x")[0].removeprefix("zoning.")


def rows(found: Mapping[str, int | None]) -> list[tuple[str, Counter[str]]]:
    """Return the counts of every module, and of all of them."""
    by_module: dict[str, Counter[str]] = {}
    for mutant, code in found.items():
        by_module.setdefault(module(mutant), Counter())[column(code)] += 1
    total: Counter[str] = Counter()
    for counts in by_module.values():
        total.update(counts)
    return [*sorted(by_module.items()), ("all", total)]


def share(counts: Counter[str]) -> float:
    """Return the killed mutants of a hundred."""
    return 100 * (counts["killed"] + counts["never ended"]) / max(counts.total(), 1)


def markdown(told: list[tuple[str, Counter[str]]]) -> str:
    """Return the counts as a table."""
    head = ("module", "mutants", *COLUMNS, "killed, %")
    lines = [" | ".join(head), " | ".join(("---", *["---:"] * (len(head) - 1)))]
    for name, counts in told:
        cells = [counts.total(), *(counts[column] for column in COLUMNS)]
        lines.append(" | ".join((name, *map(str, cells), f"{share(counts):.1f}")))
    return "".join(f"| {line} |\n" for line in lines)


def main() -> None:
    """Print the counts, or with --alive the names of the mutants that are not killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--alive", action="store_true")
    parser.add_argument("--table", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("patterns", nargs="*")
    given = parser.parse_args()
    found = {
        mutant: code
        for mutant, code in results(given.folder).items()
        if not given.patterns or any(fnmatch.fnmatch(mutant, p) for p in given.patterns)
    }
    if given.alive:
        print(" ".join(m for m, code in found.items() if column(code) not in COLUMNS[:2]))
        return
    told = rows({mutant: code for mutant, code in found.items() if code is not None})
    heads = "".join(f"{name:>13}" for name in COLUMNS)
    print(f"{'module':24}{'mutants':>9}{heads}   killed")
    for name, counts in told:
        cells = "".join(f"{counts[column]:13}" for column in COLUMNS)
        print(f"{name:24}{counts.total():9}{cells}   {share(counts):5.1f} %")
    if given.table:
        given.table.write_text(markdown(told), encoding="utf-8")


if __name__ == "__main__":
    main()
