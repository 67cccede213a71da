"""`receiving-edge policy rehearse`: the recorded past decided again under a candidate pack."""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from edge.commands.policy.history import Candidate, HistoryError, Task, Tell, fold, kept_packs
from edge.commands.policy.packs import UNUSABLE, PackRefusedError, add_language, add_pack, usable
from edge.commands.policy.recorded import past as read_verdict
from edge.events import parse_utc
from edge.journal.reader import Reader
from edge.journal.rows import JournalBrokenError
from zoning.gate.difference import Output, difference
from zoning.pack import Pack
from zoning.replay.report import BlindSpot, Question, Report, make_report
from zoning.replay.tally import PAIR_EXAMPLES, Example, Tally
from zoning.replay.text import lines

JOURNAL: Final = "journal.db"
PACKS: Final = "packs"
PHOTO: Final = "photo.taken"
NO_DUCKDB: Final = {
    "ru": "чтение Parquet: не установлено дополнение bi: pip install 'receiving-edge[bi]'",
    "en": "reading Parquet: the extra bi is not installed: pip install 'receiving-edge[bi]'",
}
_NO_PAST: Final = {
    "ru": "{}: здесь нет ни journal.db, ни файлов Parquet",
    "en": "{}: there is neither a journal.db nor a Parquet file",
}
_NO_ANSWERS: Final = {
    "ru": "--level 2: ответы есть только в журнале",
    "en": "--level 2: only a journal holds the answers",
}
_NO_BASE: Final = {
    "ru": "Нет пакета в силе: слепые пятна не искали; дайте --base DIR или --packs DIR",
    "en": "The pack in force is not at hand: no blind spots were looked for; "
    "give --base DIR or --packs DIR",
}


