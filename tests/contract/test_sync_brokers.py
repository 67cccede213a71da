"""JetStream and MQTT against real brokers: bodies unchanged, nothing lost when one is killed."""

import asyncio
import gc
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import nats
import pytest
from nats.js.api import DiscardPolicy, StorageType, StreamConfig
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from brokers import Mosquitto, NatsServer
from certificates import Authority
from edge.journal.outbox import OutboxRow
from edge.settings.model import TargetKind, TargetSettings
from edge.sync.jetstream import JetStream
from edge.sync.mqtt_events import MqttEvents
from edge.sync.target import Later, Refused, Stored

PLACE = "msk1.st07"
PASSWORD = "Zahnrad-4711"


def _rows(count: int, first: int = 0, size: int = 50) -> tuple[OutboxRow, ...]:
    made = []
    for n in range(first, first + count):
        body = json.dumps({"id": f"id-{n}", "x": "ы" * size}).encode()
        made.append(
            OutboxRow(
                seq=n + 10,
                n=n + 1,
                id=f"id-{n}",
                body=body,
                digest=hashlib.sha256(body).digest(),
                recorded_ms=0,
                kind="unit.opened" if n % 2 else "verdict.made",
            )
        )
    return tuple(made)


# ---------------------------------------------------------------- JetStream


def _jetstream(port: int) -> TargetSettings:
    return TargetSettings(
        name="fleet", kind=TargetKind.JETSTREAM, url=f"nats://127.0.0.1:{port}", events=("*",)
    )


@asynccontextmanager
async def _admin(server: NatsServer, **options: Any) -> AsyncIterator[Any]:
    client = await nats.connect(f"nats://127.0.0.1:{server.port}", allow_reconnect=False, **options)
    try:
        yield client.jetstream()
    finally:
        await client.close()


async def _make_stream(server: NatsServer, **more: Any) -> None:
    async with _admin(server) as stream:
        config = StreamConfig(
            name="RETURNS",
            subjects=["ret.v1.>"],
            storage=StorageType.FILE,
            discard=DiscardPolicy.NEW,
            duplicate_window=120,
            **more,
        )
        await stream.add_stream(config)


async def _stored(server: NatsServer) -> list[Any]:
    async with _admin(server) as stream:
        info = await stream.stream_info("RETURNS")
        return [await stream.get_msg("RETURNS", seq) for seq in range(1, info.state.last_seq + 1)]


async def test_a_stream_gets_the_bodies_as_they_are_in_order_with_their_ids() -> None:
    with NatsServer() as server:
        await _make_stream(server)
        async with JetStream(_jetstream(server.port), PLACE) as target:
            rows = _rows(150)
            assert await target.send(rows) == Stored()
            assert await target.send(rows[:10]) == Stored()  # the stream has them: once is enough
        kept = await _stored(server)
        assert [one.data for one in kept] == [row.body for row in rows]
        first = kept[0]
        assert first.subject == "ret.v1.msk1.st07.verdict.made"
        assert first.headers["Nats-Msg-Id"] == "id-0"
        assert first.headers["Nats-Expected-Stream"] == "RETURNS"
        assert first.headers["Content-Type"] == "application/cloudevents+json"
        assert first.headers["Edge-Delivery"] == "1"


async def test_no_stream_and_another_stream_are_refused() -> None:
    with NatsServer() as server:
        async with JetStream(_jetstream(server.port), PLACE) as target:
            assert await target.send(_rows(1)) == Refused(reason="no stream takes this subject")
        async with _admin(server) as stream:
            await stream.add_stream(name="OTHER", subjects=["ret.v1.>"])
        async with JetStream(_jetstream(server.port), PLACE) as target:
            assert await target.send(_rows(1)) == Refused(
                reason="another stream takes this subject"
            )


async def test_a_full_stream_keeps_what_it_has_and_somebody_is_told() -> None:
    with NatsServer() as server:
        await _make_stream(server, max_msgs=5)
        async with JetStream(_jetstream(server.port), PLACE) as target:
            assert await target.send(_rows(8)) == Stored(retry_from="id-5")
            full = await target.send(_rows(3, first=5))
            assert full == Later(reason="the stream is full", is_grave=True)
        assert len(await _stored(server)) == 5


async def test_an_event_larger_than_a_message_is_set_aside_alone() -> None:
    with NatsServer() as server:
        await _make_stream(server)
        rows = (*_rows(2), *_rows(1, first=2, size=600_000), *_rows(2, first=3))
        async with JetStream(_jetstream(server.port), PLACE) as target:
            assert await target.send(rows) == Stored(
                rejected={"id-2": "larger than a message may be"}, retry_from="id-3"
            )
            assert await target.send(rows[3:]) == Stored()


