"""Acts on the unit in the hand: answers, marks, numbers, danger, photographs, the verdict."""

from dataclasses import dataclass, replace

from drivers.protocols import Scan, ScanSource
from edge.barcodes.marks import MarkState
from edge.barcodes.meanings import Meaning
from edge.catalogue import Recall
from edge.events import (
    ArrivedLine,
    DangerKind,
    DangerRaised,
    Draft,
    InspectionAnswered,
    InspectionMarked,
    InspectionWithdrawn,
    PhotoTaken,
    VerdictMade,
)
from edge.floor import Tray
from edge.station import asking, checks, spent
from edge.station.decision import (
    IDENTITY_PHOTO,
    Context,
    Decision,
    PhotoRequest,
    Screen,
    Slot,
    accepted,
    clean,
    on_unit,
    refused,
)
from edge.station.meanings import ItemRead, item_of
from edge.station.state import Evidence, ParcelWork, State, UnitWork
from edge.views import Label
from zoning import session

DIGITS_MAX = 9
BY_ITSELF = ("auto", "inherited")  # answers that no person gave


@dataclass(frozen=True, slots=True, kw_only=True)
class StillOpen:
    """A must step has no answer: what it asks."""

    question: Label


def automatic(
    unit: UnitWork,
    match: str,
    line: ArrivedLine | None,
    read: ItemRead,
    *,
    recalls: tuple[Recall, ...] | None,
    context: Context,
) -> list[Draft]:
    """Return what the item scan answers by itself; an absent fact is never the good answer."""
    known = unit.static.get("category") is not None
    is_blind = checks.BLIND in unit.static.get("station_flags", ())
    is_announced = match in ("expected", "wrong_serial", checks.SURPLUS) or is_blind
    identity = "match" if is_announced else "undeclared"
    answers = {"identity": identity if known or line is not None else "unknown"}
    if read.serial is not None:
        answers["serial"] = _compared(read.serial, line.serials if line else ())
    if read.ki is not None:
        answers["mark"] = _compared(read.ki, line.marks if line else ())
    answers |= _recalled(unit, read, recalls, context)
    drafts: list[Draft] = []
    for step, answer in answers.items():
        if _takes(unit, step, context):
            unit = checks.with_answer(unit, step, answer, "auto")
            drafts.append(_answer(unit, step, answer, must=False, by="auto"))
    return drafts


def _recalled(
    unit: UnitWork, read: ItemRead, recalls: tuple[Recall, ...] | None, context: Context
) -> dict[str, str]:
    """Answer the steps that ask for a recall, where list and code tell; else a person looks."""
    told = [one.hits(lot=read.lot, serial=read.serial) for one in recalls or ()]
    steps = checks.run_of(unit, context).checklist.steps
    asked = [step for step in steps if step.auto == "recall_compare"]
    if True in told:
        return {
            step.name: option.id
            for step in asked
            for option in step.options
            if "recall" in option.flags
        }
    if recalls is None or None in told or read.lot is None:
        return {}
    return {step.name: option.id for step in asked for option in step.options if option.is_neutral}


def _takes(unit: UnitWork, step: str, context: Context) -> bool:
    return checks.is_asked(checks.run_of(unit, context), step)


def _compared(value: str, sold: tuple[str, ...]) -> str:
    if not sold:
        return "nodata"
    return "match" if value in sold else "mismatch"


def digit(screen: Screen, unit: UnitWork, pressed: str, context: Context) -> Decision:
    """A digit answers the open question, types a number, or marks what is wrong."""
    step = asking.open_step(unit, context)
    if step is None:
        return _mark(screen, unit, pressed, context)
    if step.is_number:
        return Decision(screen=replace(screen, typed=(screen.typed + pressed)[:DIGITS_MAX]))
    options = step.key_options
    if not 1 <= int(pressed) <= len(options):
        return refused(screen, "E30", q=step.label)
    return _give(screen, unit, step.name, options[int(pressed) - 1].id, context)


def enter_number(screen: Screen, unit: UnitWork, context: Context) -> Decision:
    """Enter ends a typed number; without one it says what is asked."""
    step = asking.open_step(unit, context)
    assert step is not None, "the caller has looked"
    if not step.is_number or not screen.typed:
        return refused(screen, "E30", q=step.label)
    value = int(screen.typed)
    if value not in step.range:
        low, high = step.range.low or 0, step.range.high or 0
        return refused(replace(screen, typed=""), "E26", min=low, max=high)
    return _give(screen, unit, step.name, value, context)


def _give(
    screen: Screen,
    unit: UnitWork,
    step: str,
    answer: str | int,
    context: Context,
    *,
    by: str = "key",
) -> Decision:
    """Take an answer; a hazard inhibits and decides in the same transaction."""
    after = checks.with_answer(unit, step, answer, by)
    run = checks.run_of(after, context)
    question = run.checklist.step(step)
    label = asking.answer_label(question, answer) if question else {}
    drafts = [_answer(after, step, answer, must=True, by=by)]
    shown = clean(screen)
    if session.inhibit(run) is not None:
        drafts += _hazard(after, context)
        decision = refused(shown, "fb.danger_kind", kind=label)
        return replace(decision, drafts=tuple(drafts), no=None)
    number = sum(1 for given in after.answers if given.by not in BY_ITSELF)
    decision = accepted(shown, "fb.answered", *drafts, n=number, answer=label)
    return _with_photos(decision, unit, after, context)


