"""Master control against robots that misbehave or speak 3.0, over a real mosquitto."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from brokers import Mosquitto
from certificates import Authority
from deadlines import eventually
from drivers.clock import SystemClock
from drivers.errors import DriverNotFoundError, DriverProtocolError, DriverTimeoutError
from drivers.protocols import (
    Deadline,
    DeviceName,
    HealthState,
    InstantKind,
    MoveOrder,
    NodeId,
    OrderBody,
    OrderPhase,
    OrderStatus,
    RobotId,
    RobotSnapshot,
    SendResult,
)
from drivers.robot.schemas import MessageKind, problems
from drivers.robot.vda5050_mqtt import (
    STATUSES_MAX,
    RobotProfile,
    RobotUnit,
    Vda5050Robots,
    Vda5050Settings,
)
from drivers.wire.vda5050.json_values import MESSAGE_BYTES_MAX
from floor_plan import NODES, move, path
from robot_peer import RobotPeer

CLOCK = SystemClock()
R1 = RobotId("r1")
ORDER = replace(
    move(),
    path_to_pick=path("P1", "DOCK"),
    path_to_drop=path("DOCK", "Z"),
    pick_action_id="pick-1",
    drop_action_id="drop-1",
)
AHEAD = replace(ORDER, preposition=True, wait_action_id="wait-1")


def robots(port: int, profile: RobotProfile, **settings: Any) -> Vda5050Robots:
    unit = RobotUnit(id="r1", manufacturer="ACME", serial="A-1", profile=profile)
    given = Vda5050Settings(host="127.0.0.1", port=port, station="st01", robots=(unit,), **settings)
    return Vda5050Robots(DeviceName("robots"), given, CLOCK)


@asynccontextmanager
async def pair(
    version: str = "2.1.0", **profile: Any
) -> AsyncIterator[tuple[RobotPeer, Vda5050Robots]]:
    """Yield a robot and its master control, reconciled."""
    given = RobotProfile(version=version, **{"min_order_interval_s": 0.0, **profile})
    with Mosquitto() as broker:
        async with (
            RobotPeer(broker.port, version=version) as peer,
            robots(broker.port, given) as driver,
        ):
            await light(driver, HealthState.OK)
            yield peer, driver


async def light(driver: Vda5050Robots, state: HealthState, reason: str = "") -> str:
    async for health in driver.healths():
        if health.state is state and reason in health.reason:
            return health.reason
    raise AssertionError("lights never end")


def seen(driver: Vda5050Robots) -> RobotSnapshot:
    snapshot = driver.snapshot(R1)
    assert snapshot is not None
    return snapshot


def count(driver: Vda5050Robots, name: str) -> int:
    return driver.counts().robots[R1].get(name, 0)


def is_at(driver: Vda5050Robots, node: str) -> bool:
    return seen(driver).last_node == node


async def until(driver: Vda5050Robots, is_it: Callable[[OrderStatus], bool]) -> OrderStatus:
    async with asyncio.timeout(10), aclosing(driver.statuses()) as statuses:  # type: ignore[type-var]
        async for status in statuses:
            if is_it(status):
                return status
    raise AssertionError("statuses never end")


async def start(driver: Vda5050Robots, order: MoveOrder = ORDER) -> OrderBody:
    body = driver.prepare(order, NODES)
    driver.track(order, seen(driver).order_id)
    assert await driver.send(body) is SendResult.SENT
    return body


def nodes(*left: str, released: bool = True) -> list[dict[str, Any]]:
    return [{"nodeId": n, "sequenceId": 4, "released": released} for n in left]


def actions(**statuses: str) -> list[dict[str, str]]:
    return [{"actionId": k.replace("_", "-"), "actionStatus": s} for k, s in statuses.items()]


# ---------------------------------------------------------------- 3.0


async def test_a_robot_of_3_0_waits_for_its_load_and_is_triggered() -> None:
    async with pair("3.0.0") as (peer, driver):
        assert driver.traits(R1).waits_for_trigger
        await start(driver, AHEAD)
        assert await eventually(lambda: bool(peer.orders))
        assert problems(MessageKind.ORDER, peer.message(peer.orders[0]), "3.0.0") == ()
        peer.show(
            orderId="st01-1",
            lastNodeId="DOCK",
            nodeStates=nodes("Z"),
            actionStates=actions(wait_1="RUNNING", pick_1="WAITING", drop_1="WAITING"),
        )
        waiting = await until(driver, lambda one: one.waiting)
        assert (waiting.phase, waiting.actions["wait-1"]) == (OrderPhase.ACCEPTED, "running")
        assert await driver.instant(R1, InstantKind.TRIGGER, "t-1") is SendResult.SENT
        assert await eventually(lambda: peer.kinds == ["trigger"])
        done = actions(wait_1="FINISHED", pick_1="FINISHED", drop_1="FINISHED")
        triggered = [{"actionId": "t-1", "actionStatus": "FINISHED", "actionType": "trigger"}]
        peer.show(actionStates=done, instantActionStates=triggered, nodeStates=[], lastNodeId="Z")
        end = await until(driver, lambda one: one.phase is OrderPhase.DONE)
        assert (end.waiting, dict(end.instant)) == (False, {"t-1": "finished"})


async def test_a_cancel_of_3_0_names_its_order_and_2_1_knows_no_trigger() -> None:
    async with pair("3.0.0") as (peer, driver):
        sent = await driver.instant(R1, InstantKind.CANCEL, "c-1", order_id=ORDER.order_id)
        assert sent is SendResult.SENT
        assert await eventually(lambda: peer.kinds == ["cancelOrder"])
        (cancel,) = peer.instants[-1]["actions"]
        assert cancel["actionParameters"] == [{"key": "orderId", "value": "st01-1"}]
    async with pair("2.1.0") as (peer, driver):
        with pytest.raises(DriverProtocolError, match="trigger"):
            await driver.instant(R1, InstantKind.TRIGGER, "t-1")


async def test_a_robot_that_a_person_steers_gets_nothing_but_a_cancel() -> None:
    async with pair("3.0.0") as (peer, driver):
        peer.show(operatingMode="INTERVENED")
        assert await eventually(lambda: seen(driver).mode == "INTERVENED")
        for kind in (InstantKind.PAUSE, InstantKind.RESUME, InstantKind.STATE):
            assert await driver.instant(R1, kind, "i-1") is SendResult.NOT_SENT
        asked = len(peer.instants)
        with pytest.raises(DriverTimeoutError):
            await driver.request_state(R1, Deadline.after(0.1, CLOCK))
        question = asyncio.create_task(driver.request_state(R1, Deadline.after(0.5, CLOCK)))
        await asyncio.sleep(0)
        peer.show(paused=True)
        assert (await question).paused
        assert await driver.instant(R1, InstantKind.CANCEL, "c-1") is SendResult.SENT
        assert await eventually(lambda: len(peer.instants) == asked + 1)
        assert peer.kinds == ["cancelOrder"]


# ---------------------------------------------------------------- prepositioned orders of 2.x


async def test_a_robot_of_2_1_waits_at_its_base_and_goes_on_by_an_update() -> None:
    async with pair() as (peer, driver):
        base = await start(driver, AHEAD)
        waiting_there = {"orderId": "st01-1", "lastNodeId": "DOCK", "lastNodeSequenceId": 2}
        peer.show(**waiting_there, nodeStates=nodes("Z", released=False))
        assert (await until(driver, lambda one: one.waiting)).phase is OrderPhase.ACCEPTED
        update = replace(AHEAD, update_id=1)
        body = driver.prepare_update(update, base, NODES)
        driver.track(update, "")
        assert await driver.send(body) is SendResult.SENT
        await driver.request_state(R1, Deadline.after(5, CLOCK))
        lost = await until(driver, lambda one: one.reason == "update_not_taken")
        assert (lost.phase, lost.resend_safe, lost.waiting) == (OrderPhase.ACCEPTED, True, True)
        assert await driver.send(body) is SendResult.SENT
        running = actions(pick_1="RUNNING", drop_1="WAITING")
        peer.show(orderUpdateId=1, nodeStates=nodes("Z"), actionStates=running)
        picking = await until(driver, lambda one: one.phase is OrderPhase.PICKING)
        assert (picking.order_update_id, picking.waiting) == (1, False)
        assert await eventually(lambda: len(peer.orders) == 3)
        assert [order["orderUpdateId"] for order in peer.orders] == [0, 1, 1]
        assert (count(driver, "orders"), count(driver, "resends")) == (2, 1)


async def test_a_refused_update_ends_the_order_it_belongs_to() -> None:
    async with pair() as (peer, driver):
        base = await start(driver, AHEAD)
        peer.show(orderId="st01-1", lastNodeId="DOCK", nodeStates=nodes("Z", released=False))
        await until(driver, lambda one: one.waiting)
        update = replace(AHEAD, update_id=1)
        driver.track(update, "")
        await driver.send(driver.prepare_update(update, base, NODES))
        names = {"orderId": "st01-1", "orderUpdateId": "1"}
        references = [{"referenceKey": k, "referenceValue": v} for k, v in names.items()]
        error = {"errorType": "orderUpdateError", "errorLevel": "WARNING"}
        peer.show(errors=[{**error, "errorReferences": references}])
        end = await until(driver, lambda one: one.phase is OrderPhase.FAILED)
        assert (end.reason, end.at_rest) == ("orderUpdateError", False)


async def test_a_robot_of_digits_is_asked_and_ordered_in_digits() -> None:
    async with pair(id_numerical=True) as (peer, driver):
        assert seen(driver).reconciled
        assert driver.traits(R1).numeric_ids
        assert all(i["actions"][0]["actionId"].isdigit() for i in peer.instants)


async def test_what_the_schema_refuses_is_not_built() -> None:
    driver = robots(1, RobotProfile())
    turned = {**NODES, NodeId("Z"): replace(NODES[NodeId("Z")], theta=9.0)}
    with pytest.raises(DriverProtocolError, match="theta"):
        driver.prepare(ORDER, turned)


async def test_an_update_of_another_order_is_refused_before_it_leaves() -> None:
    async with pair() as (_, driver):
        base = driver.prepare(ORDER, NODES)
        with pytest.raises(DriverProtocolError, match="update 1 of st01-1"):
            driver.prepare_update(replace(ORDER, update_id=1), base, NODES)


# ---------------------------------------------------------------- what changes nothing


async def test_noise_changes_nothing_and_is_counted() -> None:
    async with pair() as (peer, driver):
        first = peer.show(lastNodeId="X")
        peer.show(lastNodeId="DOCK")
        assert await eventually(lambda: seen(driver).last_node == "DOCK")
        before = seen(driver)
        strange = peer.message(peer.state | {"lastNodeId": "Q", "version": "3.0.0"})
        unread = peer.message(peer.state | {"lastNodeId": "Q", "version": "new"})
        for payload in (b"\xff{", b"[]", strange, unread, first, first):
            peer.say("state", payload)
        peer.say("state", b" " * (MESSAGE_BYTES_MAX + 1))
        peer.say("connection", b"\x00")
        assert await eventually(lambda: count(driver, "malformed") == 3)
        assert seen(driver) == replace(before, version_ok=False, excluded="version_mismatch")
        names = ("malformed", "oversized", "other_version", "replayed", "retained", "dropped")
        assert [count(driver, name) for name in names] == [3, 1, 2, 2, 0, 0]
        peer.show(lastNodeId="Z")
        assert await eventually(lambda: seen(driver).last_node == "Z")
        assert seen(driver).excluded == ""


async def test_a_retained_state_is_counted_and_not_read() -> None:
    with Mosquitto() as broker:
        async with RobotPeer(broker.port) as peer:
            kept = peer.say("state", peer.message(peer.state | {"orderId": "old"}), retain=True)
            assert await eventually(kept.is_published)
            async with robots(broker.port, RobotProfile()) as driver:
                await light(driver, HealthState.OK)
                assert (count(driver, "retained"), seen(driver).order_id) == (1, "")


async def test_a_flood_pushes_out_the_oldest_and_leaves_the_newest() -> None:
    async with pair() as (peer, driver):
        before = count(driver, "states")
        sent = [
            peer.say("state", peer.state | {"lastNodeSequenceId": n, "lastNodeId": f"N{n}"}, qos=1)
            for n in range(1, 1001)
        ]
        for one in sent:
            one.wait_for_publish(10)  # the loop stands still meanwhile, the network does not
        assert await eventually(lambda: seen(driver).last_node == "N1000")
        taken, lost = count(driver, "states") - before, count(driver, "dropped")
        assert taken + lost == 1000
        assert lost > 0


async def test_random_bytes_on_every_topic_leave_a_working_driver() -> None:
    chance = random.Random(5050)
    async with pair() as (peer, driver):
        for _ in range(150):
            topic = chance.choice(("state", "connection", "factsheet"))
            noise = chance.randbytes(chance.randrange(80))
            peer.say(topic, noise if chance.random() < 0.5 else b'{"orderId":' + noise + b"}")
        await driver.request_state(R1, Deadline.after(5, CLOCK))
        assert (seen(driver).last_node, seen(driver).order_id) == ("P1", "")
        assert count(driver, "malformed") > 100


async def test_what_breaks_the_schema_is_believed_and_counted() -> None:
    async with pair() as (peer, driver):
        assert await eventually(lambda: count(driver, "schema_checked_state") > 0)
        assert count(driver, "schema_violations_state") == 0
        del peer.state["edgeStates"]
        peer.show(lastNodeId="X")
        assert await eventually(lambda: count(driver, "schema_violations_state") == 1)
        assert (seen(driver).last_node, seen(driver).idle) == ("X", False)
        for _ in range(40):
            peer.show()
        peer.show(lastNodeId="Z")
        assert await eventually(lambda: seen(driver).last_node == "Z")
        assert await eventually(lambda: count(driver, "schema_checked_state") == 20)


async def test_statuses_that_nobody_takes_give_way_to_newer_ones() -> None:
    async with pair() as (peer, driver):
        await start(driver)
        for number in range(1, STATUSES_MAX + 20):
            peer.show(orderId="st01-1", lastNodeId=f"N{number}")
            if number % 100 == 0:
                assert await eventually(partial(is_at, driver, f"N{number}"))
        assert await eventually(lambda: seen(driver).last_node == f"N{STATUSES_MAX + 19}")
        assert count(driver, "statuses_dropped") == 19
        oldest = await until(driver, lambda one: one.order_id == ORDER.order_id)
        assert oldest.last_node == "N20"


# ---------------------------------------------------------------- who gets no order


async def test_a_foreign_master_excludes_the_robot_and_its_history_does_not() -> None:
    with Mosquitto() as broker:
        async with RobotPeer(broker.port) as peer:
            peer.state["orderId"] = "of-last-year"
            async with robots(broker.port, RobotProfile(min_order_interval_s=0.0)) as driver:
                await light(driver, HealthState.OK)
                assert (seen(driver).foreign_order, seen(driver).excluded) == (False, "")
                peer.show(orderId="of-somebody", nodeStates=nodes("Q"))
                assert await light(driver, HealthState.DEGRADED) == "foreign_master r1"
                assert seen(driver).foreign_order
                refused = (InstantKind.CANCEL, InstantKind.TRIGGER)
                assert await driver.instant(R1, refused[0], "c-1") is SendResult.NOT_SENT
                assert await driver.send(driver.prepare(ORDER, NODES)) is SendResult.NOT_SENT
                peer.show(nodeStates=[])
                assert await eventually(lambda: seen(driver).idle)
                assert seen(driver).excluded == "foreign_master"
                peer.show(orderId="of-last-year")
                await light(driver, HealthState.OK)


async def test_a_robot_that_waits_for_a_fleet_manager_is_excluded() -> None:
    async with pair("3.0.0") as (peer, driver):
        peer.show(zoneRequests=[{"requestId": "1"}])
        assert await light(driver, HealthState.DEGRADED) == "needs_fleet_manager r1"
        peer.show(zoneRequests=[])
        await light(driver, HealthState.OK)


async def test_a_factsheet_sets_the_distance_of_orders_and_what_they_hold() -> None:
    limits = {"timing": {"minOrderInterval": 0.3}}
    features = {
        "agvActions": [
            {"actionType": "pick", "actionParameters": [{"key": "loadId"}]},
            {"actionType": "drop"},
        ]
    }
    async with pair() as (peer, driver):
        assert any(i["actions"][0]["actionType"] == "factsheetRequest" for i in peer.instants)
        peer.say("factsheet", {"protocolLimits": limits, "protocolFeatures": features})
        assert await eventually(lambda: seen(driver).factsheet is not None)
        began_ns = CLOCK.monotonic_ns()
        await start(driver)
        await driver.send(driver.prepare(ORDER, NODES))
        assert CLOCK.monotonic_ns() - began_ns >= 300_000_000
        assert await eventually(lambda: len(peer.orders) == 2)
        pick = peer.orders[0]["nodes"][1]["actions"][0]
        assert [one["key"] for one in pick["actionParameters"]] == ["loadId"]
        peer.say("factsheet", {"protocolFeatures": {"agvActions": [{"actionType": "beep"}]}})
        assert await light(driver, HealthState.DEGRADED) == "no_pick_or_drop r1"
        with pytest.raises(DriverProtocolError, match="pick"):
            driver.prepare(ORDER, NODES)


async def test_an_old_word_of_a_robot_that_never_repeats_itself_is_not_believed() -> None:
    with Mosquitto() as broker:
        async with RobotPeer(broker.port) as peer:
            said = peer.say("connection", {"connectionState": "OFFLINE"}, qos=1, retain=True)
            assert await eventually(said.is_published)
            profile = RobotProfile(reports_online_after_reconnect=False)
            async with robots(broker.port, profile) as driver:
                await light(driver, HealthState.OK)
                assert seen(driver).online
                peer.say("connection", {"connectionState": "OFFLINE"}, qos=1)
                assert await eventually(lambda: not seen(driver).online)


# ---------------------------------------------------------------- the connection itself


# paho leaves the socket of a refused handshake to the collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_tls_proves_both_ends(tmp_path: Path) -> None:
    authority, stranger = Authority(tmp_path / "ours"), Authority(tmp_path / "other", "Other CA")
    proofs = {
        "cert_file": str(authority.client),
        "key_file": str(authority.client_key),
        "key_password_file": str(authority.password),
    }
    with Mosquitto(tls=authority) as broker:
        ours = robots(broker.port, RobotProfile(), ca_file=str(authority.ca), **proofs)
        async with ours as driver:
            assert await light(driver, HealthState.DEGRADED) == "silent r1"
        async with robots(broker.port, RobotProfile(), ca_file=str(stranger.ca), **proofs) as other:
            await light(other, HealthState.LOST, "no_broker")


async def test_certificates_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(DriverNotFoundError, match=r"gone\.pem"):
        async with robots(1, RobotProfile(), ca_file=str(tmp_path / "gone.pem")):
            pass
    with pytest.raises(DriverProtocolError, match=r"ca\.pem"):
        async with robots(1, RobotProfile(), ca_file=str(tmp_path / "ca.pem")):
            pass
    with pytest.raises(ValueError, match=r"^ca_file: "):
        robots(1, RobotProfile(), cert_file="x", key_file="y")


async def test_two_services_with_one_name_are_seen_by_their_lost_connections() -> None:
    with Mosquitto() as broker:
        async with robots(broker.port, RobotProfile()) as one:
            await light(one, HealthState.DEGRADED, "silent")
            assert one.counts().disconnects == 0
            async with robots(broker.port, RobotProfile()) as two:
                await light(two, HealthState.DEGRADED, "silent")
                assert await eventually(lambda: one.counts().disconnects_last_minute > 0)
        assert one.counts().disconnects > 0


async def test_a_service_that_starts_again_counts_its_headers_on() -> None:
    with Mosquitto() as broker:
        async with RobotPeer(broker.port) as peer:
            for _ in range(2):
                async with robots(broker.port, RobotProfile(min_order_interval_s=0.0)) as driver:
                    await light(driver, HealthState.OK)
                    await start(driver)
            assert await eventually(lambda: len(peer.orders) == 2)
        first, second = (order["headerId"] for order in peer.orders)
        assert second >= first > 100_000_000
