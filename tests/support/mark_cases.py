"""Scripts of marking codes: compared by their exact identity, and what becomes of them."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cases import COAT, Act, Case, answer, box, item, line, press, put, scan, tray
from edge.labels.cards import self_test_cards
from hold_cases import by_hand_to_its_zone, released
from real_bench import PROGRAM, RealBench

_GS: Final = "\x1d"
_TAIL: Final = f"{_GS}91EE06{_GS}92" + "Q2hlc3RueSBuYW1lIG9mIGEgbGl0dGxlIHNlY3JldDE="
_JUDGED: Final = ("inspection.finished", "verdict.made", "put.confirmed")


def ki(n: int) -> str:
    """Return the identification code of a piece: its 21 and its 91 hold digits like AIs."""
    return f"01{COAT}21{f'5A21b91Xyz{n}':0<13}"


def marked(n: int) -> Act:
    """Scan a whole marking code."""
    return lambda bench: bench.scan(f"{ki(n)}{_TAIL}", aim="]d2")


def proven(bench: RealBench) -> None:
    """The scanner passes its self-test before the shift: the cards are scanned as it asks."""
    command: list[str | Path] = [PROGRAM, "doctor", "scanner", "hand-1", "--wait", "20"]
    command += ["--config", bench.config, "--data", bench.data]
    cards = [card.payload for card in self_test_cards()]
    sent = iter((b"]d2" + cards[0], b"]C0" + cards[1]))
    with bench.cable, subprocess.Popen(command, stdout=subprocess.PIPE) as doctor:
        assert doctor.stdout is not None
        for line in doctor.stdout:
            if b"scan card-" in line:
                bench.cable.write(next(sent) + b"\r")
    assert doctor.returncode == 0


MARK_CASES: Final[Mapping[str, Case]] = {
    "mark-ready": Case(
        returns=(line("MK-1", "1", COAT, box(901), marks=[ki(101)]),),
        acts=(scan(box(901)), marked(101), put),
        leaves=("mark.captured", *_JUDGED, "mark.return_ready", "unit.closed"),
        says={
            "mark.captured": {"match": "match", "condition": "intact", "ki": ki(101)},
            "mark.return_ready": {"ki": ki(101)},
        },
        cut=1,
    ),
    "mark-held": Case(
        returns=(line("MK-6", "1", COAT, box(906), marks=[ki(106)]),),
        acts=(scan(box(906)), marked(106), press("enter"), press("4"), tray("H1"),
              released("release", "resale"), by_hand_to_its_zone),
        leaves=("mark.captured", "hold.placed", "hold.released", "mark.return_ready",
                "move.planned", "move.resolved"),
        says={"mark.return_ready": {"ki": ki(106)}},
    ),
    "mark-unreadable": Case(
        returns=(line("MK-2", "1", COAT, box(902), marks=[ki(102)]),),
        acts=(scan(box(902)), item(COAT), answer("mark", "1"), put),
        leaves=("inspection.answered", *_JUDGED, "mark.remark_needed", "unit.closed"),
        says={"mark.remark_needed": {"reason": "unreadable"}},
    ),
    "mark-mismatch": Case(
        returns=(line("MK-3", "1", COAT, box(903), marks=[ki(103)]),),
        acts=(scan(box(903)), marked(193), put),
        leaves=("mark.captured", *_JUDGED, "refund.blocked", "mark.dispute", "unit.closed"),
        says={"mark.dispute": {"reason": "mismatch", "ki": ki(193)}},
    ),
    "mark-twice": Case(
        returns=(
            line("MK-4", "1", COAT, box(904), marks=[ki(104)]),
            line("MK-5", "1", COAT, box(905), marks=[ki(105)]),
        ),
        acts=(scan(box(904)), marked(104), put, scan(box(905)), marked(104), press("1"), put,
              press("f7", "1")),
        leaves=("mark.return_ready", "mark.captured", *_JUDGED, "mark.dispute", "unit.missing"),
        says={"mark.dispute": {"reason": "duplicate", "ki": ki(104)}},
        cut=4,
    ),
}  # fmt: skip
