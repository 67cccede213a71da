"""The table for orders that may not have arrived: each row, and what no row may ever allow."""

from itertools import product

import pytest

from drivers.wire.vda5050.verdict import TABLE, Facts, Shown, Verdict, judge

EVERY = [
    Facts(
        shown=shown,
        named=named,
        was_seen=seen,
        fresh=fresh,
        had_previous=previous,
        unbroken=unbroken,
    )
    for shown in Shown
    for named, seen, fresh, previous, unbroken in product((False, True), repeat=5)
]


@pytest.mark.parametrize(
    ("facts", "verdict", "reason"),
    [
        (Facts(shown=Shown.OURS), Verdict.TAKEN, ""),
        (Facts(shown=Shown.OURS, named=True, fresh=False), Verdict.TAKEN, ""),
        (Facts(shown=Shown.PREVIOUS, named=True, fresh=False), Verdict.REJECTED, ""),
        (Facts(shown=Shown.EARLIER_UPDATE, named=True), Verdict.REJECTED, ""),
        (Facts(shown=Shown.PREVIOUS, had_previous=True), Verdict.NOT_TAKEN, "not_taken"),
        (Facts(shown=Shown.PREVIOUS, unbroken=False), Verdict.NOT_TAKEN, "not_taken"),
        (Facts(shown=Shown.NOTHING), Verdict.NOT_TAKEN, "not_taken"),
        (Facts(shown=Shown.NOTHING, unbroken=False), Verdict.IN_DOUBT, "memory_lost"),
        (Facts(shown=Shown.NOTHING, had_previous=True), Verdict.IN_DOUBT, "memory_lost"),
        (Facts(shown=Shown.NOTHING, was_seen=True, fresh=False), Verdict.IN_DOUBT, "memory_lost"),
        (Facts(shown=Shown.PREVIOUS, was_seen=True), Verdict.IN_DOUBT, "memory_lost"),
        (Facts(shown=Shown.OUR_OTHER), Verdict.IN_DOUBT, "other_order_sent"),
        (Facts(shown=Shown.OUR_OTHER, was_seen=True, fresh=False), Verdict.IN_DOUBT, "other_ord"),
        (Facts(shown=Shown.FOREIGN), Verdict.FOREIGN, "foreign_order"),
        (Facts(shown=Shown.FOREIGN, was_seen=True, fresh=False), Verdict.FOREIGN, "foreign_order"),
        (Facts(shown=Shown.EARLIER_UPDATE), Verdict.NOT_TAKEN, "update_not_taken"),
        (Facts(shown=Shown.EARLIER_UPDATE, fresh=False), Verdict.OPEN, ""),
        (Facts(shown=Shown.FOREIGN, fresh=False), Verdict.OPEN, ""),
        (Facts(shown=Shown.UNSAID, was_seen=True), Verdict.OPEN, ""),
    ],
)
def test_each_row_gives_its_verdict(facts: Facts, verdict: Verdict, reason: str) -> None:
    row = judge(facts)
    assert row.verdict is verdict
    assert row.reason.startswith(reason)


def test_every_state_has_a_verdict_and_every_row_is_needed() -> None:
    used = [judge(facts) for facts in EVERY]
    assert len(used) == len(EVERY)
    assert [row for row in TABLE if row not in used] == []


def test_a_second_send_needs_a_fresh_state_without_a_trace_of_the_first() -> None:
    allowed = [facts for facts in EVERY if judge(facts).verdict is Verdict.NOT_TAKEN]
    assert allowed
    for facts in allowed:
        assert facts.fresh
        assert not facts.named
        whole = facts.shown is not Shown.EARLIER_UPDATE
        assert not (whole and facts.was_seen)
        assert facts.shown in (Shown.PREVIOUS, Shown.NOTHING, Shown.EARLIER_UPDATE)
        assert facts.shown is not Shown.NOTHING or (facts.unbroken and not facts.had_previous)
