"""Input to decision: total over every pair of state and input, without I/O, clock or chance."""

from dataclasses import replace
from typing import assert_never

from edge.events import (
    ConfigActivated,
    ConfigRefused,
    DeviceProven,
    DeviceState,
    PhotoMissing,
    StationJournal,
    StationLocked,
    StationStarted,
    StationStopped,
)
from edge.station import (
    correct,
    gold,
    holds,
    inspection,
    keys,
    labelling,
    money,
    moves,
    outside,
    overdue,
    override,
    packing,
    papers,
    people,
    puts,
    recheck,
    redecide,
    resume,
    scans,
    training,
    unknown,
)
from edge.station.decision import (
    Context,
    Decision,
    Screen,
    accepted,
    noted,
    on_station,
    on_unit,
)
from edge.station.inputs import (
    AbsentInput,
    ClaimInput,
    CommandInput,
    ConfigInput,
    CourseInput,
    DataInput,
    DeviceInput,
    DivertInput,
    DueTimer,
    FaultInput,
    FeedInput,
    Input,
    KeyInput,
    LegInput,
    LockTimer,
    OrderInput,
    OverrideTimer,
    PhotoInput,
    PrintInput,
    PutTimer,
    ReleaseInput,
    ScanInput,
    StartInput,
    StopInput,
    StorageEvent,
    StorageInput,
    SyncEvent,
    SyncInput,
)
from edge.station.state import State
from edge.views import Severity


def decide(state: State, screen: Screen, given: Input, context: Context) -> Decision:
    """Return the events to commit and the screen after them. Never raises for an outside cause."""
    decision = _decided(state, screen, given, context)
    decision = correct.checked(state, screen, decision, context)
    decision = recheck.checked(state, decision, context)
    decision = money.told(state, decision, context)
    return gold.marked(state, papers.with_papers(state, decision, context))


def _decided(state: State, screen: Screen, given: Input, context: Context) -> Decision:
    match given:
        case ScanInput():
            return scans.scan(state, screen, given, context)
        case FaultInput():
            return scans.fault(screen, given)
        case KeyInput():
            if context.course is not None:
                given = replace(given, lookups=training.items(context))
            return labelling.with_labels(state, keys.key(state, screen, given, context), context)
        case PhotoInput():
            return _photo(state, screen, given, context)
        case OrderInput() | DivertInput() | LegInput() | CommandInput():
            return moves.take(state, screen, given, context)
        case DeviceInput():
            return _device(screen, given)
        case FeedInput() | ClaimInput() | AbsentInput():
            return _of_feed(state, screen, given, context)
        case ConfigInput() | SyncInput() | StorageInput():
            return _config(screen, given)
        case StartInput() | CourseInput() | StopInput():
            return _of_service(state, screen, given, context)
        case PrintInput() | ReleaseInput() | DataInput() | DueTimer():
            return _beside(state, screen, given, context)
        case PutTimer() | LockTimer() | OverrideTimer():
            return _timer(state, screen, given, context)
        case _:
            assert_never(given)


def _of_service(
    state: State, screen: Screen, given: StartInput | CourseInput | StopInput, context: Context
) -> Decision:
    match given:
        case StartInput():
            return _started(state, screen, given, context)
        case CourseInput():
            return training.begun(state, screen, given)
        case StopInput():
            return Decision(screen=screen, drafts=(on_station(StationStopped()),))


def _timer(
    state: State, screen: Screen, given: PutTimer | LockTimer | OverrideTimer, context: Context
) -> Decision:
    if isinstance(given, PutTimer):
        return puts.overdue(state, screen, context)
    if isinstance(given, OverrideTimer):
        return Decision(screen=override.expired(screen, context))
    return Decision(screen=screen) if state.locked else people.lock_idle(screen, given.minutes)


def _beside(
    state: State,
    screen: Screen,
    given: PrintInput | ReleaseInput | DataInput | DueTimer,
    context: Context,
) -> Decision:
    """What concerns units that may not be in the hand: labels, and what is held."""
    match given:
        case PrintInput():
            return labelling.printed(state, screen, given, context)
        case ReleaseInput():
            return holds.by_central(state, screen, given, context)
        case DataInput():
            return redecide.arrived(state, screen, given, context)
        case DueTimer():
            return overdue.told(state, screen, given)


