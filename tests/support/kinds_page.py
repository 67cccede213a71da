"""Kinds of events and the scripted shifts that leave them: what journals held, as the page has it.

The table of docs/cases.md is written by scripts/campaigns/kinds.py alone, from journals.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[2] / "docs" / "cases.md"
HEAD: Final = "| kind | left by |\n|---|---|\n"
WRITE_TO: Final = "RECEIVING_EDGE_KINDS"
# What a machine's own clock or slowness may bring at any time counts where it is brought about.
_ELSEWHERE: Final = {"station.clock": "clock", "put.overdue": "late", "photo.missing": "parcels"}
LEFT: Final[set[str]] = set()  # kinds in the journals of the stations that have ended
_ROW: Final = re.compile(r"\| `([a-z_]+\.[a-z_]+)` \| (.+) \|\n")
_NAMES: Final = re.compile(r"`([^`]+)`")

Seen = Mapping[str, frozenset[str]]


def seen() -> Seen:
    """Return the shifts that leave each kind, as the page says."""
    _, table, _ = _parts(PAGE.read_text(encoding="utf-8"))
    return {kind: frozenset(_NAMES.findall(names)) for kind, names in _ROW.findall(table)}


def left_by(shift: str) -> set[str]:
    """Return the kinds that a shift leaves, as the page says."""
    return {kind for kind, shifts in seen().items() if shift in shifts}


def never() -> Mapping[str, str]:
    """Return the kinds that no shift leaves, each with its reason, as the page says."""
    _, _, after = _parts(PAGE.read_text(encoding="utf-8"))
    return dict(_ROW.findall(after))


def write(folder: Path, shift: str, kinds: Iterable[str]) -> None:
    """Write what one shift left into a folder."""
    (folder / shift).write_text("".join(f"{kind}\n" for kind in sorted(kinds)), encoding="utf-8")


def read(folder: Path) -> Seen:
    """Return the shifts that left each kind, as the files of a folder say."""
    found: dict[str, set[str]] = {}
    for file in sorted(folder.iterdir()):
        for kind in file.read_text(encoding="utf-8").splitlines():
            if _ELSEWHERE.get(kind, file.name) == file.name:
                found.setdefault(kind, set()).add(file.name)
    return {kind: frozenset(shifts) for kind, shifts in found.items()}


def with_table(page: str, found: Seen) -> str:
    """Return the page with this table."""
    before, _, after = _parts(page)
    rows = (f"| `{kind}` | {_listed(found[kind])} |\n" for kind in sorted(found))
    return before + HEAD + "".join(rows) + after


def _listed(shifts: Iterable[str]) -> str:
    return " ".join(f"`{name}`" for name in sorted(shifts))


def _parts(page: str) -> tuple[str, str, str]:
    """Return what stands before the table, its rows, what stands behind it."""
    before, head, rest = page.partition(HEAD)
    assert head, f"no table {HEAD!r}"
    rows, blank, after = rest.partition("\n\n")
    return before, f"{rows}\n", f"{blank[1:]}{after}"
