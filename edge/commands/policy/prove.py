"""`receiving-edge policy prove`: each proof and how it ended; the questions for another solver."""

import argparse
import sys
from pathlib import Path
from typing import Final

from edge.commands.policy.packs import (
    UNUSABLE,
    PackRefusedError,
    add_language,
    add_pack,
    findings_text,
    usable,
)
from zoning.gate import Result, prove
from zoning.gate.dimacs import dimacs
from zoning.pack import Pack

_RESULTS: Final = {
    "ru": {
        Result.PROVED: "доказано",
        Result.REFUSED: "отклонено",
        Result.WARNED: "предупреждение",
        Result.NOT_RUN: "не проверялось",
    },
    "en": {
        Result.PROVED: "proved",
        Result.REFUSED: "refused",
        Result.WARNED: "warned",
        Result.NOT_RUN: "not run",
    },
}
_PROOF: Final = {"ru": "доказательство: {}", "en": "proof: {}"}
_WRITTEN: Final = {"ru": "{}: вопросов {}", "en": "{}: {} questions"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_pack(parser)
    parser.add_argument(
        "--dimacs",
        type=Path,
        metavar="DIR",
        help="write each question as CHECK-SUBJECT.cnf; its first line says the right answer",
    )
    add_language(parser)


def run(args: argparse.Namespace) -> int:
    """Print a line for each proof: 0 all hold, 1 one is refused, 2 nothing could be done."""
    try:
        pack = usable(args.pack, args.lang)
    except PackRefusedError as error:
        print(error, file=sys.stderr)
        return error.code
    proof = prove(pack)
    for item in proof.statuses:
        print(f"{item.check} {item.subject}: {_RESULTS[args.lang][item.status]}")
    if proof.findings:
        print(findings_text(proof.findings, args.lang))
    print(_PROOF[args.lang].format(proof.sha256))
    if args.dimacs is not None:
        try:
            count = _write(pack, args.dimacs)
        except OSError as error:
            print(error, file=sys.stderr)
            return UNUSABLE
        print(_WRITTEN[args.lang].format(args.dimacs, count))
    return 0 if proof.is_good else 1


def _write(pack: Pack, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, text in dimacs(pack):
        (folder / f"{name}.cnf").write_text(text, encoding="ascii")
        count += 1
    return count
