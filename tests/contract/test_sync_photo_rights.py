"""What may show an address or a test piece goes only to a target that has the right to it."""

import random
from pathlib import Path

import pytest

from edge.events import PhotoTaken
from edge.journal.photos import PhotoStore
from edge.journal.writer import Submission
from edge.settings.model import TargetKind, TargetSettings
from edge.sync.photo_http import upload
from edge.sync.target import TargetState, TargetStatus
from http_sink import HttpSink
from journal_kit import HandClock, cancelled_after, event, opened, uuid7


@pytest.mark.parametrize("right", ["personal", "audit"])
@pytest.mark.parametrize("has_right", [False, True])
async def test_a_photograph_goes_only_to_whom_may_see_it(
    tmp_path: Path, right: str, has_right: bool
) -> None:
    said: list[TargetStatus] = []
    through = TargetStatus(name="photos", state=TargetState.IDLE, pending=0, oldest_ms=0)
    async with HttpSink() as sink:
        target = TargetSettings(
            name="photos",
            kind=TargetKind.PHOTO_HTTP,
            url=sink.url,
            personal=has_right and right == "personal",
            audit=has_right and right == "audit",
        )
        async with opened(tmp_path, target) as journal, PhotoStore(tmp_path / "photos") as store:
            sent = []
            for n, is_marked in enumerate((True, False)):
                sent.append(await store.put(b"jpeg %d" % n))
                taken = PhotoTaken(
                    sha256=sent[n],
                    bytes=6,
                    mime="image/jpeg",
                    width=1,
                    height=1,
                    slot="label",
                    camera="top",
                    sharpness=1,
                    mean=1,
                    clipped=0,
                    bound_by="open_window",
                    personal=is_marked and right == "personal",
                )
                is_audit = is_marked and right == "audit"
                one = event(taken, unit=uuid7(n), audit=is_audit)
                await journal.commit(Submission(events=(one,)))
            work = upload(
                target, journal, store, clock=HandClock(), rng=random.Random(1),
                on_state=said.append, on_lost=lambda _lost: None,
            )  # fmt: skip
            await cancelled_after(work, lambda: bool(said) and said[-1] == through)
        wanted = sent if has_right else sent[1:]
        assert [got.path.rpartition("/")[2] for got in sink.got] == wanted
