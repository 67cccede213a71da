"""Small journals of decided units, written by the journal's own writer, with their packs."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random

from bench import Bench
from edge.events import (
    Answer,
    DocumentRef,
    Encoded,
    InspectionAnswered,
    InspectionFinished,
    InspectionStarted,
    Payload,
    UnitOpened,
)
from edge.feeds.pack_folder import keep_pack
from edge.journal.writer import Submission
from edge.records import to_json
from edge.station import checks
from journal_kit import HandClock, batches, event, opened, uuid7
from policy_kit import ATTRS, HIGH, LOW, MID
from zoning import session, settle
from zoning.checklist.values import Step
from zoning.model import AnsweredBy, Static
from zoning.pack import Pack, load_pack
from zoning.session.walk import Run

PARCEL = uuid7(900_000)
DAY_MS = 86_400_000


def kept(files: Mapping[str, bytes], data: Path) -> Pack:
    """Keep a copy of a pack as the service does."""
    pack = load_pack(files)
    folder = data / "packs" / pack.sha256
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        keep_pack(files, folder)
    return pack


def written(files: Mapping[str, bytes], folder: Path) -> Path:
    """Write a pack's folder for a command."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    keep_pack(files, folder)
    return folder


async def write_days(data: Path, days: Iterable[Iterable[Encoded]]) -> None:
    """Append events to the journal of a data folder, one day after the other."""
    clock = HandClock()
    async with opened(data, clock=clock) as journal:
        for day in days:
            for submission in batches(list(day), 64):
                await journal.commit(submission)
            clock.now_ms += DAY_MS


async def write_bench(data: Path, bench: Bench) -> None:
    """Write what a person did at the bench."""
    events = [event(one.payload, unit=one.unit, parcel=one.parcel) for one in bench.events]
    async with opened(data) as journal:
        await journal.commit(Submission(events=tuple(events)))


def unit_events(pack: Pack, number: int, rng: Random) -> tuple[Encoded, ...]:
    """Return the inspection of a random unit as the station records it."""
    run = inspected(session.begin(pack, drawn(rng)), rng)
    return inspection(run, uuid7(1_000_000 + number))


def early_events(pack: Pack, number: int) -> tuple[Encoded, ...]:
    """Return the inspection of a random unit whose last questions could change nothing."""
    for seed in range(number * 1000, number * 1000 + 1000):
        rng = Random(seed)
        run = session.begin(pack, drawn(rng))
        while steps := settle.needed(run):
            run = session.answer(run, steps[0].name, _answer(steps[0], rng), AnsweredBy.AUTO)
        if not run.is_finished:
            return inspection(run, uuid7(2_000_000 + number))
    raise AssertionError("some of a thousand units can be finished early")


def inspection(run: Run, unit: str) -> tuple[Encoded, ...]:
    """Return the events of a finished run: opened, started, answered, finished, decided."""
    checklist, pack = run.checklist, run.pack
    named = DocumentRef(id=checklist.id, version=checklist.version, sha256=checklist.sha256)
    policy = DocumentRef(id=pack.id, version=pack.version, sha256=pack.sha256)
    answers = tuple(
        Answer(step=step, answer=answer, by=by) for step, answer, by in session.final_answers(run)
    )
    payloads: list[Payload] = [
        UnitOpened(),
        InspectionStarted(checklist=named, policy=policy, static=to_json(run.static)),
        *(_answered(run)),
        InspectionFinished(answers=answers, defaulted_n=0, confirm_ms=9000, fast_ok=False),
        checks.verdict_of(run, named),
    ]
    return tuple(event(payload, unit=unit, parcel=PARCEL) for payload in payloads)


def _answered(run: Run) -> Iterable[Payload]:
    for given in run.given.values():
        yield InspectionAnswered(step=given.step, answer=given.value, must=True, by=given.by)


def drawn(rng: Random) -> Static:
    """Return what is known of a random unit before the first question."""
    category = rng.choice([*sorted(ATTRS), None])
    return Static(
        category=category,
        tenant=rng.choice(("shop-a", "shop-b")),
        attrs=frozenset(ATTRS[category]) if category else None,
        parcel_flags=frozenset({"tamper"} if rng.random() < 0.1 else ()),
        value_minor=rng.choice((None, LOW, MID, HIGH, LOW + 1)),
        currency=rng.choice(("RUB", "RUB", "RUB", "EUR")),
        in_window=rng.choice((True, True, False, None)),
    )


def inspected(run: Run, rng: Random) -> Run:
    """Return the run with every must step answered, most of them harmlessly."""
    for step in run.checklist.steps:
        is_open = step.name in session.open_steps(run)
        if is_open and (step in session.open_must(run) or (step.options and rng.random() < 0.1)):
            run = session.answer(run, step.name, _answer(step, rng), AnsweredBy.AUTO)
    return run


def _answer(step: Step, rng: Random) -> str | int:
    if step.is_number:
        return rng.randint(step.range.low or 0, step.range.high or 0)
    harmless = [option.id for option in step.options if option.is_neutral]
    if not step.options:
        return "-"
    return rng.choice(harmless if harmless and rng.random() < 0.6 else [o.id for o in step.options])