async def test_a_large_backlog_goes_by_batches_where_that_is_allowed() -> None:
    with NatsServer() as server:
        await _make_stream(server)
        settings = replace(_jetstream(server.port), batch_catch_up=True)
        async with JetStream(settings, PLACE) as target:
            rows = _rows(1050)
            assert await target.send(rows) == Stored()
        kept = await _stored(server)
        assert len(kept) == 11
        assert {one.subject for one in kept} == {"ret.v1.msk1.st07.batch"}
        assert kept[0].data == b"[" + b",".join(row.body for row in rows[:100]) + b"]"
        assert kept[0].headers["Content-Type"] == "application/cloudevents-batch+json"
        assert kept[-1].headers["Edge-Delivery"] == "1001-1050"


async def test_a_replay_says_so_and_has_no_delivery_number() -> None:
    with NatsServer() as server:
        await _make_stream(server)
        async with JetStream(_jetstream(server.port), PLACE) as target:
            rows = tuple(replace(row, n=0) for row in _rows(1))
            assert await target.send(rows, is_replay=True) == Stored()
        (kept,) = await _stored(server)
        assert kept.headers["Edge-Replay"] == "1"
        assert "Edge-Delivery" not in kept.headers


async def test_a_server_that_is_killed_and_comes_back_has_every_acknowledged_event() -> None:
    rows = _rows(600)
    with NatsServer() as server:
        await _make_stream(server)
        async with JetStream(_jetstream(server.port), PLACE) as target:
            sending = asyncio.create_task(target.send(rows))
            await asyncio.sleep(0.1)
            server.kill()
            outcome = await sending
            assert isinstance(await target.send(rows), Later)  # nobody is there
            acked = {row.id for row in rows[: _done(outcome, rows)]}
            server.start()
            left = rows[_done(outcome, rows) :]
            while left:
                again = await target.send(left)
                left = left[_done(again, left) :]
        ids = [one.headers["Nats-Msg-Id"] for one in await _stored(server)]
        assert acked <= set(ids)
        assert set(ids) == {row.id for row in rows}
        assert len(ids) == len(set(ids))  # the duplicate window covers what was in flight


def _done(outcome: object, rows: tuple[OutboxRow, ...]) -> int:
    if not isinstance(outcome, Stored):
        return 0
    ids = [row.id for row in rows]
    return len(ids) if outcome.retry_from is None else ids.index(outcome.retry_from)


# ---------------------------------------------------------------- MQTT


@dataclass(slots=True)
class Subscriber:
    """Keeps what a broker hands out."""

    port: int
    is_5: bool = False
    got: list[MQTTMessage] = field(default_factory=list)
    client: Client | None = None

    async def __aenter__(self) -> Self:
        ready = asyncio.Event()
        loop = asyncio.get_running_loop()
        protocol = MQTTProtocolVersion.MQTTv5 if self.is_5 else MQTTProtocolVersion.MQTTv311
        client = self.client = Client(CallbackAPIVersion.VERSION2, protocol=protocol)
        client.on_connect = lambda one, *_: one.subscribe("ret/v1/#", qos=1)

        def on_subscribe(*_: object) -> None:
            loop.call_soon_threadsafe(ready.set)

        client.on_subscribe = on_subscribe
        client.on_message = lambda _client, _user, message: self.got.append(message)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        async with asyncio.timeout(10):
            await ready.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.client is not None
        self.client.disconnect()
        await asyncio.to_thread(self.client.loop_stop)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.got) < count:  # noqa: ASYNC110 - a look is enough
                await asyncio.sleep(0.01)


def _mqtt(port: int, protocol: str = "3.1.1") -> TargetSettings:
    return TargetSettings(
        name="bus",
        kind=TargetKind.MQTT,
        url=f"mqtt://127.0.0.1:{port}",
        events=("*",),
        durable=False,
        protocol=protocol,
    )


every_broker = pytest.mark.parametrize(
    ("broker", "protocol"),
    [
        pytest.param(NatsServer, "3.1.1", id="nats-server"),
        pytest.param(Mosquitto, "3.1.1", id="mosquitto-3.1.1"),
        pytest.param(Mosquitto, "5", id="mosquitto-5"),
    ],
)
Broker = type[NatsServer] | type[Mosquitto]