def _hazard(unit: UnitWork, context: Context) -> list[Draft]:
    """Danger first, then the verdict at once: no key lies between."""
    scope = session.inhibit(checks.run_of(unit, context)) or "item"
    drafts = [] if unit.danger else [on_unit(unit, DangerRaised(scope=scope), "hazard")]
    drafts.append(on_unit(unit, checks.finished(unit, context)))
    drafts.append(on_unit(unit, checks.made(unit, context), "hazard"))
    return drafts


def danger_kind(screen: Screen, unit: UnitWork, pressed: str, context: Context) -> Decision:
    """Name the kind of a danger that was raised; the inhibit stands already."""
    kinds = asking.danger_kinds(unit, context)
    if not 1 <= int(pressed) <= len(kinds):
        return refused(screen, "E36")
    kind = kinds[int(pressed) - 1]
    after = checks.with_answer(unit, asking.HAZARD_STEP, kind.id, "key")
    scope = session.inhibit(checks.run_of(after, context)) or "item"
    photos = tuple(photo.sha256 for photo in unit.photos)
    drafts = [
        _answer(after, asking.HAZARD_STEP, kind.id, must=True, by="key"),
        on_unit(unit, DangerKind(kind=kind.id, scope=scope, photos=photos)),
    ]
    drafts += _hazard(after, context)
    decision = refused(clean(screen), "fb.danger_kind", kind=kind.label)
    return replace(decision, drafts=tuple(drafts), no=None)


def _mark(screen: Screen, unit: UnitWork, pressed: str, context: Context) -> Decision:
    shown, pages = asking.marks(unit, screen.page, context)
    if pressed == "8" and pages > 1:
        return Decision(screen=replace(screen, page=screen.page + 1))
    if not 1 <= int(pressed) <= len(shown):
        return refused(screen, "E00", want="want.answer")
    step = shown[int(pressed) - 1].step
    before = checks.run_of(unit, context)
    if step not in session.open_steps(before):  # what is marked already leaves nothing to it
        return refused(screen, "E00", want="want.answer")
    run, level = session.cycle(before, step)
    question = run.checklist.step(step)
    assert question is not None, "it is on the screen"
    answer = question.default if level == 0 else question.levels[level - 1].id
    marked = InspectionMarked(step=step, answer=answer, level=level)
    after = unit if level == 0 else checks.with_answer(unit, step, answer, "key")
    label = asking.answer_label(question, answer)
    said = {"answer": label} if level else {"step": question.label}
    text = "fb.marked" if level else "fb.unmarked"
    decision = accepted(screen, text, on_unit(unit, marked), **said)
    return _with_photos(decision, unit, after, context)


def take_back(screen: Screen, unit: UnitWork, context: Context) -> Decision:
    """Withdraw the newest answer or mark that a person gave."""
    given = next((g for g in reversed(unit.answers) if g.by in ("key", "scan")), None)
    if given is None:
        return refused(screen, "E45")
    step = checks.run_of(unit, context).checklist.step(given.step)
    event = InspectionWithdrawn(step=given.step)
    label = step.label if step else {}
    return accepted(screen, "fb.unmarked", on_unit(unit, event), step=label)


def accept(screen: Screen, unit: UnitWork, pressed: str, context: Context) -> Decision:
    """0 says all is well, Enter asks for the zone: both need every must answered."""
    if pressed == "0" and asking.has_marks(unit, context):
        return refused(screen, "E33")
    verdict = checks.made(unit, context)
    zone = spent.decided(unit, verdict).zone
    status = "held" if zone == "hold" else "dispositioned"
    drafts = (
        on_unit(unit, checks.finished(unit, context)),
        on_unit(unit, verdict, status),
    )
    return accepted(clean(screen), "fb.verdict", *drafts, zone=zone, row=verdict.row)


def item_scan(
    screen: Screen,
    unit: UnitWork,
    parcel: ParcelWork | None,
    meaning: Meaning,
    *,
    context: Context,
) -> Decision:
    """A code while a unit is in the hand: the answer to a barcode question, or its own again."""
    read = item_of(meaning)
    if unit.danger and not (read is not None and is_own(unit, read)):
        return refused(screen, "E36")  # its questions are over: it goes into its container
    step = asking.open_step(unit, context)
    if step is not None and step.compare == "serial" and read is not None and read.serial:
        answer = _compared(read.serial, _sold(unit, parcel).serials)
        return _give(screen, unit, step.name, answer, context, by="scan")
    if step is not None and step.compare == "mark" and read is not None and read.ki:
        if read.mark is None or read.mark.state is not MarkState.OK:
            return refused(screen, "E25")
        answer = _compared(read.ki, _sold(unit, parcel).marks)
        return _give(screen, unit, step.name, answer, context, by="scan")
    if read is not None and is_own(unit, read):
        return accepted(screen, "fb.duplicate")
    if step is not None:
        return refused(screen, "E30", q=step.label)
    return refused(screen, "E00", want="want.tray")


