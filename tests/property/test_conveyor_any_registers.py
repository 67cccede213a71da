"""Any registers of any style: never an error but a named one, never a belief without proof."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import DivertCommand, DivertPhase
from drivers.wire.conveyor_map import MapOptions, Span
from drivers.wire.conveyor_profile import BeltProfile, Ground, Sent
from drivers.wire.conveyor_styles import STYLES, style_of

words = st.integers(0, 65535)
tokens = st.integers(1, 2**32 - 1)
options = st.builds(
    MapOptions,
    base=st.sampled_from([0, 100, 4000]),
    word_order=st.sampled_from(["big", "little"]),
    lanes=st.integers(1, 8),
    lane_sensor=st.booleans(),
    lane_full=st.booleans(),
    infeed_sensor=st.booleans(),
    local_mode=st.booleans(),
    pulse_coil=st.booleans(),
)
profiles = st.builds(style_of, st.sampled_from(sorted(STYLES)), options)


@st.composite
def commands(draw: st.DrawFn) -> DivertCommand:
    return DivertCommand(
        token=draw(tokens),
        lane=draw(st.integers(1, 8)),
        seq=draw(st.integers(1, 65535)),
        boot_id=draw(st.sampled_from([1, 7])),
        count_before=draw(words),
        exit_before=draw(words),
    )


def count_of(profile: BeltProfile) -> int:
    span = profile.span()
    return 0 if span is None else span.count


@given(profiles, st.lists(words, max_size=24), st.booleans())
def test_any_registers_are_read_or_refused_by_name(
    profile: BeltProfile, registers: list[int], is_short: bool
) -> None:
    span = profile.span(is_short=is_short)
    try:
        status = profile.read(registers, span, 1).status
    except ValueError:
        return
    assert span is None or len(registers) == span.count
    assert status.boot_id != 0


@given(profiles, st.data(), commands(), st.sampled_from(Sent))
def test_any_block_settles_and_done_has_its_proof(
    profile: BeltProfile, data: st.DataObject, command: DivertCommand, sent: Sent
) -> None:
    count = count_of(profile)
    registers = data.draw(st.lists(words, min_size=count, max_size=count))
    try:
        status = profile.read(registers, profile.span(), 1).status
    except ValueError:
        return
    found = profile.settle(status, command, sent)
    assert found.phase in DivertPhase
    if found.ground is Ground.UNSEEN:
        assert profile.traits.has_boot_id or sent is Sent.NEVER
    if found.phase is DivertPhase.DONE and profile.traits.has_echo:
        assert command.seq in (status.seq_seen, status.done_seq)
    if found.phase is DivertPhase.DONE and profile.traits.has_boot_id:
        assert status.boot_id == command.boot_id
        assert status.divert_count == (command.count_before + 1) % 65536


@given(profiles, st.data(), commands(), words)
def test_every_write_fits_its_registers_and_is_one_request(
    profile: BeltProfile, data: st.DataObject, command: DivertCommand, beat: int
) -> None:
    count = count_of(profile)
    registers = data.draw(st.lists(words, min_size=count, max_size=count))
    try:
        reading = profile.read(registers, profile.span(), 1)
    except ValueError:
        return
    writes = [
        profile.divert(command, beat, reading),
        profile.heartbeat(beat, reading),
        profile.closing(command, reading),
    ]
    for write in writes:
        assert write is None or all(0 <= value <= 65535 for value in write.values)
        assert write is None or len(write.values) <= 45


@given(st.permutations(range(300, 307)), st.data())
def test_a_map_by_names_reads_the_same_as_one_by_base(
    places: list[int], data: st.DataObject
) -> None:
    names = ("plc_hb", "status", "seq_seen", "seq_result", "fault", "divert_count", "boot_id")
    rest = {"done_item": 307, "done_seq": 309, "reject_reason": 310, "done_result": 311}
    addresses = dict(zip(names, places, strict=True)) | rest
    moved = style_of("seq_ack", MapOptions(registers=addresses))
    values = {name: data.draw(st.integers(1, 65535)) for name in addresses}
    registers = [0] * 12
    for name, address in addresses.items():
        registers[address - 300] = values[name]
    assert moved.span() == Span(address=300, count=12)
    status = moved.read(registers, moved.span(), 1).status
    assert (status.seq_seen, status.boot_id) == (values["seq_seen"], values["boot_id"])
    assert (status.done_seq, status.plc_hb) == (values["done_seq"], values["plc_hb"])
    assert status.host_timeout_ms is None  # not named, so not read


@pytest.mark.parametrize("order", ["big", "little"])
def test_a_token_of_two_registers_has_the_order_of_the_plc(order: str) -> None:
    profile = style_of("seq_ack", MapOptions(word_order=order))
    registers = [1, 1, 0, 0, 0, 0, 2, 1, 0, 5, 0, 0, 0, 1, 20]
    status = profile.read(registers, profile.span(), 1).status
    assert status.done_item == {"big": 0x0002_0001, "little": 0x0001_0002}[order]


def test_what_is_not_switched_on_may_hold_anything() -> None:
    registers = [1, 0xFFF1, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 20]
    plain = style_of("seq_ack", MapOptions()).read(registers, None, 1).status
    assert (plain.lanes_full, plain.infeed, plain.local, plain.safety_ok) == (
        frozenset(),
        None,
        False,
        True,
    )
    every = MapOptions(lane_full=True, infeed_sensor=True, local_mode=True)
    told = style_of("seq_ack", every).read(registers, None, 1).status
    assert (told.lanes_full, told.infeed, told.local, told.safety_ok) == (
        frozenset(range(1, 9)),
        True,
        True,
        False,
    )
