"""The PLC's program against the register contract, register by register, with time handed in."""

import pytest

from sim.conveyor.faults import set_fault
from sim.conveyor.plc import Belt, Happening, Plc, PlcFaults

MS = 1_000_000
BELT = Belt(lanes=3, divert_ns=400 * MS, exit_ns=100 * MS, host_timeout_ns=2000 * MS)
SEQ_SEEN, SEQ_RESULT, DONE_ITEM_LOW, DIVERTS, DONE_SEQ, REASON, DONE_RESULT = 2, 3, 7, 8, 10, 11, 12
EXIT_LANE, EXIT_COUNT, EXIT_ITEM_LOW = 15, 16, 18


class Bench:
    """One PLC and what it physically did."""

    def __init__(self) -> None:
        self.happened: list[Happening] = []
        self.plc = Plc(BELT, 77, 0, self.happened.append)
        self.heartbeat = 0

    def beat(self, at_ms: int) -> None:
        self.heartbeat += 1
        self.plc.on_write(0, [self.heartbeat], at_ms * MS)

    def command(
        self, command: int, seq: int, at_ms: int, *, lane: int = 1, token: int = 9
    ) -> list[int]:
        self.heartbeat += 1
        words = [self.heartbeat, command, lane, token >> 16, token & 0xFFFF, 0, 0, seq]
        self.plc.on_write(0, words, at_ms * MS)
        return self.plc.on_read(at_ms * MS)

    def status(self, at_ms: int) -> list[int]:
        return self.plc.on_read(at_ms * MS)

    def kinds(self) -> list[tuple[str, int, int]]:
        return [(one.kind, one.token, one.lane) for one in self.happened]


def test_a_divert_is_seen_done_and_leaves_by_its_lane() -> None:
    bench = Bench()
    status = bench.command(1, 5, 0, lane=2, token=0x12345)
    assert status[SEQ_SEEN] == 5
    assert status[SEQ_RESULT] == 1
    assert status[1] & 0b1001 == 0b1001  # running, busy
    status = bench.status(450)
    assert status[DIVERTS] == 1
    assert (status[6], status[DONE_ITEM_LOW]) == (0x1, 0x2345)
    assert (status[DONE_SEQ], status[DONE_RESULT], status[SEQ_RESULT]) == (5, 2, 2)
    assert status[EXIT_COUNT] == 0
    status = bench.status(550)
    assert (status[EXIT_LANE], status[EXIT_COUNT], status[EXIT_ITEM_LOW]) == (2, 1, 0x2345)
    assert bench.kinds() == [("seen", 0x12345, 2), ("diverted", 0x12345, 2), ("exited", 0x12345, 2)]


def test_the_same_number_written_again_starts_nothing() -> None:
    bench = Bench()
    for at_ms in (0, 100, 600, 1200, 1900):
        bench.command(1, 5, at_ms)
    assert bench.status(1950)[DIVERTS] == 1


def test_number_zero_starts_nothing() -> None:
    bench = Bench()
    assert bench.command(1, 0, 0)[SEQ_SEEN] == 0
    assert bench.kinds() == []


def test_a_refused_divert_leaves_the_running_one_alone() -> None:
    bench = Bench()
    bench.command(1, 5, 0, token=9)
    status = bench.command(1, 6, 100, token=10)
    assert (status[SEQ_SEEN], status[SEQ_RESULT], status[REASON]) == (6, 3, 1)
    status = bench.status(500)
    assert (status[DONE_SEQ], status[DONE_RESULT], status[DONE_ITEM_LOW]) == (5, 2, 9)
    assert status[SEQ_RESULT] == 3


@pytest.mark.parametrize(("lane", "command", "reason"), [(4, 1, 2), (0, 1, 2), (1, 9, 5)])
def test_a_wrong_lane_or_command_is_refused(lane: int, command: int, reason: int) -> None:
    status = Bench().command(command, 1, 0, lane=lane)
    assert (status[SEQ_RESULT], status[REASON]) == (3, reason)


def test_a_silent_host_stops_the_belt_until_start() -> None:
    bench = Bench()
    bench.beat(0)
    assert bench.status(1999)[1] == 0b001
    assert bench.status(2001)[1] == 0b100
    status = bench.command(1, 1, 2100)
    assert (status[SEQ_RESULT], status[REASON]) == (3, 6)
    assert bench.command(3, 2, 2200)[1] == 0b001
    assert bench.command(1, 3, 2300)[SEQ_RESULT] == 1


