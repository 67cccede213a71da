"""Times of devices as monitors read them: from the committed command, by the station's clock."""

from dataclasses import replace

from drivers.protocols import RobotCounts, RobotId
from edge.events import DiverterChanged, DiverterState, MoveChanged, MoveState, Payload
from edge.metrics import PREFIX, Metrics
from edge.service.move_times import OPEN_MAX, MoveTimes, show_counts

MS = 1_000_000
ORDER = MoveChanged(move="m", leg=1, state=MoveState.SENT, robot="r1")
DIVERT = DiverterChanged(
    move="m", leg=0, state=DiverterState.SENT, conveyor="c1", lane=1, token=7, wire_seq=1,
    plc_boot=1, count_before=0, exit_before=0,
)  # fmt: skip


class Station:
    """Takes events, one a moment."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.times = MoveTimes(self.metrics)

    def take(self, *told: tuple[int, Payload]) -> None:
        for at_ms, payload in told:
            self.times.take(payload, at_ms * MS)

    def sum_of(self, name: str) -> tuple[float | None, float | None]:
        """Return how many were measured, and their sum in seconds."""
        read = self.metrics.registry.get_sample_value
        return read(f"{PREFIX}_{name}_count"), read(f"{PREFIX}_{name}_sum")


def order(state: MoveState) -> MoveChanged:
    return replace(ORDER, state=state)


def divert(state: DiverterState) -> DiverterChanged:
    return replace(DIVERT, state=state)


def test_an_order_is_measured_to_its_acceptance_and_from_there_to_its_end() -> None:
    station = Station()
    station.take(
        (0, ORDER),
        (8, order(MoveState.ACCEPTED)),
        (500, order(MoveState.CARRYING)),
        (2008, order(MoveState.DONE)),
    )
    assert station.sum_of("order_accept_seconds") == (1, 0.008)
    assert station.sum_of("order_done_seconds") == (1, 2.0)


def test_a_divert_that_waits_for_its_scan_has_left_the_belt() -> None:
    station = Station()
    station.take((0, DIVERT), (2, divert(DiverterState.SEEN)), (1002, divert(DiverterState.UNSEEN)))
    station.take((90_000, divert(DiverterState.DONE)))  # the scan, a minute later
    assert station.sum_of("divert_seen_seconds") == (1, 0.002)
    assert station.sum_of("divert_done_seconds") == (1, 1.0)


def test_what_did_not_end_well_and_what_began_before_the_start_is_not_measured() -> None:
    station = Station()
    station.take((0, order(MoveState.ACCEPTED)), (9, order(MoveState.DONE)))
    station.take((0, ORDER), (5, order(MoveState.REJECTED)), (9, order(MoveState.ACCEPTED)))
    station.take((0, DIVERT), (5, divert(DiverterState.FAILED)), (9, divert(DiverterState.DONE)))
    names = ("order_accept", "order_done", "divert_seen", "divert_done")
    assert {station.sum_of(f"{name}_seconds")[0] for name in names} == {0}


def test_what_robots_said_in_vain_is_shown() -> None:
    station = Station()
    counts = RobotCounts(robots={RobotId("r1"): {"malformed": 3, "states": 9}}, disconnects=2)
    show_counts(station.metrics, counts)
    read = station.metrics.registry.get_sample_value
    assert read(f"{PREFIX}_robot_counts", {"robot": "r1", "what": "malformed"}) == 3
    assert read(f"{PREFIX}_broker_disconnects") == 2


def test_only_so_many_commands_are_remembered() -> None:
    station = Station()
    for n in range(OPEN_MAX + 1):
        station.take((n, replace(ORDER, move=f"m{n}")))
    accepted = order(MoveState.ACCEPTED)
    station.take((999, replace(accepted, move="m0")), (999, replace(accepted, move="m1")))
    assert station.sum_of("order_accept_seconds")[0] == 1
