"""State to view: language-free, complete, without any text of its own."""

from dataclasses import dataclass, field, replace

from edge.station import (
    adjudge,
    asking,
    checks,
    classroom,
    clocks,
    containers,
    danger,
    found,
    inspection,
    known,
    labelling,
    marks,
    move_view,
    override,
    parcel_view,
    resume,
    training,
    waiting,
)
from edge.station.decision import Choice, Context, Note, Override, Screen, state_name
from edge.station.keycaps import now, offered, ways
from edge.station.legs import legs_of
from edge.station.meanings import said
from edge.station.state import ParcelWork, State, UnitWork
from edge.views import (
    ChecklistWork,
    ChoiceWork,
    EntryWork,
    Feedback,
    Figures,
    Head,
    Label,
    LockedWork,
    Message,
    Operator,
    OverrideWork,
    Proposal,
    Question,
    Side,
    Stage,
    StationView,
    StopWork,
    Tone,
    VerdictWork,
    Work,
)

AWAITED_SHOWN = 4
FOREIGN = "E21"
WRONG_TRAY = "E31"
TRAYS_SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a view needs beside state and screen: the lights, the journal's end, the last scan.

    `day` and `shift` = figures so far, as far as somebody counts them.
    """

    head: Head
    seq: int
    rev: int
    clock_text: str
    scan: tuple[str, int] | None
    stopped: str | None
    day: Figures = field(default_factory=Figures)
    shift: Figures | None = None


COACHED = frozenset(("UNIT", "VERDICT", "HAZARD", "PHOTO"))


def key_meaning(state: State, screen: Screen) -> tuple[object, ...]:
    """Return what the keys mean now; a change makes older key presses stale."""
    unit = state.unit
    answered = tuple(given.step for given in unit.answers if given.by != "auto") if unit else ()
    return (
        state_name(state, screen),
        state.hand,
        answered,
        screen.overlay,
        screen.selected > 0,
        screen.choice.code if screen.choice else None,
        _override_step(screen),
        screen.missing,
        screen.page,
        (screen.container, screen.weighs),
    )


def _override_step(screen: Screen) -> tuple[bool, bool] | None:
    asked = screen.override
    return None if asked is None else (bool(asked.badge), asked.is_proved)


def present(state: State, screen: Screen, shown: Shown, context: Context) -> StationView:
    """Return the whole screen."""
    name = "STOP" if shown.stopped else state_name(state, screen)
    unit = state.unit
    asked = asking.question(unit, screen.typed, context) if name == "UNIT" and unit else None
    is_pointed = screen.overlay == "help" and screen.selected > 0
    return StationView(
        state=name,
        mode=classroom.mode(context),
        coach=training.coach(state, context) if name in COACHED else (),
        stage=_stage(name, state, screen, asked=asked, context=context),
        head=_head(state, shown, context),
        work=_work(name, state, screen, shown, asked=asked, context=context),
        side=Side(
            moves=move_view.shown(state, context),
            today=shown.day.zones or (state.shift.zones if state.shift else {}),
            free_trays=_free_trays(state, context),
            parcel=state.parcel.number if state.parcel else "",
            lines=parcel_view.lines(state.parcel) if state.parcel else (),
        ),
        rev=shown.rev,
        epoch=screen.epoch,
        seq=shown.seq,
        overlay=screen.overlay,
        ways=ways(name, state) if screen.overlay == "help" else (),
        selected=screen.selected,
        secret=screen.is_secret,
        fb=_feedback(screen.note, screen.notes, shown.clock_text),
        keys=offered(name, state, screen, asked=asked, context=context),
        now=now(name, state, screen, asked=asked, context=context) if is_pointed else None,
        scan=shown.scan,
    )


def _head(state: State, shown: Shown, context: Context) -> Head:
    shift, alarm = state.shift, danger.alarm(state)
    if shift is None:
        return replace(shown.head, alarm=alarm, course=classroom.head(state, context))
    hours = max(1, context.wall_ms - shift.since_ms) / 3_600_000
    person = context.people.get(shift.operator)
    per_hour = int(shift.units / hours) if hours > 1 / 60 else 0
    return replace(
        shown.head,
        course=classroom.head(state, context),
        op=Operator(name=person.name, no=person.no) if person else None,
        done=shift.units,
        per_h=per_hour,
        shift_min=max(0, context.wall_ms - shift.since_ms) // 60_000,
        mean_s=shown.shift.mean_s if shown.shift else 0,
        alarm=alarm,
    )


def _feedback(note: Note | None, n: int, at: str) -> Feedback | None:
    if note is None:
        return None
    return Feedback(n=n, sev=note.sev, t=note.t, p=note.p, at=at)


def _stage(
    name: str, state: State, screen: Screen, *, asked: Question | None, context: Context
) -> Stage:
    unit = state.unit
    match name:
        case "LOCKED":
            return Stage(t="stage.badge")
        case "STOP" | "EXC":
            return Stage(t="stage.stop", tone=Tone.ERROR)
        case "PARCEL":
            return Stage(t="stage.item")
        case "ENTRY":
            return Stage(t="stage.entry")
        case "RESUME":
            return Stage(t="stage.resume")
        case "OVERRIDE":
            return Stage(t="stage.override")
        case "SUMMARY":
            return Stage(t="stage.summary")
        case "CONTAINER" if screen.container in state.containers:
            return _zone_stage(state.containers[screen.container or ""].zone)
        case "PHOTO":
            return Stage(t="stage.photo")
        case "HAZARD":
            return _zone_stage("hazmat")
        case "VERDICT" if unit is not None and unit.look is not None and adjudge.is_shown(unit):
            return Stage(t=adjudge.stage(unit.look))
        case "VERDICT" if unit is not None and unit.verdict is not None:
            return _zone_stage(unit.verdict.zone)
        case "UNIT" if unit is not None:
            return _unit_stage(unit, asked, context)
        case _:
            return classroom.stage(state, context) or Stage(t="stage.parcel")


def _unit_stage(unit: UnitWork, asked: Question | None, context: Context) -> Stage:
    if asked is not None:
        short = asking.short_label(unit, context)
        return Stage(label=short) if short else Stage(t="stage.question")
    if not asking.has_marks(unit, context):
        return Stage(t="stage.all_ok")
    proposal = asking.proposal(unit, context)
    return Stage(t=f"stage.zone.{proposal.zone}", p={"q": "?"}, tone=Tone(proposal.zone))


def _zone_stage(zone: str) -> Stage:
    return Stage(t=f"stage.zone.{zone}", tone=Tone(zone))


def _work(
    name: str,
    state: State,
    screen: Screen,
    shown: Shown,
    *,
    asked: Question | None,
    context: Context,
) -> Work:
    unit, parcel = state.unit, state.parcel
    match name:
        case "STOP":
            return StopWork(code=shown.stopped or "E90")
        case "LOCKED":
            return _locked(state, context)
        case "SUMMARY":
            return waiting.summary(state, shown.shift, shown.head.net, context)
        case "RESUME":
            return resume.shown(state, screen, context)
        case "ENTRY":
            return EntryWork(typed=screen.entry or "")
        case "OVERRIDE" if screen.override is not None:
            return _override(screen.override, unit, context)
        case "EXC" if screen.choice is not None:
            return _choice(screen.choice, state, context)
        case "CONTAINER" if screen.container in state.containers:
            return containers.shown(state.containers[screen.container or ""], screen, context)
        case "HAZARD" if unit is not None:
            return _hazard(unit, context)
        case "VERDICT" | "PHOTO" if unit is not None:
            return _verdict(unit, state, screen, context)
        case "UNIT" if unit is not None:
            return _checklist(unit, state, screen, asked=asked, context=context)
        case "PARCEL" | "PHOTO" if parcel is not None:
            return parcel_view.shown(parcel, context)
        case _ if lesson := classroom.work(state, context):
            return lesson
        case _:
            return waiting.idle(state, shown.day, context)


def _locked(state: State, context: Context) -> LockedWork:
    """What is open, whose it is and when it was touched last."""
    if state.parcel is None:
        return LockedWork()
    person = context.people.get(state.shift.operator) if state.shift is not None else None
    at = clocks.short_clock(state.acted_ms, context.offset_s) if state.acted_ms else ""
    who = person.name if person is not None else None
    return LockedWork(parcel=state.parcel.number, who=who, at=at)


def _choice(choice: Choice, state: State, context: Context) -> ChoiceWork:
    lines = _read_and_expected(choice, state.parcel)
    if state.unit is not None and choice.code == WRONG_TRAY:
        lines = _tray_read(choice, state.unit, state, context)
    return ChoiceWork(code=choice.code, p=choice.p, opts=choice.ways, lines=lines)


def _read_and_expected(choice: Choice, parcel: ParcelWork | None) -> tuple[Message, ...]:
    """What is foreign to the parcel: its code, its name where it is known; what was awaited."""
    if choice.code != FOREIGN or choice.held is None or parcel is None:
        return ()
    item = next(iter(choice.held.lookups.items.values()), None)
    name = item.title if item is not None else {}
    read = said(choice.held.meanings[0]).text if choice.held.meanings else ""
    open_lines = [
        line.title or {"ru": line.gtin or "?", "en": line.gtin or "?"}
        for line in parcel.lines
        if parcel.received.get((line.rma, line.line), 0) < line.qty
    ]
    shown = Message(t="ui.read_name" if name else "ui.read", p={"code": read, "name": name})
    awaited = Message(t="ui.awaited", p={"names": open_lines[:AWAITED_SHOWN]})
    return (shown, awaited) if open_lines else (shown,)


def _tray_read(
    choice: Choice, unit: UnitWork, state: State, context: Context
) -> tuple[Message, ...]:
    """The tray that was scanned, and those that would be right."""
    fitting = _trays(unit, asking.proposal(unit, context), state, context)
    read = Message(t="ui.read", p={"code": choice.p.get("t", "?")})
    return (read, Message(t="ui.trays", p={"trays": list(fitting)})) if fitting else (read,)


def _override(asked: Override, unit: UnitWork | None, context: Context) -> OverrideWork:
    left_ns = max(0, asked.until_ns - context.mono_ns)
    opts: tuple[tuple[str, Label], ...] = ()
    step = "badge"
    if asked.is_proved:
        step = "number" if asked.what == override.LOGIN else "reason"
        opts = tuple((str(n), one.label) for n, one in enumerate(override.reasons(context), 1))
    elif asked.badge:
        step = "pin"
    return OverrideWork(
        what=Message(
            t=f"override.{asked.what}",
            p={
                "a": unit.verdict.zone if unit is not None and unit.verdict is not None else "",
                "zone": asked.about.rpartition("/")[2],
                "slot": asked.about,
            },
        ),
        step=step,
        left_s=-(-left_ns // 1_000_000_000),
        typed=len(asked.typed),
        number=asked.typed if step == "number" else "",
        item=known.item(unit) if unit is not None else None,
        opts=opts if step == "reason" and asked.what != adjudge.RECHECK else (),
        ways=adjudge.ways(unit) if step == "reason" and asked.what == adjudge.RECHECK else (),
    )


def _position(unit: UnitWork, state: State) -> tuple[int, int]:
    parcel = state.parcels.get(unit.parcel)
    if parcel is None:
        return (1, 1)
    expected = sum(line.qty for line in parcel.lines)
    return (len(parcel.units), max(expected, len(parcel.units)))


def _checklist(
    unit: UnitWork, state: State, screen: Screen, *, asked: Question | None, context: Context
) -> ChecklistWork:
    marks, pages = asking.marks(unit, screen.page, context)
    slots = tuple((photo.slot, "ok") for photo in unit.photos)
    due = tuple((slot.name, "due") for slot in sorted(screen.photos_due))
    due += () if screen.flaw is None else (screen.flaw,)
    return ChecklistWork(
        item=known.item(unit),
        pos=_position(unit, state),
        must=asked,
        answered=asking.answered(unit, context),
        marks=marks,
        page=screen.page + 1,
        pages=pages,
        proposed=asking.proposal(unit, context),
        facts=known.facts(unit, state, context),
        photos=slots + due,
    )


def _verdict(unit: UnitWork, state: State, screen: Screen, context: Context) -> VerdictWork:
    proposal = asking.proposal(unit, context)
    due = screen.photos_due
    if screen.tray is not None:  # what could not be had is owed still
        due |= inspection.slots_owed(unit, (), context)
    slots = sorted(slot.name for slot in due)
    owed = tuple(Message(t="owed.photo", p={"slot": slot}) for slot in slots)
    is_due = adjudge.is_shown(unit)
    owed += labelling.shown(unit, "hold" if is_due else proposal.zone, context)
    owed += adjudge.owed(unit, context) if is_due else ()
    mark = marks.becomes(unit, proposal.zone)
    owed += () if mark is None else (Message(t=mark.KIND),)
    by_hand = unit.danger or (unit.verdict is not None and unit.verdict.move == "manual")
    legs = legs_of(proposal.zone, context.floor, by_hand=by_hand)
    partner = checks.partner_of(unit, proposal.disposition, context)
    return VerdictWork(
        item=known.item(unit),
        verdict=proposal,
        partner=None if partner is None or is_due else partner.label,
        by=legs[0].kind if legs and not is_due else "hand",
        trays=(context.quality.tray,) if is_due else _trays(unit, proposal, state, context),
        owed=owed,
        explained=asking.explained(unit, context) if screen.overlay == "why" else (),
        found=found.label(screen, unit, context),
        flaw="" if screen.flaw is None else screen.flaw[1],
    )


def _hazard(unit: UnitWork, context: Context) -> VerdictWork:
    kinds = asking.danger_kinds(unit, context)
    return VerdictWork(
        item=known.item(unit),
        verdict=_danger(unit, context),
        by="hand",
        trays=tuple(t.id for t in context.floor.trays.values() if t.zone == "hazmat"),
        owed=tuple(
            Message(t="owed.kind", p={"k": str(n), "kind": kind.label})
            for n, kind in enumerate(kinds, start=1)
        ),
    )


def _danger(unit: UnitWork, context: Context) -> Proposal:
    return replace(asking.proposal(unit, context), zone="hazmat")


def _free_trays(state: State, context: Context) -> int:
    taken = {move.tray for move in state.moves.values()}
    trays = context.floor.trays.values()
    return sum(1 for tray in trays if not tray.fixed and tray.id not in taken)


def _trays(unit: UnitWork, proposal: Proposal, state: State, context: Context) -> tuple[str, ...]:
    taken = {move.tray for move in state.moves.values()}
    free = (
        tray.id
        for tray in context.floor.trays.values()
        if tray.zone == proposal.zone and tray.disposition in (None, proposal.disposition)
        if tray.id != context.quality.tray
        if tray.fixed or tray.id not in taken
        if tray.id not in state.containers
    )
    fitting = containers.fitting(unit, proposal, state, context.floor)
    return tuple(dict.fromkeys((*fitting, *free)))[:TRAYS_SHOWN]
