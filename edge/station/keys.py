"""Keys by state. A command label is the same event as its key; no key is ever silent."""

from dataclasses import replace
from typing import Final

from edge.events import UnitId, UnitParked
from edge.station import (
    asking,
    by_hand,
    by_word,
    containers,
    correct,
    damage,
    danger,
    entry,
    feedback,
    found,
    goods,
    holds,
    inspection,
    labelling,
    override,
    packing,
    parcels,
    people,
    recheck,
    report,
    resolve,
    resume,
    rezone,
    second,
    training,
    undo,
    units,
)
from edge.station.decision import (
    ITEM_PHOTO,
    Choice,
    Context,
    Decision,
    Override,
    Screen,
    accepted,
    asks_take_over,
    clean,
    noted,
    on_unit,
    refused,
    state_name,
    wanted,
)
from edge.station.inputs import KeyInput
from edge.station.keycaps import ways
from edge.station.state import ParcelWork, State, UnitWork
from edge.views import Severity

DIGITS = frozenset("0123456789")
LANGUAGE = "f2"
_EVERYWHERE = frozenset(("f3", "f5", "f9", "f10"))
_TYPED_IN = frozenset(("IDLE", "PARCEL", "UNIT", "VERDICT"))

POINTED: Final = 1  # the open help points at the key to press now


def key(state: State, screen: Screen, given: KeyInput, context: Context) -> Decision:
    """Handle one key in the state the person is in."""
    if _is_stale(screen, given):
        return refused(screen, "E00", want=wanted(state, screen))
    screen = override.expired(screen, context)
    if screen.override is not None and given.key not in ("f1", "f11"):
        return _overriding(state, screen, screen.override, given, context)
    if state.shift is None or state.locked:
        return _locked(state, screen, given.key, context)
    if given.key == "f11":
        return danger.press(state, screen)
    if screen.entry is not None and given.key != "f1":
        return entry.key(screen, screen.entry, given.key)
    if given.key in ("f1", "f4", "f6"):
        return _overlay(screen, given.key)
    if screen.is_resuming and screen.overlay is None:
        return resume.key(state, screen, given.key)
    if screen.overlay is not None:
        return _in_overlay(state, screen, given, context)
    if given.key == "f10" and by_hand.can_ask(state, screen):
        return by_hand.ask(state, screen, given.lookups)
    return _at_work(state, screen, given.key, context)


def _locked(state: State, screen: Screen, pressed: str, context: Context) -> Decision:
    if screen.choice is not None and asks_take_over(screen) and pressed != "f1":
        known = _back(screen) if pressed == "esc" else None
        return known or _choice(state, screen, screen.choice, pressed, context=context)
    match pressed:
        case "f1":
            return _overlay(screen, pressed)
        case "esc" if screen.overlay is not None:
            return Decision(screen=replace(screen, overlay=None))
        case "f12":
            return override.ask(screen, _who(context), context)
        case digit if screen.overlay == "help" and _way(state, screen, digit) == "f12":
            return override.ask(replace(screen, overlay=None), _who(context), context)
        case _:
            return refused(screen, "E01")


def _who(context: Context) -> str:
    """Return whom a supervisor is called for at a locked screen; out of training, not into it."""
    return override.LOGIN if context.course is None else training.TRAINING


def _at_work(state: State, screen: Screen, pressed: str, context: Context) -> Decision:
    """Keys that mean the same in every state of work, then those of the state."""
    where = state_name(state, screen)
    is_own = pressed != containers.REOPEN or containers.is_shut(state, screen)
    if where == "CONTAINER" and pressed not in _EVERYWHERE and is_own:
        return _container(state, screen, pressed, context)
    match pressed:
        case "f3":
            return people.lock(screen)
        case "f9":
            return undo.undo(state, screen, context.fresh.move)
        case "f5" if where == "SUMMARY":
            return report.ordered(screen, context)
        case "f5" if state.unit is not None:
            return labelling.print_again(screen, state.unit)
        case "f10" if where in _TYPED_IN:
            return entry.begin(screen)
        case "f12" if about := danger.to_be_ended(state):
            return override.ask(clean(screen), about, context)
        case "esc" if where in ("SUMMARY", "EXC"):
            return _back(screen)
        case "f12" | "esc" if where == "IDLE" and _is_door(pressed, context):
            return override.ask(clean(screen), training.TRAINING, context)
        case _:
            return _by_state(where, state, screen, pressed, context)


