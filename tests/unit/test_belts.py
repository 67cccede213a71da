"""Conveyor legs in virtual time: real journal, dispatch and driver against the simulated PLC."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.conveyor.modbus import ModbusSettings
from drivers.protocols import ConveyorStatus, DeviceName
from edge.dispatch.lanes import closed_lanes, is_clear
from edge.events import (
    DeviceCommand,
    DiverterChanged,
    DiverterState,
    Leg,
    MoveState,
    ParcelId,
    UnitId,
)
from edge.floor import FloorSettings
from edge.journal.reader import Reader
from edge.settings.devices import belt_faults
from edge.settings.model import DeviceClass, DeviceSettings
from edge.station.inputs import CommandInput, KeyInput
from edge.station.state import LegWork, MoveWork, State
from virtual_station import World, floor
from virtual_time import VirtualLoop

TO = {
    lane: Leg(kind="conveyor", start="c1", end=f"lane-{lane}", lane=lane, carrier="c1")
    for lane in (1, 2, 3)
}


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop()
    yield loop
    loop.close()


class Line:
    """A station whose moves are all diverts, its PLC, and what its journal says."""

    def __init__(
        self, loop: VirtualLoop, folder: Path, *lanes: int, plan: FloorSettings | None = None
    ) -> None:
        self.loop = loop
        self.world = World(loop, folder, routes=[(TO[lane],) for lane in lanes], plan=plan)
        self.plc = self.world.sorter.plc
        self.station = self.world.start()
        self._keys = 0

    def state_of(self, number: int) -> MoveState | DiverterState | None:
        work = self.station.state.moves.get(self.world.moves[number])
        return work.legs[0].state if work is not None else DiverterState.DONE

    def until(self, is_true: Callable[[], bool], seconds: float = 60.0) -> None:
        assert self.loop.run_for(seconds, until=is_true), self.story()

    def until_state(self, number: int, state: MoveState | DiverterState) -> None:
        self.until(lambda: self.state_of(number) == state)

    def press(self, *keys: str) -> None:
        for key in ("esc", "esc", *keys):
            self._keys += 1
            given = KeyInput(input=f"k/{self._keys}", key=key)
            task = self.station.submit(given)
            self.loop.run_for(2.0, until=task.done)

    def wait(self, seconds: float) -> None:
        self.loop.run_for(seconds)

    def restart(self) -> None:
        self.station.clear()
        self.station = self.world.start()

    def diverts(self) -> list[int]:
        return sorted(self.world.belt.diverts.values())

    def changes(self, number: int) -> list[DiverterChanged]:
        move = self.world.moves[number]
        return [e for e in self._payloads() if isinstance(e, DiverterChanged) and e.move == move]

    def orders(self) -> list[tuple[str, str]]:
        payloads = self._payloads()
        return [(e.command, e.reason) for e in payloads if isinstance(e, DeviceCommand)]

    def story(self) -> list[object]:
        return [*self._payloads()]

    def _payloads(self) -> list[object]:
        with Reader(self.world.path) as reader:
            return [event.payload for event in reader.events(1)]


@pytest.fixture
def line(loop: VirtualLoop, tmp_path: Path) -> Iterator[Callable[..., Line]]:
    lines: list[Line] = []

    def made(*lanes: int, plan: FloorSettings | None = None) -> Line:
        lines.append(Line(loop, tmp_path, *lanes, plan=plan))
        return lines[-1]

    yield made
    for one in lines:
        one.station.clear()


def test_items_go_one_by_one_each_to_its_lane(line: Callable[..., Line]) -> None:
    belt = line(1, 2, 3)
    belt.until_state(2, DiverterState.DONE)
    assert belt.diverts() == [1, 1, 1]
    assert sorted(belt.world.belt.lanes.values()) == [1, 2, 3]
    seqs = [belt.changes(number)[0].wire_seq for number in range(3)]
    assert seqs == [1, 2, 3]


def test_a_wrong_lane_closes_both_lanes_until_a_person_has_answered(
    line: Callable[..., Line],
) -> None:
    belt = line(1, 1, 3, 2)
    belt.plc.faults.wrong_lane = 3
    belt.until_state(0, DiverterState.WRONG_LANE)
    belt.until_state(3, DiverterState.DONE)  # lane 2 goes on
    assert belt.state_of(1) == belt.state_of(2) == MoveState.PLANNED
    assert closed_lanes(belt.station.state, "c1") == {1, 3}
    belt.restart()  # the lanes stay closed: it is in the journal
    belt.wait(20)
    assert belt.state_of(1) == belt.state_of(2) == MoveState.PLANNED
    belt.press("f6", "1", "1")
    belt.until_state(1, DiverterState.DONE)
    belt.until_state(2, DiverterState.DONE)
    assert belt.diverts() == [1, 1, 1, 1]


def test_an_item_that_no_sensor_saw_closes_its_lane_alone(line: Callable[..., Line]) -> None:
    belt = line(2, 2, 1)
    belt.plc.faults.stick_lane = 2
    belt.until_state(0, DiverterState.UNCONFIRMED)
    belt.until_state(2, DiverterState.DONE)
    assert closed_lanes(belt.station.state, "c1") == {2}
    belt.plc.faults.stick_lane = 0
    belt.press("f6", "1", "1")
    belt.until_state(1, DiverterState.DONE)


def test_a_divert_that_does_not_end_is_cancelled_and_then_told_by_the_registers(
    line: Callable[..., Line],
) -> None:
    belt = line(1)
    belt.plc.faults.held = True
    belt.until_state(0, DiverterState.FAILED)
    assert belt.orders() == [("cancel", "no_end")]
    assert belt.changes(0)[-1].reason == "cancelled"
    assert belt.diverts() == []


def test_a_plc_that_starts_anew_in_mid_divert_leaves_it_in_doubt_and_the_belt_waits(
    line: Callable[..., Line],
) -> None:
    belt = line(1, 2)
    belt.plc.faults.reboot_at = 1
    belt.until_state(0, DiverterState.IN_DOUBT)
    assert belt.changes(0)[-1].reason == "boot_changed"
    belt.wait(30)
    assert belt.state_of(1) == MoveState.PLANNED  # a command is in doubt on this belt
    belt.press("f6", "1", "1")
    belt.until_state(1, DiverterState.DONE)
    assert belt.diverts() == [1]


def test_a_busy_belt_is_asked_again_with_a_new_number_and_nobody_is_rung(
    line: Callable[..., Line],
) -> None:
    belt = line(1)
    belt.plc.faults.reject = 1
    belt.until_state(0, DiverterState.DONE)
    sent = [one.wire_seq for one in belt.changes(0) if one.state is DiverterState.SENT]
    assert sent == [1, 2]
    assert DiverterState.REJECTED not in {one.state for one in belt.changes(0)}
    assert belt.diverts() == [1]


def test_any_other_refusal_goes_to_a_person(line: Callable[..., Line]) -> None:
    belt = line(1)
    belt.plc.faults.reject = 8
    belt.until_state(0, DiverterState.REJECTED)
    assert belt.changes(0)[-1].reason == "local_mode"
    belt.wait(10)
    assert belt.diverts() == []


@pytest.mark.parametrize(
    ("fault", "why"),
    [(21, "diverter_position"), (101, {"ru": "обрыв", "en": "cut"}), (102, "fault_102")],
)
def test_a_fault_is_told_in_words_the_vendors_own_by_configuration(
    line: Callable[..., Line], fault: int, why: object
) -> None:
    texts = {("c1", 101): {"ru": "обрыв", "en": "cut"}}
    belt = line(1, plan=floor(belt_faults=texts))
    belt.plc.faults.fail = fault
    belt.until_state(0, DiverterState.FAILED)
    note = belt.station.receiving.screen.note
    assert note is not None
    assert (note.t, note.p["why"], note.p["lane"]) == ("E47", why, 1)


def test_a_lost_host_stops_the_belt_and_the_station_starts_it_by_a_committed_number(
    line: Callable[..., Line],
) -> None:
    belt = line(1)
    belt.until_state(0, DiverterState.DONE)
    belt.plc.tick(belt.loop.now_ns + 5_000_000_000)  # nobody beats for five seconds
    assert belt.plc.sorter.host_lost
    belt.until(lambda: belt.plc.running)
    assert belt.orders() == [("start", "host_lost")]


def test_a_danger_of_the_area_stops_the_belt_and_its_heartbeat_and_nothing_starts_it(
    line: Callable[..., Line],
) -> None:
    belt = line(1, 2)
    belt.until_state(0, DiverterState.SEEN)
    belt.press("f11")
    belt.until(lambda: not belt.plc.running, 2.0)
    assert ("stop", "danger") in belt.orders()
    belt.wait(10)
    assert belt.plc.sorter.host_lost  # the heartbeat is held back
    assert not belt.plc.running
    assert belt.state_of(1) == MoveState.PLANNED
    assert all(command != "start" for command, _ in belt.orders())


def test_what_a_danger_stopped_is_started_by_a_persons_word_alone(
    line: Callable[..., Line],
) -> None:
    belt = line(1)
    belt.until_state(0, DiverterState.DONE)
    belt.plc.sorter.running = False
    belt.plc.sorter.host_lost = True
    stop = CommandInput(device="c1", command="stop", reason="danger", wire_seq=9)
    belt.station.submit(stop)
    belt.wait(20)
    assert not belt.plc.running
    belt.restart()
    belt.wait(20)
    assert not belt.plc.running  # not by a restart either
    belt.station.submit(CommandInput(device="c1", command="start", reason="operator"))
    belt.until(lambda: belt.plc.running)
    assert belt.orders()[-1] == ("start", "operator")


def test_an_item_that_turned_dangerous_on_the_belt_stops_it(line: Callable[..., Line]) -> None:
    belt = line(1, 2)
    belt.plc.faults.held = True
    belt.until_state(0, DiverterState.SEEN)
    belt.press("f6", "1", "f11")
    belt.until(lambda: not belt.plc.running, 2.0)
    assert ("stop", "danger") in belt.orders()
    assert belt.diverts() == []


def test_texts_of_faults_come_from_the_conveyors_own_table() -> None:
    texts = {"101": {"ru": "обрыв", "en": "cut"}}
    device = DeviceSettings(
        name=DeviceName("c1"),
        device_class=DeviceClass.CONVEYOR,
        driver="conveyor.modbus",
        settings=ModbusSettings(url="tcp://h", faults=texts),
    )
    assert belt_faults((device,)) == {("c1", 101): texts["101"]}


def test_a_closed_lane_is_that_of_its_own_belt() -> None:
    sent = DiverterChanged(
        move="m", leg=0, state=DiverterState.WRONG_LANE, conveyor="c1", lane=1, token=7,
        wire_seq=1, plc_boot=1, count_before=0, exit_before=0, exit_lane=2,
    )  # fmt: skip
    leg = LegWork(leg=TO[1], state=DiverterState.WRONG_LANE, divert=sent)
    work = MoveWork(
        move="m", unit=UnitId("u"), parcel=ParcelId("p"), zone="resale", legs=(leg,), planned_ms=0
    )
    state = State(moves={"m": work})
    assert closed_lanes(state, "c1") == {1, 2}
    assert closed_lanes(state, "c2") == frozenset()


@pytest.mark.parametrize(
    "changed",
    [
        {"running": False},
        {"fault": 21},
        {"host_lost": True},
        {"busy": True},
        {"local": True},
        {"safety_ok": False},
        {"infeed": False},
        {"lanes_full": frozenset({1})},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_the_gate_asks_everything_of_the_register_contract(changed: dict[str, object]) -> None:
    leg = LegWork(leg=TO[1])
    work = MoveWork(
        move="m", unit=UnitId("u"), parcel=ParcelId("p"), zone="resale", legs=(leg,), planned_ms=0
    )
    state, plan = State(moves={"m": work}), FloorSettings()
    assert is_clear(state, plan, READY, work=work, leg=leg)
    status = replace(READY, **changed)  # type: ignore[arg-type]
    assert not is_clear(state, plan, status, work=work, leg=leg)


READY = ConveyorStatus(
    received_ns=1, boot_id=1, running=True, fault=0, host_lost=False, busy=False, seq_seen=0,
    seq_result=0, done_seq=0, done_result=0, done_item=0, divert_count=0, reject_reason=0,
    exit_lane=0, exit_count=0, exit_item=0, infeed=True, lanes_full=frozenset({2}),
)  # fmt: skip
