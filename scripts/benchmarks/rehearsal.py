"""A candidate policy against the past: units a second from Parquet facts and from a journal.

Synthetic: the units (drawn from the shipped checklists, most answers harmless), their ids, values
and times; a unit is three events, a station writes about fifteen. Real: facts and verdicts by the
station's own code, encoding, chain and tables of the journal, segments and Parquet by the sealing
code, and all of `policy rehearse` and `export segments`, each as a process of its own.
"""

import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge.events import (
    GENESIS,
    Answer,
    DocumentRef,
    Draft,
    Encoded,
    EventId,
    InspectionFinished,
    InspectionStarted,
    Origin,
    ParcelId,
    Payload,
    Stamp,
    Subject,
    UnitId,
    digest,
    encode,
    splice,
)
from edge.feeds.pack_folder import keep_pack, read_pack
from edge.journal.rows import id_blob
from edge.journal.schema import open_writer
from edge.records import to_json
from edge.station import checks
from zoning import session
from zoning.checklist.values import Step
from zoning.model import AnsweredBy, Static
from zoning.pack import Pack, load_pack
from zoning.session.walk import Run

UNITS: Final = 1_000_000
UNITS_A_SECOND: Final = 100_000  # of the aim given by --seconds: 10 s and more = one million
SHARES: Final = (0.1, 0.3, 1.0)
TEMPLATES: Final = 2_000
COMMIT_UNITS: Final = 20_000
START_MS: Final = 1_764_000_000_000
UNIT_MS: Final = 8_000  # a unit every eight seconds: about ten thousand a day
PAGES_MAX: Final = 1 << 30
PACK: Final = Path(__file__).parents[2] / "config" / "packs" / "default"
ORIGIN: Final = Origin(
    namespace="https://returns.example.com",
    site="msk1",
    station="st07",
    journal_id="3f9a61c2",
    boot="b00t",
    config="c" * 64,
    tz="+03:00",
)
PARCEL: Final = ParcelId("0193a5bf-0000-7000-8000-000000000001")
KEY: Final = "0193a5c0-1111-7000-8000-{:012d}"
UNIT: Final = "0193a5c0-2222-7000-8000-{:012d}"
# A value that stands for its class; each unit gets another one of the same class and length.
VALUES: Final = {
    123_457: (100_000, 499_999),
    567_891: (500_000, 999_999),
    2_345_671: (1_000_000, 9_999_999),
}
ATTRS: Final = {
    "apparel": ("mark_required",),
    "footwear": ("mark_required",),
    "electronics": ("serialised", "data_bearing", "battery"),
    "smartphones": ("serialised", "data_bearing", "battery"),
    "small_appliances": ("serialised",),
    "large_appliances": ("serialised", "two_person", "cooler"),
    "cosmetics": ("mark_required", "liquid"),
    "toys": ("mark_required", "battery"),
    "books": (),
    "batteries_hazmat": ("hazmat",),
}
Row = dict[str, Any]


def run(seconds: float) -> list[Row]:
    """Return rows of name, units, s, per_s, mb; `seconds` of 10 and more = one million units."""
    units = max(2_000, min(UNITS, int(seconds * UNITS_A_SECOND)))
    sizes = [max(1_000, int(units * share)) for share in SHARES]
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        history = History(Path(folder) / "data")
        candidate = write_candidate(Path(folder) / "candidate")
        rows: list[Row] = []
        for size in sizes:
            rows += _grown(history, candidate, size, is_first=size == sizes[0])
    return rows


def _grown(history: "History", candidate: Path, size: int, *, is_first: bool) -> list[Row]:
    """Let the history grow to a size and rehearse against all of it."""
    _tell(f"{size:,} units: writing the journal")
    new = size - history.units
    history.write(size)
    data = str(history.data)
    _tell(f"{size:,} units: segments and Parquet facts")
    export = ("export", "segments", "--data", data, "--tail")
    rows = [_timed("export: journal to segments and facts", new, *export)]
    _tell(f"{size:,} units: rehearsals")
    facts = str(history.data / "verdicts")
    rows.append(_rehearsed("rehearsal from Parquet facts", candidate, size, facts))
    rows.append(_rehearsed("rehearsal from the journal, 2 processes", candidate, size, data))
    if is_first:
        deep = ("--level", "2")
        rows.append(_rehearsed("level 2: answers again, 2 processes", candidate, size, data, *deep))
    return rows


def _rehearsed(name: str, candidate: Path, units: int, *against: str) -> Row:
    report = candidate.parent / "report.json"
    where = ("--against", *against, "--json", str(report))
    row = _timed(name, units, "policy", "rehearse", str(candidate), *where)
    said = json.loads(report.read_bytes())
    assert said["records"] == units, f"{said['records']} of {units} units were rehearsed"
    return {**row, "changed": said["changed"]["units"]}


def _timed(name: str, units: int, *verb: str) -> Row:
    command = [str(Path(sys.executable).with_name("receiving-edge")), *verb]
    with tempfile.TemporaryFile() as said:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        took_s = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)}: {said.read()[-2000:].decode()}")
    return {
        "name": name,
        "units": units,
        "s": round(took_s, 2),
        "per_s": round(units / took_s),
        "mb": used.ru_maxrss // 1024,
    }


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def write_candidate(folder: Path) -> Path:
    """Write the shipped pack with one more row: cheap repairs are not worth it any more."""
    files = read_pack(PACK)
    row = "R21,C,any:fix|missing_part,low,disposal,RECYCLE,review,Не окупается,Not worth it\n"
    table = files["zone.csv"].decode()
    assert "\nR10," in table, "the shipped table has a row R10"
    files["zone.csv"] = table.replace("\nR10,", f"\n{row}R10,", 1).encode()
    folder.parent.mkdir(parents=True, exist_ok=True)
    keep_pack(files, folder)
    return folder