@every_broker
async def test_a_topic_gets_the_bodies_as_they_are_in_order(broker: Broker, protocol: str) -> None:
    rows = _rows(100)
    with broker() as server:
        async with (
            Subscriber(server.mqtt_port, protocol == "5") as seen,
            MqttEvents(_mqtt(server.mqtt_port, protocol), PLACE) as target,
        ):
            assert await target.send(rows) == Stored()
            await seen.until(100)
    assert [message.payload for message in seen.got] == [row.body for row in rows]
    first = seen.got[0]
    assert (first.topic, first.qos, first.retain) == ("ret/v1/msk1/st07/verdict/made", 1, False)
    if protocol == "5":
        assert first.properties is not None
        assert first.properties.ContentType == "application/cloudevents+json"  # type: ignore[attr-defined]
        assert first.properties.UserProperty == [("edge-delivery", "1")]  # type: ignore[attr-defined]


@every_broker
async def test_a_broker_that_is_killed_gets_what_it_did_not_acknowledge_and_nothing_before(
    broker: Broker, protocol: str
) -> None:
    rows = _rows(600)
    with broker() as server:
        async with MqttEvents(_mqtt(server.mqtt_port, protocol), PLACE) as target:
            assert await target.send(rows[:5]) == Stored()
            sending = asyncio.create_task(target.send(rows[5:]))
            await asyncio.sleep(0.03)
            server.kill()
            left = rows[5:][_done(await sending, rows[5:]) :]
            assert isinstance(await target.send(rows), Later)
            server.start()
            async with Subscriber(server.mqtt_port, protocol == "5") as seen:
                while left:
                    left = left[_done(await target.send(left), left) :]
                    await seen.until(1)
                count = len(rows)
                await seen.until(1)
    # only our own resend arrives: paho would have flushed its queue out of order before it
    numbers = [int(json.loads(message.payload)["id"][3:]) for message in seen.got]
    assert numbers == sorted(numbers)
    assert count == 600


# ---------------------------------------------------------------- rights


async def test_a_wrong_password_is_refused_and_stands_in_no_message(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("Nichtrichtig-99\n", encoding="utf-8")
    with NatsServer(password=PASSWORD) as server:
        stream = replace(_jetstream(server.port), username="st07", password_file=secret)
        topic = replace(_mqtt(server.mqtt_port), username="st07", password_file=secret)
        async with JetStream(stream, PLACE) as one, MqttEvents(topic, PLACE) as other:
            for target in (one, other):
                outcome = await target.send(_rows(1))
                assert isinstance(outcome, Refused)
                assert "Nichtrichtig" not in repr(outcome)
        secret.write_text(f"{PASSWORD}\n", encoding="utf-8")
        async with MqttEvents(topic, PLACE) as other:
            assert await other.send(_rows(1)) == Stored()


# paho leaves the socket of a failed handshake to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("broker", [NatsServer, Mosquitto], ids=["nats", "mosquitto"])
async def test_a_broker_is_spoken_to_with_certificates_of_both_sides(
    broker: Broker, tmp_path: Path
) -> None:
    ours, strange = Authority(tmp_path / "ours"), Authority(tmp_path / "strange")
    with broker(tls=ours) as server:
        good = replace(
            _mqtt(server.mqtt_port),
            url=f"mqtts://127.0.0.1:{server.mqtt_port}",
            ca_file=ours.ca,
            cert_file=ours.client,
            key_file=ours.client_key,
            key_password_file=ours.password,
        )
        async with MqttEvents(good, PLACE) as target:
            assert await target.send(_rows(30)) == Stored()
        async with MqttEvents(replace(good, ca_file=strange.ca), PLACE) as target:
            assert isinstance(await target.send(_rows(1)), Later | Refused)
    gc.collect()  # while the warning about paho's socket is let through


async def test_a_stream_is_reached_with_certificates_of_both_sides(tmp_path: Path) -> None:
    ours, strange = Authority(tmp_path / "ours"), Authority(tmp_path / "strange")
    with NatsServer(tls=ours) as server:
        good = replace(
            _jetstream(server.port),
            url=f"tls://127.0.0.1:{server.port}",
            ca_file=ours.ca,
            cert_file=ours.client,
            key_file=ours.client_key,
            key_password_file=ours.password,
        )
        async with JetStream(good, PLACE) as target:
            assert await target.send(_rows(1)) == Refused(reason="no stream takes this subject")
        async with JetStream(replace(good, ca_file=strange.ca), PLACE) as target:
            assert isinstance(await target.send(_rows(1)), Later)
