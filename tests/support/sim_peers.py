"""Hand-made peers of the simulator: an MQTT listener and polling with a deadline."""

import asyncio
import json
import queue
import time
from collections.abc import Callable
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

WAIT_S = 10.0


class Listener:
    """A plain MQTT client that hears everything below a topic and can publish."""

    def __init__(self, port: int, topic: str, name: str = "listener") -> None:
        self.heard: queue.Queue[tuple[str, bytes, bool]] = queue.Queue()
        self._topic = topic
        self._subscribed = queue.Queue[bool]()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv311
        )
        self._client.on_message = self._on_message
        self._client.on_subscribe = lambda *_: self._subscribed.put(True)
        self._client.connect("127.0.0.1", port)

    def __enter__(self) -> Self:
        self._client.loop_start()
        self._client.subscribe(self._topic, 1)
        self._subscribed.get(timeout=WAIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, body: dict[str, Any] | bytes) -> None:
        """Publish like a master: QoS 0, not retained."""
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._client.publish(topic, payload, qos=0, retain=False)

    async def until(
        self, topic: str, is_it: Callable[[dict[str, Any]], bool]
    ) -> tuple[dict[str, Any], bool]:
        """Return the next message on a topic that fits, and whether it was a retained one."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            try:
                name, payload, retained = self.heard.get_nowait()
            except queue.Empty:
                await asyncio.sleep(0.005)
                continue
            if name == topic and is_it(body := json.loads(payload)):
                return body, retained
        raise AssertionError(f"nothing fitting on {topic} in {WAIT_S} s")

    def _on_message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        self.heard.put((message.topic, bytes(message.payload), bool(message.retain)))


async def eventually(is_so: Callable[[], bool]) -> bool:
    """Poll until it is so; False when the deadline passes."""
    end = time.monotonic() + WAIT_S
    while not is_so():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.005)
    return True
