"""A small VDA 5050 2.1 vehicle for tests, written from the standard, on a real MQTT connection.

Keeps what came in as it came (`orders`, `instants`: payload, QoS, retain flag). Drives by itself.
"""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

STEP_S: Final = 0.02


@dataclass(frozen=True)
class Received:
    payload: bytes
    qos: int
    retain: bool

    @property
    def message(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.payload)
        return found


class Vehicle:
    """One robot of the maker ACME. Faults are attributes; `picks` counts pick-ups by load id."""

    def __init__(
        self, port: int, serial: str, *, node: str = "P1", says_online: bool = True
    ) -> None:
        self.serial = serial
        self.orders: list[Received] = []
        self.instants: list[Received] = []
        self.picks: Counter[str] = Counter()
        self.unheard = False
        self.reject = ""
        self.fail_pick = False
        self.is_mute = False
        self.shows_questions = True
        self.version = "2.1.0"
        self.node = node
        self._port = port
        self._says_online = says_online
        self._stem = f"uagv/v2/ACME/{serial}"
        self._header = 0
        self._driving: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._is_ready = asyncio.Event()
        self.reset()

    async def __aenter__(self) -> Self:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"vehicle-{self.serial}",
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        will = self._message({"connectionState": "CONNECTIONBROKEN"})
        client.will_set(f"{self._stem}/connection", will, qos=1, retain=True)
        client.reconnect_delay_set(1, 1)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._arrived
        self._client = client
        client.connect_async("127.0.0.1", self._port, 15)
        client.loop_start()
        async with asyncio.timeout(15):
            await self._is_ready.wait()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
        self._client.disconnect()
        self._client.loop_stop()
        del self._client

    # ------------------------------------------------------------ what a test may do

    def reset(self) -> None:
        """Be switched off and on: the order and all actions are forgotten."""
        self._stop()
        self.order_id = ""
        self.node_seq = 0
        self.actions: dict[str, str] = {}
        self.asked: list[str] = []
        self.nodes_left: list[dict[str, Any]] = []
        self.edges_left: list[dict[str, Any]] = []
        self.errors: list[dict[str, Any]] = []
        self.driving = False
        self.paused = False
        self.update = 0
        self.mode = "AUTOMATIC"
        self.loads: list[dict[str, str]] = []

    def say(self, topic: str, content: dict[str, Any], *, retain: bool = False) -> MQTTMessageInfo:
        """Publish anything under any topic of this robot; the broker has it once `is_published`."""
        return self._client.publish(f"{self._stem}/{topic}", self._message(content), 1, retain)

    def show(self, **other: Any) -> None:
        """Publish the state, with some keys replaced."""
        if not self.is_mute:
            self._client.publish(f"{self._stem}/state", self._message(self._state() | other), 0)

    # ------------------------------------------------------------ messages

    def _message(self, content: dict[str, Any]) -> bytes:
        self._header += 1
        header = {
            "headerId": self._header,
            "timestamp": "2026-11-24T10:00:00.000Z",
            "version": self.version,
            "manufacturer": "ACME",
            "serialNumber": self.serial,
        }
        return json.dumps(header | content).encode()

    def _state(self) -> dict[str, Any]:
        questions = self.asked if self.shows_questions else []
        actions = dict.fromkeys(questions, "FINISHED") | self.actions
        return {
            "orderId": self.order_id,
            "orderUpdateId": self.update,
            "lastNodeId": self.node,
            "lastNodeSequenceId": self.node_seq,
            "nodeStates": self.nodes_left,
            "edgeStates": self.edges_left,
            "driving": self.driving,
            "paused": self.paused,
            "actionStates": [
                {"actionId": key, "actionStatus": status} for key, status in actions.items()
            ],
            "batteryState": {"batteryCharge": 80.0, "charging": False},
            "operatingMode": self.mode,
            "errors": self.errors,
            "loads": self.loads,
            "safetyState": {"eStop": "NONE", "fieldViolation": False},
        }

    def _connected(self, client: Client, *_: Any) -> None:
        client.subscribe([(f"{self._stem}/order", 0), (f"{self._stem}/instantActions", 0)])

    def _subscribed(self, *_: Any) -> None:
        self._loop.call_soon_threadsafe(self._ready)

    def _arrived(self, _client: Client, _user: Any, message: MQTTMessage) -> None:
        self._loop.call_soon_threadsafe(self._take, message)

    def _ready(self) -> None:
        self._is_ready.set()
        if self._says_online:
            self.say("connection", {"connectionState": "ONLINE"}, retain=True)
        self.show()

    def _take(self, message: MQTTMessage) -> None:
        received = Received(bytes(message.payload), message.qos, message.retain)
        if message.topic.endswith("/order"):
            self.orders.append(received)
            self._ordered(received.message)
        else:
            self.instants.append(received)
            for action in received.message["actions"]:
                self._instant(action["actionType"], action["actionId"])

    # ------------------------------------------------------------ behaviour

    def _instant(self, kind: str, action_id: str) -> None:
        if kind == "cancelOrder":
            self._stop()
            self.nodes_left, self.edges_left, self.driving = [], [], False
            ended = ("FINISHED", "FAILED")
            self.actions = {k: s if s in ended else "FAILED" for k, s in self.actions.items()}
            self.actions[action_id] = "FINISHED"
        else:
            self.paused = {"startPause": True, "stopPause": False}.get(kind, self.paused)
            self.asked.append(action_id)
        self.show()

    def _ordered(self, order: dict[str, Any]) -> None:
        if self.unheard:
            self.unheard = False
            return
        if order["orderId"] == self.order_id:
            if order["orderUpdateId"] > self.update:
                self._begin(order)
            return
        refusal, self.reject = self.reject, ""
        if self.nodes_left or self.driving:
            refusal = "orderError"
        elif order["nodes"][0]["nodeId"] != self.node:
            refusal = "noRouteError"
        if refusal:
            reference = {"referenceKey": "orderId", "referenceValue": order["orderId"]}
            self.errors = [
                {"errorType": refusal, "errorLevel": "WARNING", "errorReferences": [reference]}
            ]
            self.show()
            return
        self._begin(order)

    def _begin(self, order: dict[str, Any]) -> None:
        self._stop()
        self.order_id, self.update, self.errors = order["orderId"], order["orderUpdateId"], []
        self.actions = {a["actionId"]: "WAITING" for n in order["nodes"] for a in n["actions"]}
        self.nodes_left, self.edges_left = list(order["nodes"]), list(order["edges"])
        self.show()
        self._driving = asyncio.create_task(self._drive(order), name=f"drive[{self.serial}]")

    async def _drive(self, order: dict[str, Any]) -> None:
        for node in (one for one in order["nodes"] if one["released"]):
            await asyncio.sleep(STEP_S)
            self.node, self.node_seq = node["nodeId"], node["sequenceId"]
            self.nodes_left = self.nodes_left[1:]
            self.edges_left = [e for e in self.edges_left if e["sequenceId"] > self.node_seq]
            is_way_left = any(one["released"] for one in self.nodes_left)
            self.driving = is_way_left and not node["actions"]
            self.show()
            for action in node["actions"]:
                if not await self._act(action):
                    self.nodes_left, self.edges_left, self.driving = [], [], False
                    self.show()
                    return

    async def _act(self, action: dict[str, Any]) -> bool:
        self.actions[action["actionId"]] = "RUNNING"
        self.show()
        await asyncio.sleep(STEP_S)
        is_pick = action["actionType"] == "pick"
        is_failed = is_pick and self.fail_pick
        if not is_failed:
            load = next(p["value"] for p in action["actionParameters"] if p["key"] == "loadId")
            self.picks[load] += is_pick
            self.loads = [{"loadId": "own-name-7"}] if is_pick else []
        self.actions[action["actionId"]] = "FAILED" if is_failed else "FINISHED"
        self.show()
        return not is_failed

    def _stop(self) -> None:
        task: asyncio.Task[None] | None = getattr(self, "_driving", None)
        if task is not None:
            task.cancel()
        self._driving = None
