"""The pump against a real server and a real journal: nothing lost, poison set aside."""

import asyncio
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from edge.journal.settle import DROP_MAX
from edge.journal.writer import Journal, Submission
from edge.settings.model import TargetKind, TargetSettings
from edge.sync.pump import pump
from edge.sync.target import TargetState, TargetStatus
from http_sink import Got, HttpSink, Say
from journal_kit import HandClock, cancelled_after, event, opened


class Soon(random.Random):
    """Draws the shortest wait, so that back-off costs the test nothing."""

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) / 1000


def _target(sink: HttpSink, batch_max: int = 4000) -> TargetSettings:
    return TargetSettings(
        name="oms", kind=TargetKind.HTTP_BATCH, url=sink.url, events=("*",), batch_max=batch_max
    )


async def _append(journal: Journal, count: int) -> list[str]:
    events = tuple(event() for _ in range(count))
    for start in range(0, count, 100):
        await journal.commit(Submission(events=events[start : start + 100]))
    return [str(one.id) for one in events]


async def _pumped(
    target: TargetSettings,
    journal: Journal,
    is_met: Callable[[list[TargetStatus]], bool],
) -> list[TargetStatus]:
    said: list[TargetStatus] = []
    work = pump(target, journal, clock=HandClock(), rng=Soon(1), on_state=said.append)
    await cancelled_after(work, lambda: is_met(said))
    return said


def _is_drained(said: list[TargetStatus]) -> bool:
    return bool(said) and said[-1].pending == 0 and said[-1].state is TargetState.IDLE


def _ids(sink: HttpSink) -> list[str]:
    return [one["id"] for got in sink.got for one in got.events]


def _dead(folder: Path) -> list[tuple[int, str, str]]:
    connection = sqlite3.connect(folder / "journal.db")
    try:
        return connection.execute("SELECT seq, code, state FROM dead ORDER BY seq").fetchall()
    finally:
        connection.close()


async def test_a_backlog_arrives_once_and_in_order(tmp_path: Path) -> None:
    async with HttpSink() as sink:
        target = _target(sink)
        async with opened(tmp_path, target) as journal:
            sent = await _append(journal, 1234)
            said = await _pumped(target, journal, _is_drained)
            assert _ids(sink) == sent
            assert said[-1].dead == 0
        sizes = [len(got.events) for got in sink.got]
        assert sizes == [100, 200, 400, 534]
        assert [got.headers["edge-delivery"] for got in sink.got][:2] == ["1-100", "101-300"]


async def test_a_committed_event_wakes_the_pump(tmp_path: Path) -> None:
    async with HttpSink() as sink:
        target = _target(sink)
        async with opened(tmp_path, target) as journal:
            work = pump(target, journal, clock=HandClock(), rng=Soon(1), on_state=lambda _: None)
            task = asyncio.create_task(work, name="sync[oms]")
            try:
                for count in (1, 2, 3):
                    await _append(journal, 1)
                    await sink.until(lambda count=count: len(sink.got) == count)  # type: ignore[misc]
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        assert [len(got.events) for got in sink.got] == [1, 1, 1]


async def test_after_a_restart_only_what_was_not_acknowledged_goes_again(tmp_path: Path) -> None:
    async with HttpSink() as sink:
        target = _target(sink)
        async with opened(tmp_path, target) as journal:
            first = await _append(journal, 50)
            await _pumped(target, journal, _is_drained)
        async with opened(tmp_path, target) as journal:
            second = await _append(journal, 50)
            await _pumped(target, journal, _is_drained)
        assert _ids(sink) == first + second


@pytest.mark.parametrize("status", [500, 503, 429, 408])
async def test_a_receiver_that_fails_gets_the_same_events_later(
    tmp_path: Path, status: int
) -> None:
    def answer(_: Got) -> Say:
        return Say(status=status) if len(sink.got) <= 3 else Say()

    async with HttpSink(answer) as sink:
        target = _target(sink)
        async with opened(tmp_path, target) as journal:
            sent = await _append(journal, 40)
            said = await _pumped(target, journal, _is_drained)
            assert said[-1].pending == 0
        states = {status.state for status in said}
        assert TargetState.BACKING_OFF in states
        stored = [one["id"] for got in sink.got[3:] for one in got.events]
        assert stored == sent
        assert _dead(tmp_path) == []


async def test_a_lost_answer_means_the_same_ids_again(tmp_path: Path) -> None:
    async with HttpSink(lambda _: Say(cut=len(sink.got) == 1)) as sink:
        target = _target(sink)
        async with opened(tmp_path, target) as journal:
            sent = await _append(journal, 30)
            await _pumped(target, journal, _is_drained)
        assert _ids(sink) == sent + sent


