"""Badges: log-in, summary, log-out, take-over by another operator."""

from dataclasses import replace

from edge.events import OperatorHandover, OperatorIn, OperatorOut, StationLocked
from edge.station import adjudge, override, training
from edge.station.decision import (
    Choice,
    Context,
    Decision,
    Screen,
    accepted,
    asked,
    clean,
    noted,
    on_station,
    refused,
)
from edge.station.doubts import subjects
from edge.station.state import State
from edge.views import Severity


def badge(state: State, screen: Screen, no: str, context: Context) -> Decision:
    """Handle a genuine badge: who it is decides, what is open decides what happens."""
    person = context.people.get(no)
    if person is None:
        return refused(screen, "E04", id=no)
    if screen.override is not None:
        return override.badge(state, screen, screen.override, no, context=context)
    if context.course is not None:
        return training.badge(state, screen, no, context)
    shift = state.shift
    if shift is None:
        return _enter(state, screen, no, context)
    if shift.operator == no:
        return _own_badge(state, screen, no, context)
    if state.bench is None or screen.summary:
        return accepted(
            clean(screen),
            "fb.handover",
            *adjudge.given_up(state, no),
            on_station(_handover(state, no)),
            name=person.name,
        )
    who = context.people.get(shift.operator)
    choice = Choice(
        code="E02",
        p={"who": who.name if who else shift.operator},
        opts=(("1", "opt.take_over"), ("2", "opt.cancel")),
        badge=no,
    )
    return asked(screen, choice)


def take_over(state: State, screen: Screen, choice: Choice, context: Context) -> Decision:
    """Let another operator continue the open work."""
    person = context.people[choice.badge]
    laid = adjudge.given_up(state, choice.badge)
    event = _handover(state, choice.badge)
    return accepted(clean(screen), "fb.handover", *laid, on_station(event), name=person.name)


def _handover(state: State, to: str) -> OperatorHandover:
    return OperatorHandover(to=to, units=tuple(state.units), doubts=subjects(state))


def lock(screen: Screen) -> Decision:
    """Lock the screen; open work stays."""
    return accepted(clean(screen), "fb.locked", on_station(StationLocked()))


def lock_idle(screen: Screen, minutes: int) -> Decision:
    """Lock the screen because nobody acted; it says so, and what is taken now."""
    shown = noted(clean(screen), Severity.INFO, "fb.locked_idle", n=minutes)
    return Decision(screen=shown, drafts=(on_station(StationLocked()),))


def _enter(state: State, screen: Screen, no: str, context: Context) -> Decision:
    person = context.people[no]
    laid = adjudge.given_up(state, no)
    event = OperatorIn(operator=no, role=person.role, method="badge")
    return accepted(clean(screen), "fb.login", *laid, on_station(event), name=person.name)


def _own_badge(state: State, screen: Screen, no: str, context: Context) -> Decision:
    if state.locked:
        return _enter(state, screen, no, context)
    if not screen.summary:
        shown = noted(clean(screen), Severity.INFO, "fb.summary")
        return Decision(screen=replace(shown, summary=True))
    event = OperatorOut(doubts=subjects(state))
    return accepted(clean(screen), "fb.logout", on_station(event))
