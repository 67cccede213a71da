"""Small files that are handed in: read no further than they may be long, followed or refused."""

import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.feeds.proof_inbox import ProofInbox
from edge.inbox import Drop, DropRefusedError, Inbox, answer_to, hand_in, object_of
from edge.service.erasures import Erasures
from edge.sync.orders import Orders
from journal_kit import opened, target

BYTES_MAX = 200
MANY = 64 * 1024 * 1024
FEW = 8 * 1024 * 1024


class Taker:
    """Follows every object but the one that says no, while it has room."""

    def __init__(self, folder: Path, *, keeps_done: bool = True) -> None:
        self.followed: list[str] = []
        self.has_room = True
        self.inbox = Inbox(
            folder, self._follow, what="words", bytes_max=BYTES_MAX, keeps_done=keeps_done
        )

    async def _follow(self, drop: Drop) -> bool:
        if object_of(drop.body).get("no"):
            raise DropRefusedError("it says no")
        if self.has_room:
            self.followed.append(drop.name)
        return self.has_room


async def test_files_are_followed_in_name_order_and_answered(tmp_path: Path) -> None:
    taker = Taker(tmp_path / "in")
    paths = [hand_in(tmp_path / "in", f"{name}.json", b"{}") for name in "ba"]
    assert [answer_to(path) for path in paths] == [None, None]
    await taker.inbox.take_all()
    await taker.inbox.take_all()
    assert taker.followed == ["a.json", "b.json"]
    assert [answer_to(path) for path in paths] == ["", ""]


async def test_what_is_followed_is_deleted_where_nobody_asks_for_an_answer(tmp_path: Path) -> None:
    taker = Taker(tmp_path, keeps_done=False)
    path = hand_in(tmp_path, "a.json", b"{}")
    await taker.inbox.take_all()
    assert taker.followed == ["a.json"]
    assert not path.exists()
    assert answer_to(path) is None


async def test_without_room_a_file_stays_and_is_followed_later(tmp_path: Path) -> None:
    taker = Taker(tmp_path)
    path = hand_in(tmp_path, "a.json", b"{}")
    taker.has_room = False
    await taker.inbox.take_all()
    assert path.exists()
    taker.has_room = True
    await taker.inbox.take_all()
    assert taker.followed == ["a.json"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"no": true}', "it says no"),
        (b"{", "no JSON"),
        (b"[]", "no JSON object"),
        (b"\xff", "no JSON"),
        (b"1" * 5000, "longer than 200 bytes"),
        (b" " * (BYTES_MAX + 1), "longer than 200 bytes"),
    ],
)
async def test_what_is_refused_is_laid_aside_with_the_reason_and_the_next_is_followed(
    tmp_path: Path, body: bytes, why: str
) -> None:
    taker = Taker(tmp_path)
    path = hand_in(tmp_path, "a.json", body)
    hand_in(tmp_path, "b.json", b"{}".ljust(BYTES_MAX))
    await taker.inbox.take_all()
    assert why in str(answer_to(path))
    assert (tmp_path / "bad" / "a.json").read_bytes() == body
    assert taker.followed == ["b.json"]


def test_json_that_is_too_deep_is_refused_and_not_the_end_of_the_service() -> None:
    with pytest.raises(DropRefusedError, match="no JSON"):
        object_of(b"[" * 100_000)


async def test_half_written_files_and_what_is_no_plain_file_are_left_alone(tmp_path: Path) -> None:
    """A pipe would stop the service until somebody writes into it."""
    (tmp_path / "elsewhere").write_text("{}")
    (tmp_path / ".half.json").write_text("{")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "link.json").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "pipe.json")
    hand_in(tmp_path, "real.json", b"{}")
    taker = Taker(tmp_path)
    await taker.inbox.take_all()
    assert taker.followed == ["real.json"]
    assert not list((tmp_path / "bad").iterdir())


async def test_a_file_that_may_not_be_read_holds_no_other_back(tmp_path: Path) -> None:
    taker = Taker(tmp_path)
    hand_in(tmp_path, "a.json", b"{}").chmod(0)
    path = hand_in(tmp_path, "b.json", b"{}")
    await taker.inbox.take_all()
    assert answer_to(path) == ""


async def _never(*_: object) -> bool:
    raise AssertionError("nothing is journalled of a file that is too long")


def _orders(data: Path, journal: object) -> Inbox:
    return Orders(data, journal, people={}, commit=_never).inbox  # type: ignore[arg-type]


def _erasures(data: Path, _: object) -> Inbox:
    return Erasures(data, data / "journal.db", people={}, commit=_never).inbox


def _proofs(data: Path, _: object) -> Inbox:
    return ProofInbox(data, devices=frozenset({"hand-1"}), commit=_never).inbox


@pytest.mark.parametrize(
    ("made", "folder"), [(_orders, "sync"), (_erasures, "photos"), (_proofs, "devices")]
)
async def test_a_file_is_read_no_further_than_it_may_be_long(
    tmp_path: Path, made: Callable[[Path, object], Inbox], folder: str
) -> None:
    path = hand_in(tmp_path / "inbox" / folder, "hand-1.json", json.dumps({}).encode())
    os.truncate(path, MANY)
    async with opened(tmp_path, target("oms")) as journal:
        inbox = made(tmp_path, journal)
        tracemalloc.start()
        await inbox.take_all()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < FEW
    assert "longer than" in str(answer_to(path))