def _is_door(pressed: str, context: Context) -> bool:
    """F12 leads into the training room and out of it, Esc only out."""
    return context.course is not None or (context.can_train and pressed == "f12")


def _container(state: State, screen: Screen, pressed: str, context: Context) -> Decision:
    """Only a supervisor opens a closed one again."""
    if pressed != containers.REOPEN:
        return containers.key(state, screen, pressed, context)
    refusal = containers.may_reopen(state, screen)
    about = screen.container or ""
    return refusal or override.ask(clean(screen), override.REOPEN, context, about=about)


def _by_state(where: str, state: State, screen: Screen, pressed: str, context: Context) -> Decision:
    parcel, unit = state.parcel, state.unit
    if pressed == "f8" and where in ("IDLE", "PARCEL"):
        return Decision(screen=replace(clean(screen), summary=True))
    if where == "EXC" and screen.choice is not None:
        return _choice(state, screen, screen.choice, pressed, context)
    if where == "HAZARD" and unit is not None:
        return _hazard(screen, unit, pressed, context)
    if where == "PARCEL" and parcel is not None:
        return _parcel(state, screen, parcel, pressed, context=context)
    if where == "PHOTO" and parcel is not None and unit is None:
        if pressed == "7":
            return override.ask(screen, override.PHOTO, context, about=packing.SLOT.name)
        return packing.key(screen, parcel, pressed)
    if unit is not None:
        match where:
            case "UNIT":
                return _unit(screen, unit, pressed, context)
            case "VERDICT" if turned := recheck.key(screen, unit, pressed, context):
                return turned
            case "VERDICT" | "PHOTO":
                return _verdict(state, screen, unit, pressed, context=context)
    if pressed == "backspace":
        return refused(screen, "E45")
    return refused(screen, "E00", want=wanted(state, screen))


def _is_stale(screen: Screen, given: KeyInput) -> bool:
    """The key was meant for another screen: its digit may mean another thing by now."""
    if given.epoch is None or given.key not in DIGITS:
        return False
    return given.epoch != screen.epoch


def _overriding(
    state: State, screen: Screen, asked: Override, given: KeyInput, context: Context
) -> Decision:
    """A PIN is typed on keys: a label of a digit is no finger."""
    if asked.badge and not asked.is_proved and given.epoch is None:
        return refused(screen, "E16")
    return override.key(state, screen, asked, given.key, context=context)


def _overlay(screen: Screen, pressed: str) -> Decision:
    overlay = {"f1": "help", "f4": "link", "f6": "moves"}[pressed]
    if overlay == screen.overlay == "help" and not screen.selected:
        return Decision(screen=replace(screen, selected=POINTED))
    shown = None if screen.overlay == overlay else overlay
    return Decision(screen=replace(screen, overlay=shown, selected=0))


def _in_overlay(state: State, screen: Screen, given: KeyInput, context: Context) -> Decision:
    pressed = given.key
    if pressed == "esc":
        is_detail = screen.overlay == "moves" and screen.selected > 0
        closed = screen.overlay if is_detail else None
        return Decision(screen=replace(screen, overlay=closed, selected=0))
    if screen.overlay == "moves" and pressed == "enter" and screen.selected == 0:
        return danger.start_again(state, screen)
    if screen.overlay == "help":
        return _help(state, screen, given, context)
    if screen.overlay != "moves" or pressed not in DIGITS:
        return refused(screen, "E00", want="want.digit")
    if screen.selected == 0:
        known = 1 <= int(pressed) <= len(state.moves)
        if not known:
            return refused(screen, "E00", want="want.digit")
        return Decision(screen=replace(screen, selected=int(pressed)))
    return resolve.by_digit(state, screen, pressed)


