"""`receiving-edge check-config`: every problem of a configuration at once; changes nothing."""

import argparse
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Final

from edge.barcodes.numbers import problems as number_problems
from edge.settings.load import Problem, SettingsError, load
from edge.settings.model import Settings
from zoning.findings import PolicyParseError
from zoning.pack import load_pack

CONFIG_DEFAULT: Final = "/etc/receiving-edge"
PACK_SUFFIXES: Final = (".toml", ".csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument(
        "--config",
        type=Path,
        default=Path(os.environ.get("RECEIVING_EDGE_CONFIG", CONFIG_DEFAULT)),
        metavar="DIR",
        help="folder of the configuration (default: RECEIVING_EDGE_CONFIG, else /etc/…)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print every problem as `file: key: problem: what is allowed`; 1 when there is one."""
    problems = check(args.config)
    if args.json:
        rows = [asdict(problem) for problem in problems]
        print(json.dumps({"ok": not rows, "problems": rows}, ensure_ascii=False))
    else:
        for problem in problems:
            print(problem)
        print(f"{args.config}: {len(problems)} problems" if problems else f"{args.config}: good")
    return 1 if problems else 0


def check(folder: Path) -> tuple[Problem, ...]:
    """Return all problems of a folder: files, references, number rules, policy packs."""
    try:
        settings = load(folder)
    except SettingsError as error:
        return (*error.problems, *_packs(folder))
    return (*_numbers(settings), *_packs(folder))


def _numbers(settings: Settings) -> tuple[Problem, ...]:
    return tuple(
        Problem(
            file="barcodes.toml", key="number", problem=text, allowed="see docs/configuration.md"
        )
        for text in number_problems(settings.numbers)
    )


def _packs(folder: Path) -> tuple[Problem, ...]:
    packs = sorted(path.parent for path in folder.glob("packs/*/pack.toml"))
    return tuple(problem for pack in packs for problem in _pack(pack, folder))


def _pack(pack: Path, folder: Path) -> tuple[Problem, ...]:
    files = {
        path.relative_to(pack).as_posix(): path.read_bytes()
        for path in sorted(pack.rglob("*"))
        if path.is_file() and path.suffix in PACK_SUFFIXES
    }
    name = pack.relative_to(folder).as_posix()
    try:
        load_pack(files)
    except PolicyParseError as error:
        return tuple(
            Problem(
                file=f"{name}/{one.file}",
                key=f"line {one.line}",
                problem=one.text["en"],
                allowed=f"rule {one.check} of policy packs",
            )
            for one in error.findings
        )
    return ()
