"""Words of dispatch for tests of moves: an order as it stands in an intent."""

import base64
import hashlib

from edge.events import DiverterState, OrderSent
from edge.station.inputs import DivertInput, OrderInput

BODY = b"{}"


def sent(
    order_id: str = "st01-e-1",
    *,
    robot: str = "r1",
    path: tuple[tuple[str, ...], tuple[str, ...]] = (("P1", "HO1"), ("HO1", "Z-RES")),
) -> OrderSent:
    """An order over two paths, to the pick-up and from there."""
    return OrderSent(
        order_id=order_id,
        robot=robot,
        prev_order_id="before",
        pick=path[0][-1],
        drop=path[1][-1],
        path_to_pick=path[0],
        path_to_drop=path[1],
        pick_action_id=f"{order_id}-pick",
        drop_action_id=f"{order_id}-drop",
        body_b64=base64.b64encode(BODY).decode(),
        body_sha256=hashlib.sha256(BODY).hexdigest(),
    )


def ordered(move: str, leg: int, *, attempt: int = 1, order: OrderSent | None = None) -> OrderInput:
    """Dispatch is about to send an order for a leg."""
    return OrderInput(move=move, leg=leg, order=order or sent(), attempt=attempt)


def diverted(move: str, state: DiverterState) -> DivertInput:
    """A divert of the first leg came so far."""
    return DivertInput(
        move=move, leg=0, state=state, conveyor="c1", lane=1, token=7, wire_seq=1, plc_boot=3,
        count_before=0, exit_before=0,
    )  # fmt: skip
