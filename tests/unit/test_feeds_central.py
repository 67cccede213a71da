"""Feeds beside returns and items: codes, recalls, releases, packs; what is told of each feed."""

import hashlib
import random
from pathlib import Path
from typing import Any

import pytest

from edge.feeds.accept import FeedReport, accept, header_problems, row_of_json
from edge.feeds.columns import COLUMNS
from edge.feeds.drop_folder import take_all
from edge.feeds.fetch import poll
from edge.journal.feed_accounts import FeedAccount, FeedLight, feed_states
from edge.journal.reference import Reference
from edge.settings.model import FeedSettings
from http_sink import Got, HttpSink, Say
from journal_kit import WALL_MS, HandClock, cancelled_after
from source_tree import text

AT = "2026-11-23T10:00:00+03:00"
ROWS: dict[str, dict[str, Any]] = {
    "codes": {
        "list": "reason",
        "code": "C02",
        "ru": "Мал",
        "en": "Too small",
        "pattern": "C[0-9]+",
    },
    "recalls": {"recall_id": "R1", "gtin": "4601234567893", "reason": "taint", "since": AT},
    "releases": {"release_id": "1", "unit": "u1", "decision": "release", "by": "0001", "at": AT},
    "policies": {"sha256": "ab" * 32, "url": "https://central.example.com/p.zip"},
}
DESIGNED = {
    "returns": "op rma* line* tenant* channel order upd sku gtin* title_ru title_en qty* serials"
    " marks reason due_at window_until delivered_at exchange_waiting decision case_id flags"
    " tracking batch carrier declared_g photo_urls value_minor currency"
    " audit known_zone known_grade",
    "items": "op gtin* sku* tenant* category* title_ru* title_en* brand value_minor currency"
    " serialised mark_required hazmat data_bearing battery liquid two_person hygiene_wear"
    " warranty_months picture_url",
    "codes": "op list* code* ru* en* pattern",
    "recalls": "op recall_id* gtin* lot_from lot_to serial_from serial_to reason* since*",
    "releases": "op release_id* unit parcel decision* rma zone by* at*",
    "policies": "sha256* url*",
}


def problems(feed: str, **changes: object) -> list[str]:
    row = {name: value for name, value in (ROWS[feed] | changes).items() if value is not None}
    return [str(one) for one in accept(feed, [row_of_json(1, row)])[1]]


def test_columns_are_those_of_the_contract() -> None:
    said = {
        feed: " ".join(name + "*" * column.required for name, column in columns.items())
        for feed, columns in COLUMNS.items()
    }
    assert said == DESIGNED


def test_columns_are_documented() -> None:
    page = text(Path("docs/integration.md"))
    assert [feed for feed, columns in DESIGNED.items() if f"`{columns}`" not in page] == []


@pytest.mark.parametrize("feed", ROWS)
def test_a_good_row_is_taken_and_an_unknown_column_is_named(feed: str) -> None:
    assert problems(feed) == []
    assert problems(feed, colour="red") == ["row 1: colour: unknown column"]
    assert "name" in str(header_problems(feed, [*COLUMNS[feed], "name"])[0])


@pytest.mark.parametrize(
    ("feed", "changes", "problem"),
    [
        ("codes", {"list": "colour"}, "list: one of carrier, reason, partner is expected"),
        ("codes", {"pattern": "("}, "pattern: is no regular expression"),
        ("recalls", {"lot_from": "L1"}, "lot_to: is missing"),
        ("recalls", {"serial_to": "9"}, "serial_from: is missing"),
        ("recalls", {"lot_from": "L20", "lot_to": "L3"}, "lot_to: stands before lot_from"),
        ("recalls", {"since": "2026-11-23"}, "since: an ISO 8601 time with zone"),
        ("releases", {"unit": None}, "unit: is missing"),
        ("releases", {"parcel": "p1"}, "parcel: not beside unit"),
        ("releases", {"decision": "claimed", "unit": None, "parcel": "p"}, "rma: is missing"),
        ("releases", {"decision": "burn"}, "decision: one of release, unlocked"),
        ("releases", {"zone": "shelf"}, "zone: one of resale"),
        ("policies", {"sha256": "AB"}, "sha256: 64 hex digits"),
        ("policies", {"url": "file:///etc/passwd"}, "url: an address is expected"),
    ],
)
def test_a_bad_row_is_named_by_field_and_reason(
    feed: str, changes: dict[str, object], problem: str
) -> None:
    assert any(problem in one for one in problems(feed, **changes))