async def test_one_poisonous_event_is_set_aside_and_the_others_are_delivered(
    tmp_path: Path,
) -> None:
    stored: list[str] = []
    poison: set[str] = set()

    def answer(got: Got) -> Say:
        ids = [one["id"] for one in got.events]
        if poison & set(ids):
            return Say(status=422)
        stored.extend(ids)
        return Say()

    async with HttpSink(answer) as sink:
        target = _target(sink)
        async with opened(tmp_path, target) as journal:
            sent = await _append(journal, 100)
            poison.add(sent[61])
            said = await _pumped(target, journal, _is_drained)
            assert journal.dead("oms") == said[-1].dead == 1
        assert stored == [one for one in sent if one not in poison]
        assert _dead(tmp_path) == [(62, "422", "dead")]
        assert len(sink.got) <= 1 + 2 * 7 + 1
        async with opened(tmp_path, target) as journal:
            assert journal.dead("oms") == 1


async def test_results_set_the_rejected_aside_and_the_doubtful_are_sent_again(
    tmp_path: Path,
) -> None:
    def answer(got: Got) -> Say:
        words = ["stored"] * len(got.events)
        if len(sink.got) == 1:
            words[2], words[5] = "rejected", "retry"
        results = [
            {"id": one["id"], "status": word, "reason": "why"}
            for one, word in zip(got.events, words, strict=True)
        ]
        return Say.as_json({"results": results})

    async with HttpSink(answer) as sink:
        target = _target(sink)
        async with opened(tmp_path, target) as journal:
            sent = await _append(journal, 10)
            await _pumped(target, journal, _is_drained)
        assert [one["id"] for one in sink.got[1].events] == sent[5:]
        assert _dead(tmp_path) == [(3, "rejected", "dead")]


async def test_a_receiver_that_rejects_everything_is_stopped_for(tmp_path: Path) -> None:
    async with HttpSink(lambda _: Say(status=400)) as sink:
        target = _target(sink)
        async with opened(tmp_path, target) as journal:
            await _append(journal, 100)
            said = await _pumped(
                target, journal, lambda said: bool(said) and said[-1].state is TargetState.REJECTING
            )
            assert said[-1].pending == 80
        assert len(_dead(tmp_path)) == 20


@pytest.mark.parametrize("status", [401, 403, 404, 302, 501])
async def test_a_typing_mistake_in_the_address_costs_no_event(tmp_path: Path, status: int) -> None:
    async with HttpSink(lambda _: Say(status=status)) as sink:
        target = _target(sink)
        async with opened(tmp_path, target) as journal:
            await _append(journal, 5)
            said = await _pumped(
                target, journal, lambda said: bool(said) and said[-1].state is TargetState.REFUSED
            )
            assert (said[-1].pending, said[-1].reason) == (5, f"answer {status}")
        assert _dead(tmp_path) == []


async def test_a_batch_that_is_too_large_is_halved_and_the_limit_remembered(
    tmp_path: Path,
) -> None:
    async with HttpSink(lambda got: Say(status=413) if len(got.events) > 30 else Say()) as sink:
        target = _target(sink)
        async with opened(tmp_path, target) as journal:
            sent = await _append(journal, 300)
            await _pumped(target, journal, _is_drained)
        stored = [one["id"] for got in sink.got if len(got.events) <= 30 for one in got.events]
        assert stored == sent
        assert sum(len(got.events) > 30 for got in sink.got) <= 3


async def test_a_body_that_changed_on_disk_is_never_sent(tmp_path: Path) -> None:
    async with HttpSink() as sink:
        target = _target(sink)
        async with opened(tmp_path, target) as journal:
            sent = await _append(journal, 5)
            with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
                connection.execute(
                    "UPDATE event SET body = CAST(replace(body, '0417', '0418') AS BLOB)"
                    " WHERE seq = 3"
                )
                connection.commit()
            await _pumped(target, journal, _is_drained)
        assert _ids(sink) == [*sent[:2], *sent[3:]]
        assert _dead(tmp_path) == [(3, "corrupt", "dead")]


async def test_delivered_outbox_rows_are_removed(tmp_path: Path) -> None:
    async with HttpSink() as sink:
        target = _target(sink)
        async with opened(tmp_path, target) as journal:
            await _append(journal, DROP_MAX)
            await _pumped(target, journal, _is_drained)
        connection = sqlite3.connect(tmp_path / "journal.db")
        (left,) = connection.execute("SELECT count(*) FROM outbox").fetchone()
        (cursor,) = connection.execute("SELECT cursor_seq FROM target").fetchone()
        connection.close()
        assert (left, cursor) == (0, DROP_MAX)
