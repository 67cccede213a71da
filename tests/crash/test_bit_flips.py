"""One bit turned anywhere in what a killed station left is found and named."""

import os
import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from bit_flips import KINDS, Remains, flips, is_named, killed_soak, verified
from edge.journal.reader import Reader
from edge.journal.writer import Journal, JournalDamagedError
from edge.settings.model import JournalSettings
from journal_kit import IDENTITY, HandClock, opened

FLIPS = 60
FRAME = 24 + 4096

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def remains(tmp_path_factory: pytest.TempPathFactory) -> Remains:
    return killed_soak(tmp_path_factory.mktemp("flips"), 60)


def test_every_turned_bit_is_named_and_the_rest_is_whole(remains: Remains) -> None:
    rng = random.Random(20261128)
    named = Counter(flip.kind for flip in flips(remains, FLIPS, rng) if is_named(flip))
    assert named == dict.fromkeys(KINDS, FLIPS // len(KINDS))
    assert verified(remains.folder)["ok"]
    assert verified(remains.closed)["ok"]


def _with_a_bad_frame(remains: Remains, folder: Path, frame: int) -> Path:
    """A copy whose log has one turned bit in a frame, 1-based."""
    shutil.copytree(remains.folder, folder)
    (folder / "journal.db-shm").unlink(missing_ok=True)
    handle = os.open(folder / "journal.db-wal", os.O_RDWR)
    at = 32 + (frame - 1) * FRAME + 24 + 2000
    os.pwrite(handle, bytes((os.pread(handle, 1, at)[0] ^ 1,)), at)
    os.close(handle)
    return folder


async def test_a_log_that_ends_in_its_middle_is_damage_and_not_the_end(
    remains: Remains, tmp_path: Path
) -> None:
    """SQLite forgets all commits behind a bad frame without a word: their numbers came again."""
    last = verified(remains.folder)["last_seq"]
    folder = _with_a_bad_frame(remains, tmp_path / "bad", 4)
    assert verified(folder)["last_seq"] < last
    with pytest.raises(JournalDamagedError):
        async with opened(folder):
            pass


async def test_a_service_saves_the_events_behind_a_bad_frame(
    remains: Remains, tmp_path: Path
) -> None:
    last = verified(remains.folder)["last_seq"]
    folder = _with_a_bad_frame(remains, tmp_path / "bad", 4)
    journal = Journal(
        folder / "journal.db",
        IDENTITY,
        targets=(),
        budget=JournalSettings(),
        clock=HandClock(),
        salvages=True,
    )
    async with journal:
        assert journal.salvaged is not None
        assert journal.last_seq >= last
    with Reader(folder / "journal.db") as reader:
        assert [seq for seq, _, _ in reader.bodies(1)][:last] == list(range(1, last + 1))