def _help(state: State, screen: Screen, given: KeyInput, context: Context) -> Decision:
    """A digit does what it stands for, as its key would: a number pad has no other way to it."""
    way = _way(state, screen, given.key)
    shut = replace(screen, overlay=None)
    if way is None or way == LANGUAGE:  # that one is the terminal's own
        return refused(screen, "E00", want="want.digit")
    if not way:
        return feedback.given(state, shut, context)
    return key(state, shut, replace(given, key=way, epoch=None), context)


def _way(state: State, screen: Screen, pressed: str) -> str | None:
    where = state_name(state, screen)
    return next((way for digit, way, _ in ways(where, state) if digit == pressed), None)


def _back(screen: Screen) -> Decision:
    reopened = screen.reopened
    return Decision(screen=replace(clean(screen), reopened=reopened))


def _choice(
    state: State, screen: Screen, choice: Choice, pressed: str, context: Context
) -> Decision:
    match choice.code, pressed:
        case _, "backspace":
            return _back(screen)
        case "E10", "1":
            return parcels.arrive_blind(screen, choice.p["code"], context, desk=False)
        case "E10", "3":
            return parcels.arrive_blind(screen, choice.p["code"], context, desk=True)
        case "E10", digit if digit in dict(choice.also):
            return parcels.take_near(screen, choice, int(digit), context)
        case "E17", "1" if choice.held is not None:
            return goods.confirm(state, screen, choice.held, context)
        case (("E10" | "E12" | "E17" | "E24"), "2"):
            return _back(screen)
        case "E13", digit if digit in DIGITS and 1 <= int(digit) <= len(choice.candidates):
            candidate = choice.candidates[int(digit) - 1]
            return parcels.take(state, screen, candidate, candidate.key, context=context)
        case "E02", "1":
            return people.take_over(state, screen, choice, context)
        case ("E02", "2") | (("E21" | "E27"), "1"):
            return _back(screen)
        case (("E21" | "E27"), "2") | ("E24", "1") if (
            choice.held is not None and state.parcel is not None
        ):
            return units.surplus(state, screen, state.parcel, choice.held, context=context)
        case ("E21", "3") | ("E22", "1") if state.parcel is not None:
            return parcels.park(screen, state.parcel)
        case _:
            return _listed(state, screen, choice, pressed, context=context)


def _listed(
    state: State, screen: Screen, choice: Choice, pressed: str, *, context: Context
) -> Decision:
    """Questions whose digits stand for what is listed."""
    match choice.code, pressed:
        case correct.CLOSED, "1" if choice.lookups.box is not None:
            return correct.which(screen, choice)
        case correct.WHICH, _:
            return correct.chosen(screen, choice, pressed)
        case second.WHICH, _:
            return second.chosen(state, screen, pressed, context)
        case by_hand.WHICH, _:
            return by_hand.chosen(state, screen, choice, pressed, context=context)
        case holds.HELD, _:
            return _hold(state, screen, choice, pressed, context=context)
        case _:
            return refused(screen, "E00", want=wanted(state, screen))


def _hold(
    state: State, screen: Screen, choice: Choice, pressed: str, *, context: Context
) -> Decision:
    """Every way out of a hold is a supervisor's."""
    hold = state.holds.get(UnitId(choice.about))
    if hold is None:
        return _back(screen)
    way = holds.chosen(screen, hold, pressed, context)
    if isinstance(way, Decision):
        return way
    about = f"{choice.about}/{way}"
    return override.ask(clean(screen), override.RELEASE, context, about=about)


def _parcel(
    state: State, screen: Screen, parcel: ParcelWork, pressed: str, *, context: Context
) -> Decision:
    match pressed:
        case "esc" if screen.missing:
            return _back(screen)
        case "esc":
            return parcels.park(screen, parcel)
        case "f7" if parcel.blind:
            return refused(screen, "E00", want="want.item")
        case "f7":
            shown = noted(screen, Severity.WARN, "fb.missing_which")
            return Decision(screen=replace(shown, missing=True))
        case "enter" if parcel.blind:
            return parcels.close_blind(screen, parcel)
        case "enter" if screen.missing and not parcel.is_declared:
            return parcels.leave_open(screen, parcel)
        case "enter" if screen.missing:
            return packing.declare(state, screen, parcel, pressed, context=context)
        case digit if screen.missing and digit in DIGITS and not parcel.is_declared:
            return refused(screen, "E28")
        case digit if screen.missing and digit in DIGITS and _line_left(parcel, int(digit)):
            return packing.declare(state, screen, parcel, digit, context=context)
        case digit if digit in damage.DIGITS and not screen.missing and not parcel.units:
            return damage.said(screen, parcel, digit, context)
        case _:
            return refused(screen, "E00", want="want.item")


