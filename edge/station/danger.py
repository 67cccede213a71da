"""Dangers: what inhibits, what it turns to the hand, and how a supervisor ends it."""

from edge.events import (
    DangerRaised,
    DangerWithdrawn,
    DeviceCommand,
    Draft,
    MoveChanged,
    MoveState,
    Subject,
)
from edge.station.decision import (
    Decision,
    Screen,
    accepted,
    clean,
    noted,
    on_station,
    refused,
)
from edge.station.state import AREA, MoveWork, State, inhibit_key
from edge.views import Severity

WITHDRAW_ITEM = "danger"
WITHDRAW_AREA = "area"


def press(state: State, screen: Screen) -> Decision:
    """The danger key: inhibit first, ask the kind afterwards.

    It means the unit in the hand, else the move that is looked at, else the parcel on the bench;
    with nothing of these nobody knows what is dangerous, and the whole area stands still.
    """
    chosen = _selected(state, screen)
    unit, container = state.unit, None
    if chosen is not None:
        subject, container = Subject(parcel=chosen.parcel, unit=chosen.unit), chosen.container
    elif unit is not None:
        subject = Subject(parcel=unit.parcel, unit=unit.unit)
    else:
        subject = Subject(parcel=state.bench)
    key = inhibit_key(unit=subject.unit, parcel=subject.parcel, container=container)
    if key in state.inhibits or (unit is not None and chosen is None and unit.danger):
        return refused(screen, "E36")
    scope = AREA if key == AREA else "item"
    drafts = raised(state, subject, scope, container)
    text = "fb.danger_area" if scope == AREA else "fb.danger"
    return Decision(screen=noted(clean(screen), Severity.ERROR, text), drafts=drafts)


def raised(
    state: State, subject: Subject, scope: str, container: str | None = None
) -> tuple[Draft, ...]:
    """Return the events of a danger: it stands, and what nobody carries yet goes by hand."""
    danger = Draft(
        payload=DangerRaised(scope=scope, container=container),
        subject=subject,
        status="hazard" if subject.unit is not None else None,
    )
    key = inhibit_key(unit=subject.unit, parcel=subject.parcel, container=container)
    return (danger, *_to_the_hand(state, key))


def _to_the_hand(state: State, key: str) -> tuple[Draft, ...]:
    """Legs that no device was told of yet; what one may be acting on, dispatch takes back."""
    return tuple(
        Draft(
            payload=MoveChanged(
                move=work.move,
                leg=work.position,
                state=MoveState.BY_HAND,
                attempt=leg.attempt,
                reason="danger",
            ),
            subject=Subject(parcel=work.parcel, unit=work.unit),
        )
        for work in state.moves.values()
        if key in (f"unit/{work.unit}", f"parcel/{work.parcel}", f"container/{work.container}")
        if (leg := work.current) is not None and leg.state is MoveState.PLANNED
    )


def _selected(state: State, screen: Screen) -> MoveWork | None:
    moves = tuple(state.moves.values())
    if screen.overlay != "moves" or not 1 <= screen.selected <= len(moves):
        return None
    return moves[screen.selected - 1]


# ---------------------------------------------------------------- the end of a danger


def to_be_ended(state: State) -> str | None:
    """Return whose danger a supervisor would end here; None = there is none that may be ended.

    The unit's own may be ended until it is put; the area's at any moment.
    """
    unit = state.unit
    if unit is not None and unit.danger and not unit.put:
        return WITHDRAW_ITEM
    if state.is_area_inhibited:
        return WITHDRAW_AREA
    if state.bench is not None and f"parcel/{state.bench}" in state.inhibits:
        return WITHDRAW_ITEM
    return None


def alarm(state: State) -> str:
    """Return what a person must not forget: `danger` of the area, `halted` machines, or nothing."""
    if state.is_area_inhibited:
        return "danger"
    return "halted" if state.stopped else ""


def withdraw(state: State, screen: Screen, about: str, supervisor: str) -> Decision:
    """A supervisor's badge ends the danger that was asked about. Nothing starts by itself."""
    event = DangerWithdrawn(
        supervisor=supervisor,
        reason="mistaken" if about == WITHDRAW_ITEM else "cleared",
        scope=AREA if about == WITHDRAW_AREA else "item",
    )
    if about == WITHDRAW_AREA:
        text = "fb.area_clear" if state.stopped else "fb.danger_withdrawn"
        return accepted(clean(screen), text, on_station(event))
    unit = state.unit
    subject = Subject(parcel=state.bench, unit=unit.unit if unit is not None else None)
    if unit is not None:
        subject = Subject(parcel=unit.parcel, unit=unit.unit)
    draft = Draft(payload=event, subject=subject)
    return accepted(clean(screen), "fb.danger_withdrawn", draft)


def start_again(state: State, screen: Screen) -> Decision:
    """A person starts what a danger had stopped; refused while one stands for the area."""
    if state.is_area_inhibited:
        return refused(screen, "E80")
    if not state.stopped:
        return refused(screen, "E45")
    drafts = tuple(
        on_station(DeviceCommand(device=device, command="start", reason="operator"))
        for device in sorted(state.stopped)
    )
    return accepted(clean(screen), "fb.started_again", *drafts)
