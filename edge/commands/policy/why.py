"""`receiving-edge policy why`: why a unit goes where it goes, and why not by another row."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge.commands.policy.packs import UNUSABLE, PackRefusedError, add_language, add_pack, usable
from edge.commands.policy.records import LINE_MAX, RecordError, read_facts, read_line
from edge.events import Event
from edge.journal.reader import Reader
from edge.journal.rows import JournalBrokenError
from edge.records import from_json
from zoning.checklist.values import Checklist
from zoning.explain import Explanation, explain, explanation_lines
from zoning.findings import item_json, item_words
from zoning.model import AnsweredBy, Facts, Label, Static
from zoning.pack import Pack
from zoning.replay.past import decide_answers
from zoning.table import show_cell

DATA_DEFAULT: Final = Path("/var/lib/receiving-edge")
_NO_VERDICT: Final = {"ru": "{}: решения в журнале нет", "en": "{}: the journal has no verdict"}
_NO_ROW: Final = {"ru": "нет строки {}", "en": "there is no row {}"}
_THEN: Final = {
    "ru": "Тогда: строка {} по пакету {} {}",
    "en": "Then: row {} under pack {} {}",
}
_FIRES: Final = {"ru": "{}: сработала", "en": "{}: it fires"}
_FITS: Final = {
    "ru": "{}: подходит, но раньше стоит {}",
    "en": "{}: it fits, but {} stands before it",
}
_MAY_FIT: Final = {"ru": "{}: может подойти", "en": "{}: it may fit"}
_REJECTS: Final = {
    "ru": "{}: нет: {}, строка требует {}",
    "en": "{}: no: {}, the row asks for {}",
}
_ABSENT: Final = {"ru": "{} неизвестно", "en": "{} unknown"}


class NoFactsError(Exception):
    """There is nothing to explain: the reason in both languages."""

    def __init__(self, text: Label) -> None:
        super().__init__(text["en"])
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The facts to explain, and if a journal has them how they were decided then."""

    facts: Facts
    checklist: Checklist | None = None
    then: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_pack(parser)
    of = parser.add_mutually_exclusive_group(required=True)
    of.add_argument("--unit", metavar="ID", help="a unit of this station's journal")
    of.add_argument("--facts", type=Path, metavar="FILE", help="one fact record as JSON")
    parser.add_argument(
        "--data", type=Path, default=DATA_DEFAULT, metavar="DIR", help="where the journal lies"
    )
    parser.add_argument("--row", metavar="R12", help="say also why this row does not fire")
    add_language(parser)


def run(args: argparse.Namespace) -> int:
    """Print the explanation line by line: 0 it is told, 2 there are no facts or no such row."""
    try:
        pack = usable(args.pack, args.lang)
    except PackRefusedError as error:
        print(error, file=sys.stderr)
        return error.code
    if args.row is not None and pack.table.row(args.row) is None:
        print(_NO_ROW[args.lang].format(args.row), file=sys.stderr)
        return UNUSABLE
    try:
        told = _of_file(pack, args.facts) if args.facts else _of_unit(pack, args)
    except NoFactsError as error:
        print(error.text[args.lang], file=sys.stderr)
        return UNUSABLE
    explanation = explain(pack, told.facts, told.checklist)
    lines = [*explanation_lines(explanation, args.lang), told.then]
    if args.row is not None:
        lines += row_lines(explanation, args.row, args.lang)
    print("\n".join(filter(None, lines)))
    return 0


def row_lines(explanation: Explanation, name: str, language: str) -> Iterator[str]:
    """Yield why a row does not fire, one line for each column that rejects the unit."""
    row = explanation.pack.table.row(name)
    assert row is not None, "the caller has looked"
    rejecting = explanation.why_not(name)
    if name == explanation.verdict.row:
        yield _FIRES[language].format(name)
    elif name in explanation.verdict.also_matched:
        yield _FITS[language].format(name, explanation.verdict.row)
    elif not rejecting:
        yield _MAY_FIT[language].format(name)
    for column in rejecting:
        value = explanation.facts.values.get(column)
        said = _ABSENT[language].format(column)
        if value is not None:
            said = item_words(item_json({column: value}))
        cell = show_cell(row.cells[column], explanation.pack.policy.domains[column])
        yield _REJECTS[language].format(name, said, cell)


def _of_file(pack: Pack, path: Path) -> Told:
    try:
        with path.open("rb") as file:
            record = read_line(file.read(LINE_MAX + 1))
        return Told(facts=read_facts(record, pack.sha256))
    except OSError as error:
        raise NoFactsError({"ru": str(error), "en": str(error)}) from error
    except RecordError as error:
        raise NoFactsError({n: f"{path}: {text}" for n, text in error.text.items()}) from error


def _of_unit(pack: Pack, args: argparse.Namespace) -> Told:
    """Return the newest verdict of a unit, with its answers if this pack decided it."""
    try:
        with Reader(args.data / "journal.db") as reader:
            events = reader.of_unit(args.unit)
    except JournalBrokenError as error:
        raise NoFactsError({"ru": str(error), "en": str(error)}) from error
    verdict = _newest(events, "verdict.made")
    if verdict is None:
        raise NoFactsError({n: text.format(args.unit) for n, text in _NO_VERDICT.items()})
    policy = verdict["policy"]
    then = _THEN[args.lang].format(verdict["row"], policy["id"], policy["version"])
    checklist = pack.checklists.get(verdict["checklist"]["id"])
    started, finished = (
        _newest(events, "inspection.started"),
        _newest(events, "inspection.finished"),
    )
    facts = Facts.from_json(verdict["facts"])
    if checklist and started and finished and policy["sha256"] == pack.sha256:
        answers = (
            (one["step"], one["answer"], AnsweredBy(one["by"])) for one in finished["answers"]
        )
        static = from_json(Static, started["static"])
        _, facts = decide_answers(pack, checklist, static, answers)
    return Told(facts=facts, checklist=checklist, then=then)


def _newest(events: Sequence[Event], kind: str) -> Any:
    """Return the data of the newest event of a kind; None without one."""
    return next((event.data for event in reversed(events) if event.kind == kind), None)