def _line_left(parcel: ParcelWork, n: int) -> bool:
    return 1 <= n <= len(parcel.lines) and parcel.left_of(parcel.lines[n - 1]) > 0


def _unit(screen: Screen, unit: UnitWork, pressed: str, context: Context) -> Decision:
    match pressed:
        case "esc" if screen.typed:
            return Decision(screen=replace(screen, typed=""))
        case "esc":
            return accepted(clean(screen), "fb.unit_parked", on_unit(unit, UnitParked()))
        case "backspace" if screen.typed:
            return Decision(screen=replace(screen, typed=screen.typed[:-1]))
        case "backspace":
            return inspection.take_back(screen, unit, context)
        case "9" if not _is_typing(unit, context):
            return _another_photo(screen, unit, context)
        case "0" | "enter" if asking.open_step(unit, context) is None:
            return inspection.accept(screen, unit, pressed, context)
        case "enter":
            return inspection.enter_number(screen, unit, context)
        case digit if digit in DIGITS:
            return inspection.digit(screen, unit, digit, context)
        case _:
            return refused(screen, "E00", want="want.answer")


def _is_typing(unit: UnitWork, context: Context) -> bool:
    step = asking.open_step(unit, context)
    return step is not None and step.is_number


def _another_photo(screen: Screen, unit: UnitWork, context: Context) -> Decision:
    """Take what is owed again, or one more picture of the item."""
    owed = inspection.slots_owed(unit, (), context) or frozenset({ITEM_PHOTO})
    due = screen.photos_due | (owed - {ITEM_PHOTO})
    shown = noted(screen, Severity.INFO, "fb.photo", slot=min(owed).name)
    return Decision(screen=replace(shown, photos_due=due), photos=inspection.requests(unit, owed))


def _verdict(
    state: State, screen: Screen, unit: UnitWork, pressed: str, *, context: Context
) -> Decision:
    match pressed:
        case "esc" if screen.tray is not None:
            return Decision(screen=replace(clean(screen), reopened=screen.reopened))
        case "esc":
            return Decision(screen=replace(clean(screen), reopened=True))
        case "9":
            return _another_photo(screen, unit, context)
        case "7" if screen.tray is not None:
            owed = inspection.slots_owed(unit, (), context)
            return override.ask(screen, override.PHOTO, context, about=min(owed).name)
        case "6" if screen.tray is None:
            return found.other(screen, unit, context)
        case "7":
            return feedback.given(state, screen, context)
        case "8":
            return Decision(screen=replace(screen, overlay="why"))
        case "1" | "2" | "3" | "4" if screen.tray is None:
            return _other_zone(screen, unit, rezone.ZONES[int(pressed) - 1], context)
        case "enter":
            return by_word.put(state, screen, unit, context)
        case _:
            return refused(screen, "E00", want="want.tray")


def _other_zone(screen: Screen, unit: UnitWork, zone: str, context: Context) -> Decision:
    """Downhill an operator decides alone, uphill and out of a hold only with a supervisor."""
    refusal = rezone.refusal(screen, unit, zone, context)
    if refusal is not None:
        return refusal
    if rezone.is_free(unit, zone, context):
        return rezone.changed(
            screen, unit, zone, reason=rezone.BY_OPERATOR, supervisor=None, context=context
        )
    return override.ask(screen, override.ZONE, context, about=zone)


def _hazard(screen: Screen, unit: UnitWork, pressed: str, context: Context) -> Decision:
    """The kind may still be named; nothing leads out of hazmat from here."""
    if pressed in DIGITS:
        return inspection.danger_kind(screen, unit, pressed, context)
    return refused(screen, "E36")
