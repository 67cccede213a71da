"""Looking at one robot as closely as a conformance run has to: all that it says, unfiltered."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from drivers.protocols.devices import Deadline
from drivers.protocols.robots import ActionStatus, RobotError


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One message of a robot. `topic` = state, connection or factsheet; `content` None = no JSON.

    `qos` is at most 1, as subscribed; `violations` = what the official schema refuses.
    """

    topic: str
    at_ns: int
    qos: int
    retained: bool
    content: Mapping[str, Any] | None
    violations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenState:
    """A state as the driver's own reading has it; `None` = the robot does not say.

    `actions` holds instant actions, too. `position` in metres.
    """

    at_ns: int
    order_id: str
    update_id: int
    last_node: str
    position: tuple[float, float] | None
    nodes_left: int | None
    edges_left: int | None
    driving: bool | None
    paused: bool | None
    mode: str
    loads: int | None
    actions: Mapping[str, ActionStatus] = field(default_factory=dict)
    errors: tuple[RobotError, ...] = ()

    @property
    def at_rest(self) -> bool:
        """Return whether no way is left and it stands."""
        return not self.nodes_left and not self.edges_left and not self.driving

    def refers_to(self, value: str) -> tuple[RobotError, ...]:
        """Return the errors whose references name an order or action id."""
        return tuple(
            error for error in self.errors if any(value == named for _, named in error.references)
        )


class RobotProbe(Protocol):
    """A connection of its own beside the driver's, for one robot."""

    async def __aenter__(self) -> Self:
        """Connect and subscribe. Raises DriverLostError when the broker does not answer in time."""

    async def __aexit__(self, *_: object) -> None:
        """Disconnect; the network thread is gone afterwards."""

    @property
    def connections(self) -> int:
        """Return how often the broker was met."""

    def heard(self) -> tuple[Heard, ...]:
        """Return what came since entering, the newest thousands."""

    def newest(self) -> SeenState | None:
        """Return the newest state that was not retained."""

    def states(self, since_ns: int) -> tuple[SeenState, ...]:
        """Return the states that came since then."""

    async def until(
        self, is_it: Callable[[SeenState], bool], deadline: Deadline, *, since_ns: int = 0
    ) -> SeenState:
        """Return the first state since then that fits. Raises DriverTimeoutError."""

    async def message(
        self,
        topic: str,
        deadline: Deadline,
        *,
        since_ns: int = 0,
        is_it: Callable[[Heard], bool] = lambda _: True,
    ) -> Heard:
        """Return the first message of a topic since then that fits. Raises DriverTimeoutError."""

    async def met_again(self, connections: int, deadline: Deadline) -> None:
        """Wait until the broker was met more often than that. Raises DriverTimeoutError."""

    def send_raw(self, topic: str, payload: bytes) -> None:
        """Publish bytes as they are under `order` or `instantActions`; QoS 0, not retained."""

    def send(self, topic: str, body: Mapping[str, Any]) -> None:
        """Publish a body behind a correct header."""

    def instant(self, kind: str, action_id: str, *, keys: tuple[str, ...] = ()) -> None:
        """Publish an instant action; `keys` = other array keys than the profile's."""


class RobotFinder(Protocol):
    """Listens to a whole broker."""

    async def find(self, seconds: float) -> tuple[tuple[str, str, str, str], ...]:
        """Return interface, version level, manufacturer and serial of every robot that spoke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One question over the broker and the two small answers that came back, in nanoseconds."""

    first_ns: int
    second_ns: int


class BrokerProbe(Protocol):
    """Tries the broker itself. Every method raises DriverLostError when it cannot be met."""

    async def exchanges(self, stem: str, count: int) -> tuple[Exchange, ...]:
        """Ask under `stem` and answer twice, `count` times. Raises DriverTimeoutError: no echo."""

    async def carries(self, topic: str, *, user: str = "", password: str = "") -> bool:
        """Return whether a message under a topic reaches us; `user` = published as another one."""

    async def lets_in(self, user: str, password: str) -> bool:
        """Return whether this user may connect; an empty one is anonymous."""

    async def keeps(self, topic: str, restart: Callable[[], Awaitable[None]]) -> bool:
        """Return whether a retained message outlives what `restart` does to the broker."""

    async def kicks(self, seconds: float) -> int:
        """Return how often the station's own client id was thrown out in that time."""
