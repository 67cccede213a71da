"""A feed that sends names, phones, addresses: none of them gets into what the station keeps."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from cases import SHIRT, box, item, items, line, mark, put, scan, tray
from real_bench import RealBench

PERSONAL: Final = {
    "customer_name": "Сидорова Анна Павловна",
    "phone": "+7 916 123-45-67",
    "address": "Заречная ул., 17, кв. 4",
    "email": "anna.sidorova@mail.example",
}
OPERATORS: Final = ("Иванова", "Ivanova", "Седов", "Sedov")
_LPN: Final = '\n[lpn]\nmode = "preprinted"\n'


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[RealBench]:
    returns = (line("RM-951", "1", SHIRT, box(951), order="ORD-951"),)
    with RealBench(tmp_path, returns=returns, items=items(), more=_LPN) as bench:
        bench.badge()
        yield bench


def _spellings(value: str) -> list[bytes]:
    """As it is written, and as JSON escapes it."""
    return [value.encode(), json.dumps(value)[1:-1].encode()]


def _where(bench: RealBench, words: tuple[str, ...]) -> list[str]:
    """Return the files of the station's data and its log that hold one of these words.

    The refused file lies as it came, in `bad/`: it is the sender's, and nothing of it was taken in.
    """
    secrets = [one for word in words for one in _spellings(word)]
    kept = [path for path in bench.data.rglob("*") if path.is_file() and "bad" not in path.parts]
    aside = [path for path in bench.data.rglob("bad/*.err") if path.is_file()]
    return [
        path.name
        for path in (*kept, *aside, bench.folder / "log")
        if any(one in path.read_bytes() for one in secrets)
    ]


@pytest.mark.timeout(120)
def test_what_a_feed_tells_of_a_customer_is_kept_shown_and_logged_nowhere(
    bench: RealBench,
) -> None:
    row = {**line("RM-952", "1", SHIRT, box(952)), **PERSONAL}
    bench.feed("returns", [row])
    assert bench.wait_for("config.refused").kinds
    refused = bench.events("config.refused")[-1]
    assert all(name in refused["error"] for name in PERSONAL)
    for act in (scan(box(951)), item(SHIRT), mark("stain"), put, scan("0417-0001")):
        act(bench)
    assert bench.state == "IDLE", bench.view
    (paper,) = bench.events("document.data")
    assert paper["fields"]["rma"] == "RM-951"
    words = tuple(PERSONAL.values())
    assert _where(bench, words) == []
    assert not [one for one in bench.shown if any(s in one for w in words for s in _spellings(w))]
    assert bench.scan(box(952)).no == "E10", "nothing of the refused file was taken in"


@pytest.mark.timeout(120)
def test_the_journal_knows_people_by_their_badges_alone(bench: RealBench) -> None:
    for act in (scan(box(951)), item(SHIRT), mark("stain"), tray("R1"), scan("0417-0002")):
        act(bench)
    assert bench.events("document.data")[-1]["fields"]["receiver"] == "0417"
    assert _where(bench, OPERATORS) == []