def _sold(unit: UnitWork, parcel: ParcelWork | None) -> ArrivedLine:
    """Return the announced line of a unit; one that announces nothing if there is none."""
    lines = parcel.lines if parcel is not None else ()
    own = (line for line in lines if (line.rma, line.line) == (unit.rma, unit.line))
    return next(own, ArrivedLine(line="", rma="", qty=0))


def is_own(unit: UnitWork, read: ItemRead) -> bool:
    """Return whether a code names the unit in the hand."""
    return read.gtin in (None, unit.gtin) and read.serial in (None, unit.serial)


def finish_for(
    unit: UnitWork, tray: Tray, context: Context
) -> StillOpen | tuple[VerdictMade, tuple[Draft, ...]]:
    """Return the verdict for a put into this tray and the events that make it, none if it stands.

    The tray's disposition answers the steps that a put scan may answer.
    """
    if unit.verdict is not None:
        return unit.verdict, ()
    drafts: list[Draft] = []
    for step, answer in session.put_answers(checks.run_of(unit, context), tray.disposition or ""):
        unit = checks.with_answer(unit, step, answer, "put_scan")
        drafts.append(_answer(unit, step, answer, must=True, by="put_scan"))
    open_step = asking.open_step(unit, context)
    if open_step is not None:
        return StillOpen(question=open_step.label)
    verdict = checks.made(unit, context)
    drafts.append(on_unit(unit, checks.finished(unit, context)))
    drafts.append(on_unit(unit, verdict, "graded" if verdict.grade else None))
    return spent.decided(unit, verdict), tuple(drafts)


# ---------------------------------------------------------------- photographs


def slots_owed(unit: UnitWork, drafts: tuple[Draft, ...], context: Context) -> frozenset[Slot]:
    """Return the demanded photo slots that a camera serves and that are still empty."""
    for draft in drafts:
        given = draft.payload
        if isinstance(given, InspectionAnswered):
            unit = checks.with_answer(unit, given.step, given.answer, given.by)
    taken = {photo.slot for photo in unit.photos} | unit.waived
    return frozenset(
        Slot(name=due.slot, role=due.camera)
        for due in session.slots_due(checks.run_of(unit, context))
        if due.camera in context.camera_roles and due.slot not in taken
    )


def step_asking(unit: UnitWork, slot: str, context: Context) -> str | None:
    """Return the step whose answer demands a photo slot, None if none does."""
    if unit.policy is None:
        return None
    demands = session.slots_due(checks.run_of(unit, context))
    return next((due.steps[0] for due in demands if due.slot == slot), None)


def requests(unit: UnitWork, slots: frozenset[Slot]) -> tuple[PhotoRequest, ...]:
    """Return what to photograph now."""
    return tuple(PhotoRequest(unit=unit.unit, slot=slot) for slot in sorted(slots))


def identity_photo(unit: UnitWork, scan: Scan) -> tuple[PhotoRequest, ...]:
    """Return the request for the crop that shows what a camera identified the unit by."""
    picture = scan.evidence.picture
    if scan.source is not ScanSource.CAMERA or picture is None:
        return ()
    device = str(scan.device)
    return (PhotoRequest(unit=unit.unit, slot=IDENTITY_PHOTO, device=device, picture=picture),)


def _with_photos(
    decision: Decision, before: UnitWork, after: UnitWork, context: Context
) -> Decision:
    """Ask at once for the photographs that the new answer demands."""
    due = slots_owed(after, (), context)
    new = due - slots_owed(before, (), context) - decision.screen.photos_due
    screen = replace(decision.screen, photos_due=decision.screen.photos_due | new)
    return replace(decision, screen=screen, photos=requests(before, new))


def without_due(screen: Screen, slot: str) -> Screen:
    """Return the screen after a photograph of this slot came."""
    due = frozenset(one for one in screen.photos_due if one.name != slot)
    is_other = screen.flaw is not None and screen.flaw[0] != slot
    return replace(screen, photos_due=due, flaw=screen.flaw if is_other else None)


def with_photo(state: State, unit: UnitWork, photo: PhotoTaken) -> State:
    """Return the state as it will be when this photograph is journalled."""
    evidence = Evidence(slot=photo.slot, sha256=photo.sha256)
    unit = replace(unit, photos=(*unit.photos, evidence))
    return replace(state, units={**state.units, unit.unit: unit})


def _answer(unit: UnitWork, step: str, answer: str | int, *, must: bool, by: str) -> Draft:
    return on_unit(unit, InspectionAnswered(step=step, answer=answer, must=must, by=by))
