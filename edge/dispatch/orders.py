"""Orders of robots: their ids, and the two ways between an order and its record in the intent."""

import base64
import hashlib
import uuid
from typing import Final

from drivers.protocols import (
    Factsheet,
    MoveOrder,
    NodeId,
    OrderBody,
    OrderId,
    RobotId,
    RobotTraits,
    StartPoint,
)
from edge.dispatch.choose import Choice
from edge.events import OrderSent
from edge.station.state import MoveWork

MM: Final = 1000
ACTION_DIGITS: Final = 18  # robots that take digits alone read them into 64 bits


class OrderIds:
    """Mints order ids that no order of any journal had before.

    `epoch` is new with every start of the service and every journal; within it a counter runs. A
    journal that was restored from a copy therefore never repeats what was sent after the copy.
    """

    def __init__(self, station: str, epoch: str) -> None:
        self._station = station
        self._epoch = epoch
        self._made = 0

    def next(self, traits: RobotTraits, sheet: Factsheet | None) -> OrderId:
        """Return the next id, in digits alone and without the station where the robot needs it."""
        self._made += 1
        if wants_digits(traits, sheet):
            return OrderId(f"{int(self._epoch, 16)}{self._made:06d}")
        whole = f"{self._station}-{self._epoch}-{self._made}"
        room = sheet.id_len if sheet is not None else None
        if room is not None and len(whole) > room:
            return OrderId(f"{self._epoch}-{self._made}")
        return OrderId(whole)


def wants_digits(traits: RobotTraits, sheet: Factsheet | None) -> bool:
    """Return whether profile or factsheet ask for numeric ids."""
    return traits.numeric_ids or bool(sheet is not None and sheet.numeric_ids)


def action_id(*, digits: bool) -> str:
    """Return a new action id."""
    number = uuid.uuid4()
    return str(number.int)[:ACTION_DIGITS] if digits else str(number)


def on_wire(given: str, *, digits: bool) -> str:
    """Return a committed action id as the robot takes it: a UUID, or its digits alone."""
    if not digits or given.isdigit():
        return given
    return str(uuid.UUID(given).int)[-ACTION_DIGITS:]


def order_for(
    work: MoveWork, leg: int, choice: Choice, *, order_id: OrderId, traits: RobotTraits
) -> MoveOrder:
    """Return the order of a leg. Its ids are minted here; a resend repeats them byte for byte."""
    digits = wants_digits(traits, choice.snapshot.factsheet)
    ahead = work.legs[leg].leg.preposition and leg > work.position
    return MoveOrder(
        order_id=order_id,
        robot=choice.robot,
        load_id=load_id(work.move, leg),
        path_to_pick=choice.path_to_pick,
        path_to_drop=choice.path_to_drop,
        pick_action_id=action_id(digits=digits),
        drop_action_id=action_id(digits=digits),
        start=choice.start,
        preposition=ahead,
        wait_action_id=action_id(digits=digits) if ahead and traits.waits_for_trigger else "",
    )


def load_id(move: str, leg: int) -> str:
    """Return the name of a load on one leg."""
    return f"{move}/{leg}"


def sent_of(body: OrderBody, prev_order_id: str) -> OrderSent:
    """Return the record of an order: all that a later process needs to follow or resend it."""
    order, start = body.order, body.order.start
    return OrderSent(
        order_id=order.order_id,
        robot=order.robot,
        prev_order_id=prev_order_id,
        pick=order.path_to_pick[-1],
        drop=order.path_to_drop[-1],
        path_to_pick=order.path_to_pick,
        path_to_drop=order.path_to_drop,
        pick_action_id=order.pick_action_id,
        drop_action_id=order.drop_action_id,
        body_b64=base64.b64encode(body.body).decode("ascii"),
        body_sha256=hashlib.sha256(body.body).hexdigest(),
        update_id=order.update_id,
        preposition=order.preposition,
        wait_action_id=order.wait_action_id,
        start_x_mm=round(start.x * MM) if start is not None else None,
        start_y_mm=round(start.y * MM) if start is not None else None,
        start_map=start.map_id if start is not None else "",
    )


def order_of(sent: OrderSent, move: str, leg: int) -> MoveOrder:
    """Return the order of a record."""
    return MoveOrder(
        order_id=OrderId(sent.order_id),
        robot=RobotId(sent.robot),
        load_id=load_id(move, leg),
        path_to_pick=tuple(NodeId(node) for node in sent.path_to_pick),
        path_to_drop=tuple(NodeId(node) for node in sent.path_to_drop),
        pick_action_id=sent.pick_action_id,
        drop_action_id=sent.drop_action_id,
        update_id=sent.update_id,
        preposition=sent.preposition,
        wait_action_id=sent.wait_action_id,
        start=_start_of(sent),
    )


def body_of(sent: OrderSent, move: str, leg: int) -> OrderBody:
    """Return what goes out, as it stands in the record."""
    return OrderBody(order=order_of(sent, move, leg), body=base64.b64decode(sent.body_b64))


def _start_of(sent: OrderSent) -> StartPoint | None:
    if sent.start_x_mm is None or sent.start_y_mm is None:
        return None
    return StartPoint(x=sent.start_x_mm / MM, y=sent.start_y_mm / MM, map_id=sent.start_map)
