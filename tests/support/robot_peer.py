"""The far end of one robot's topics, moved by the test: it says what it is told, in any version."""

import asyncio
import json
from types import TracebackType
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

STATE_2: dict[str, Any] = {
    "orderId": "",
    "orderUpdateId": 0,
    "lastNodeId": "P1",
    "lastNodeSequenceId": 0,
    "nodeStates": [],
    "edgeStates": [],
    "driving": False,
    "actionStates": [],
    "batteryState": {"batteryCharge": 80.0, "charging": False},
    "operatingMode": "AUTOMATIC",
    "errors": [],
    "loads": [],
    "safetyState": {"eStop": "NONE", "fieldViolation": False},
}
STATE_3: dict[str, Any] = {
    **{key: value for key, value in STATE_2.items() if key not in ("batteryState", "safetyState")},
    "instantActionStates": [],
    "powerSupply": {"stateOfCharge": 80.0, "charging": False},
    "safetyState": {"activeEmergencyStop": "NONE", "fieldViolation": False},
}


class RobotPeer:
    """Answers stateRequests with `state`; keeps orders and instant actions as they came.

    `silent`: answers nothing.
    """

    def __init__(self, port: int, *, version: str = "2.1.0", serial: str = "A-1") -> None:
        is_third = version.startswith("3")
        self.version = version
        self.state = dict(STATE_3 if is_third else STATE_2)
        self.orders: list[dict[str, Any]] = []
        self.instants: list[dict[str, Any]] = []
        self.silent = False
        self._lists = "instantActionStates" if is_third else "actionStates"
        self._stem = f"{'vda5050/v3' if is_third else 'uagv/v2'}/ACME/{serial}"
        self._port = port
        self._header = 0
        self._loop = asyncio.get_running_loop()
        self._is_ready = asyncio.Event()

    async def __aenter__(self) -> Self:
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._arrived
        client.connect_async("127.0.0.1", self._port, 15)
        client.loop_start()
        self._client = client
        async with asyncio.timeout(15):
            await self._is_ready.wait()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        del self._client

    @property
    def kinds(self) -> list[str]:
        """Return the types of the instant actions that came, questions left out."""
        types = [action["actionType"] for one in self.instants for action in one["actions"]]
        return [kind for kind in types if kind not in ("stateRequest", "factsheetRequest")]

    def message(self, content: dict[str, Any]) -> bytes:
        """Return a message of this robot with a header of its own."""
        self._header += 1
        header = {
            "headerId": self._header,
            "timestamp": f"2026-11-24T10:00:{self._header % 60:02d}.{self._header:03d}Z",
            "version": self.version,
            "manufacturer": "ACME",
            "serialNumber": "A-1",
        }
        return json.dumps(header | content).encode()

    def show(self, **changes: Any) -> bytes:
        """Change the state for good, publish it and return its bytes."""
        self.state |= changes
        payload = self.message(self.state)
        self.say("state", payload)
        return payload

    def say(
        self, topic: str, payload: bytes | dict[str, Any], *, qos: int = 0, retain: bool = False
    ) -> MQTTMessageInfo:
        """Publish anything under a topic of this robot."""
        body = payload if isinstance(payload, bytes) else self.message(payload)
        return self._client.publish(f"{self._stem}/{topic}", body, qos, retain)

    def _connected(self, client: Client, *_: Any) -> None:
        client.subscribe([(f"{self._stem}/order", 0), (f"{self._stem}/instantActions", 0)])

    def _subscribed(self, *_: Any) -> None:
        self._loop.call_soon_threadsafe(self._is_ready.set)

    def _arrived(self, _client: Client, _user: Any, message: MQTTMessage) -> None:
        self._loop.call_soon_threadsafe(self._take, message)

    def _take(self, message: MQTTMessage) -> None:
        content = json.loads(message.payload)
        if message.topic.endswith("/order"):
            self.orders.append(content)
            return
        self.instants.append(content)
        for action in content["actions"]:
            if action["actionType"] == "stateRequest" and not self.silent:
                asked = {"actionId": action["actionId"], "actionStatus": "FINISHED"}
                shown = [*self.state[self._lists], {**asked, "actionType": "stateRequest"}]
                self.say("state", self.message(self.state | {self._lists: shown}))
