"""Training: the same flow over prepared pieces. Its own labels count, no label of the work does."""

from dataclasses import replace
from typing import Final

from edge.barcodes.meanings import (
    BadgeCode,
    CommandCode,
    ForgedLabel,
    ItemCode,
    Meaning,
    NumberCode,
    Refused,
    TrainingCode,
    TrayCode,
)
from edge.catalogue import CatalogueItem, ReturnLine
from edge.course import (
    HINT_MS,
    ITEM,
    OWNER,
    PARCEL,
    Course,
    Task,
    gtin_of,
    item_of,
    number_in,
    parcel_of,
    tray_in,
)
from edge.events import ConfigActivated, Draft, OperatorIn, OperatorOut, StationLocked
from edge.station import lessons
from edge.station.decision import (
    Context,
    Decision,
    Screen,
    accepted,
    clean,
    on_station,
    refused,
)
from edge.station.inputs import Candidate, CourseInput, Lookups, ScanInput
from edge.station.state import State, UnitWork
from edge.views import Message
from zoning import session
from zoning.evaluate import decide
from zoning.model import AnsweredBy, Static, Verdict

TRAINING: Final = "training"
LIVE: Final = "live"
LIVE_LABEL: Final = "live_label"
NOT_HERE: Final = "E05"
NOT_YOU: Final = "E06"
DONE: Final = "E07"
OVER: Final = "E08"
_LABEL: Final = "TR-"


# ---------------------------------------------------------------- coming and going


def enter(screen: Screen) -> Decision:
    """Leave the work as it is and begin a course: the work's screen is locked meanwhile."""
    locked = on_station(StationLocked())
    return replace(accepted(clean(screen), "fb.training", locked), mode=TRAINING)


def leave(screen: Screen) -> Decision:
    """End the course; nothing of it is anywhere but in its own journal."""
    return replace(
        accepted(clean(screen), "fb.training_over", on_station(OperatorOut())), mode=LIVE
    )


def begun(state: State, screen: Screen, given: CourseInput) -> Decision:
    """Return the first events of a course: the rules in force, and who sits down."""
    person = OperatorIn(operator=given.operator, role=given.role, method=lessons.METHOD)
    drafts: tuple[Draft, ...] = (on_station(person),)
    if given.policy is not None and given.policy.sha256 != state.active:
        rules = ConfigActivated(
            what="policy",
            id=given.policy.id,
            version=given.policy.version,
            sha256=given.policy.sha256,
        )
        drafts = (on_station(rules), *drafts)
    return accepted(clean(screen), "fb.training", *drafts)


def badge(state: State, screen: Screen, no: str, context: Context) -> Decision:
    """Only whose course it is takes part; the way out is a supervisor's."""
    shift = state.shift
    if shift is None or shift.operator != no or not state.locked:
        return refused(screen, NOT_YOU)
    person = context.people[no]
    event = OperatorIn(operator=no, role=person.role, method="badge")
    return accepted(clean(screen), "fb.login", on_station(event), name=person.name)


# ---------------------------------------------------------------- labels


def translated(given: ScanInput, context: Context) -> ScanInput:
    """Return a scan as the course means it: its labels are goods and trays, all others are none."""
    course, first = context.course, given.meanings[0]
    if course is None or isinstance(first, BadgeCode | CommandCode | ForgedLabel | Refused):
        return given
    meaning = _meant(first, course) if isinstance(first, TrainingCode) else None
    if meaning is None:
        foreign = Refused(reason=LIVE_LABEL, text=first.text)
        return replace(given, meanings=(foreign,), lookups=Lookups())
    return replace(given, meanings=(meaning,), lookups=_known(meaning, context), beside=())


def _meant(label: TrainingCode, course: Course) -> Meaning | None:
    parcel, item = number_in(label.body, PARCEL), number_in(label.body, ITEM)
    tray = tray_in(label.body)
    if parcel is not None and course.task(parcel) is not None:
        name = f"{_LABEL}{label.body}"
        return NumberCode(kind="rma", name=TRAINING, value=name, text=label.text)
    if item is not None and course.task(item) is not None:
        return ItemCode(gtin14=gtin_of(item), text=label.text)
    if tray is not None:
        return TrayCode(zone_digit=tray[0], tray=tray[1], text=label.text)
    return None