def test_the_watchdog_freezes_a_divert_where_it_is() -> None:
    bench = Bench()
    bench.beat(0)
    bench.plc.on_write(1, [1, 1, 0, 9, 0, 0, 1], 1900 * MS)
    assert bench.status(9000)[DIVERTS] == 0
    bench.command(3, 2, 9000)
    assert bench.status(9299)[DIVERTS] == 0
    assert bench.status(9301)[DIVERTS] == 1


def test_cancel_ends_the_divert_as_failed_and_nothing_moves() -> None:
    bench = Bench()
    bench.command(1, 5, 0)
    status = bench.command(5, 6, 100)
    assert (status[DONE_SEQ], status[DONE_RESULT], status[DIVERTS]) == (5, 4, 0)
    assert bench.status(1000)[DIVERTS] == 0


def test_a_stopped_belt_refuses_and_start_takes_it_up_again() -> None:
    bench = Bench()
    assert bench.command(2, 1, 0)[1] & 1 == 0
    assert bench.command(1, 2, 10)[REASON] == 3
    assert bench.command(3, 3, 20)[1] & 1 == 1


def test_a_reboot_forgets_numbers_and_changes_its_id() -> None:
    bench = Bench()
    bench.command(1, 5, 0)
    bench.plc.reboot(78, 1000 * MS)
    status = bench.status(1001)
    assert (status[9], status[SEQ_SEEN], status[DIVERTS]) == (78, 0, 0)


def test_heartbeat_and_map_are_told() -> None:
    bench = Bench()
    assert bench.status(0)[13:15] == [1, 20]
    assert bench.status(100)[0] != bench.status(201)[0]


def test_the_next_item_leaves_by_another_lane_once() -> None:
    bench = Bench()
    bench.plc.faults.wrong_lane = 3
    bench.command(1, 1, 0, lane=1)
    assert bench.status(600)[EXIT_LANE] == 3
    bench.command(1, 2, 600, lane=1)
    assert bench.status(1200)[EXIT_LANE] == 1
    assert bench.plc.sorter.lanes == {9: 1}


def test_a_lane_whose_sensor_sees_nothing_counts_no_exit() -> None:
    bench = Bench()
    bench.plc.faults.stick_lane = 2
    bench.command(1, 1, 0, lane=2)
    status = bench.status(600)
    assert (status[DIVERTS], status[EXIT_COUNT]) == (1, 0)


def test_a_plc_restarts_in_the_middle_of_the_divert_that_was_named() -> None:
    bench = Bench()
    bench.plc.faults.reboot_at = 2
    bench.command(1, 1, 0)
    bench.command(1, 2, 600)
    assert bench.status(790)[9] == 77
    status = bench.status(2000)
    assert (status[9], status[SEQ_SEEN], status[DIVERTS]) == (78, 0, 0)
    assert bench.plc.diverts == {9: 1}  # what was pushed off stays pushed off


@pytest.mark.parametrize(
    ("fault", "value", "reason"),
    [("busy", True, 1), ("local", True, 8), ("lanes_full", {1}, 9), ("reject", 6, 6)],
)
def test_a_fault_refuses_with_its_reason(fault: str, value: object, reason: int) -> None:
    bench = Bench()
    setattr(bench.plc.faults, fault, value)
    assert bench.command(1, 1, 0)[REASON] == reason


def test_a_jam_ends_the_divert_and_stays_until_it_is_cleared_and_reset() -> None:
    bench = Bench()
    bench.command(1, 1, 0)
    bench.plc.faults.jam = True
    status = bench.status(100)
    assert (status[4], status[DONE_SEQ], status[DONE_RESULT], status[DIVERTS]) == (24, 1, 4, 0)
    assert bench.command(3, 2, 200)[REASON] == 4
    bench.plc.faults.jam = False
    assert bench.command(4, 3, 300)[4] == 0
    assert bench.command(3, 4, 400)[1] & 1


def test_a_fault_is_set_by_its_name_and_no_other() -> None:
    faults = PlcFaults()
    set_fault(faults, "wrong_lane", "2")
    set_fault(faults, "lanes_full", 3)
    set_fault(faults, "jam", True)
    assert (faults.wrong_lane, faults.lanes_full, faults.jam) == (2, {3}, True)
    set_fault(faults, "lanes_full", 0)
    assert faults.lanes_full == set()
    with pytest.raises(ValueError, match="no such fault"):
        set_fault(faults, "gravity", 1)
