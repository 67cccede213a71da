"""Register map `conveyor/1` against blocks written by hand from its table."""

import pytest

from drivers.protocols import ConveyorStatus, DivertCommand, DivertPhase
from drivers.wire.conveyor_map import MapOptions
from drivers.wire.conveyor_profile import Ground
from drivers.wire.conveyor_proof import settle
from drivers.wire.conveyor_registers import Command, SeqAck, next_host_hb

# B+100 … B+119: beat 513, running + busy, seq 8 executing, no fault, diverter at 2,
# done item 0x00010002, 65535 diverts, boot 7, done seq 7, no reason, done, map 1, 2 s,
# exit lane 3, 12 exits, exit item 0x00010002, reserved
GOLDEN = [513, 0b1001, 8, 1, 0, 2, 1, 2, 65535, 7, 7, 0, 2, 1, 20, 3, 12, 1, 2, 0]
MAP = SeqAck(MapOptions(lane_sensor=True))
DIVERT = DivertCommand(token=0x10002, lane=3, seq=8, boot_id=7, count_before=65535, exit_before=12)


def read(registers: list[int]) -> ConveyorStatus:
    return MAP.read(registers, None, 5).status


def changed(**registers: int) -> ConveyorStatus:
    """Return the golden block with some registers at other values."""
    places = {
        "bits": 1,
        "seq_seen": 2,
        "seq_result": 3,
        "fault": 4,
        "item_high": 6,
        "count": 8,
        "boot": 9,
        "done_seq": 10,
        "reason": 11,
        "done_result": 12,
        "exit_lane": 15,
        "exit_count": 16,
        "exit_item_low": 18,
    }
    values = list(GOLDEN)
    for name, value in registers.items():
        values[places[name]] = value
    return read(values)


DONE = {"bits": 1, "seq_result": 2, "done_seq": 8, "count": 0}


def test_a_divert_stands_in_the_registers_with_the_number_last() -> None:
    write = MAP.encode(Command.DIVERT, host_hb=9, seq=300, lane=2, item=0x0001_86A0)
    assert write.address == 100
    assert write.values == (9, 1, 2, 0x0001, 0x86A0, 0, 0, 300)


@pytest.mark.parametrize("wrong", [{"seq": 0}, {"seq": 65536}, {"seq": 1, "item": 1 << 32}])
def test_a_number_that_no_register_holds_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        MAP.encode(Command.DIVERT, host_hb=1, **wrong)


def test_a_status_block_is_read_as_the_table_says() -> None:
    status = read(GOLDEN)
    assert status == ConveyorStatus(
        received_ns=5,
        boot_id=7,
        running=True,
        fault=0,
        host_lost=False,
        busy=True,
        seq_seen=8,
        seq_result=1,
        done_seq=7,
        done_result=2,
        done_item=0x10002,
        divert_count=65535,
        reject_reason=0,
        exit_lane=3,
        exit_count=12,
        exit_item=0x10002,
        lane_now=2,
        plc_hb=513,
        host_timeout_ms=2000,
    )


def test_a_belt_without_lane_sensor_answers_with_fifteen_registers() -> None:
    status = SeqAck(MapOptions()).read(GOLDEN[:15], None, 5).status
    assert (status.exit_lane, status.exit_count, status.exit_item) == (0, 0, 0)
    assert (status.plc_hb, status.lane_now, status.host_timeout_ms) == (513, 2, 2000)


@pytest.mark.parametrize("bits", [0b10, 0b100])
def test_fault_and_lost_host_are_bits(bits: int) -> None:
    status = changed(bits=bits)
    assert (status.running, status.busy) == (False, False)
    assert (status.fault == 65535, status.host_lost) == (bits == 0b10, bits == 0b100)


