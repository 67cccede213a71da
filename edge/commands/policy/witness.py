"""`receiving-edge policy witness`: an item per row, cell, cut and answer, saved as test data."""

import argparse
import sys
from pathlib import Path
from typing import Final

from edge.commands.policy.packs import UNUSABLE, PackRefusedError, add_language, add_pack, usable
from zoning.witness import fixtures

_WRITTEN: Final = {
    "ru": "{}: записей {}, не показано {}",
    "en": "{}: {} records, {} not shown",
}
_UNSHOWN: Final = {"ru": "ничто не показывает: {}", "en": "nothing shows: {}"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_pack(parser)
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="JSON lines; in a folder the name is POLICY-VERSION.jsonl",
    )
    add_language(parser)


def run(args: argparse.Namespace) -> int:
    """Write the fixtures: 0 everything is shown, 1 something is not, 2 nothing was written."""
    try:
        pack = usable(args.pack, args.lang)
    except PackRefusedError as error:
        print(error, file=sys.stderr)
        return error.code
    found = fixtures(pack)
    name = f"{pack.policy.id}-{pack.policy.version}.jsonl"
    path = args.out / name if args.out.is_dir() else args.out
    try:
        path.write_text("".join(found.lines()), encoding="utf-8")
    except OSError as error:
        print(error, file=sys.stderr)
        return UNUSABLE
    for item in found.unshown:
        print(_UNSHOWN[args.lang].format(item))
    print(_WRITTEN[args.lang].format(path, found.count, len(found.unshown)))
    return 1 if found.unshown else 0