def _of_feed(
    state: State,
    screen: Screen,
    given: FeedInput | ClaimInput | AbsentInput,
    context: Context,
) -> Decision:
    if isinstance(given, AbsentInput):
        return unknown.absent(screen, given)
    if isinstance(given, ClaimInput):
        return unknown.claimed(state, screen, given, context)
    event = ConfigRefused(what="catalogue", id=given.feed, error=given.error)
    return Decision(screen=screen, drafts=(on_station(event),))


def _photo(state: State, screen: Screen, given: PhotoInput, context: Context) -> Decision:
    """A photograph arrived: record it, and finish the put that waited for it."""
    unit = None if given.unit is None else state.units.get(given.unit)
    if unit is None and packing.is_awaited(state, screen, given):
        return packing.arrived(state, screen, given)
    if unit is None:
        return outside.arrived(state, screen, given)
    if given.photo is None:
        if given.slot in {slot.name for slot in screen.photos_due}:
            again = inspection.without_due(screen, given.slot)
            again = replace(again, flaw=(given.slot, given.flaw) if given.flaw else None)
            return Decision(screen=noted(again, Severity.ERROR, "E34", slot=given.slot))
        missing = PhotoMissing(slot=given.slot, reason=given.reason)
        return Decision(screen=screen, drafts=(on_unit(unit, missing),))
    step = inspection.step_asking(unit, given.slot, context)
    photo = replace(given.photo, step=step)
    taken = replace(on_unit(unit, photo), time_ms=given.at_ms)
    due = inspection.without_due(screen, given.slot)
    if unit.unit != state.hand or screen.tray is None or due.photos_due:
        return accepted(due, "fb.photo", taken, slot=given.slot)
    with_photo = inspection.with_photo(state, unit, given.photo)
    return puts.tray_scan(with_photo, due, screen.tray, context).after((taken,))


def _device(screen: Screen, given: DeviceInput) -> Decision:
    event = DeviceState(
        device=given.device,
        device_class=given.device_class,
        state=given.state,
        reason=given.reason or None,
    )
    return Decision(screen=screen, drafts=(on_station(event),))


def _config(screen: Screen, given: ConfigInput | SyncInput | StorageInput) -> Decision:
    """Recorded news of packs, of sync or of storage; the person goes on with what is begun."""
    return Decision(screen=_told(screen, given.event), drafts=(on_station(given.event),))


def _told(
    screen: Screen,
    event: ConfigActivated | ConfigRefused | DeviceProven | StorageEvent | SyncEvent,
) -> Screen:
    match event:
        case ConfigActivated(what="policy" | "tenant") if event.sha256:
            return noted(screen, Severity.INFO, "fb.policy", v=event.version)
        case ConfigRefused(what="policy" | "tenant"):
            return noted(screen, Severity.WARN, "fb.policy_refused", v=event.version or "?")
        case _:
            return screen


def _started(state: State, screen: Screen, given: StartInput, context: Context) -> Decision:
    subjects = (*(f"parcel/{p}" for p in state.parcels), *(f"unit/{u}" for u in state.units))
    started = StationStarted(
        version=given.version,
        sqlite=given.sqlite,
        replay_ms=given.replay_ms,
        clean=given.clean,
        open=(*subjects, *(f"move/{move}" for move in state.moves)),
    )
    drafts = [on_station(started)]
    if given.new_journal:
        first = StationJournal(reason=given.new_journal, previous=given.previous, lost=given.lost)
        drafts.insert(0, on_station(first))
    drafts += [on_station(event) for event in given.configs]
    if given.locks and state.shift is not None and not state.locked:
        drafts.append(on_station(StationLocked()))
    shown = resume.begun(state, screen, given, context) if state.shift else screen
    for event in given.configs:
        shown = _told(shown, event) if isinstance(event, ConfigRefused) else shown
    return Decision(screen=shown, drafts=tuple(drafts))
