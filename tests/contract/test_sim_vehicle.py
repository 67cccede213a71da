"""The simulated vehicle over a real broker, against orders and topics written by hand."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from brokers import NatsServer
from sim.robot.floor import FloorBook, Hall
from sim.robot.link import Account, Link, fleet, real_epoch
from sim.site import Address, Pace, RobotPlace
from sim_peers import Listener

TOPIC = "uagv/v2/ACME/A-1"
PLACE = RobotPlace(
    id="r1", manufacturer="ACME", serial="A-1", home="P1", interface="uagv", version="2.1.0"
)
NODES = {"P1": (0.0, 0.0), "DOCK": (3.0, 1.0), "Z": (9.0, 1.0)}
WAYS = {("P1", "DOCK"): 3.2, ("DOCK", "Z"): 6.0, ("Z", "DOCK"): 6.0, ("DOCK", "P1"): 3.2}
SCHEMAS = Path("drivers/robot/vda5050_2_1_0")


@dataclass(frozen=True)
class Rig:
    book: FloorBook
    link: Link
    ear: Listener
    broker: NatsServer

    async def state(self, **wanted: Any) -> dict[str, Any]:
        """Return the next state whose members have these values."""
        body, _ = await self.ear.until(
            f"{TOPIC}/state", lambda seen: all(seen[key] == wanted[key] for key in wanted)
        )
        return body

    async def finished(self, order_id: str) -> dict[str, Any]:
        body, _ = await self.ear.until(
            f"{TOPIC}/state",
            lambda seen: (
                seen["orderId"] == order_id
                and not seen["nodeStates"]
                and not seen["driving"]
                and all(a["actionStatus"] in ("FINISHED", "FAILED") for a in seen["actionStates"])
            ),
        )
        return body

    def instant(self, kind: str, action_id: str) -> None:
        action = {"actionType": kind, "actionId": action_id, "blockingType": "NONE"}
        self.ear.publish(f"{TOPIC}/instantActions", {**header(), "actions": [action]})


def header() -> dict[str, Any]:
    return {
        "headerId": 1,
        "timestamp": "2026-11-24T10:00:00.000Z",
        "version": "2.1.0",
        "manufacturer": "ACME",
        "serialNumber": "A-1",
    }


def action(kind: str, load: str = "m1/0") -> dict[str, Any]:
    return {
        "actionType": kind,
        "actionId": f"{kind}-{load}",
        "blockingType": "HARD",
        "actionParameters": [{"key": "loadId", "value": load}],
    }


def order(order_id: str, *stops: tuple[str, list[dict[str, Any]]], update: int = 0) -> Any:
    nodes = [
        {"nodeId": name, "sequenceId": 2 * n, "released": True, "actions": actions}
        for n, (name, actions) in enumerate(stops)
    ]
    edges = [
        {
            "edgeId": f"e{n}",
            "sequenceId": 2 * n + 1,
            "released": True,
            "startNodeId": stops[n][0],
            "endNodeId": stops[n + 1][0],
            "actions": [],
        }
        for n in range(len(stops) - 1)
    ]
    return {
        **header(),
        "orderId": order_id,
        "orderUpdateId": update,
        "nodes": nodes,
        "edges": edges,
    }


def carry(order_id: str, *, start: str = "P1", load: str = "m1/0") -> Any:
    dock, zone = ("DOCK", [action("pick", load)]), ("Z", [action("drop", load)])
    return order(order_id, (start, []), dock, zone)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    book = FloorBook()
    pace = Pace(speed=60.0, pick_s=2.0, drop_s=2.0)
    hall = Hall(nodes=NODES, ways=WAYS, pace=pace, book=book, epoch=real_epoch())
    with NatsServer() as broker, Listener(broker.mqtt_port, f"{TOPIC}/#") as ear:
        address = Address(host="127.0.0.1", port=broker.mqtt_port)
        async with fleet((PLACE,), hall, Account(broker=address)) as links:
            rig = Rig(book, links[0], ear, broker)
            await rig.state(orderId="")
            yield rig


def valid(body: dict[str, Any], name: str) -> bool:
    schema = json.loads((SCHEMAS / f"{name}.schema").read_text())
    jsonschema.validate(body, schema)
    return True


async def test_it_says_hello_by_a_retained_connection_and_a_state(rig: Rig) -> None:
    with Listener(rig.broker.mqtt_port, f"{TOPIC}/connection", "late") as late:
        body, retained = await late.until(f"{TOPIC}/connection", lambda _: True)
    assert retained
    assert body["connectionState"] == "ONLINE"
    assert valid(body, "connection")


async def test_a_dead_vehicle_is_told_by_its_last_will(rig: Rig) -> None:
    await rig.link.switch_off()
    body, _ = await rig.ear.until(
        f"{TOPIC}/connection", lambda seen: seen["connectionState"] == "CONNECTIONBROKEN"
    )
    assert valid(body, "connection")


async def test_an_order_is_accepted_at_once_and_driven_to_its_end(rig: Rig) -> None:
    rig.ear.publish(f"{TOPIC}/order", carry("o-1"))
    first = await rig.state(orderId="o-1")
    assert [node["nodeId"] for node in first["nodeStates"]] == ["DOCK", "Z"]
    assert [edge["edgeId"] for edge in first["edgeStates"]] == ["e0", "e1"]
    assert {a["actionId"]: a["actionStatus"] for a in first["actionStates"]} == {
        "pick-m1/0": "WAITING",
        "drop-m1/0": "WAITING",
    }
    assert valid(first, "state")
    loaded, _ = await rig.ear.until(f"{TOPIC}/state", lambda seen: bool(seen["loads"]))
    assert loaded["lastNodeId"] == "DOCK"
    last = await rig.finished("o-1")
    assert (last["lastNodeId"], last["loads"], last["edgeStates"]) == ("Z", [], [])
    assert valid(last, "state")
    assert rig.book.stats()["picks"] == rig.book.stats()["drops"] == 1
    assert rig.book.where("m1") == "at_target"
    assert [row["load_id"] for row in rig.book.stats()["orders"]] == ["m1/0"]


async def test_the_same_order_sent_again_is_driven_once(rig: Rig) -> None:
    for _ in range(5):
        rig.ear.publish(f"{TOPIC}/order", carry("o-1"))
    await rig.finished("o-1")
    rig.ear.publish(f"{TOPIC}/order", carry("o-1"))
    rig.instant("stateRequest", "s-1")
    await rig.state(orderId="o-1")
    assert rig.book.stats()["picks"] == 1


async def test_an_old_order_after_a_newer_one_is_driven_again(rig: Rig) -> None:
    back = order("o-2", ("Z", []), ("DOCK", []), ("P1", []))
    for body in (carry("o-1"), back, carry("o-1")):
        rig.ear.publish(f"{TOPIC}/order", body)
        await rig.finished(body["orderId"])
    assert rig.book.stats()["double_picks"] == 1


async def test_a_second_order_is_refused_while_one_is_driven(rig: Rig) -> None:
    rig.ear.publish(f"{TOPIC}/order", carry("o-1"))
    rig.ear.publish(f"{TOPIC}/order", carry("o-2", load="m2/0"))
    body, _ = await rig.ear.until(f"{TOPIC}/state", lambda seen: bool(seen["errors"]))
    assert body["orderId"] == "o-1"
    references = body["errors"][0]["errorReferences"]
    assert {"referenceKey": "orderId", "referenceValue": "o-2"} in references
    await rig.finished("o-1")
    assert rig.book.stats()["picks"] == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (order("bad", ("P1", []), ("NOWHERE", [])), "orderError"),
        (order("bad", ("Z", []), ("DOCK", [])), "noRouteError"),
        (order("bad", ("P1", []), ("Z", [])), "noRouteError"),
        (order("bad", ("P1", [action("drop")])), "orderError"),
        (order("bad", ("P1", [action("pick"), action("pick", "m2/0")])), "orderError"),
        (order("bad", ("P1", [action("dance")])), "orderError"),
        ({**header(), "orderId": "bad"}, "validationError"),
        ({**order("bad", ("P1", []), ("DOCK", [])), "edges": []}, "validationError"),
    ],
)
async def test_a_wrong_order_is_refused_by_name_and_nothing_moves(
    rig: Rig, body: dict[str, Any], kind: str
) -> None:
    rig.ear.publish(f"{TOPIC}/order", body)
    state, _ = await rig.ear.until(f"{TOPIC}/state", lambda seen: bool(seen["errors"]))
    assert state["errors"][0]["errorType"] == kind
    references = state["errors"][0]["errorReferences"]
    assert {"referenceKey": "orderId", "referenceValue": "bad"} in references
    assert (state["orderId"], state["driving"]) == ("", False)
    assert valid(state, "state")
    assert rig.book.stats()["refused_orders"] == 1


async def test_the_next_accepted_order_clears_the_errors(rig: Rig) -> None:
    rig.ear.publish(f"{TOPIC}/order", order("bad", ("P1", []), ("NOWHERE", [])))
    await rig.ear.until(f"{TOPIC}/state", lambda seen: bool(seen["errors"]))
    rig.ear.publish(f"{TOPIC}/order", carry("o-1"))
    assert (await rig.state(orderId="o-1"))["errors"] == []


async def test_noise_on_the_order_topic_is_survived(rig: Rig) -> None:
    rig.ear.publish(f"{TOPIC}/order", b"{ no json")
    rig.ear.publish(f"{TOPIC}/order", b"[1, 2]")
    rig.ear.publish(f"{TOPIC}/order", carry("o-1"))
    assert (await rig.finished("o-1"))["lastNodeId"] == "Z"


async def test_a_state_request_is_answered_with_its_own_id(rig: Rig) -> None:
    rig.instant("stateRequest", "ask-1")
    body, _ = await rig.ear.until(
        f"{TOPIC}/state",
        lambda seen: any(a["actionId"] == "ask-1" for a in seen["actionStates"]),
    )
    assert body["actionStates"][0]["actionStatus"] == "FINISHED"


async def test_a_factsheet_is_sent_on_request_and_valid(rig: Rig) -> None:
    rig.instant("factsheetRequest", "sheet-1")
    body, _ = await rig.ear.until(f"{TOPIC}/factsheet", lambda _: True)
    kinds = {row["actionType"] for row in body["protocolFeatures"]["agvActions"]}
    assert {"pick", "drop", "cancelOrder"} <= kinds
    assert body["physicalParameters"]["speedMax"] > 0


async def test_cancel_stops_at_the_next_node_and_fails_what_was_waiting(rig: Rig) -> None:
    rig.ear.publish(f"{TOPIC}/order", carry("o-1"))
    await rig.state(orderId="o-1", driving=True)
    rig.instant("cancelOrder", "c-1")
    body, _ = await rig.ear.until(
        f"{TOPIC}/state",
        lambda seen: any(
            a["actionId"] == "c-1" and a["actionStatus"] == "FINISHED" for a in seen["actionStates"]
        ),
    )
    by_id = {a["actionId"]: a["actionStatus"] for a in body["actionStates"]}
    assert (body["nodeStates"], body["edgeStates"], body["driving"]) == ([], [], False)
    assert by_id["drop-m1/0"] == "FAILED"
    assert rig.book.stats()["drops"] == 0


async def test_cancel_without_an_order_fails_by_name(rig: Rig) -> None:
    rig.instant("cancelOrder", "c-1")
    body, _ = await rig.ear.until(f"{TOPIC}/state", lambda seen: bool(seen["errors"]))
    assert body["errors"][0]["errorType"] == "noOrderToCancel"
    assert body["actionStates"][0]["actionStatus"] == "FAILED"


async def test_a_pause_holds_the_order_until_it_ends(rig: Rig) -> None:
    rig.instant("startPause", "p-1")
    await rig.state(paused=True)
    rig.ear.publish(f"{TOPIC}/order", carry("o-1"))
    held = await rig.state(orderId="o-1")
    assert (held["lastNodeId"], held["paused"]) == ("P1", True)
    assert not rig.link.vehicle.is_idle(time.monotonic())
    rig.instant("stopPause", "p-2")
    assert (await rig.finished("o-1"))["paused"] is False