def _known(meaning: Meaning, context: Context) -> Lookups:
    lookups = items(context)
    number = _number(meaning)
    if not isinstance(meaning, NumberCode) or number is None or context.course is None:
        return lookups
    task = context.course.task(number)
    assert task is not None, "it was found by its number"
    line = _line(number, task, known(task, context))
    found = Candidate(matched_by="rma", key=line.rma, lines=(line,), whole_rmas=(line.rma,))
    return replace(lookups, candidates=(found,))


def items(context: Context) -> Lookups:
    """Return the articles of the course."""
    tasks = context.course.tasks if context.course is not None else ()
    return Lookups(items={gtin_of(n): _item(n, task) for n, task in enumerate(tasks, start=1)})


def _item(number: int, task: Task) -> CatalogueItem:
    return CatalogueItem(
        gtin=gtin_of(number),
        sku=item_of(number),
        tenant=OWNER,
        category=task.category,
        title=task.title,
        attrs=task.attrs,
        value_minor=task.value_minor,
        currency=task.currency,
    )


def _line(number: int, task: Task, right: Verdict) -> ReturnLine:
    name = f"{_LABEL}{parcel_of(number)}"
    return ReturnLine(
        rma=name,
        line="1",
        tenant=OWNER,
        gtin=gtin_of(number),
        qty=1,
        title=task.title,
        tracking=name,
        value_minor=task.value_minor,
        currency=task.currency,
        audit=True,
        known_zone=str(right.zone),
        known_grade=str(right.grade) if right.grade is not None else None,
    )


def known(task: Task, context: Context) -> Verdict:
    """Return what the rules in force say of a prepared piece, its true answers given."""
    pack = context.pack_for(OWNER, None)
    static = Static(
        category=task.category,
        tenant=OWNER,
        attrs=task.attrs,
        value_minor=task.value_minor,
        currency=task.currency,
    )
    seen = {"identity": "match", **task.answers}
    given = tuple((step, answer, AnsweredBy.KEY) for step, answer in seen.items())
    run = session.resume(pack, static, given)
    return decide(pack, session.facts(session.neutral(run)))


# ---------------------------------------------------------------- tasks


def turned(state: State, screen: Screen, given: ScanInput, context: Context) -> Decision | None:
    """Return why a label of the course is not taken now; None = it is."""
    progress, first = state.progress, given.meanings[0]
    if progress is None or not isinstance(first, NumberCode):
        return None
    if is_over(state, context):
        return refused(screen, OVER)
    if any(one.rma == first.value for one in progress.done):
        return refused(screen, DONE)
    return None


def is_over(state: State, context: Context) -> bool:
    """Return whether every task of the course is done."""
    progress, course = state.progress, context.course
    return progress is not None and course is not None and len(progress.done) >= len(course.tasks)


def next_task(state: State, context: Context) -> int:
    """Return the number of the first task that is not done yet."""
    done = {one.rma for one in state.progress.done} if state.progress is not None else set()
    tasks = range(1, len(context.course.tasks) + 1 if context.course is not None else 1)
    return next((n for n in tasks if f"{_LABEL}{parcel_of(n)}" not in done), len(tasks))


def coach(state: State, context: Context) -> tuple[Message, ...]:
    """Return what is told of the piece in the hand: its story, and after a while the answer."""
    unit = state.unit
    task = _task_of(unit, context)
    if unit is None or task is None or context.course is None:
        return ()
    said = (Message(t="ui.story", p={"story": task.story}),)
    if context.wall_ms - unit.identified_ms < HINT_MS:
        return said
    right = known(task, context)
    named = _labels(task, context)
    text = "ui.hint" if named else "ui.hint_ok"
    return (*said, Message(t=text, p={"names": named, "zone": str(right.zone)}))


def _task_of(unit: UnitWork | None, context: Context) -> Task | None:
    tasks = context.course.tasks if context.course is not None else ()
    found = (task for n, task in enumerate(tasks, start=1) if unit and unit.gtin == gtin_of(n))
    return next(found, None)


def _labels(task: Task, context: Context) -> list[dict[str, str]]:
    """What is wrong with a piece, in the words of the checklist."""
    pack = context.pack_for(OWNER, None)
    static = Static(category=task.category, tenant=OWNER, attrs=task.attrs)
    checklist = session.begin(pack, static).checklist
    options = (
        option
        for name, answer in task.answers.items()
        if (step := checklist.step(name)) is not None
        for option in step.options
        if option.id == answer
    )
    return [dict(option.label) for option in options]


def _number(meaning: Meaning) -> int | None:
    if not isinstance(meaning, NumberCode):
        return None
    return number_in(meaning.value.removeprefix(_LABEL), PARCEL)
