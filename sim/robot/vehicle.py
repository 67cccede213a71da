"""One vehicle: drives orders in simulated time, answers instant actions, reports every change.

It remembers only its newest order, as real vehicles do: an older one sent again is driven again.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sim.robot import messages
from sim.robot.floor import FloorBook
from sim.robot.messages import Deed, Headers
from sim.robot.orders import Action, Fault, Order, Standing, Stop, check_order, read_order
from sim.site import Pace, RobotPlace

STATE_EVERY_S: Final = 5.0
ORDER_SPACING_S: Final = 1.0
INSTANTS_KEPT: Final = 8
CHARGE_MIN: Final = 20.0
DRAIN_PER_M: Final = 0.05
CHARGE_PER_S: Final = 0.5

Send = Callable[[str, dict[str, Any], bool], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    """The floor that all vehicles share."""

    nodes: Mapping[str, tuple[float, float]]
    ways: Mapping[tuple[str, str], float]
    pace: Pace
    book: FloorBook


class Vehicle:
    """State and behaviour; `send(topic, body, retain)` publishes."""

    def __init__(self, place: RobotPlace, hall: Hall, send: Send) -> None:
        self._place = place
        self._hall = hall
        self._send = send
        self._headers = Headers(place)
        self._order: Order | None = None
        self._ahead: list[Stop] = []
        self._deeds: dict[str, Deed] = {}
        self._instants: dict[str, Deed] = {}
        self._faults: tuple[Fault, ...] = ()
        self._node, self._sequence = place.home, 0
        self._driving = False
        self._load: str | None = None
        self._charge = float(hall.pace.battery_start_percent)
        self._unpaused = asyncio.Event()
        self._unpaused.set()
        self._cancel: str | None = None
        self._drive: asyncio.Task[None] | None = None
        self._ordered_at = float("-inf")
        self._fresh_at = time.monotonic()

    @property
    def id(self) -> str:
        """Return the id of the floor plan."""
        return self._place.id

    def is_idle(self) -> bool:
        """Return whether a master that keeps the order interval may send an order now."""
        spaced = time.monotonic() - self._ordered_at >= ORDER_SPACING_S
        ready = self._unpaused.is_set() and self._charge >= CHARGE_MIN and self._load is None
        return spaced and ready and not self._is_busy()

    async def run(self) -> None:
        """Report at least every few seconds, for ever."""
        while True:
            await asyncio.sleep(STATE_EVERY_S)
            self.report()

    async def stop(self) -> None:
        """Stop where it stands and await the drive."""
        if self._drive is not None:
            self._drive.cancel()
            await asyncio.gather(self._drive, return_exceptions=True)

    def connected(self) -> None:
        """Say hello on a new broker connection."""
        body = self._headers.on("connection", {"connectionState": "ONLINE"})
        self._send("connection", body, True)
        self.report()

    def parting(self, state: str) -> dict[str, Any]:
        """Return a connection message: the last will, or OFFLINE at an orderly end."""
        return self._headers.on("connection", {"connectionState": state})

    def receive(self, topic: str, body: Mapping[str, Any]) -> None:
        """Take an order or instant actions."""
        if topic == "order":
            self._take_order(body)
        else:
            for action in body.get("actions", ()):
                self._instant(str(action["actionType"]), str(action["actionId"]))

    def report(self) -> None:
        """Publish the whole state."""
        self._send("state", self._headers.on("state", self._state()), False)

    # ------------------------------------------------------------ orders

    def _take_order(self, body: Mapping[str, Any]) -> None:
        try:
            order = read_order(body)
        except (KeyError, TypeError, ValueError) as error:
            order_id = str(body.get("orderId", ""))
            self._refuse(
                Fault(type="validationError", text=str(error), references=(("orderId", order_id),))
            )
            return
        current = self._order
        if current is not None and order.id == current.id:
            self._take_update(order, current)
            return
        fault = check_order(order, self._standing(), self._hall.ways)
        if fault is not None:
            self._refuse(fault)
            return
        self._accept(order)

    def _take_update(self, order: Order, current: Order) -> None:
        """The same order again is no news; this vehicle takes no updates."""
        if order.update != current.update:
            text = f"update {order.update} refused, {current.update} is driven"
            references = (("orderId", order.id), ("orderUpdateId", str(order.update)))
            self._refuse(Fault(type="orderUpdateError", text=text, references=references))

    def _accept(self, order: Order) -> None:
        self._order, self._faults, self._cancel = order, (), None
        self._ahead = list(order.stops[1:])
        self._sequence = order.stops[0].sequence
        self._instants = {}
        actions = [action for stop in order.stops for action in stop.actions]
        self._deeds = {
            action.id: Deed(id=action.id, type=action.type, status="WAITING") for action in actions
        }
        self._ordered_at = time.monotonic()
        self.report()
        load = next((action.load for action in actions if action.type == "pick"), "")
        self._hall.book.accept(order.id, load)
        self._drive = asyncio.create_task(self._run_order(order), name=f"drive[{self.id}]")

    def _refuse(self, fault: Fault) -> None:
        self._hall.book.refused += 1
        self._faults = (*self._faults[-3:], fault)
        self.report()

    def _standing(self) -> Standing:
        current = self._order
        return Standing(
            node=self._node,
            is_busy=self._is_busy(),
            is_loaded=self._load is not None,
            order_id=current.id if current else "",
            update=current.update if current else 0,
        )

    def _is_busy(self) -> bool:
        return self._drive is not None and not self._drive.done()

    # ------------------------------------------------------------ driving

    async def _run_order(self, order: Order) -> None:
        if await self._act(order.stops[0].actions):
            for stop in order.stops[1:]:
                if not stop.released or not await self._travel(stop):
                    break
                if not await self._act(stop.actions):
                    break
        self._driving = False
        if self._cancel is not None:
            self._cancelled(self._cancel)
        self._drive = None
        self.report()

    async def _travel(self, stop: Stop) -> bool:
        await self._unpaused.wait()
        if self._cancel is not None:
            return False
        length = self._hall.ways.get((self._node, stop.node), 0.0)
        if not self._driving:
            self._driving = True
            self.report()
        pace = self._hall.pace
        await asyncio.sleep(length / pace.robot_m_per_s / pace.speed)
        self._charge = max(0.0, self._charge - DRAIN_PER_M * length)
        self._fresh_at = time.monotonic()
        self._node, self._sequence = stop.node, stop.sequence
        self._ahead = [ahead for ahead in self._ahead if ahead.sequence > stop.sequence]
        self._driving = bool(self._ahead) and not stop.actions
        self.report()
        return True

    async def _act(self, actions: tuple[Action, ...]) -> bool:
        for action in actions:
            await self._unpaused.wait()
            if self._cancel is not None:
                return False
            self._driving = False
            self._mark(action.id, "RUNNING")
            pace = self._hall.pace
            seconds = pace.pick_s if action.type == "pick" else pace.drop_s
            await asyncio.sleep(seconds / pace.speed)
            self._handle(action)
            self._mark(action.id, "FINISHED")
        return True

    def _handle(self, action: Action) -> None:
        if action.type == "pick":
            self._load = action.load
            self._hall.book.picks[action.load] += 1
        else:
            self._hall.book.drops[self._load or action.load] += 1
            self._load = None

    def _mark(self, action_id: str, status: str) -> None:
        self._deeds[action_id] = replace(self._deeds[action_id], status=status)
        self.report()

    # ------------------------------------------------------------ instant actions

    def _instant(self, kind: str, action_id: str) -> None:
        if action_id in self._instants:
            return
        while len(self._instants) >= INSTANTS_KEPT:
            self._instants.pop(next(iter(self._instants)))
        self._instants[action_id] = Deed(id=action_id, type=kind, status="FINISHED")
        match kind:
            case "stateRequest":
                pass
            case "factsheetRequest":
                sheet = self._headers.on("factsheet", messages.factsheet())
                self._send("factsheet", sheet, True)
            case "startPause":
                self._unpaused.clear()
            case "stopPause":
                self._unpaused.set()
            case "cancelOrder":
                self._cancel_order(action_id)
            case _:
                self._fail_instant(action_id, "instantActionError", f"{kind} is unknown")
        self.report()

    def _cancel_order(self, action_id: str) -> None:
        if not self._is_busy():
            self._fail_instant(action_id, "noOrderToCancel", "nothing is driven")
            return
        self._cancel = action_id
        self._instants[action_id] = replace(self._instants[action_id], status="RUNNING")
        self._unpaused.set()

    def _fail_instant(self, action_id: str, kind: str, text: str) -> None:
        self._instants[action_id] = replace(self._instants[action_id], status="FAILED")
        fault = Fault(type=kind, text=text, references=(("actionId", action_id),))
        self._faults = (*self._faults[-3:], fault)

    def _cancelled(self, action_id: str) -> None:
        self._ahead = []
        for deed in self._deeds.values():
            if deed.status == "WAITING":
                self._deeds[deed.id] = replace(deed, status="FAILED", result="cancelled")
        if action_id in self._instants:
            self._instants[action_id] = replace(self._instants[action_id], status="FINISHED")

    # ------------------------------------------------------------ state

    def _state(self) -> dict[str, Any]:
        self._recharge()
        order = self._order
        ahead = {stop.sequence for stop in self._ahead}
        tracks = [t for t in order.tracks if t.sequence + 1 in ahead] if order else []
        deeds = (*self._deeds.values(), *self._instants.values())
        return {
            "orderId": order.id if order else "",
            "orderUpdateId": order.update if order else 0,
            "lastNodeId": self._node,
            "lastNodeSequenceId": self._sequence,
            "driving": self._driving,
            "paused": not self._unpaused.is_set(),
            "nodeStates": messages.node_states(self._ahead, self._hall.nodes),
            "edgeStates": messages.edge_states(tracks),
            "actionStates": messages.action_states(deeds),
            "errors": messages.error_states(self._faults),
            "information": [],
            **messages.place_state(
                self._hall.nodes[self._node],
                charge=self._charge,
                charging=self._is_charging(),
                load=self._load,
            ),
        }

    def _is_charging(self) -> bool:
        return not self._is_busy() and self._charge < 100.0

    def _recharge(self) -> None:
        """A vehicle that waits stands on a charging mat."""
        now = time.monotonic()
        if not self._is_busy():
            gained = (now - self._fresh_at) * CHARGE_PER_S * self._hall.pace.speed
            self._charge = min(100.0, self._charge + gained)
        self._fresh_at = now