# ---------------------------------------------------------------- history


class History:
    """A data folder with a journal that grows: `write` appends units until there are so many."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.units = 0
        (data / "packs").mkdir(parents=True)
        files = read_pack(PACK)
        pack = load_pack(files)
        keep_pack(files, data / "packs" / pack.sha256)
        self._rng = random.Random(7)  # noqa: S311 - units, not secrets
        self._templates = [template(pack, self._rng) for _ in range(TEMPLATES)]
        self._tip = (0, GENESIS)

    def write(self, units: int) -> None:
        """Append units, three events each, chained as the journal's writer does it."""
        connection = open_writer(self.data / "journal.db", pages_max=PAGES_MAX)
        try:
            connection.execute("PRAGMA synchronous=OFF")  # this file need not outlive the machine
            while self.units < units:
                many = min(COMMIT_UNITS, units - self.units)
                self._commit(connection, many)
                _tell(f"  {self.units:,}")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()

    def _commit(self, connection: sqlite3.Connection, units: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", self._rows(units)
        )
        connection.execute("COMMIT")

    def _rows(self, units: int) -> Iterator[tuple[Any, ...]]:
        seq, before = self._tip
        for _ in range(units):
            recorded_ms = START_MS + self.units * UNIT_MS
            for event in self._rng.choice(self._templates).filled(self.units, self._rng):
                seq += 1
                body = splice(event, prevhash=before, recorded_ms=recorded_ms, seq=seq)
                before = digest(body, before)
                ids = (id_blob(event.id), event.kind, id_blob(PARCEL), id_blob(event.unit or ""))
                yield (seq, *ids, None, recorded_ms, body, bytes.fromhex(before))
            self.units += 1
        self._tip = (seq, before)


@dataclass(frozen=True, slots=True)
class Template:
    """The events of a unit, to be filled with ids and a value."""

    events: Sequence[Encoded]
    value: int

    def filled(self, number: int, rng: random.Random) -> Iterator[Encoded]:
        """Yield the events of one unit."""
        unit = UNIT.format(number)
        worth = rng.randint(*VALUES[self.value])
        names = (UNIT.format(0).encode(), unit.encode())
        for at, event in enumerate(self.events):
            key = KEY.format(number * len(self.events) + at + 1)
            head = event.head.replace(KEY.format(0).encode(), key.encode()).replace(*names)
            head = head.replace(b":%d" % self.value, b":%d" % worth)
            yield Encoded(
                id=EventId(key),
                kind=event.kind,
                parcel=event.parcel,
                unit=UnitId(unit),
                input=None,
                head=head,
                tail=event.tail.replace(*names),
            )


def template(pack: Pack, rng: random.Random) -> Template:
    """Return a unit as the station would have decided it."""
    static = drawn(rng)
    run = inspected(session.begin(pack, static), rng)
    checklist = run.checklist
    named = DocumentRef(id=checklist.id, version=checklist.version, sha256=checklist.sha256)
    policy = DocumentRef(id=pack.id, version=pack.version, sha256=pack.sha256)
    answers = tuple(
        Answer(step=step, answer=answer, by=by) for step, answer, by in session.final_answers(run)
    )
    tenant = static.tenant or "default"
    return Template(
        events=(
            _encoded(
                InspectionStarted(checklist=named, policy=policy, static=to_json(static)), tenant
            ),
            _encoded(
                InspectionFinished(answers=answers, defaulted_n=0, confirm_ms=9000, fast_ok=False),
                tenant,
            ),
            _encoded(checks.verdict_of(run, named), tenant),
        ),
        value=static.value_minor or 0,
    )


def _encoded(payload: Payload, tenant: str) -> Encoded:
    stamp = Stamp(
        id=EventId(KEY.format(0)), time_ms=START_MS, mono_ms=5, operator="0417", tenant=tenant
    )
    subject = Subject(parcel=PARCEL, unit=UnitId(UNIT.format(0)))
    return encode(Draft(payload=payload, subject=subject), stamp, ORIGIN)


def drawn(rng: random.Random) -> Static:
    """Return what is known of a unit before the first question."""
    category = rng.choice(sorted(ATTRS))
    return Static(
        category=category,
        tenant=f"shop-{rng.choice('abcdef')}",
        attrs=frozenset(ATTRS[category]),
        station_flags=frozenset({"blind"} if rng.random() < 0.02 else ()),
        value_minor=rng.choices(sorted(VALUES), (8, 2, 1))[0],
        currency="RUB",
        in_window=rng.choices((True, False, None), (90, 7, 3))[0],
        customer_reason=rng.choice(("C01_SIZE_SMALL", "C04_DEFECT", "C09_CHANGED_MIND")),
    )


def inspected(run: Run, rng: random.Random) -> Run:
    """Return the run with every must step answered, and some exceptions."""
    for step in run.checklist.steps:
        if step.name not in session.open_steps(run):
            continue
        is_must = step in session.open_must(run)
        if is_must or (step.options and rng.random() < 0.05):
            run = session.answer(run, step.name, _answer(step, rng, is_must), AnsweredBy.AUTO)
    return run


def _answer(step: Step, rng: random.Random, is_must: bool) -> str | int:
    if step.is_number:
        low, high = step.range.low or 0, step.range.high or 0
        return rng.randint(high - (high - low) // 4, high) if rng.random() < 0.8 else low
    if not step.options:
        return "-"
    harmless = [option.id for option in step.options if option.is_neutral or option.id == "sealed"]
    if is_must and harmless and rng.random() < 0.85:
        return rng.choice(harmless)
    return rng.choice(step.options).id
