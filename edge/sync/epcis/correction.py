"""`correction.made` as EPCIS says it: the original again, unchanged, declared to be in error."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from edge.events import Event, utc_text
from edge.sync.epcis.mapping import Step

KIND: Final = "correction.made"
REPLACE: Final = "replace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Which event is corrected, how (undo, retract, replace), and what stands in its place."""

    of: str
    act: str
    replacement: str | None = None


def correction_of(event: Event) -> Correction | None:
    """Return what an event corrects, None if it is no correction."""
    of, act = event.data.get("of"), event.data.get("act")
    if event.kind != KIND or not isinstance(of, str) or not isinstance(act, str):
        return None
    return Correction(of=of, act=act, replacement=event.data.get("replacement"))


def declared(
    originals: Iterable[Step], event: Event, replacements: Iterable[Step] = ()
) -> tuple[Step, ...]:
    """Return the declared copies of an event's EPCIS events; a replacement is named, not sent."""
    correction = correction_of(event)
    assert correction is not None, "the caller has looked"
    declaration: Step = {"declarationTime": utc_text(event.time_ms), "reason": "did_not_occur"}
    if correction.act == REPLACE:
        ids = [step["eventID"] for step in replacements]
        declaration |= {"reason": "incorrect_data"} | ({"correctiveEventIDs": ids} if ids else {})
    return tuple({**step, "errorDeclaration": declaration} for step in originals)
