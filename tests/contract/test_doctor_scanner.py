"""`doctor scanner` over a real line: a good scanner is proven, another one is told its cure."""

import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from config_folder import make_config
from edge.feeds.proof_inbox import INBOX, read_proof
from edge.labels.cards import self_test_cards
from ptys import PtyCable

CARDS = [card.payload for card in self_test_cards()]
PROGRAM = Path(sys.executable).with_name("receiving-edge")
WITHIN_S = 60.0
PLACE = {"namespace": "https://returns.example.com", "site": "msk1", "station": "ST-01"}


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[PtyCable]:
    with PtyCable(tmp_path / "scanner") as made:
        yield made


def doctor(tmp_path: Path, cable: PtyCable, sent: list[bytes], keys: str = "") -> tuple[int, str]:
    """Run the test, scan a card whenever one is asked for; return exit code and what was said."""
    config = tmp_path / "config"
    if not config.exists():
        make_config(tmp_path, "minimal", PLACE)
    (config / "devices.toml").write_text(
        f'[scanner.hand-1]\ndriver = "scanner.serial_line"\nport = "{cable.path}"\n{keys}\n'
    )
    command = [str(PROGRAM), "doctor", "scanner", "hand-1"]
    command += ["--config", str(config), "--data", str(tmp_path), "--wait", "20"]
    codes = iter(sent)
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        guard = threading.Timer(WITHIN_S, process.kill)
        guard.start()
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.decode())
            if "scan card-" in lines[-1]:
                cable.write(next(codes))
        guard.cancel()
        guard.join()
    return process.returncode, "".join(lines)


def test_a_scanner_that_keeps_every_byte_is_proven(tmp_path: Path, cable: PtyCable) -> None:
    code, said = doctor(tmp_path, cable, [card + b"\r" for card in CARDS])
    assert code == 0, said
    proof = read_proof(tmp_path / INBOX / "hand-1.json")
    assert (proof.device, len(proof.profile_sha256)) == ("hand-1", 64)


def test_a_scanner_that_spells_gs_is_told_the_stanza_that_cures_it(
    tmp_path: Path, cable: PtyCable
) -> None:
    spelled = [b"]d2" + CARDS[0].replace(b"\x1d", b"~") + b"\r", b"]C0" + CARDS[1] + b"\r"]
    code, said = doctor(tmp_path, cable, [*spelled, spelled[0]])
    assert code == 1
    stanza = tomllib.loads(said[said.index("[scanner.hand-1]") :])["scanner"]["hand-1"]
    assert stanza == {"aim": True, "gs": ["char:~"]}
    assert not (tmp_path / INBOX / "hand-1.json").exists()
    cured = 'aim = true\ngs = ["char:~"]'
    assert doctor(tmp_path, cable, spelled, cured)[0] == 0


def test_a_held_port_a_silent_scanner_and_a_wrong_key_are_one_clear_line(
    tmp_path: Path, cable: PtyCable
) -> None:
    with serial.Serial(str(cable.path), exclusive=True):
        code, said = doctor(tmp_path, cable, [])
        assert (code, "stop the service first" in said) == (1, True)
    code, said = doctor(tmp_path, cable, [], "wrong = 1")
    assert (code, "unknown key" in said) == (1, True)
