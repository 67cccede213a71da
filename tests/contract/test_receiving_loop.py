"""The loop over a real journal: commit before effect, one answer an input, a full disk."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from bench import context, label, rules
from drivers.protocols import DeviceName, Scan, ScanOutcome, ScanSource, Symbology
from edge.barcodes.classify import classify
from edge.events import Draft
from edge.journal.reader import Reader
from edge.journal.writer import Journal
from edge.receiving.loop import Receiving
from edge.settings.model import JournalSettings
from edge.station.apply import apply
from edge.station.decision import PhotoRequest
from edge.station.inputs import KeyInput, Lookups, ScanInput
from edge.station.state import State
from journal_kit import HandClock, opened, origin

USED_UP = JournalSettings(warn_percent=0, high_percent=0, full_percent=0)


class Seen:
    """Notes what goes out, and how much was in the journal by then."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.tones: list[tuple[ScanOutcome, int]] = []
        self.drafts: list[Draft] = []

    def tone(self, device: str, scan_no: int, outcome: ScanOutcome) -> None:
        self.tones.append((outcome, self._journal.last_seq))

    def photograph(self, request: PhotoRequest) -> None:
        raise AssertionError(f"nobody asked for {request}")

    def committed(self, drafts: tuple[Draft, ...]) -> None:
        self.drafts += drafts


def _badge(n: int = 1) -> ScanInput:
    code = Scan(
        scan_no=n,
        payload=label("RB-0417").encode(),
        device=DeviceName("hand-1"),
        source=ScanSource.SERIAL,
        first_ns=0,
        at_ns=n * 2_000_000_000,
        symbology=Symbology.CODE128,
    )
    return ScanInput(
        input=f"b/hand-1/{n}", scan=code, meanings=classify(code, rules()), lookups=Lookups()
    )


@contextlib.asynccontextmanager
async def _loop(
    folder: Path, budget: JournalSettings | None = None
) -> AsyncIterator[tuple[Receiving, Seen]]:
    async with opened(folder, budget=budget) as journal:
        seen = Seen(journal)
        receiving = Receiving(
            journal,
            origin(journal.journal_id),
            context=context(),
            clock=HandClock(),
            effects=seen,
            state=State(),
        )
        running = asyncio.create_task(receiving.run(), name="receiving")
        try:
            yield receiving, seen
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_a_tone_follows_its_commit_and_the_replay_gives_the_same_state(
    tmp_path: Path,
) -> None:
    async with _loop(tmp_path) as (receiving, seen):
        reply = await receiving.submit(_badge())
        assert reply.kinds == ("scan.read", "operator.in")
        assert seen.tones == [(ScanOutcome.ACCEPTED, reply.seq)]
        lived = receiving.state
    state = State()
    with Reader(tmp_path / "journal.db") as reader:
        for event in reader.events(1):
            state = apply(state, event)
    assert state == lived


async def test_an_input_that_comes_twice_is_recorded_once(tmp_path: Path) -> None:
    async with _loop(tmp_path) as (receiving, seen):
        await receiving.submit(_badge(1))
        before = receiving.state
        again = ScanInput(
            input="b/hand-1/1",
            scan=_badge(9).scan,
            meanings=_badge(9).meanings,
            lookups=Lookups(),
        )
        assert (await receiving.submit(again)).kinds == ("duplicate",)
        assert receiving.state == before
        assert len(seen.drafts) == 2


async def test_a_full_disk_stops_with_e90_and_leaves_no_trace(tmp_path: Path) -> None:
    async with _loop(tmp_path, USED_UP) as (receiving, seen):
        reply = await receiving.submit(_badge())
        assert (reply.kinds, reply.no, receiving.stopped) == ((), "E90", "E90")
        assert receiving.state == State()
        assert seen.tones == []
        refused = await receiving.submit(KeyInput(input="k/1", key="0", epoch=0))
        assert refused.no == "E01"
    async with _loop(tmp_path) as (receiving, _):
        assert (await receiving.submit(_badge())).kinds == ("scan.read", "operator.in")
        assert receiving.stopped is None


async def test_from_the_high_mark_on_no_parcel_is_taken_and_there_is_room_for_people(
    tmp_path: Path,
) -> None:
    high = JournalSettings(warn_percent=0, high_percent=0, full_percent=200)
    async with _loop(tmp_path, high) as (receiving, seen):
        assert (await receiving.submit(_badge())).kinds == ("scan.read", "operator.in")
        reply = await receiving.submit(_parcel(2))
        assert (reply.kinds, reply.no, receiving.stopped) == (("scan.read",), "E62", None)
        assert receiving.state.parcels == {}
        assert seen.tones[-1][0] is ScanOutcome.ERROR
    async with _loop(tmp_path) as (receiving, _):
        await receiving.submit(_badge(3))
        assert (await receiving.submit(_parcel(4))).no == "E10"


def _parcel(n: int) -> ScanInput:
    code = replace(_badge(n).scan, payload=b"RB123456785RU")
    return replace(_badge(n), scan=code, meanings=classify(code, rules()))


async def test_no_view_can_claim_a_scan_before_its_commit(tmp_path: Path) -> None:
    async with _loop(tmp_path) as (receiving, _):
        acting = asyncio.create_task(receiving.submit(_badge()), name="act")
        while not acting.done():
            assert receiving.scan is None or receiving.state.shift is not None
            await asyncio.sleep(0)
        assert receiving.scan == ("hand-1", 1)
