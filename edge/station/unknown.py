"""A parcel that nobody announced under its number: who it may be of, who claimed it later.

And one that was announced and has not come: the centre says so, a single bench cannot know."""

from collections.abc import Iterable
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Final

from edge.events import ConfigRefused, ParcelMatched, ParcelMissing
from edge.station import agreed, parcels
from edge.station.decision import Context, Decision, Screen, noted, on_parcel, on_station
from edge.station.inputs import AbsentInput, Candidate, ClaimInput
from edge.station.state import ParcelWork, State
from edge.views import Severity

FRAGMENT_MIN: Final = 4
NEAR_MAX: Final = 5  # digits 4 to 8 of the question


def fragments(code: str) -> tuple[str, ...]:
    """Return the parts of a number that its owner's number may share; none of a short one."""
    half = max(FRAGMENT_MIN, len(code) // 2)
    parts = (code, code[-half:], code[:half])
    return tuple(dict.fromkeys(part for part in parts if len(part) >= FRAGMENT_MIN))


def closeness(code: str, number: str) -> tuple[int, int, str]:
    """Return how a number ranks beside the code that was read: less is likelier.

    The longest part that both share counts, then whether they end alike.
    """
    match = SequenceMatcher(None, code, number, autojunk=False)
    shared = match.find_longest_match().size
    ends_alike = code[-FRAGMENT_MIN:] == number[-FRAGMENT_MIN:]
    return (-shared, 0 if ends_alike else 1, number)


def nearest(code: str, numbers: Iterable[str]) -> tuple[str, ...]:
    """Return announced numbers, the likeliest first; what shares less than a fragment is none."""
    ranked = sorted(closeness(code, number) for number in set(numbers))
    return tuple(number for shared, _, number in ranked if -shared >= FRAGMENT_MIN)


def by_date(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Return parcels that await the same article, the one that is due first before the others."""

    def due(candidate: Candidate) -> tuple[str, str]:
        days = [line.due_at for line in candidate.lines if line.due_at]
        return (min(days, default="9"), candidate.key)

    return tuple(sorted(candidates, key=due))


def claimed(state: State, screen: Screen, given: ClaimInput, context: Context) -> Decision:
    """Record whose an unknown parcel is. What is expected in it counts while it is untouched.

    Its time is counted from its arrival: nobody knew whose it is, but it lay here.
    """
    work = state.parcels.get(given.parcel)
    if work is not None and not work.blind:
        return Decision(screen=screen)
    is_untouched = work is not None and not work.units
    candidate = given.candidate if is_untouched else None
    event = ParcelMatched(
        rmas=(given.rma,),
        by="central",
        evidence=(given.release,),
        lines=parcels.expected(candidate) if candidate is not None else (),
        whole_rmas=candidate.whole_rmas if candidate is not None else (),
        so_far=candidate.so_far if candidate is not None else (),
        due=_due(work, candidate, context),
    )
    number = work.number if work is not None else str(given.parcel)[-8:]
    shown = noted(screen, Severity.INFO, "fb.parcel_matched", no=number, rma=given.rma)
    return Decision(screen=shown, drafts=(on_parcel(given.parcel, event, "arrived"),))


def _due(work: ParcelWork | None, candidate: Candidate | None, context: Context) -> str | None:
    if work is None or candidate is None:
        return None
    return agreed.due(candidate.lines, replace(context, wall_ms=work.arrived_ms))


def absent(screen: Screen, given: AbsentInput) -> Decision:
    """Record that the centre misses a parcel; one that is here is not missing."""
    if given.is_here:
        error = f"{given.parcel} is not missing: it is here"
        refusal = ConfigRefused(what="catalogue", id="releases", error=error)
        return Decision(screen=screen, drafts=(on_station(refusal),))
    event = ParcelMissing(
        rma=given.rma, tracking=given.parcel, expected_by=given.due, cut_off=given.cut_off
    )
    return Decision(screen=screen, drafts=(on_station(event),))
