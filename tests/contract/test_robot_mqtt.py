"""What only a broker can do to master control: be down, restart, repeat old words, lose orders."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from vda5050.client.agv import OrderExecutor, VehicleClient
from vda5050.config import VehicleConfig
from vda5050.model.order import Order

from brokers import USER, NatsServer
from deadlines import eventually
from drivers.clock import SystemClock
from drivers.errors import DriverNotFoundError, DriverRightsError
from drivers.protocols import (
    Deadline,
    DeviceHealth,
    DeviceName,
    HealthState,
    InstantKind,
    OrderPhase,
    OrderStatus,
    RobotId,
    SendResult,
)
from drivers.robot.schemas import MessageKind, problems
from drivers.robot.vda5050_mqtt import (
    LoadsUse,
    RobotProfile,
    RobotUnit,
    Vda5050Robots,
    Vda5050Settings,
)
from floor_plan import NODES, move
from vehicle import Vehicle

CLOCK = SystemClock()
R1 = RobotId("r1")
SPACED = RobotProfile(min_order_interval_s=0.0)


def robots(
    port: int, profile: RobotProfile = SPACED, *, answer_s: float = 5.0, password_file: str = ""
) -> Vda5050Robots:
    settings = Vda5050Settings(
        host="127.0.0.1",
        port=port,
        station="st01",
        robots=(RobotUnit(id="r1", manufacturer="ACME", serial="A-1", profile=profile),),
        answer_s=answer_s,
        password_file=password_file,
        username=USER if password_file else "",
    )
    return Vda5050Robots(DeviceName("robots"), settings, CLOCK)


@asynccontextmanager
async def ready(port: int, profile: RobotProfile = SPACED) -> AsyncIterator[Vda5050Robots]:
    async with robots(port, profile) as driver:
        await light(driver, HealthState.OK)
        yield driver


async def light(driver: Vda5050Robots, state: HealthState, reason: str = "") -> DeviceHealth:
    async for health in driver.healths():
        if health.state is state and reason in health.reason:
            return health
    raise AssertionError("lights never end")


def in_time(seconds: float = 5.0) -> Deadline:
    return Deadline.after(seconds, CLOCK)


async def until(driver: Vda5050Robots, phase: OrderPhase, reason: str = "") -> OrderStatus:
    async with aclosing(driver.statuses()) as statuses:  # type: ignore[type-var]
        async for status in statuses:
            if status.phase is phase and reason in ("", status.reason):
                return status
    raise AssertionError("statuses never end")


async def start(driver: Vda5050Robots, order_id: str = "st01-1") -> None:
    order = move(order_id)
    snapshot = driver.snapshot(R1)
    assert snapshot is not None
    driver.track(order, snapshot.order_id)
    assert await driver.send(driver.prepare(order, NODES)) is SendResult.SENT


@pytest.fixture
def broker() -> Any:
    with NatsServer() as running:
        yield running


@pytest.fixture
def port(broker: NatsServer) -> int:
    return broker.mqtt_port


async def test_an_order_goes_out_with_qos_0_unretained_and_as_the_schema_wants(
    port: int,
) -> None:
    async with Vehicle(port, "A-1") as vehicle, ready(port) as driver:
        await start(driver)
        await until(driver, OrderPhase.DONE)
        (order,) = vehicle.orders
    assert (order.qos, order.retain) == (0, False)
    assert problems(MessageKind.ORDER, order.payload) == ()
    assert order.message["version"] == "2.1.0"
    assert [one.qos for one in vehicle.instants] == [0] * len(vehicle.instants)
    assert not any(problems(MessageKind.INSTANT_ACTIONS, i.payload) for i in vehicle.instants)


async def test_a_resent_order_has_a_fresh_header_round_the_same_bytes(port: int) -> None:
    async with Vehicle(port, "A-1") as vehicle, ready(port) as driver:
        vehicle.unheard = True
        await start(driver)
        body = driver.prepare(move(), NODES)
        await driver.send(body)
        await until(driver, OrderPhase.DONE)
        first, second = (one for one in vehicle.orders)
    assert second.message["headerId"] == first.message["headerId"] + 1
    assert first.payload.endswith(body.body[1:])
    assert second.payload.endswith(body.body[1:])
    assert vehicle.picks["m1/0"] == 1


async def test_a_broker_that_is_down_at_the_start_is_found_when_it_comes() -> None:
    with NatsServer() as broker:
        broker.kill()
        async with robots(broker.mqtt_port) as driver:
            await light(driver, HealthState.LOST, "no_broker")
            assert driver.snapshot(R1) is None
            assert await driver.send(driver.prepare(move(), NODES)) is SendResult.NOT_SENT
            broker.start()
            async with Vehicle(broker.mqtt_port, "A-1") as vehicle:
                await light(driver, HealthState.OK)
                assert not vehicle.orders
                await start(driver)
                await until(driver, OrderPhase.DONE)
            assert vehicle.picks["m1/0"] == 1


async def test_a_broker_that_restarts_costs_every_robot_a_new_question(broker: NatsServer) -> None:
    async with Vehicle(broker.mqtt_port, "A-1") as vehicle, ready(broker.mqtt_port) as driver:
        await start(driver)
        await until(driver, OrderPhase.ACCEPTED)
        before = driver.snapshot(R1)
        broker.kill()
        await light(driver, HealthState.LOST)
        assert driver.snapshot(R1) is None
        broker.start()
        await light(driver, HealthState.OK)
        await until(driver, OrderPhase.DONE)
        after = driver.snapshot(R1)
    assert before is not None
    assert after is not None
    assert (before.connection, after.connection) == (1, 2)
    assert vehicle.picks["m1/0"] == 1


async def test_nothing_is_sent_to_a_robot_that_has_not_answered(port: int) -> None:
    async with Vehicle(port, "A-1") as vehicle, robots(port) as driver:
        vehicle.is_mute = True
        await light(driver, HealthState.DEGRADED, "silent r1")
        assert await driver.send(driver.prepare(move(), NODES)) is SendResult.NOT_SENT
        vehicle.is_mute = False
        vehicle.say("connection", {"connectionState": "ONLINE"})
        await light(driver, HealthState.OK)
        snapshot = driver.snapshot(R1)
    assert not vehicle.orders
    assert snapshot is not None


async def test_a_retained_state_proves_nothing(port: int) -> None:
    async with Vehicle(port, "A-1") as vehicle:
        vehicle.is_mute = True
        said = vehicle.say("state", {"orderId": "old"}, retain=True)
        assert await eventually(said.is_published)
        async with robots(port) as driver:
            await light(driver, HealthState.DEGRADED, "silent")
            assert await eventually(lambda: bool(vehicle.instants))
            assert driver.snapshot(R1) is None
            vehicle.is_mute = False
            vehicle.show()
            assert await eventually(lambda: driver.snapshot(R1) is not None)


async def test_a_robot_that_never_shows_questions_is_believed_after_its_time(
    port: int,
) -> None:
    async with Vehicle(port, "A-1") as vehicle:
        vehicle.shows_questions = False
        async with robots(port, answer_s=0.3) as driver:
            await light(driver, HealthState.OK)
            snapshot = await driver.request_state(R1, in_time(0.3))
            assert snapshot.reconciled
            vehicle.unheard = True
            await start(driver)
            vehicle.show()
            assert await eventually(lambda: vehicle.unheard is False)
            await driver.request_state(R1, in_time(0.4))
            vehicle.show()
            assert (await until(driver, OrderPhase.UNKNOWN)).resend_safe


async def test_a_service_that_restarts_follows_the_order_that_is_under_way(
    port: int,
) -> None:
    async with Vehicle(port, "A-1") as vehicle:
        async with ready(port) as driver:
            await start(driver)
            await until(driver, OrderPhase.CARRYING)
        async with ready(port) as driver:
            driver.track(move(), "")
            end = await until(driver, OrderPhase.DONE)
    assert end.last_node == "Z"
    assert len(vehicle.orders) == 1


async def test_a_foreign_order_leaves_ours_in_doubt_and_is_not_cancelled(
    port: int,
) -> None:
    async with Vehicle(port, "A-1") as vehicle, ready(port) as driver:
        vehicle.unheard = True
        await start(driver)
        vehicle.order_id, vehicle.nodes_left = "of-somebody-else", [{"nodeId": "Q"}]
        await driver.request_state(R1, in_time())
        doubt = await until(driver, OrderPhase.UNKNOWN)
        assert (doubt.reason, doubt.resend_safe) == ("foreign_order", False)
        assert await driver.instant(R1, InstantKind.CANCEL, "c-1") is SendResult.NOT_SENT
    sent = [i.message["actions"][0]["actionType"] for i in vehicle.instants]
    assert "cancelOrder" not in sent


async def test_an_empty_memory_after_a_break_in_the_link_is_doubt(port: int) -> None:
    async with Vehicle(port, "A-1") as vehicle, ready(port) as driver:
        await driver.request_state(R1, in_time())  # no answer to an older question is under way
        vehicle.unheard = True
        await start(driver)
        vehicle.say("connection", {"connectionState": "CONNECTIONBROKEN"})
        assert await eventually(lambda: not online(driver))
        await driver.request_state(R1, in_time())
        doubt = await until(driver, OrderPhase.UNKNOWN)
    assert (doubt.reason, doubt.resend_safe) == ("memory_lost", False)


async def test_a_state_overrules_an_older_broken_connection(port: int) -> None:
    quiet = Vehicle(port, "A-1", says_online=False)
    async with quiet as vehicle, ready(port) as driver:
        assert online(driver)
        await driver.request_state(R1, in_time())  # no answer to an older question is under way
        vehicle.say("connection", {"connectionState": "OFFLINE"})
        assert await eventually(lambda: not online(driver))
        vehicle.show()
        assert await eventually(lambda: online(driver))


def online(driver: Vda5050Robots) -> bool:
    snapshot = driver.snapshot(R1)
    return snapshot is not None and snapshot.online


async def test_a_robot_of_another_major_version_is_left_alone(port: int) -> None:
    async with Vehicle(port, "A-1") as vehicle, robots(port) as driver:
        vehicle.version = "3.0.0"
        vehicle.show()
        assert (await light(driver, HealthState.DEGRADED, "version")).reason.endswith("r1")
        vehicle.version = "2.0.0"
        vehicle.show()
        await light(driver, HealthState.OK)


async def test_noise_on_the_topics_harms_nothing(port: int) -> None:
    async with Vehicle(port, "A-1") as vehicle, ready(port) as driver:
        for key, odd in (("orderId", 7), ("nodeStates", "all"), ("actionStates", [None, {}, 3])):
            vehicle.say("state", {key: odd})
        vehicle.say("connection", {"connectionState": ["ONLINE"]})
        vehicle._client.publish("uagv/v2/ACME/A-1/state", b"\xff{", 0)
        await driver.request_state(R1, in_time())
        await start(driver)
        assert (await until(driver, OrderPhase.DONE)).last_node == "Z"


async def test_orders_to_one_robot_keep_their_distance(port: int) -> None:
    profile = RobotProfile(min_order_interval_s=0.3)
    async with (
        Vehicle(port, "A-1") as vehicle,
        ready(port, profile) as driver,
    ):
        body = driver.prepare(move(), NODES)
        began_ns = CLOCK.monotonic_ns()
        await driver.send(body)
        await driver.send(body)
        assert CLOCK.monotonic_ns() - began_ns >= 300_000_000
        assert await eventually(lambda: len(vehicle.orders) == 2)


async def test_required_loads_hold_the_end_back_until_the_robot_is_empty(
    port: int,
) -> None:
    profile = RobotProfile(min_order_interval_s=0.0, loads=LoadsUse.REQUIRED)
    async with (
        Vehicle(port, "A-1") as vehicle,
        ready(port, profile) as driver,
    ):
        await start(driver)
        end = await until(driver, OrderPhase.DONE)
        assert end.loads == 0
        vehicle.node = "P1"
        await driver.request_state(R1, in_time())
        await start(driver, "st01-2")
        await until(driver, OrderPhase.CARRYING)
        vehicle.loads = [{"loadId": "stuck"}]
        assert await eventually(lambda: not vehicle.driving and not vehicle.nodes_left)
        await until(driver, OrderPhase.DONE)


async def test_a_vehicle_of_another_maker_takes_our_orders_and_checks_every_message(
    port: int,
) -> None:
    config = VehicleConfig(
        manufacturer="ACME",
        serial_number="A-1",
        broker_url=f"mqtt://127.0.0.1:{port}",
        validate_messages=True,
    )
    client = VehicleClient(config)
    runs: list[asyncio.Task[Any]] = []

    @client.on_order
    async def run(order: Order) -> None:
        executor = OrderExecutor(client.publisher, node_delay=0.02, action_delay=0.02)
        runs.append(asyncio.create_task(executor.run(order), name="executor"))

    async with client:
        client.update_position(x=0.0, y=0.5, theta=0.0, map_id="hall")
        client.mark_node_traversed("P1", 0)
        await client.publish_state()
        async with ready(port) as driver:
            await start(driver)
            end = await until(driver, OrderPhase.DONE)
            answer = await driver.request_state(R1, in_time())
        await asyncio.gather(*runs)
    assert set(end.actions.values()) == {"finished"}
    assert (answer.order_id, answer.last_node, answer.idle) == ("st01-1", "Z", True)


async def test_a_password_file_that_is_missing_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "mqtt.password"
    with pytest.raises(DriverNotFoundError, match=r"mqtt\.password"):
        async with robots(1, password_file=str(missing)):
            pass


async def test_the_password_of_the_file_opens_the_broker_and_another_does_not(
    tmp_path: Path,
) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("s3cret-word\n")
    wrong.write_text("other\n")
    with NatsServer(password="s3cret-word") as broker:
        async with robots(broker.mqtt_port, password_file=str(wrong)) as driver:
            assert (await light(driver, HealthState.LOST, "refused")).device == "robots"
        async with robots(broker.mqtt_port, password_file=str(right)) as driver:
            assert (await light(driver, HealthState.DEGRADED)).reason == "silent r1"


async def test_a_password_file_nobody_may_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DriverRightsError, match="directory"):
        async with robots(1, password_file=str(tmp_path)):
            pass


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("port", {"port": 0}),
        ("keepalive_s", {"keepalive_s": 1}),
        ("answer_s", {"answer_s": 0.0}),
        ("topic level", {"robots": [("r1", "A/1")]}),
        ("robots", {"robots": [("r1", "A-1"), ("r1", "A-2")]}),
        ("robots", {"robots": [("r1", "A-1"), ("r2", "A-1")]}),
    ],
)
def test_settings_that_cannot_work_are_refused(key: str, changes: dict[str, Any]) -> None:
    units = tuple(
        RobotUnit(id=one, manufacturer="ACME", serial=serial, profile=RobotProfile())
        for one, serial in changes.pop("robots", ())
    )
    given: dict[str, Any] = {
        "host": "h",
        "port": 1883,
        "station": "st01",
        "robots": units,
    } | changes
    with pytest.raises(ValueError, match=f"^{key}: "):
        Vda5050Settings(**given)


async def test_the_test_vehicle_speaks_the_standard_itself(port: int) -> None:
    async with Vehicle(port, "A-1") as vehicle:
        state = vehicle._message(vehicle._state())
        said = vehicle._message({"connectionState": "ONLINE"})
    assert problems(MessageKind.STATE, state) == ()
    assert problems(MessageKind.CONNECTION, said) == ()
