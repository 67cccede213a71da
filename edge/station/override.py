"""OVERRIDE: a supervisor's badge, PIN and reason unlock one action, for a minute."""

from dataclasses import replace
from typing import Final

from edge.events import Draft, OperatorIn, PhotoMissing, Subject, UnitId
from edge.pins import DIGITS_MAX, matches
from edge.station import (
    adjudge,
    again,
    containers,
    corrected,
    danger,
    holds,
    rezone,
    training,
)
from edge.station.decision import (
    Context,
    Decision,
    Override,
    Screen,
    accepted,
    clean,
    noted,
    on_station,
    on_unit,
    refused,
)
from edge.station.state import State
from edge.views import Severity
from zoning.pack import Reason

OVERRIDE_NS: Final = 60_000_000_000
PIN_PAUSE_NS: Final = 60_000_000_000
WRONG_PINS_MAX: Final = 3
SUPERVISOR: Final = "supervisor"
REASONS: Final = "override"

PHOTO: Final = "photo"
ZONE: Final = "zone"
LOGIN: Final = "login"
CORRECT: Final = "correct"
RELEASE: Final = "release"
REOPEN: Final = "container"
_NOT_ONESELF: Final = frozenset((ZONE, RELEASE, CORRECT, REOPEN, adjudge.RECHECK))
DANGERS: Final = (danger.WITHDRAW_ITEM, danger.WITHDRAW_AREA)

_NUMBER_MAX: Final = 8


def ask(screen: Screen, what: str, context: Context, *, about: str = "") -> Decision:
    """Say that a supervisor is needed, and wait for the badge."""
    override = Override(what=what, about=about, until_ns=context.mono_ns + OVERRIDE_NS)
    shown = noted(screen, Severity.ERROR, "E80")
    return Decision(screen=replace(shown, override=override), no="E80")


def badge(
    state: State, screen: Screen, override: Override, no: str, *, context: Context
) -> Decision:
    """Take the badge that was asked for; nobody approves himself."""
    person = context.people[no]
    if person.role != SUPERVISOR:
        return refused(screen, "E80")
    if state.shift is not None and state.shift.operator == no and override.what in _NOT_ONESELF:
        return refused(screen, "E81")
    if override.what == adjudge.RECHECK and adjudge.is_own(state.unit, no):
        return refused(screen, "E81")
    if not person.pin:
        return refused(screen, "E84", id=no)
    shown = noted(screen, Severity.INFO, "fb.pin")
    return Decision(screen=replace(shown, override=replace(override, badge=no, typed="")))


def key(
    state: State, screen: Screen, override: Override, pressed: str, *, context: Context
) -> Decision:
    """Take a key of the supervisor; Esc leaves, and nothing has changed."""
    if pressed == "esc":
        return Decision(screen=replace(screen, override=None))
    if not override.badge:
        return refused(screen, "E80")
    if override.is_proved and override.what != LOGIN:
        return _reason(state, screen, override, pressed, context=context)
    most = _NUMBER_MAX if override.is_proved else DIGITS_MAX
    match pressed:
        case "backspace" if override.typed:
            typed = override.typed[:-1]
        case "enter" if override.is_proved:
            return _login(state, screen, override, context)
        case "enter":
            return _pin(screen, override, context)
        case digit if digit.isascii() and digit.isdigit():
            typed = (override.typed + digit)[:most]
        case _:
            return refused(screen, "E00", want="want.supervisor")
    return Decision(screen=replace(screen, override=replace(override, typed=typed)))


def expired(screen: Screen, context: Context) -> Screen:
    """Return the screen without an override whose minute is over."""
    override = screen.override
    if override is None or context.mono_ns < override.until_ns:
        return screen
    return noted(replace(screen, override=None), Severity.INFO, "fb.override_over")


def reasons(context: Context) -> tuple[Reason, ...]:
    """Return the coded reasons that a supervisor chooses from, in file order."""
    return context.packs[context.active].reasons[REASONS]


