"""What legs hold of the floor: places with room for so many loads, groups that one robot drives.

Pure. Asked when a robot or a belt is chosen, and again when the intent is committed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from edge.events import NO_SCAN, WRONG_PLACE, MoveState, OrderSent
from edge.floor import FloorSettings, LegKind
from edge.station.state import LegWork, MoveWork, State

_TAKEN_ON = frozenset((MoveState.CARRYING, MoveState.DROPPING, MoveState.DONE))


def loads_at(state: State) -> Counter[str]:
    """Count the loads that stand at each place or are on their way there.

    A place is free again when the next leg's device has proved to have the load.
    """
    taken: Counter[str] = Counter()
    for work in state.moves.values():
        is_elsewhere = state.is_endangered(work)  # by hand, and not to this place
        for index, leg in enumerate(work.legs):
            if is_elsewhere and leg.state is MoveState.BY_HAND:
                continue
            after = work.legs[index + 1] if index + 1 < len(work.legs) else None
            gone = after is not None and after.state in _TAKEN_ON
            if leg.state is not MoveState.PLANNED and leg.leg.end and not gone:
                taken[leg.leg.end] += 1
    return taken


def has_room(place: str, state: State, floor: FloorSettings) -> bool:
    """Return whether one more load fits a place; a place without a number is never full.

    Nothing more is brought to a place while what should lie there is not found.
    """
    if place in closed_places(state):
        return False
    capacity = floor.places.get(place)
    return capacity is None or loads_at(state)[place] < capacity


def closed_places(state: State) -> frozenset[str]:
    """Return the places of loads that nobody scanned there in time, or that lay elsewhere."""
    return frozenset(
        leg.leg.end
        for work in state.moves.values()
        if (leg := work.current) is not None
        if leg.state is MoveState.IN_DOUBT and leg.reason in (NO_SCAN, WRONG_PLACE)
    )


def groups_on(nodes: Iterable[str], floor: FloorSettings) -> frozenset[str]:
    """Return the lock groups that a way over these nodes leads through."""
    way = set(nodes)
    return frozenset(name for name, members in floor.lock_groups.items() if members & way)


def held_groups(state: State, floor: FloorSettings) -> Mapping[str, str]:
    """Return which robot holds which lock group by an open leg: from the intent to its end."""
    return {
        group: order.robot
        for order in _open_orders(state)
        for group in groups_on((*order.path_to_pick, *order.path_to_drop), floor)
    }


def open_robot_legs(state: State) -> Iterator[tuple[MoveWork, int, LegWork]]:
    """Yield every leg that a robot may be acting on, with its move and index."""
    for work in state.moves.values():
        for index, leg in enumerate(work.legs):
            if leg.leg.kind == LegKind.ROBOT and leg.is_under_way and leg.robot is not None:
                yield work, index, leg


def booked_robots(state: State) -> frozenset[str]:
    """Return the robots that may have an order, or whose order is in doubt."""
    return frozenset(leg.robot for _, _, leg in open_robot_legs(state) if leg.robot is not None)


def laden_robots(state: State) -> frozenset[str]:
    """Return the robots that have a load by the journal: it was never proved to have left them."""
    return frozenset(
        leg.robot
        for work in state.moves.values()
        for leg in work.legs
        if leg.robot is not None and leg.place == "on_robot" and not leg.is_done
        if leg.state is not MoveState.BY_HAND
    )


def _open_orders(state: State) -> Iterator[OrderSent]:
    for _, _, leg in open_robot_legs(state):
        if leg.order is not None:
            yield leg.order