class RehearsalError(Exception):
    """There is nothing to rehearse against: the reason in both languages."""

    def __init__(self, text: Mapping[str, str]) -> None:
        super().__init__(text["en"])
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to rehearse. `packs` = folder of the packs of the past, `base` = of the one in force.

    `since` = first day, `2026-11-23`, UTC; `limit` = changed units listed per pair of rows.
    """

    packs: Path | None = None
    base: Path | None = None
    since: str | None = None
    level: int = 1
    limit: int = PAIR_EXAMPLES
    tell: Tell = field(default=lambda _: None)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_pack(parser, "new")
    parser.add_argument(
        "--against",
        type=Path,
        required=True,
        metavar="PAST",
        help="data folder or journal.db of a station, or a folder of Parquet facts",
    )
    parser.add_argument("--since", type=_day, metavar="DATE", help="from this day on, UTC")
    parser.add_argument(
        "--level", type=int, choices=(1, 2), default=1, help="2 = answers instead of facts"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report to be signed")
    parser.add_argument(
        "--limit",
        type=int,
        default=PAIR_EXAMPLES,
        metavar="N",
        help=f"units listed per pair of rows (default: {PAIR_EXAMPLES})",
    )
    parser.add_argument("--packs", type=Path, metavar="DIR", help="packs of the past, by digest")
    parser.add_argument("--base", type=Path, metavar="DIR", help="folder of the pack in force")
    add_language(parser)


def run(args: argparse.Namespace) -> int:
    """Print the report: 0 it is done, 1 the past cannot be read, 2 there is nothing to read."""
    options = Options(
        packs=args.packs,
        base=args.base,
        since=args.since,
        level=args.level,
        limit=max(0, args.limit),
        tell=_tell,
    )
    try:
        report = rehearse(args.new, args.against, options)
        if args.json:
            args.json.write_bytes(report.canonical)
    except PackRefusedError as error:
        print(error, file=sys.stderr)
        return error.code
    except RehearsalError as error:
        print(error.text[args.lang], file=sys.stderr)
        return UNUSABLE
    except (HistoryError, JournalBrokenError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(lines(report, args.lang)))
    if not report.base_sha256:
        print(_NO_BASE[args.lang])
    return 0


def rehearse(candidate: Path, against: Path, options: Options) -> Report:
    """Return the report of a candidate's folder against a journal or a folder of flat facts.

    Raises PackRefusedError, RehearsalError, HistoryError, JournalBrokenError.
    """
    new = usable(candidate, "en")
    past = _past(candidate, against, options)
    packs = kept_packs(past.packs)
    base = usable(options.base, "en") if options.base else packs.get(past.newest_policy())
    tally = past.tally(Candidate(pack=new, packs=packs))
    blind = tuple(_blind_spots(base, new, tally)) if base is not None else ()
    question = Question(new=new, base=base, level=options.level, since=options.since)
    return make_report(past.with_photos(tally), question, blind)


def _past(candidate: Path, against: Path, options: Options) -> "JournalPast | ParquetPast":
    journal = against / JOURNAL if against.is_dir() else against
    if journal.is_file() and journal.suffix == ".db":
        packs = options.packs or journal.parent / PACKS
        return JournalPast(candidate=candidate, journal=journal, packs=packs, options=options)
    if against.is_dir() and next(against.rglob("*.parquet"), None) is not None:
        if options.level == 2:
            raise RehearsalError(_NO_ANSWERS)
        if find_spec("duckdb") is None:
            raise RehearsalError(NO_DUCKDB)
        packs = options.packs or against.absolute().parent / PACKS
        return ParquetPast(folder=against, packs=packs, options=options)
    raise RehearsalError({name: text.format(against) for name, text in _NO_PAST.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPast:
    """The past in a station's journal, which may be in use."""

    candidate: Path
    journal: Path
    packs: Path
    options: Options

    def newest_policy(self) -> str:
        """Return the digest of the pack of the newest verdict; empty = there is none."""
        with Reader(self.journal) as reader:
            body = reader.newest_verdict()
        return read_verdict(0, body).policy_sha256 if body is not None else ""

    def tally(self, candidate: Candidate) -> Tally:
        """Return the sums of all verdicts under the candidate. Raises HistoryError."""
        with Reader(self.journal) as reader:
            since = self.options.since
            first_seq = reader.first_seq() if since is None else reader.seq_at(_ms(since))
        task = Task(
            journal=str(self.journal),
            candidate=str(self.candidate),
            packs=str(self.packs),
            level=self.options.level,
            limit=self.options.limit,
            slices=(),
        )
        return fold(task, candidate, first_seq, self.options.tell)

    def with_photos(self, tally: Tally) -> Tally:
        """Return the tally with the photographs of its listed units."""
        with Reader(self.journal) as reader:
            examples = {
                pair: [replace(one, photos=_photos(reader, one)) for one in listed]
                for pair, listed in tally.examples.items()
            }
        return replace(tally, examples=examples)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetPast:
    """The past as flat facts, of one station or of many."""

    folder: Path
    packs: Path
    options: Options

    def newest_policy(self) -> str:
        """Return the digest of the pack of the newest verdict; empty = there is none."""
        from edge.sync.segments.past import newest_policy  # noqa: PLC0415 - the extra bi

        return newest_policy(self.folder)

    def tally(self, candidate: Candidate) -> Tally:
        """Return the sums of all verdicts under the candidate. Raises HistoryError."""
        from edge.sync.segments.files import SegmentError  # noqa: PLC0415 - the extra bi
        from edge.sync.segments.past import FlatPast, rehearse  # noqa: PLC0415

        past = FlatPast(folder=self.folder, since=self.options.since)
        try:
            return rehearse(past, candidate.pack, candidate.packs, self.options.limit)
        except SegmentError as error:
            raise HistoryError(str(error)) from error

    def with_photos(self, tally: Tally) -> Tally:
        """Return the tally; flat facts name the photographs."""
        return tally


def _photos(reader: Reader, example: Example) -> tuple[str, ...]:
    bodies = (body for _, kind, body in reader.bodies_of_unit(example.unit) if kind == PHOTO)
    return tuple(json.loads(body)["data"]["sha256"] for body in bodies)


def _blind_spots(base: Pack, new: Pack, tally: Tally) -> Iterator[BlindSpot]:
    """Yield a unit for each change of zone that is possible and that no recorded unit shows."""
    seen = {(g.before.zone, g.after.zone) for g in tally.groups if not g.gap}
    for change in difference(base, new):
        if change.output is Output.ZONE and (change.old, change.new) not in seen:
            yield BlindSpot(
                before=change.old,
                after=change.new,
                item=change.item,
                row_before=change.old_row,
                row_after=change.new_row,
            )


def _day(text: str) -> str:
    """Return an ISO date. Raises ValueError."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError(f"{text} is no date")
    _ms(text)
    return text


def _ms(day: str) -> int:
    return parse_utc(f"{day}T00:00:00.000Z")


def _tell(done: int) -> None:
    print(f"{done:,}", file=sys.stderr)
