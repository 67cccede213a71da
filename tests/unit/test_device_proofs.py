"""Passed self-tests: taken in once, kept over restarts, held against settings, device and time."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.protocols import DeviceName
from drivers.scanner.serial_line import SerialLineSettings
from edge.events import DeviceProven
from edge.feeds.proof_inbox import INBOX, ProofInbox, drop_proof, kept_proofs
from edge.service.proofs import DAY_MS, is_test_due
from edge.settings.model import DeviceClass, DeviceSettings
from edge.settings.proof import profile_sha256

PROOF = DeviceProven(device="hand-1", profile_sha256="ab" * 32, at_ms=1_000, usb_id="05e0:1200:S1")


class Desk:
    """Journals what it is given, while it has room."""

    def __init__(self) -> None:
        self.taken: list[tuple[DeviceProven, str]] = []
        self.has_room = True

    async def commit(self, proof: DeviceProven, once: str) -> bool:
        if self.has_room:
            self.taken.append((proof, once))
        return self.has_room


def inbox(data: Path, desk: Desk) -> ProofInbox:
    return ProofInbox(data, devices=frozenset({"hand-1"}), commit=desk.commit)


def scanner(**settings: object) -> DeviceSettings:
    return DeviceSettings(
        name=DeviceName("hand-1"),
        device_class=DeviceClass.SCANNER,
        driver="scanner.serial_line",
        settings=SerialLineSettings(**({"port": "/dev/a"} | settings)),  # type: ignore[arg-type]
    )


async def test_a_proof_is_journalled_once_and_kept(tmp_path: Path) -> None:
    desk = Desk()
    drop_proof(tmp_path, PROOF)
    for _ in range(2):
        await inbox(tmp_path, desk).inbox.take_all()
    assert [proof for proof, _ in desk.taken] == [PROOF]
    assert kept_proofs(tmp_path, ["hand-1", "hand-2"]) == {"hand-1": PROOF}


async def test_a_proof_waits_while_there_is_no_room_and_has_one_key(tmp_path: Path) -> None:
    desk = Desk()
    desk.has_room = False
    path = drop_proof(tmp_path, PROOF)
    await inbox(tmp_path, desk).inbox.take_all()
    assert path.exists()
    desk.has_room = True
    await inbox(tmp_path, desk).inbox.take_all()
    drop_proof(tmp_path, PROOF)
    await inbox(tmp_path, desk).inbox.take_all()
    assert len({once for _, once in desk.taken}) == 2


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b"[]",
        b"\xff",
        b'{"device": "hand-1"}',
        b'{"device": "hand-1", "profile_sha256": 5, "at_ms": 1}',
        json.dumps({"device": "hand-2", "profile_sha256": "", "at_ms": 1}).encode(),
        b" " * 5_000,
    ],
)
async def test_what_is_no_proof_of_a_scanner_here_is_laid_aside(
    tmp_path: Path, text: bytes
) -> None:
    desk = Desk()
    (tmp_path / INBOX).mkdir(parents=True)
    (tmp_path / INBOX / "hand-1.json").write_bytes(text)
    await inbox(tmp_path, desk).inbox.take_all()
    assert desk.taken == []
    assert (tmp_path / INBOX / "bad" / "hand-1.json.err").read_text("utf-8").strip()
    assert kept_proofs(tmp_path, ["hand-1"]) == {}


def test_the_digest_is_of_what_changes_the_bytes() -> None:
    base = profile_sha256(scanner())
    assert profile_sha256(scanner(port="/dev/b", selftest_days=5)) == base
    assert profile_sha256(scanner(aim=True)) != base
    assert profile_sha256(scanner(gs=("char:~",))) != base


def test_a_test_is_due_when_time_or_settings_say_so() -> None:
    one = scanner(selftest_days=30)
    proof = replace(PROOF, profile_sha256=profile_sha256(one), at_ms=0)
    proven = {"hand-1": proof}
    assert not is_test_due([one], proven, 30 * DAY_MS)
    assert is_test_due([one], proven, 30 * DAY_MS + 1)
    assert is_test_due([scanner(aim=True)], proven, 0)
    assert not is_test_due([one], {}, 99 * DAY_MS)
