"""How long devices take: from a committed command to what they prove, by the station's own clock.

Commands of an earlier start of the service have no beginning here and are not measured.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from drivers.protocols import RobotCounts
from edge.events import DiverterChanged, DiverterState, MoveChanged, MoveState, Payload
from edge.metrics import Metrics

OPEN_MAX: Final = 256  # commands that are measured; full: the oldest is forgotten
_NS: Final = 1e9
_ORDERED: Final = (MoveState.SENT, MoveState.RESENT)
_CARRIED: Final = (MoveState.DONE, MoveState.UNSEEN)
_PUSHED: Final = (DiverterState.DONE, DiverterState.UNSEEN)
_ON_THE_WAY: Final = (MoveState.PICKING, MoveState.CARRYING, MoveState.DROPPING)


_Observe = Callable[[float], None]


@dataclass(slots=True)
class _Run:
    sent_ns: int
    taken_ns: int | None = None


def show_counts(metrics: Metrics, counts: RobotCounts) -> None:
    """Show what the robots' driver has counted, also what a robot said that counts for nothing."""
    metrics.broker_losses.set(counts.disconnects)
    for robot, told in counts.robots.items():
        for what, n in told.items():
            metrics.robot_counts.labels(robot, what).set(n)


class MoveTimes:
    """Turns committed events of moves into measures."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._open: OrderedDict[tuple[str, int], _Run] = OrderedDict()

    def take(self, payload: Payload, now_ns: int) -> None:
        """Measure what this event ends."""
        match payload:
            case MoveChanged():
                self._robot(payload, now_ns)
            case DiverterChanged():
                self._belt(payload, now_ns)

    def _robot(self, changed: MoveChanged, now_ns: int) -> None:
        key, measures = (changed.move, changed.leg), self._metrics
        if changed.state is MoveState.SENT:
            self._begin(key, now_ns)
        elif changed.state is MoveState.ACCEPTED:
            self._taken(key, now_ns, measures.order_accept_s.observe)
        elif changed.state in _CARRIED:
            self._ended(key, now_ns, measures.order_done_s.observe)
        elif changed.state not in (*_ORDERED, *_ON_THE_WAY):
            self._open.pop(key, None)

    def _belt(self, changed: DiverterChanged, now_ns: int) -> None:
        key, measures = (changed.move, changed.leg), self._metrics
        if changed.state is DiverterState.SENT:
            self._begin(key, now_ns)
        elif changed.state is DiverterState.SEEN:
            self._taken(key, now_ns, measures.divert_seen_s.observe)
        elif changed.state in _PUSHED:
            self._ended(key, now_ns, measures.divert_done_s.observe)
        else:
            self._open.pop(key, None)

    def _begin(self, key: tuple[str, int], now_ns: int) -> None:
        """A command; written again it counts from its newest writing."""
        if len(self._open) >= OPEN_MAX and key not in self._open:
            self._open.popitem(last=False)
        self._open[key] = _Run(now_ns)

    def _taken(self, key: tuple[str, int], now_ns: int, observe: _Observe) -> None:
        run = self._open.get(key)
        if run is not None and run.taken_ns is None:
            run.taken_ns = now_ns
            observe((now_ns - run.sent_ns) / _NS)

    def _ended(self, key: tuple[str, int], now_ns: int, observe: _Observe) -> None:
        run = self._open.pop(key, None)
        if run is not None and run.taken_ns is not None:
            observe((now_ns - run.taken_ns) / _NS)
