"""`receiving-edge policy decide`: fact records in, verdicts out, one JSON object a line."""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Final

from edge.commands.policy.packs import UNUSABLE, PackRefusedError, add_language, add_pack, usable
from edge.commands.policy.records import LINE_MAX, RecordError, read_facts, read_id, read_line
from zoning.evaluate import decide
from zoning.model import ENGINE, Facts, Members, Verdict
from zoning.pack import Pack

_NOTHING: Final = b"\r\n\t "
_SAME: Final = {"ru": "--in и --out: один файл", "en": "--in and --out are the same file"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_pack(parser)
    parser.add_argument(
        "--in", dest="source", type=Path, metavar="FILE", help="records (default: standard input)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="verdicts (default: standard output)"
    )
    add_language(parser)


def run(args: argparse.Namespace) -> int:
    """Write a verdict for each record: 0 all were decided, 1 a line was no record, 2 no pack."""
    try:
        pack = usable(args.pack, args.lang)
    except PackRefusedError as error:
        print(error, file=sys.stderr)
        return error.code
    if _is_same(args.source, args.out):
        print(_SAME[args.lang], file=sys.stderr)
        return UNUSABLE
    with ExitStack() as stack:
        try:
            source = stack.enter_context(args.source.open("rb")) if args.source else None
            out = stack.enter_context(args.out.open("wb")) if args.out else None
        except OSError as error:
            print(error, file=sys.stderr)
            return UNUSABLE
        return _stream(pack, source or sys.stdin.buffer, out or sys.stdout.buffer)


def decided(pack: Pack, lines: Iterator[tuple[int, bytes]]) -> Iterator[dict[str, Any]]:
    """Yield a verdict for each line that is not blank; it has an `error` if it is no record."""
    constant = _constant(pack)
    broken = _broken(pack)
    for number, line in lines:
        if not line.strip(_NOTHING):
            continue
        try:
            record = read_line(line)
            name = read_id(record)
            facts = read_facts(record, pack.sha256)
        except RecordError as error:
            told = {"code": error.code, "ru": error.text["ru"], "en": error.text["en"]}
            yield {"line": number, "error": told, **broken}
            continue
        named = {"line": number} if name is None else {"line": number, "id": name}
        yield {**named, **verdict_json(pack, facts, decide(pack, facts)), **constant}


def verdict_json(pack: Pack, facts: Facts, verdict: Verdict) -> dict[str, Any]:
    """Return what a verdict event stores and a fact record settles."""
    flags = facts.values.get("flags")
    present = flags.present if isinstance(flags, Members) else ()
    return {
        "zone": verdict.zone,
        "disposition": verdict.disposition,
        "row": verdict.row,
        "grade": verdict.grade,
        "grade_exact": verdict.grade_exact,
        "refund": verdict.refund,
        "move": verdict.move,
        "note": verdict.note,
        "actions": verdict.actions,
        "caps": verdict.caps,
        "missing": [{"column": item.column, "why": item.why} for item in verdict.missing],
        "deciding": [{"step": item.step, "answer": item.answer} for item in verdict.deciding],
        "also_matched": verdict.also_matched,
        "hazard_scope": pack.policy.hazard(present),
    }


def numbered(source: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield the lines with their numbers; of one that is too long only its beginning is kept."""
    number = 0
    while line := source.readline(LINE_MAX + 1):
        number += 1
        yield number, line
        while line and not line.endswith(b"\n"):
            line = source.readline(LINE_MAX)


def _stream(pack: Pack, source: BinaryIO, out: BinaryIO) -> int:
    """Write line by line; a reader that has gone away ends the work quietly."""
    errors = 0
    encode = json.JSONEncoder(ensure_ascii=False).encode
    is_live = not source.seekable()
    try:
        for told in decided(pack, numbered(source)):
            errors += "error" in told
            out.write(f"{encode(told)}\n".encode())
            if is_live:  # whoever asks line by line waits for the answer
                out.flush()
        out.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 1 if errors else 0


def _broken(pack: Pack) -> Mapping[str, Any]:
    """Return the engine's own outcome for what is no record: hold, by hand, never a row."""
    facts = Facts(policy_sha256=pack.sha256, values={"": ""})
    verdict = replace(decide(pack, facts), missing=())
    return {**verdict_json(pack, facts, verdict), **_constant(pack)}


def _constant(pack: Pack) -> Mapping[str, Any]:
    policy = {"id": pack.id, "version": pack.version, "sha256": pack.sha256}
    return {"policy": policy, "engine": ENGINE}


def _is_same(source: Path | None, out: Path | None) -> bool:
    if source is None or out is None or not (source.exists() and out.exists()):
        return False
    return source.samefile(out)
