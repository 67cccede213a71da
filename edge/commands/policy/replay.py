"""`receiving-edge policy replay`: every verdict of a journal made again, compared byte by byte."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from edge.commands.policy.history import kept_packs
from edge.commands.policy.packs import add_language
from edge.events import (
    Event,
    InspectionFinished,
    InspectionStarted,
    VerdictMade,
    canonical,
    decode,
)
from edge.journal.reader import Reader
from edge.journal.rows import JournalBrokenError
from edge.records import to_json
from edge.station import checks
from edge.station.apply import apply
from edge.station.state import State, UnitWork
from zoning import session
from zoning.pack import Pack
from zoning.session import AnswerRefusedError

DATA_DEFAULT: Final = Path("/var/lib/receiving-edge")
JOURNAL: Final = "journal.db"
PACKS: Final = "packs"
DIFFERENCES_MAX: Final = 100  # listed; all are counted
TOLD_EVERY: Final = 5_000
READ: Final = ("unit.opened", "inspection.", "verdict.made")
# Not made of the answers: which engine it was, and what another pack said beside it.
ASIDE: Final = frozenset(("engine", "shadow"))
_WORDS: Final = {
    "ru": {
        "all": "{verdicts} вердиктов по {packs} пакетам: все повторились",
        "some": "{verdicts} вердиктов: иначе {differing}, без пакета {unknown}",
        "pack": "пакета {sha256} нет или он не читается: {units} вердиктов не повторить",
        "one": "{sequence} {unit} {field}: было {recorded}, стало {now}",
        "more": "показано {shown} расхождений из {total}",
    },
    "en": {
        "all": "{verdicts} verdicts under {packs} packs: all came out the same",
        "some": "{verdicts} verdicts: {differing} differ, {unknown} without their pack",
        "pack": "pack {sha256} is not at hand or cannot be read: {units} verdicts not made again",
        "one": "{sequence} {unit} {field}: recorded {recorded}, now {now}",
        "more": "{shown} of {total} differences shown",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A field that came out otherwise; both sides as canonical JSON, `null` = not there."""

    sequence: int
    unit: str
    field: str
    recorded: str
    now: str


@dataclass(slots=True, kw_only=True)
class Replayed:
    """What a replay has found so far."""

    verdicts: int = 0
    differing: int = 0
    fields: int = 0
    packs: set[str] = field(default_factory=set)
    unknown: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Return whether every verdict was made again, and came out the same."""
        return not self.differing and not self.unknown

    def add(self, found: list[Difference]) -> None:
        """Count one verdict."""
        self.differing += bool(found)
        self.fields += len(found)
        self.differences += found[: max(0, DIFFERENCES_MAX - len(self.differences))]

    def to_json(self) -> dict[str, Any]:
        """Return what programs read."""
        return {
            "ok": self.is_good,
            "verdicts": self.verdicts,
            "differing": self.differing,
            "packs": sorted(self.packs),
            "unknown_packs": dict(sorted(self.unknown.items())),
            "differences_total": self.fields,
            "differences": [to_json(one) for one in self.differences],
        }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--data", type=Path, default=DATA_DEFAULT, metavar="DIR")
    parser.add_argument(
        "--packs", type=Path, metavar="DIR", help="kept packs by digest (default: DATA/packs)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_language(parser)


def run(args: argparse.Namespace) -> int:
    """Return 0 when all came out the same, 1 for a difference, an unknown pack or no journal."""
    packs = kept_packs(args.packs or args.data / PACKS)
    try:
        with Reader(args.data / JOURNAL) as reader:
            replayed = replay(reader, packs)
    except JournalBrokenError as error:
        print(error, file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps(replayed.to_json(), ensure_ascii=False))
    else:
        print("\n".join(_lines(replayed, args.lang)))
    return 0 if replayed.is_good else 1


def replay(reader: Reader, packs: Mapping[str, Pack]) -> Replayed:
    """Make every verdict again from static facts and answers. Raises JournalBrokenError."""
    found = Replayed()
    for seq, body in reader.verdicts(reader.first_seq(), reader.last_seq()):
        found.verdicts += 1
        verdict = decode(seq, body)
        sha256 = verdict.data["policy"]["sha256"]
        pack = packs.get(sha256)
        if pack is None:
            found.unknown[sha256] = found.unknown.get(sha256, 0) + 1
        else:
            found.packs.add(sha256)
            found.add(list(_differences(verdict, _before(reader, verdict), pack)))
        if found.verdicts % TOLD_EVERY == 0:
            print(f"{found.verdicts:,}", file=sys.stderr)
    return found


def _before(reader: Reader, verdict: Event) -> tuple[Event, ...]:
    """Return the inspection's events of a unit up to its verdict."""
    bodies = reader.bodies_of_unit(verdict.unit or "")
    return tuple(
        decode(seq, body)
        for seq, kind, body in bodies
        if seq < verdict.seq and kind.startswith(READ)
    )


def _differences(verdict: Event, events: tuple[Event, ...], pack: Pack) -> Iterator[Difference]:
    """Yield what comes out otherwise than it was recorded."""
    state = State()
    for event in events:
        state = apply(state, event)
    unit = state.units.get(verdict.unit) if verdict.unit is not None else None
    finished = _finished(events)
    try:
        now = {} if unit is None else _made(unit, pack)
    except AnswerRefusedError as error:
        yield _difference(verdict, "answers", None, str(error))
        return
    if unit is None or not now:
        yield _difference(verdict, "inspection", None, "never started")
        return
    recorded = {**verdict.data, "answers": finished}
    for name in now:
        if canonical(recorded.get(name)) != canonical(now.get(name)):
            yield _difference(verdict, name, recorded.get(name), now.get(name))


def _made(unit: UnitWork, pack: Pack) -> dict[str, Any]:
    """Return the verdict of the unit as it would be recorded now, and its complete answers."""
    if unit.checklist is None:
        return {}
    run = checks.rebuilt(unit, pack)
    made: dict[str, Any] = to_json(checks.verdict_of(run, unit.checklist))
    every = dict.fromkeys(VerdictMade.__dataclass_fields__) | made
    answers = [
        {"step": step, "answer": answer, "by": by.value}
        for step, answer, by in session.final_answers(run)
    ]
    return {name: value for name, value in every.items() if name not in ASIDE} | {
        "answers": answers
    }


def _finished(events: tuple[Event, ...]) -> Any:
    """Return the answers of the inspection's end, as recorded."""
    for event in reversed(events):
        if isinstance(event.payload, InspectionFinished):
            return event.data["answers"]
        if isinstance(event.payload, InspectionStarted):
            break
    return None


def _difference(verdict: Event, name: str, recorded: Any, now: Any) -> Difference:
    return Difference(
        sequence=verdict.seq,
        unit=verdict.unit or "",
        field=name,
        recorded=canonical(recorded).decode(),
        now=canonical(now).decode(),
    )


def _lines(replayed: Replayed, language: str) -> Iterator[str]:
    words = _WORDS[language]
    unknown = sum(replayed.unknown.values())
    yield words["all" if replayed.is_good else "some"].format(
        verdicts=f"{replayed.verdicts:,}",
        packs=len(replayed.packs),
        differing=f"{replayed.differing:,}",
        unknown=f"{unknown:,}",
    )
    for sha256, units in sorted(replayed.unknown.items()):
        yield words["pack"].format(sha256=sha256, units=f"{units:,}")
    for one in replayed.differences:
        yield words["one"].format(**to_json(one))
    if replayed.fields > len(replayed.differences):
        yield words["more"].format(shown=len(replayed.differences), total=f"{replayed.fields:,}")