def test_shipped_marks_are_kept_without_their_secret_tail() -> None:
    row = {
        "rma": "1",
        "line": "1",
        "tenant": "t",
        "gtin": "4601234567893",
        "qty": 1,
        "marks": ["010460123456789321abc\x1d91KEY0\x1d92SECRET"],
    }
    (change,), _ = accept("returns", [row_of_json(1, row)])
    assert "SECRET" not in str(change)
    assert ("mark", "010460123456789321abc") in change.numbers  # type: ignore[union-attr]


async def test_dropped_rows_are_found_replaced_and_deleted(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    feed = FeedSettings(name="recalls", kind="folder", folder=inbox)
    head = "op,recall_id,gtin,lot_from,lot_to,reason,since\n"
    row = f"R1,04601234567893,L1,L9,taint,{AT}\n"
    with Reference(tmp_path / "reference.db") as reference:
        assert reference.recalls_of("04601234567893") is None
        (inbox / "1.csv").write_text(f"{head},{row}put,R2,4601234567893,,,glass,{AT}\n")
        assert [one.ok for one in await take_all(feed, reference, clock=HandClock())] == [True]
        found = reference.recalls_of("04601234567893")
        assert found is not None
        assert [(one.recall_id, one.lot_from) for one in found] == [("R1", "L1"), ("R2", None)]
        (inbox / "2.csv").write_text(f"{head}delete,{row}")
        await take_all(feed, reference, clock=HandClock())
        assert [one.recall_id for one in reference.recalls_of("04601234567893") or ()] == ["R2"]
        assert reference.recalls_of("04609999000013") == ()


async def polled(
    feed: FeedSettings, reference: Reference, count: int, clock: HandClock | None = None
) -> list[FeedReport]:
    reports: list[FeedReport] = []

    async def keep(report: FeedReport) -> None:
        reports.append(report)

    work = poll(feed, reference, clock=clock or HandClock(), rng=random.Random(1), on_report=keep)
    await cancelled_after(work, lambda: len(reports) >= count)
    return reports


async def test_an_expired_cursor_swaps_entries_in_one_step(tmp_path: Path) -> None:
    seen: list[str | None] = []

    def answer(got: Got) -> Say:
        seen.append(got.query.get("cursor"))
        if got.query.get("cursor") == "a":
            return Say(status=410)
        code = "OLD" if len(seen) == 1 else "NEW"
        after = "a" if len(seen) == 1 else "b"
        row = ROWS["codes"] | {"code": code}
        return Say.as_json({"rows": [row], "next": after, "more": False})

    async with HttpSink(answer) as sink:
        feed = FeedSettings(name="codes", kind="http", url=sink.url, poll_s=0.01)
        with Reference(tmp_path / "reference.db") as reference:
            await polled(feed, reference, 2)
            assert [row["code"] for row in reference.entries("codes", "reason")] == ["NEW"]
    assert seen[:3] == [None, "a", None]


async def test_a_named_pack_is_fetched_once_and_handed_in(tmp_path: Path) -> None:
    pack = b"PK zip of a pack"
    sha256 = hashlib.sha256(pack).hexdigest()
    inbox = tmp_path / "inbox" / "policies"

    async with HttpSink() as sink:

        def answer(got: Got) -> Say:
            if got.path == "/pack.zip":
                return Say(body=pack)
            rows = [{"sha256": sha256, "url": sink.url.replace("/in", "/pack.zip")}]
            return Say.as_json({"rows": rows, "next": f"c{len(sink.got)}", "more": False})

        sink.answer = answer
        feed = FeedSettings(name="policies", kind="http", url=sink.url, folder=inbox, poll_s=0.01)
        with Reference(tmp_path / "reference.db") as reference:
            await polled(feed, reference, 3)
        assert [got.path for got in sink.got].count("/pack.zip") == 1
    assert [path.name for path in inbox.iterdir()] == [f"{sha256}.zip"]
    assert (inbox / f"{sha256}.zip").read_bytes() == pack


async def test_another_pack_than_the_one_named_is_never_handed_in(tmp_path: Path) -> None:
    inbox = tmp_path / "policies"

    async with HttpSink() as sink:

        def answer(got: Got) -> Say:
            if got.path == "/pack.zip":
                return Say(body=b"something else")
            rows = [{"sha256": "ab" * 32, "url": sink.url.replace("/in", "/pack.zip")}]
            return Say.as_json({"rows": rows, "next": "c1", "more": False})

        sink.answer = answer
        feed = FeedSettings(name="policies", kind="http", url=sink.url, folder=inbox, poll_s=0.01)

        async def no_report(_: FeedReport) -> None:
            return

        with Reference(tmp_path / "reference.db") as reference:
            work = poll(
                feed, reference, clock=HandClock(), rng=random.Random(1), on_report=no_report
            )
            await cancelled_after(work, lambda: len(sink.got) >= 4)
            assert reference.state("policies").cursor is None
        assert list(inbox.iterdir()) == []
        assert told(tmp_path)["policies"].away is not None


def told(folder: Path) -> dict[str, FeedAccount]:
    return {one.name: one for one in feed_states(folder / "reference.db")}


async def test_state_age_and_last_refusal_of_each_feed_are_told(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    clock = HandClock()
    codes = FeedSettings(name="codes", kind="folder", folder=inbox)
    releases = FeedSettings(name="releases", kind="http", url="http://127.0.0.1:1/", poll_s=0.01)
    with Reference(tmp_path / "reference.db", clock) as reference:
        await reference.register("codes")
        assert told(tmp_path)["codes"].state is FeedLight.NEVER
        (inbox / "1.csv").write_text("list,code,ru,en\nreason,C1,Да,Yes\n", encoding="utf-8")
        await polled_folder(codes, reference, clock)
        assert told(tmp_path)["codes"] == FeedAccount(
            name="codes", state=FeedLight.FRESH, rows=1, fresh_ms=WALL_MS
        )
        clock.now_ms += 1000
        (inbox / "2.csv").write_text("list,code,ru,en\nreason,C1,Да,Yes\nx,y,z,w\n")
        await polled_folder(codes, reference, clock)
        one = told(tmp_path)["codes"]
        assert (one.state, one.rows, one.fresh_ms) == (FeedLight.REFUSED, 1, WALL_MS)
        assert one.refusal is not None
        assert (one.refusal.name, one.refusal.at_ms) == ("2.csv", WALL_MS + 1000)
        assert one.refusal.reason.startswith("row 2: list: one of carrier")

        clock.now_ms += 1000
        (inbox / "3.csv").write_text("list,code,ru,en\nreason,C2,Нет,No\n", encoding="utf-8")
        await polled_folder(codes, reference, clock)
        mended = told(tmp_path)["codes"]
        assert (mended.state, mended.rows) == (FeedLight.FRESH, 2)
        assert mended.refusal == one.refusal

        await reference.register("releases")
        work = poll(releases, reference, clock=clock, rng=random.Random(1), on_report=ignore)
        await cancelled_after(work, lambda: told(tmp_path)["releases"].away is not None)
        assert told(tmp_path)["releases"].state is FeedLight.AWAY


async def ignore(_: FeedReport) -> None:
    return


async def polled_folder(feed: FeedSettings, reference: Reference, clock: HandClock) -> None:
    await polled(feed, reference, 1, clock)
