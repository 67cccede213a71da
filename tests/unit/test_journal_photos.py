"""Photographs: durable under their digest, once, and never believed without their digest."""

import hashlib
import os
from pathlib import Path

import pytest

from edge.events import PhotoLost, PhotoTaken
from edge.journal.photos import Lost, PhotoLostError, PhotoStore
from edge.journal.reader import Reader
from edge.journal.writer import Submission
from journal_kit import event, opened


async def test_a_photograph_is_found_by_its_digest_and_written_once(tmp_path: Path) -> None:
    async with PhotoStore(tmp_path / "photos") as photos:
        name = await photos.put(b"jpeg")
        before = photos.path(name).stat().st_ino
        assert await photos.put(b"jpeg") == name == hashlib.sha256(b"jpeg").hexdigest()
        assert photos.read(name) == b"jpeg"
        assert photos.path(name).stat().st_ino == before
    assert list((tmp_path / "photos" / "tmp").iterdir()) == []


async def test_what_a_crash_left_half_written_is_removed_at_start(tmp_path: Path) -> None:
    left = tmp_path / "photos" / "tmp" / "half"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"jp")
    async with PhotoStore(tmp_path / "photos"):
        assert not left.exists()


async def test_a_changed_or_absent_photograph_is_lost(tmp_path: Path) -> None:
    async with PhotoStore(tmp_path / "photos") as photos:
        name = await photos.put(b"jpeg")
        photos.path(name).write_bytes(b"jpeh")
        with pytest.raises(PhotoLostError, match="bit_rot"):
            photos.read(name)
        with pytest.raises(PhotoLostError, match="absent"):
            photos.read("00" * 32)


async def test_a_photograph_that_cannot_be_written_is_an_error_of_the_caller(
    tmp_path: Path,
) -> None:
    async with PhotoStore(tmp_path / "photos") as photos:
        name = hashlib.sha256(b"jpeg").hexdigest()
        photos.path(name).parent.rmdir()
        with pytest.raises(OSError, match="No such file"):
            await photos.put(b"jpeg")
        assert await photos.put(b"other") == hashlib.sha256(b"other").hexdigest()


async def test_files_and_events_are_compared_at_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    async with PhotoStore(folder) as photos:
        named, orphan = await photos.put(b"named"), await photos.put(b"no event came")
        absent, erased = "ab" * 32, "cd" * 32
        lost = await photos.reconcile({named: True, absent: True, erased: False})
        assert lost == (Lost(sha256=absent, reason="absent"),)
        assert photos.read(named) == b"named"
        assert (folder / "orphan" / f"{orphan}.jpg").read_bytes() == b"no event came"
        assert await photos.reconcile({named: True, absent: False}) == ()


async def test_every_file_is_read_once_and_a_rotten_one_is_told(tmp_path: Path) -> None:
    async with PhotoStore(tmp_path / "photos") as photos:
        names = [await photos.put(b"jpeg %d" % n) for n in range(5)]
        photos.path(names[2]).write_bytes(b"jpeh 2")
        found = []
        while not photos.is_checked:
            found.append(await photos.check_next())
        assert len(found) == 5
        rotten = [one for one in found if one is not None]
        assert rotten == [Lost(sha256=names[2], reason="bit_rot")]
        assert await photos.check_next() is None
        photos.check_anew()
        assert not photos.is_checked


async def test_a_photograph_is_flushed_renamed_and_its_folders_flushed_in_that_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before `put` returns: only then its event may be submitted."""
    calls: list[tuple[str, str]] = []
    flush, rename = os.fsync, os.rename

    def fsync(handle: int) -> None:
        calls.append(("fsync", Path(f"/proc/self/fd/{handle}").readlink().name))
        flush(handle)

    def renamed(source: Path, target: Path) -> None:
        calls.append(("rename", Path(target).name))
        rename(source, target)

    async with PhotoStore(tmp_path / "photos") as photos:
        monkeypatch.setattr(os, "fsync", fsync)
        monkeypatch.setattr(os, "rename", renamed)
        name = await photos.put(b"jpeg")
        written = list(calls)
    (first, temporary), *rest = written
    assert (first, len(temporary)) == ("fsync", 32)
    assert rest == [("rename", f"{name}.jpg"), ("fsync", name[:2]), ("fsync", "tmp")]


async def test_the_event_that_tells_of_a_loss_ends_the_wait_for_the_file(tmp_path: Path) -> None:
    lost = PhotoLost(sha256="ab" * 32, reason="absent")
    async with opened(tmp_path) as journal:
        await journal.commit(Submission(events=(event(_taken("ab" * 32)),)))
        with Reader(journal.path) as reader:
            assert reader.photos() == {"ab" * 32: True}
        await journal.commit(Submission(events=(event(lost),)))
        with Reader(journal.path) as reader:
            assert reader.photos() == {"ab" * 32: False}


def _taken(sha256: str) -> PhotoTaken:
    return PhotoTaken(
        sha256=sha256,
        bytes=4,
        mime="image/jpeg",
        width=1,
        height=1,
        slot="label",
        camera="c",
        sharpness=1,
        mean=1,
        clipped=0,
        bound_by="open_window",
    )