def _pin(screen: Screen, override: Override, context: Context) -> Decision:
    """Compare the digits; three wrong ones stop the trying for a minute."""
    again = replace(override, typed="")
    if context.mono_ns < screen.pin_from_ns:
        return refused(replace(screen, override=again), "E82", n=0)
    if matches(context.people[override.badge].pin, override.typed):
        if override.what == training.TRAINING:
            return training.enter(screen) if context.course is None else training.leave(screen)
        proved = replace(again, is_proved=True)
        text = "fb.number" if override.what == LOGIN else "fb.reason"
        shown = noted(screen, Severity.INFO, text)
        return Decision(screen=replace(shown, override=proved, wrong_pins=0))
    wrong = screen.wrong_pins + 1
    left = WRONG_PINS_MAX - wrong
    screen = replace(screen, override=again, wrong_pins=wrong)
    if left == 0:
        pause = context.mono_ns + PIN_PAUSE_NS
        screen = replace(screen, wrong_pins=0, pin_from_ns=pause)
    return refused(screen, "E82", n=left)


def _reason(
    state: State, screen: Screen, override: Override, pressed: str, *, context: Context
) -> Decision:
    if override.what == adjudge.RECHECK:
        return adjudge.adjudicated(
            replace(screen, override=None),
            state.unit,
            pressed,
            supervisor=override.badge,
        )
    offered = reasons(context)
    if not (pressed.isascii() and pressed.isdigit() and 1 <= int(pressed) <= len(offered)):
        return refused(screen, "E00", want="want.reason")
    reason = offered[int(pressed) - 1].id
    screen = replace(screen, override=None)
    if override.what in DANGERS:
        return danger.withdraw(state, screen, override.what, override.badge)
    if override.what == RELEASE:
        return _release(state, screen, override, reason, context=context)
    if override.what == REOPEN:
        return containers.reopened(
            state, screen, override.about, supervisor=override.badge, reason=reason
        )
    unit = state.unit
    if override.what == PHOTO and (unit is not None or state.bench is not None):
        event = PhotoMissing(slot=override.about, reason=reason, supervisor=override.badge)
        box = Subject(parcel=state.bench)
        draft = Draft(payload=event, subject=box) if unit is None else on_unit(unit, event)
        return accepted(clean(screen), "fb.photo_missing", draft, slot=override.about)
    if unit is None:
        return refused(screen, "E45")
    if override.what == CORRECT:
        return corrected.approved(
            screen, unit, reason=reason, supervisor=override.badge, context=context
        )
    return rezone.changed(
        screen, unit, override.about, reason=reason, supervisor=override.badge, context=context
    )


def _release(
    state: State, screen: Screen, override: Override, reason: str, *, context: Context
) -> Decision:
    """A hold ends: its unit goes on the list of moves, or is inspected again at once."""
    name, _, zone = override.about.partition("/")
    hold = state.holds.get(UnitId(name))
    if hold is None:
        return refused(screen, "E45")
    drafts = holds.released(
        hold,
        zone,
        by=SUPERVISOR,
        reason=reason,
        supervisor=override.badge,
        context=context,
    )
    if zone == holds.AGAIN:
        return again.begin(screen, hold.unit, context).after(drafts)
    return accepted(clean(screen), "fb.released", *drafts, zone=zone)


def _login(state: State, screen: Screen, override: Override, context: Context) -> Decision:
    """A supervisor lets somebody in who forgot the badge, for this shift."""
    person = context.people.get(override.typed)
    if person is None:
        again = replace(override, typed="")
        return refused(replace(screen, override=again), "E04", id=override.typed)
    event = OperatorIn(operator=person.no, role=person.role, method=SUPERVISOR)
    laid = adjudge.given_up(state, person.no)
    return accepted(clean(screen), "fb.login", *laid, on_station(event), name=person.name)
