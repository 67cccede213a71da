"""Register blocks for any values, and a belt that loses writes, replies and itself at will."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from drivers.memory.conveyor import MemoryBelt, MemoryConveyorSettings
from drivers.protocols import DivertCommand, DivertPhase
from drivers.wire.conveyor_map import MapOptions, grown
from drivers.wire.conveyor_profile import Ground
from drivers.wire.conveyor_proof import settle
from drivers.wire.conveyor_registers import Command, SeqAck, next_host_hb

words = st.integers(0, 65535)
tokens = st.integers(1, 2**32 - 1)
MAP = SeqAck(MapOptions(lane_sensor=True))


@given(item=tokens, lane=st.integers(1, 8), seq=st.integers(1, 65535), beat=words)
def test_every_command_fits_eight_words_and_keeps_its_numbers(
    item: int, lane: int, seq: int, beat: int
) -> None:
    registers = MAP.encode(Command.DIVERT, host_hb=beat, seq=seq, lane=lane, item=item).values
    assert len(registers) == 8
    assert all(0 <= word <= 65535 for word in registers)
    assert (registers[0], registers[1], registers[2], registers[7]) == (beat, 1, lane, seq)
    assert registers[3] * 65536 + registers[4] == item


@given(st.lists(words, min_size=20, max_size=20), st.integers(1, 65535))
def test_any_block_of_the_map_is_read_and_any_other_refused(values: list[int], boot: int) -> None:
    values[13], values[9] = 1, boot
    status = MAP.read(values, None, 1).status
    assert (status.seq_seen, status.divert_count, status.boot_id) == (values[2], values[8], boot)
    assert (status.exit_lane, status.exit_count) == (values[15], values[16])
    assert status.done_item == values[6] * 65536 + values[7]


@given(st.lists(words, min_size=20, max_size=20), tokens, words)
def test_any_block_settles_into_a_phase_without_an_error(
    values: list[int], token: int, count: int
) -> None:
    values[13], values[9] = 1, 3
    command = DivertCommand(
        token=token,
        lane=1,
        seq=max(values[2], 1),
        boot_id=3,
        count_before=count,
        exit_before=values[16],
    )
    status = MAP.read(values, None, 1).status
    found = settle(status, command, lane_sensor=True)
    assert found.phase in DivertPhase
    if found.phase is DivertPhase.DONE:
        assert status.done_item == token
        assert status.divert_count == (count + 1) % 65536


@given(words, st.integers(0, 65535))
def test_counters_grow_over_their_wrap(before: int, by: int) -> None:
    assert grown((before + by) % 65536, before) == by


class RuledClock:
    """Time that only the rules move."""

    def __init__(self) -> None:
        self.now_ns = 0

    def monotonic_ns(self) -> int:
        return self.now_ns

    def wall_ms(self) -> int:
        return self.now_ns // 1_000_000


class Handshake(RuleBasedStateMachine):
    """A master that writes again only what two blocks do not show; the belt may lose anything."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = RuledClock()
        self.belt = MemoryBelt(MemoryConveyorSettings(divert_ms=20), self.clock)
        self.open: DivertCommand | None = None
        self.tokens = 0
        self.seq = 65530
        self.ends: Counter[DivertPhase] = Counter()

    @precondition(lambda self: self.open is None and not self.belt.status().fault)
    @rule(lane=st.integers(1, 3), arrives=st.booleans())
    def begin(self, lane: int, *, arrives: bool) -> None:
        status = self.belt.status()
        if status.busy or status.seq_result == 1:
            return
        self.tokens += 1
        self.seq = next_host_hb(self.seq)
        self.seq = self.seq if self.seq != status.seq_seen else next_host_hb(self.seq)
        self.open = DivertCommand(
            token=self.tokens,
            lane=lane,
            seq=self.seq,
            boot_id=status.boot_id,
            count_before=status.divert_count,
            exit_before=status.exit_count,
        )
        if arrives:
            self.belt.take(self.open)

    @precondition(lambda self: self.open is not None)
    @rule(arrives=st.booleans())
    def read(self, *, arrives: bool) -> None:
        assert self.open is not None
        found = settle(self.belt.status(), self.open, lane_sensor=True)
        if found.ground is Ground.UNSEEN and arrives:
            self.belt.take(self.open)
        elif found.ground is Ground.FINAL:
            self.ends[found.phase] += 1
            if found.phase is DivertPhase.DONE:
                assert self.belt.diverts[self.open.token] == 1
            if found.phase is DivertPhase.REJECTED:
                assert self.belt.diverts[self.open.token] == 0
            self.open = None

    @rule(ms=st.integers(0, 30))
    def wait(self, ms: int) -> None:
        self.clock.now_ns += ms * 1_000_000

    @rule()
    def restart(self) -> None:
        self.belt.restart()

    @rule(reason=st.sampled_from([1, 6, 9]))
    def refuse(self, reason: int) -> None:
        self.belt.faults.reject = reason

    @invariant()
    def nothing_is_diverted_twice(self) -> None:
        assert all(count == 1 for count in self.belt.diverts.values())


TestHandshake = Handshake.TestCase
