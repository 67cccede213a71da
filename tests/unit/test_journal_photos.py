"""Photographs: durable under their digest, once, and never believed without their digest."""

import hashlib
from pathlib import Path

import pytest

from edge.journal.photos import PhotoLostError, PhotoStore


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
