"""What waits for a decision: whose it is, when it is late, and its ways out. None leaves silently.

A hold ends by a supervisor at the bench, by the centre's word, or by the fact that was missing; the
unit then stands on the list of moves, from the tray where it lies to its zone.
"""

from dataclasses import replace
from typing import Final

from edge.events import (
    ConfigRefused,
    Draft,
    HoldPlaced,
    HoldReleased,
    Leg,
    MoveChanged,
    MovePlanned,
    MoveState,
    VerdictChanged,
    VerdictMade,
    utc_text,
)
from edge.floor import LegKind
from edge.station import agreed, checks, marks, money, rezone
from edge.station.decision import Choice, Context, Decision, Screen, asked, on_unit, refused
from edge.station.inputs import ReleaseInput
from edge.station.state import Hold, State, UnitWork

HELD: Final = "E48"
BY_DIGIT: Final = {"1": "resale", "2": "repair", "3": "disposal"}
AGAIN: Final = "inspection"  # no zone: the piece is looked at once more
CENTRAL: Final = "central"
SUPERVISOR: Final = "supervisor"
DATA: Final = "data"
OWNERS: Final = {
    "unannounced": "owner",
    "verify": "data",
    "quality": "quality",
    "unlock": "customer",
    "rtv": "supplier",
}
"""Whose word a hold waits for; every other one is a supervisor's."""

# ---------------------------------------------------------------- a hold begins


def placed(unit: UnitWork, verdict: VerdictMade, tray: str, context: Context) -> HoldPlaced:
    """Return the hold of a unit that is put into a tray of it."""
    reason = verdict.disposition.removeprefix("HOLD_").lower()
    missing = tuple(fact.column for fact in verdict.missing)
    return replace(hold(reason, unit, context), missing=missing, place=tray)


def hold(reason: str, unit: UnitWork, context: Context) -> HoldPlaced:
    """Return a hold that begins now: its owner and its clock."""
    due = agreed.hold_due_ms(reason, checks.pack_of(unit, context).terms, context)
    return HoldPlaced(reason=reason, owner=OWNERS.get(reason, SUPERVISOR), due=utc_text(due))


# ---------------------------------------------------------------- the ways out


def ask(screen: Screen, one: Hold, context: Context) -> Decision:
    """A held unit is in the hand: the ways out, each with a supervisor."""
    hours = max(0, context.wall_ms - one.since_ms) // 3_600_000
    name = one.unit.lpn or one.unit.unit[-8:]
    opts = (*((key, f"opt.to_{zone}") for key, zone in BY_DIGIT.items()), ("5", "opt.again"))
    params = {"u": name, "reason": one.reason, "h": hours}
    return asked(screen, Choice(code=HELD, p=params, opts=opts, about=one.unit.unit))


def forbidden(screen: Screen, one: Hold, zone: str, context: Context) -> Decision | None:
    """Return why nobody may release it to that zone; None where a supervisor may."""
    if zone == AGAIN:
        return None
    return rezone.refusal(screen, one.unit, zone, context)


def released(
    one: Hold, zone: str, *, by: str, reason: str, supervisor: str | None, context: Context
) -> tuple[Draft, ...]:
    """Return the events by which a unit leaves its hold for a zone that somebody named."""
    unit, verdict = one.unit, one.unit.verdict
    end = HoldReleased(by=by, to_zone=zone, reason=reason, supervisor=supervisor)
    if zone == AGAIN or verdict is None or unit.verdict_id is None:
        return (on_unit(unit, end),)
    decided = rezone.outcome(unit, zone, context)
    if (
        verdict.refund == "blocked"
    ):  # the hold that blocked it is over: a person in the centre looks
        decided = replace(decided, refund="review")
    changed = VerdictChanged(
        of=unit.verdict_id,
        recommended=rezone.outcome_of(verdict),
        decided=decided,
        reason=reason,
        by=by,
        supervisor=supervisor,
    )
    drafts: tuple[Draft, ...] = (on_unit(unit, changed, "dispositioned"), on_unit(unit, end))
    after = replace(verdict, zone=zone, refund=decided.refund, disposition=decided.disposition)
    return drafts + money.again(unit, verdict, after) + carried(one, zone, context)


def carried(one: Hold, zone: str, context: Context) -> tuple[Draft, ...]:
    """Return the move from the tray of the hold to a zone: a person carries it."""
    start = one.place or "hold"
    leg = Leg(kind=LegKind.HAND, start=start, end=zone)
    move = context.fresh.move
    return (
        *marks.outcome(one.unit, zone),
        on_unit(one.unit, MovePlanned(move=move, legs=(leg,), zone=zone, tray=one.place)),
        on_unit(
            one.unit,
            MoveChanged(move=move, leg=0, state=MoveState.BY_HAND, reason="hold"),
            "routed",
        ),
    )


def by_central(state: State, screen: Screen, given: ReleaseInput, context: Context) -> Decision:
    """The centre's word on a held unit; one that a rule of the policy forbids is not obeyed."""
    one = state.holds.get(given.unit)
    if one is None:
        return Decision(screen=screen)
    zone = given.zone or _ZONE_OF.get(given.decision, AGAIN)
    if forbidden(screen, one, zone, context) is not None:
        error = f"{given.decision} of {given.unit}: no rule lets it go to {zone}"
        refusal = ConfigRefused(what="catalogue", id="releases", error=error)
        return Decision(screen=screen, drafts=(on_unit(one.unit, refusal),))
    drafts = released(
        one, zone, by=CENTRAL, reason=given.decision, supervisor=None, context=context
    )
    return Decision(screen=screen, drafts=drafts)


_ZONE_OF: Final = {"quality_reject": "disposal"}


def chosen(screen: Screen, one: Hold, pressed: str, context: Context) -> str | Decision:
    """Return the way out of a digit, or why it is none."""
    zone = AGAIN if pressed == "5" else BY_DIGIT.get(pressed)
    if zone is None:
        return refused(screen, "E00", want="want.digit")
    return forbidden(screen, one, zone, context) or zone
