"""Days that the disk lasts at the pace so far."""

from edge.service.room import DAY_MS, DAYS_MAX, UNKNOWN, YOUNG_MS, days_left


def test_room_lasts_as_long_as_it_took_to_fill_as_much() -> None:
    assert days_left(100, 2_100, DAY_MS) == 21
    assert days_left(100, 50, DAY_MS) == 0


def test_a_young_or_empty_journal_tells_nothing_and_a_quiet_one_no_more_than_three_digits() -> None:
    assert days_left(100, 2_100, YOUNG_MS - 1) == UNKNOWN
    assert days_left(0, 2_100, DAY_MS) == UNKNOWN
    assert days_left(1, 10**12, DAY_MS) == DAYS_MAX


def test_a_budget_that_is_used_up_leaves_no_day() -> None:
    assert days_left(100, -5, DAY_MS) == 0