@pytest.mark.parametrize(
    "registers",
    [[], GOLDEN[:15], GOLDEN[:19], [*GOLDEN, 0], [*GOLDEN[:13], 2, *GOLDEN[14:]], [0] * 20],
)
def test_a_block_of_another_map_is_refused(registers: list[int]) -> None:
    with pytest.raises(ValueError, match=r"registers came|map_version"):
        read(registers)


def test_a_plc_that_does_not_count_its_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="boot_id"):
        read([*GOLDEN[:9], 0, *GOLDEN[10:]])


def test_the_host_heartbeat_skips_zero() -> None:
    assert [next_host_hb(n) for n in (0, 1, 65534, 65535)] == [1, 2, 65535, 1]


@pytest.mark.parametrize(
    ("registers", "phase", "ground", "reason"),
    [
        ({}, DivertPhase.SEEN, Ground.OPEN, ""),
        ({"boot": 8}, DivertPhase.IN_DOUBT, Ground.FINAL, "boot_changed"),
        (DONE | {"exit_count": 13}, DivertPhase.DONE, Ground.FINAL, ""),
        (DONE, DivertPhase.UNCONFIRMED, Ground.EXIT, "no_exit"),
        (
            DONE | {"exit_count": 13, "exit_lane": 1},
            DivertPhase.WRONG_LANE,
            Ground.FINAL,
            "wrong_lane",
        ),
        (DONE | {"exit_count": 14}, DivertPhase.UNCONFIRMED, Ground.FINAL, "exit_count"),
        (
            DONE | {"exit_count": 13, "exit_item_low": 9},
            DivertPhase.UNCONFIRMED,
            Ground.FINAL,
            "exit_item",
        ),
        (DONE | {"item_high": 9}, DivertPhase.IN_DOUBT, Ground.FINAL, "done_mismatch"),
        (DONE | {"count": 1}, DivertPhase.IN_DOUBT, Ground.FINAL, "done_mismatch"),
        (DONE | {"done_result": 1}, DivertPhase.SEEN, Ground.OPEN, ""),
        (DONE | {"done_result": 4, "fault": 23}, DivertPhase.FAILED, Ground.FINAL, "item_lost"),
        (
            {"done_seq": 8, "done_result": 4, "fault": 99},
            DivertPhase.FAILED,
            Ground.FINAL,
            "fault_99",
        ),
        ({"seq_result": 4, "fault": 24}, DivertPhase.FAILED, Ground.FINAL, "jam_at_infeed"),
        ({"seq_result": 3, "reason": 2}, DivertPhase.REJECTED, Ground.FINAL, "bad_lane"),
        ({"seq_seen": 9}, DivertPhase.NOT_SEEN, Ground.OPEN, "busy"),
        ({"seq_seen": 9, "bits": 1, "seq_result": 1}, DivertPhase.NOT_SEEN, Ground.OPEN, "busy"),
        ({"seq_seen": 7, "bits": 1, "seq_result": 2}, DivertPhase.NOT_SEEN, Ground.UNSEEN, ""),
        (
            {"seq_seen": 9, "bits": 1, "seq_result": 2, "count": 0},
            DivertPhase.IN_DOUBT,
            Ground.FINAL,
            "count_moved",
        ),
    ],
)
def test_one_block_proves(
    registers: dict[str, int], phase: DivertPhase, ground: Ground, reason: str
) -> None:
    found = settle(changed(**registers), DIVERT, lane_sensor=True)
    assert (found.phase, found.ground, found.reason) == (phase, ground, reason)


def test_without_a_lane_sensor_the_plc_word_is_the_end() -> None:
    found = settle(changed(**DONE), DIVERT, lane_sensor=False)
    assert (found.phase, found.ground) == (DivertPhase.DONE, Ground.FINAL)


def test_an_old_failure_of_another_item_under_the_same_number_is_not_ours() -> None:
    old = changed(done_seq=8, done_result=4, item_high=9, seq_seen=7, bits=1, seq_result=2)
    assert settle(old, DIVERT, lane_sensor=True).ground is Ground.UNSEEN
