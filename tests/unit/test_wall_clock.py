"""The wall clock is watched: jumps, a kernel that is not synchronised, a time before the newest."""

from edge.service.wall_clock import (
    BUILT_MS,
    STEP_MS,
    WARY_MS,
    KernelClock,
    WallClock,
    kernel_clock,
)
from journal_kit import WALL_MS


class Hands:
    """Both clocks stand where the test puts them; `ok` = what the kernel says."""

    def __init__(self) -> None:
        self.now_ms = WALL_MS
        self.mono_ms = 5_000
        self.ok = True

    def monotonic_ns(self) -> int:
        return self.mono_ms * 1_000_000

    def wall_ms(self) -> int:
        return self.now_ms

    def ask(self) -> KernelClock:
        return KernelClock(is_synced=self.ok)

    def run(self, by_ms: int, step_ms: int = 0) -> None:
        self.mono_ms += by_ms
        self.now_ms += by_ms + step_ms


def _watched(hands: Hands, built_ms: int = 0) -> WallClock:
    return WallClock(hands, built_ms=built_ms, ask=hands.ask)


def test_a_clock_that_is_kept_right_is_no_news() -> None:
    hands = Hands()
    watch = _watched(hands)
    for _ in range(5):
        hands.run(1000, step_ms=3)
        assert watch.look(WALL_MS) is None
    assert watch.state == "synced"


def test_a_jump_is_told_and_not_trusted_for_a_while() -> None:
    for step_ms in (STEP_MS + 1, -86_400_000, 86_400_000):
        hands = Hands()
        watch = _watched(hands)
        hands.run(1000, step_ms)
        news = watch.look(0)
        assert news is not None
        assert (news.step_ms, news.was, news.now) == (step_ms, "synced", "stepped")
        hands.run(WARY_MS - 1)
        assert watch.look(0) is None
        hands.run(1)
        back = watch.look(0)
        assert back is not None
        assert (back.step_ms, back.was, back.now) == (0, "stepped", "synced")


def test_a_clock_that_nobody_keeps_is_not_trusted() -> None:
    hands = Hands()
    hands.ok = False
    watch = _watched(hands)
    news = watch.look(0)
    assert news is not None
    assert (news.step_ms, news.now) == (0, "unsynced")
    assert watch.look(0) is None
    hands.ok = True
    again = watch.look(0)
    assert again is not None
    assert again.now == "synced"


def test_a_time_before_the_newest_event_or_before_the_software_is_not_trusted() -> None:
    hands = Hands()
    watch = _watched(hands)
    assert watch.look(WALL_MS + STEP_MS) is None
    assert watch.look(WALL_MS + STEP_MS + 1) is not None
    assert watch.state == "unsynced"
    assert _watched(hands, built_ms=WALL_MS + 1).look(0) is not None
    assert BUILT_MS > 0


def test_the_kernel_can_be_asked() -> None:
    said = kernel_clock()
    assert said.error or said.max_error_us >= 0
    assert not (said.error and said.is_synced)
