"""What becomes of a marking code: from the compared identity, the answer and the zone; once."""

from dataclasses import replace

import pytest

from edge.events import MarkDispute, MarkRemarkNeeded, MarkReturnReady, MarkSeen, ParcelId, UnitId
from edge.station import marks
from edge.station.state import Given, UnitWork

KI = "0104600000000305215A21b91Xyz101"
GOOD = MarkSeen(ki=KI, match="match", state="ok", condition="intact")
READY = MarkReturnReady(ki=KI)


def unit(seen: MarkSeen, answer: str = "match", match: str = "expected") -> UnitWork:
    given = (Given(step="mark", answer=answer, by="auto"),) if answer else ()
    return UnitWork(
        unit=UnitId("u"), parcel=ParcelId("p"), title={}, opened_ms=0,
        match=match, answers=given, mark=seen,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "zone", "said"),
    [
        (unit(GOOD), "resale", READY),
        (unit(GOOD), "repair", None),
        (unit(GOOD), "disposal", None),
        (unit(replace(GOOD, condition=None, state="unproven")), "resale", None),
        (unit(replace(GOOD, condition=None, match="nodata"), "nodata"), "resale", None),
        (unit(replace(GOOD, match="mismatch", condition=None), "mismatch"), "hold",
         MarkDispute(reason="mismatch", ki=KI)),
        (unit(MarkSeen(), "mismatch"), "hold", MarkDispute(reason="mismatch")),
        (unit(replace(GOOD, state="foreign", condition=None)), "hold",
         MarkDispute(reason="foreign", ki=KI)),
        (unit(GOOD, match="seen_elsewhere"), "hold", MarkDispute(reason="duplicate", ki=KI)),
        (unit(MarkSeen(), "unreadable"), "repair", MarkRemarkNeeded(reason="unreadable")),
        (unit(MarkSeen(), "missing"), "resale", MarkRemarkNeeded(reason="missing")),
        (unit(MarkSeen(), ""), "resale", None),
        (unit(MarkSeen(), "", match="seen_elsewhere"), "hold", None),
    ],
)  # fmt: skip
def test_the_outcome_of_a_mark(
    given: UnitWork, zone: str, said: MarkReturnReady | MarkRemarkNeeded | MarkDispute | None
) -> None:
    assert marks.becomes(given, zone) == said
    assert [draft.payload for draft in marks.outcome(given, zone)] == ([said] if said else [])


def test_an_outcome_that_was_said_is_not_said_again_another_one_is() -> None:
    told = unit(replace(GOOD, said=MarkReturnReady.KIND))
    assert marks.outcome(told, "resale") == ()
    later = replace(told, answers=(Given(step="mark", answer="unreadable", by="key"),))
    assert [one.payload for one in marks.outcome(later, "resale")] == [
        MarkRemarkNeeded(reason="unreadable", ki=KI)
    ]
