"""Touch time: active, waiting for the station, interrupted; every millisecond in one of them."""

from hypothesis import given
from hypothesis import strategies as st

from edge.station.touch import INTERRUPTED_MS, Touch, acted, ended

BOOT_WALL_MS = 1_764_000_000_000


def test_gaps_between_acts_are_work_and_long_ones_are_not() -> None:
    acts = [(1_000, "k", "1"), (4_000, "k", "2"), (4_000 + INTERRUPTED_MS + 1, "s", "")]
    now = acts[-1][0]
    touch = acted(Touch(until_ms=BOOT_WALL_MS), acts, wall_ms=BOOT_WALL_MS + now, mono_ms=now)
    whole = ended(touch, BOOT_WALL_MS + now)
    assert (whole.active, whole.waiting, whole.interrupted) == (4_000, 0, INTERRUPTED_MS + 1)


def test_after_the_last_act_the_person_waits_for_the_station() -> None:
    touch = acted(Touch(until_ms=0), [(100, "s", "")], wall_ms=100, mono_ms=100)
    assert ended(touch, 1_600).waiting == 1_500


@given(st.lists(st.integers(0, 200_000), max_size=20), st.integers(0, 100_000))
def test_the_parts_are_the_whole(times: list[int], rest: int) -> None:
    acts = [(at, "k", "1") for at in sorted(times)]
    end = max([0, *times]) + rest
    whole = ended(
        acted(Touch(until_ms=BOOT_WALL_MS), acts, wall_ms=BOOT_WALL_MS + end, mono_ms=end),
        BOOT_WALL_MS + end,
    )
    assert whole.active + whole.waiting + whole.interrupted == end
    assert min(whole.active, whole.waiting, whole.interrupted) >= 0
