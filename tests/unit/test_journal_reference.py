"""Look-ups of announced returns and articles."""

import json
from pathlib import Path
from typing import Any

from edge.feeds.accept import accept, row_of_json
from edge.journal.reference import ParcelCandidate, Progress, Reference
from journal_kit import WALL_MS, HandClock


async def _put(reference: Reference, feed: str, *rows: dict[str, Any]) -> None:
    changes, problems = accept(feed, [row_of_json(n, row) for n, row in enumerate(rows, 1)])
    assert problems == []
    await reference.put(feed, changes, Progress(at_ms=WALL_MS, cursor="c"))


def _line(rma: str, line: str, **more: object) -> dict[str, Any]:
    return {"rma": rma, "line": line, "tenant": "t", "gtin": "4601234567893", "qty": 1} | more


def _named(found: tuple[ParcelCandidate, ...]) -> list[tuple[str, str, list[str]]]:
    return [
        (one.matched_by, one.key, [f"{line.rma}/{line.line}" for line in one.lines])
        for one in found
    ]


async def test_a_parcel_is_found_by_each_of_its_numbers_however_they_are_written(
    tmp_path: Path,
) -> None:
    with Reference(tmp_path / "reference.db") as reference:
        one = _line("88123", "1", tracking="RB1", order="A-7")
        two = _line("88124", "1", tracking="RB1", serials=["35 693"], marks=["0104x21Y\x1d93t"])
        await _put(reference, "returns", one, two)
        both = ["88123/1", "88124/1"]
        assert _named(reference.find(" rb 1")) == [("tracking", "RB1", both)]
        assert _named(reference.find("a-7")) == [("order", "RB1", both)]
        assert _named(reference.find("35693")) == [("serial", "RB1", both)]
        assert _named(reference.find("0104x21Y")) == [("mark", "RB1", both)]
        assert _named(reference.find("88123")) == [("rma", "88123", ["88123/1"])]
        assert reference.find("nothing") == ()


async def test_a_return_in_two_parcels_gives_two_candidates(tmp_path: Path) -> None:
    with Reference(tmp_path / "reference.db") as reference:
        await _put(
            reference,
            "returns",
            _line("1", "1", tracking="P1", order="A"),
            _line("1", "2", tracking="P2", order="A"),
            _line("1", "3", order="A"),
        )
        assert sorted(_named(reference.find("1"))) == [
            ("rma", "1", ["1/3"]),
            ("rma", "P1", ["1/1"]),
            ("rma", "P2", ["1/2"]),
        ]
        assert sorted(key for _, key, _ in _named(reference.find("A"))) == ["1", "P1", "P2"]


async def test_a_change_of_a_line_takes_its_old_numbers_away(tmp_path: Path) -> None:
    with Reference(tmp_path / "reference.db") as reference:
        await _put(reference, "returns", _line("1", "1", tracking="P1"))
        await _put(reference, "returns", _line("1", "1", tracking="P2"))
        assert reference.find("P1") == ()
        assert _named(reference.find("P2")) == [("tracking", "P2", ["1/1"])]
        gone = {"op": "delete", "rma": "1", "line": "1", "tenant": "t"}
        await _put(reference, "returns", gone)
        assert reference.find("P2") == ()
        assert reference.lines_of_gtin("04601234567893") == ()


async def test_an_article_is_found_by_its_gtin(tmp_path: Path) -> None:
    row = {
        "gtin": "4601234567893",
        "sku": "S",
        "tenant": "t",
        "category": "c",
        "title_ru": "Ф",
        "title_en": "T",
        "battery": 1,
    }
    with Reference(tmp_path / "reference.db") as reference:
        await _put(reference, "items", row)
        item = reference.item("04601234567893")
        assert item is not None
        assert (item.sku, item.attrs, dict(item.title)) == (
            "S",
            frozenset({"battery"}),
            {"ru": "Ф", "en": "T"},
        )
        assert len(item.unknown_attrs) == 7
        assert reference.item("00000000000000") is None
        await _put(reference, "items", {"op": "delete", "gtin": "4601234567893", "tenant": "t"})
        assert reference.item("04601234567893") is None


async def test_the_age_is_known_after_a_restart(tmp_path: Path) -> None:
    clock = HandClock()
    with Reference(tmp_path / "reference.db", clock) as reference:
        assert reference.age_s("returns") is None
        await _put(reference, "returns", _line("1", "1"))
    clock.now_ms += 90_000
    with Reference(tmp_path / "reference.db", clock) as reference:
        assert reference.age_s("returns") == 90
        assert reference.find("1")[0].lines[0].gtin == "04601234567893"


async def test_an_unreadable_cache_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "reference.db"
    path.write_bytes(json.dumps("no database").encode() * 1000)
    with Reference(path) as reference:
        await _put(reference, "returns", _line("1", "1"))
        assert len(reference.find("1")) == 1
