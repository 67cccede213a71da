"""Feeds by HTTP against a real server: pages, cursors, 304, 410, refusals, outages."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge.feeds.accept import FeedReport
from edge.feeds.fetch import poll
from edge.journal.reference import Reference
from edge.settings.model import FeedSettings
from http_sink import Got, HttpSink, Say
from journal_kit import HandClock, cancelled_after


def _row(rma: str, **more: object) -> dict[str, Any]:
    base = {"rma": rma, "line": "1", "tenant": "t", "gtin": "4601234567893", "qty": 1}
    return base | more


def _page(rows: list[dict[str, Any]], after: str, *, more: bool = False, etag: str = "") -> Say:
    return Say.as_json(
        {"rows": rows, "next": after, "more": more}, headers={"ETag": etag} if etag else None
    )


async def _polled(
    sink: HttpSink,
    reference: Reference,
    is_met: Callable[[list[FeedReport]], bool],
    feed: FeedSettings | None = None,
) -> list[FeedReport]:
    reports: list[FeedReport] = []

    async def keep(report: FeedReport) -> None:
        reports.append(report)

    feed = feed or FeedSettings(name="returns", kind="http", url=sink.url, poll_s=0.01)
    work = poll(feed, reference, clock=HandClock(), rng=random.Random(1), on_report=keep)
    await cancelled_after(work, lambda: is_met(reports))
    return reports


async def test_pages_are_followed_to_the_end_and_then_only_news_are_asked_for(
    tmp_path: Path,
) -> None:
    def answer(got: Got) -> Say:
        assert got.query["limit"] == "1000"
        match got.query.get("cursor"):
            case None:
                return _page([_row("1")], "c1", more=True)
            case "c1":
                return _page([_row("2")], "c2")
            case _ if got.headers.get("if-none-match") == '"e"':
                return Say(status=304)
            case _:
                return _page([], "c2", etag='"e"')

    async with HttpSink(answer) as sink:
        with Reference(tmp_path / "reference.db") as reference:
            await _polled(sink, reference, lambda reports: len(reports) >= 5)
            assert {one.key for code in ("1", "2") for one in reference.find(code)} == {"1", "2"}
            assert reference.age_s("returns") is not None
        assert sink.got[4].headers["if-none-match"] == '"e"'
        assert sink.connections == 1


async def test_a_half_loaded_copy_is_not_shown(tmp_path: Path) -> None:
    def answer(got: Got) -> Say:
        if "cursor" not in got.query:
            return _page([_row("1")], "c1", more=True)
        return Say(status=503)

    async with HttpSink(answer) as sink:
        with Reference(tmp_path / "reference.db") as reference:
            await _polled(sink, reference, lambda _: len(sink.got) >= 2)
            assert reference.find("1") == ()
            assert reference.age_s("returns") is None
        sink.answer = lambda _: _page([_row("2")], "c2")
        with Reference(tmp_path / "reference.db") as reference:  # a new start goes on at the cursor
            await _polled(sink, reference, bool)
            assert len(reference.find("1")) == len(reference.find("2")) == 1
        assert sink.got[-1].query["cursor"].startswith("c")


async def test_an_expired_cursor_loads_a_new_copy_while_the_old_one_serves(
    tmp_path: Path,
) -> None:
    seen: list[int] = []
    with Reference(tmp_path / "reference.db") as reference:

        def answer(got: Got) -> Say:
            match got.query.get("cursor"):
                case None if not seen:
                    seen.append(0)
                    return _page([_row("old"), _row("both")], "a1")
                case None:
                    return _page([_row("new")], "b1", more=True)
                case "a1":
                    return Say(status=410)
                case "b1":
                    seen.append(len(reference.find("old")))
                    return _page([_row("both")], "b2")
                case _:
                    return _page([], "b2")

        async with HttpSink(answer) as sink:
            await _polled(sink, reference, lambda reports: len(reports) >= 4)
        assert seen == [0, 1]
        assert reference.find("old") == ()
        assert len(reference.find("new")) == len(reference.find("both")) == 1


async def test_a_page_with_a_bad_row_changes_nothing_and_is_reported_once(tmp_path: Path) -> None:
    def answer(got: Got) -> Say:
        if "cursor" not in got.query:
            return _page([_row("1", qty=5)], "c1")
        return _page([_row("1", qty=6), _row("2", gtin="1")], "c2")

    async with HttpSink(answer) as sink:
        with Reference(tmp_path / "reference.db") as reference:
            reports = await _polled(sink, reference, lambda _: len(sink.got) >= 5)
            assert [report.ok for report in reports] == [True, False]
            assert [str(one) for one in reports[1].refused] == [
                "row 2: gtin: is no GTIN: 8, 12, 13 or 14 digits with their check digit"
            ]
            assert reference.find("1")[0].lines[0].qty == 5
            assert reference.state("returns").cursor == "c1"


async def test_what_is_no_page_is_refused(tmp_path: Path) -> None:
    strange = [b"<html>log in</html>", b"[]", b'{"rows":5}', b'{"rows":[]}']
    strange.append(b'{"rows":[],"next":"a","more":1}')
    async with HttpSink(lambda _: Say(body=strange[len(sink.got) % len(strange)])) as sink:
        with Reference(tmp_path / "reference.db") as reference:
            reports = await _polled(sink, reference, lambda reports: len(reports) >= 5)
    assert not any(report.ok for report in reports)


async def test_a_far_end_that_fails_is_tried_again_and_not_reported(tmp_path: Path) -> None:
    def answer(got: Got) -> Say:
        match len(sink.got):
            case 1:
                return Say(cut=True)
            case 2:
                return Say(status=429, headers={"Retry-After": "0"})
            case 3:
                return Say(status=302, headers={"Location": sink.url})
            case _:
                return _page([_row("1")], "c1")

    async with HttpSink(answer) as sink:
        with Reference(tmp_path / "reference.db") as reference:
            reports = await _polled(sink, reference, bool)
    assert [report.ok for report in reports] == [True]


async def test_the_token_is_sent_and_nothing_else_is_known_of_it(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret\n", encoding="utf-8")
    async with HttpSink(lambda _: _page([], "c1")) as sink:
        feed = FeedSettings(
            name="items", kind="http", url=sink.url + "?shop=a", password_file=token
        )
        with Reference(tmp_path / "reference.db") as reference:
            await _polled(sink, reference, bool, feed)
        assert sink.got[0].headers["authorization"] == "Bearer s3cret"
        assert sink.got[0].query["shop"] == "a"
