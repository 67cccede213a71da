"""The simulated vehicle alone, in virtual time: messages and seconds in, messages out."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest

from sim.robot.floor import FloorBook, Hall
from sim.robot.messages import Out
from sim.robot.quirks import Quirk, Quirks
from sim.robot.vehicle import Vehicle
from sim.site import Pace, RobotPlace

NODES: Final = {"P1": (0.0, 0.0), "DOCK": (3.0, 0.0), "Z": (9.0, 0.0)}
ROADS: Final = {("P1", "DOCK"): 3.0, ("DOCK", "Z"): 6.0}
WAYS: Final = {**ROADS, **{(b, a): metres for (a, b), metres in ROADS.items()}}
VERSIONS: Final = ("2.0.0", "2.1.0", "3.0.0")
SCHEMAS: Final = {
    "2.0.0": Path("drivers/robot/vda5050_2_1_0"),
    "2.1.0": Path("drivers/robot/vda5050_2_1_0"),
    "3.0.0": Path("drivers/robot/vda5050_3_0_0"),
}


class Yard:
    """One vehicle, its hall, its time and everything it said."""

    def __init__(self, version: str = "2.1.0", *faults: str, seed: int = 1) -> None:
        place = RobotPlace(
            id="r1",
            manufacturer="ACME",
            serial="A-1",
            home="P1",
            interface="uagv",
            version=version,
        )
        self.version = version
        self.book = FloorBook()
        pace = Pace(speed=1.0, robot_m_per_s=1.0, pick_s=2.0, drop_s=2.0)
        hall = Hall(nodes=NODES, ways=WAYS, pace=pace, book=self.book)
        self.now = 0.0
        self.vehicle = Vehicle(place, hall, seed=seed, quirks=Quirks.of(faults))
        self.said: list[Out] = self.vehicle.connected(0.0)

    def take(self, out: Iterable[Out]) -> None:
        self.said.extend(out)

    def order(self, body: dict[str, Any], **header: Any) -> None:
        payload = json.dumps({**self.header(), **header, **body}).encode()
        self.take(self.vehicle.on_message("uagv/v2/ACME/A-1/order", payload, self.now))

    def instant(self, kind: str, action_id: str, key: str = "actions", **more: Any) -> None:
        action = {"actionType": kind, "actionName": kind, "actionId": action_id, **more}
        action.setdefault("blockingType", "NONE")
        payload = json.dumps({**self.header(), key: [action]}).encode()
        self.take(self.vehicle.on_message("x/instantActions", payload, self.now))

    def header(self) -> dict[str, Any]:
        return {
            "headerId": 1,
            "timestamp": "2026-11-24T10:00:00.000Z",
            "version": self.version,
            "manufacturer": "ACME",
            "serialNumber": "A-1",
        }

    def pass_time(self, seconds: float) -> None:
        """Jump from event to event, as a virtual world does."""
        end = self.now + seconds
        while (at := self.vehicle.wakes_at()) <= end:
            self.now = max(at, self.now)
            self.take(self.vehicle.tick(self.now))
        self.now = end
        self.take(self.vehicle.tick(end))

    def states(self) -> list[dict[str, Any]]:
        return [json.loads(out.payload) for out in self.said if out.topic == "state"]

    @property
    def state(self) -> dict[str, Any]:
        return self.states()[-1]

    def status(self, action_id: str) -> str:
        state = self.state
        rows = [*state["actionStates"], *state.get("instantActionStates", [])]
        return next((str(row["actionStatus"]) for row in rows if row["actionId"] == action_id), "")


def act(kind: str, load: str = "m1/0") -> dict[str, Any]:
    return {
        "actionType": kind,
        "actionId": f"{kind}-{load}",
        "blockingType": "HARD",
        "actionParameters": [{"key": "loadId", "value": load}],
    }


def order(
    order_id: str, *stops: tuple[str, list[Any]], update: int = 0, base: int = 99, first: int = 0
) -> dict[str, Any]:
    """Return an order; `base` stops of it are released, counting starts at `first`."""
    return {
        "orderId": order_id,
        "orderUpdateId": update,
        "nodes": [
            {
                "nodeId": name,
                "sequenceId": first + 2 * at,
                "released": at < base,
                "actions": actions,
            }
            for at, (name, actions) in enumerate(stops)
        ],
        "edges": [
            {
                "edgeId": f"e{at}",
                "sequenceId": first + 2 * at + 1,
                "released": at + 1 < base,
                "startNodeId": stops[at][0],
                "endNodeId": stops[at + 1][0],
                "actions": [],
            }
            for at in range(len(stops) - 1)
        ],
    }


def carry(order_id: str = "o-1", load: str = "m1/0") -> dict[str, Any]:
    return order(order_id, ("P1", []), ("DOCK", [act("pick", load)]), ("Z", [act("drop", load)]))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_carried_load_takes_its_time_and_every_message_is_valid(version: str) -> None:
    yard = Yard(version)
    yard.order(carry())
    assert yard.state["orderId"] == "o-1"
    yard.pass_time(12.9)  # 3 m, 2 s, 6 m, 2 s
    assert (yard.book.picks["m1/0"], yard.book.drops["m1/0"]) == (1, 0)
    yard.pass_time(0.2)
    assert (yard.book.picks["m1/0"], yard.book.drops["m1/0"]) == (1, 1)
    assert (yard.state["lastNodeId"], yard.state["nodeStates"]) == ("Z", [])
    yard.instant("factsheetRequest", "f-1")
    yard.take([yard.vehicle.parting(yard.now)])
    for out in yard.said:
        schema = json.loads((SCHEMAS[version] / f"{out.topic}.schema").read_text())
        jsonschema.validate(json.loads(out.payload), schema)
    assert {out.topic for out in yard.said} == {"state", "connection", "factsheet"}


def test_an_order_in_one_jump_of_time_says_all_that_happened_on_the_way() -> None:
    yard = Yard()
    yard.order(carry())
    yard.now = 60.0
    yard.take(yard.vehicle.tick(60.0))
    nodes = [state["lastNodeId"] for state in yard.states()]
    assert [node for at, node in enumerate(nodes) if at == 0 or nodes[at - 1] != node] == [
        "P1",
        "DOCK",
        "Z",
    ]
    times = [state["timestamp"] for state in yard.states()]
    assert times == sorted(times)


def test_the_same_seed_is_the_same_day() -> None:
    days = []
    for _ in range(2):
        yard = Yard("2.1.0", "obstacles=50", "shuffles", seed=7)
        for number in range(4):
            ends = ("P1", "Z") if number % 2 == 0 else ("Z", "P1")
            yard.order(order(f"o-{number}", (ends[0], []), ("DOCK", []), (ends[1], [])))
            yard.pass_time(60.0)
        days.append([out.payload for out in yard.said])
    assert days[0] == days[1]
    assert b"obstacle" in b"".join(days[0])


def test_a_pause_stops_the_clock_of_what_is_done_and_the_action_is_paused() -> None:
    yard = Yard()
    yard.order(carry())
    yard.pass_time(4.0)
    yard.instant("startPause", "p-1")
    assert (yard.state["paused"], yard.status("pick-m1/0")) == (True, "PAUSED")
    yard.pass_time(100.0)
    assert yard.book.picks.total() == 0
    yard.instant("stopPause", "p-2")
    yard.pass_time(1.1)
    assert yard.book.picks.total() == 1


def test_a_cancel_ends_what_runs_first_and_leaves_the_load_on_the_deck() -> None:
    yard = Yard()
    yard.order(carry())
    yard.pass_time(4.0)
    yard.instant("cancelOrder", "c-1")
    assert yard.status("c-1") == "RUNNING"
    yard.pass_time(2.0)
    assert (yard.status("c-1"), yard.status("drop-m1/0")) == ("FINISHED", "FAILED")
    assert (yard.state["orderId"], yard.state["nodeStates"]) == ("o-1", [])
    assert len(yard.state["loads"]) == 1


def test_a_cancel_of_another_order_fails_in_the_third_version() -> None:
    yard = Yard("3.0.0")
    yard.order(carry())
    yard.instant("cancelOrder", "c-1", actionParameters=[{"key": "orderId", "value": "o-9"}])
    assert yard.status("c-1") == "FAILED"
    assert yard.vehicle.is_busy()


def test_the_horizon_is_not_driven_until_an_update_releases_it() -> None:
    yard = Yard()
    yard.order(order("o-1", ("P1", []), ("DOCK", []), ("Z", []), base=2))
    yard.pass_time(30.0)
    assert (yard.state["lastNodeId"], yard.state["driving"]) == ("DOCK", False)
    assert [node["nodeId"] for node in yard.state["nodeStates"]] == ["Z"]
    yard.order(order("o-1", ("DOCK", []), ("Z", []), update=1, first=2))
    assert yard.state["orderUpdateId"] == 1
    yard.pass_time(30.0)
    assert (yard.state["lastNodeId"], yard.vehicle.is_busy()) == ("Z", False)


def test_an_update_may_add_work_at_the_same_spot() -> None:
    yard = Yard()
    yard.order(order("o-1", ("P1", []), ("DOCK", [])))
    yard.pass_time(10.0)
    update = order(
        "o-1", ("DOCK", []), ("DOCK", [act("pick")]), ("Z", [act("drop")]), update=1, first=2
    )
    yard.order(update)
    yard.pass_time(30.0)
    assert yard.book.drops["m1/0"] == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_updates_that_do_not_fit_are_refused(version: str) -> None:
    yard = Yard(version)
    yard.order(order("o-1", ("P1", []), ("DOCK", []), ("Z", []), base=2, update=1))
    for update, first in ((0, 2), (2, 4)):
        yard.order(order("o-1", ("DOCK", []), ("Z", []), update=update, first=first))
        assert yard.state["errors"][-1]["errorReferences"][0]["referenceValue"] == "o-1"
        assert yard.state["orderUpdateId"] == 1
    yard.instant("cancelOrder", "c-1")
    yard.pass_time(10.0)
    yard.order(order("o-1", ("DOCK", []), ("Z", []), update=2, first=2))
    assert yard.state["orderUpdateId"] == 1


def test_a_trigger_ends_the_waiting_at_the_hand_over() -> None:
    yard = Yard("3.0.0")
    wait = {**act("waitForTrigger"), "actionId": "w-1"}
    yard.order(order("o-1", ("P1", []), ("DOCK", [wait, act("pick")]), ("Z", [act("drop")])))
    yard.pass_time(100.0)
    assert (yard.status("w-1"), yard.book.picks.total()) == ("RUNNING", 0)
    yard.instant("trigger", "t-1")
    yard.pass_time(20.0)
    assert (yard.status("w-1"), yard.book.drops.total()) == ("FINISHED", 1)


def test_power_that_goes_takes_the_memory_and_leaves_the_load() -> None:
    yard = Yard()
    yard.order(carry())
    yard.pass_time(6.0)
    will = yard.vehicle.will(yard.now)
    assert will is not None
    assert b"CONNECTIONBROKEN" in will.payload
    yard.vehicle.switch_off(yard.now)
    yard.pass_time(60.0)
    yard.order(carry("o-2"))
    assert yard.state["orderId"] == "o-1"
    yard.vehicle.switch_on(yard.now)
    yard.take(yard.vehicle.connected(yard.now))
    assert (yard.state["orderId"], len(yard.state["loads"])) == ("", 1)
    assert yard.state["headerId"] == 1
    assert (yard.book.picks.total(), yard.book.drops.total()) == (1, 0)


@pytest.mark.parametrize(
    ("fault", "key", "value"),
    [
        ("mode=MANUAL", "operatingMode", "MANUAL"),
        ("battery=7", "batteryState", {"batteryCharge": 7.0, "charging": False}),
        ("estop", "safetyState", {"eStop": "MANUAL", "fieldViolation": False}),
        ("field-violation", "safetyState", {"eStop": "NONE", "fieldViolation": True}),
    ],
)
def test_what_happens_on_the_floor_is_told_at_once(fault: str, key: str, value: Any) -> None:
    yard = Yard()
    yard.order(carry())
    yard.pass_time(1.0)
    yard.take(yard.vehicle.fault(fault, yard.now, on=True))
    assert yard.state[key] == value
    drives_on = fault.startswith("battery")
    assert yard.state["driving"] is drives_on
    assert (yard.state["orderId"] == "") == fault.startswith("mode")


@pytest.mark.parametrize(
    "fault", ["estop", "fatal", "obstacle", "field-violation", "mode=INTERVENED"]
)
def test_what_stops_it_keeps_the_order_and_lets_it_go_on(fault: str) -> None:
    yard = Yard("3.0.0")
    yard.order(carry())
    yard.pass_time(1.0)
    yard.take(yard.vehicle.fault(fault, yard.now, on=True))
    yard.pass_time(100.0)
    assert yard.book.picks.total() == 0
    yard.take(yard.vehicle.fault(fault.partition("=")[0], yard.now, on=False))
    yard.pass_time(12.5)
    assert yard.book.drops.total() == 1


def test_an_empty_battery_leaves_it_where_it_is_until_somebody_helps() -> None:
    yard = Yard("2.1.0", "battery=0.1")
    yard.vehicle.cart.charge = 0.1
    yard.order(carry())
    yard.pass_time(100.0)
    assert (yard.state["lastNodeId"], yard.book.picks.total()) == ("DOCK", 0)
    assert yard.state["errors"][-1]["errorLevel"] == "FATAL"
    yard.take(yard.vehicle.fault("battery=50", yard.now, on=True))
    yard.pass_time(20.0)
    assert yard.book.drops.total() == 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("garbage", lambda payload: not payload.startswith(b"{")),
        ("oversized", lambda payload: len(payload) > 1 << 20),
        ("other-version", lambda payload: b'"version": "1.1.0"' in payload),
    ],
)
def test_noise_on_demand_goes_over_the_wire(fault: str, said: Any) -> None:
    yard = Yard("2.1.0", fault)
    yard.instant("stateRequest", "s-1")
    assert any(said(out.payload) for out in yard.said)


def test_replays_and_retained_states_are_what_they_say() -> None:
    yard = Yard("2.1.0", "replays", "retains-state")
    yard.order(carry())
    states = [out for out in yard.said if out.topic == "state"]
    assert states[-1].payload == states[0].payload
    assert all(out.retain for out in states)


@pytest.mark.parametrize(
    ("fault", "answers"),
    [("mute", 0), ("deaf", 0), ("late-accept=3", 1), ("reject", 0), ("numeric-ids", 0)],
)
def test_whether_an_order_is_taken_within_its_time(fault: str, answers: int) -> None:
    yard = Yard("2.1.0", fault)
    yard.order(carry())
    yard.pass_time(2.9)
    taken = [state for state in yard.states() if state["orderId"] == "o-1"]
    assert not taken
    yard.pass_time(20.0)
    assert bool(yard.book.picks.total()) == bool(answers)


def test_an_order_of_another_master_keeps_ours_out() -> None:
    yard = Yard("2.1.0", "foreign-order")
    yard.order(carry())
    assert yard.state["orderId"] == "other-1"
    assert yard.state["errors"][0]["errorReferences"][0]["referenceValue"] == "o-1"


def test_one_array_key_is_all_that_some_read() -> None:
    yard = Yard("2.1.0", "instant-actions-key")
    yard.instant("stateRequest", "s-1")
    assert yard.status("s-1") == ""
    yard.instant("stateRequest", "s-2", key="instantActions")
    assert yard.status("s-2") == "FINISHED"


def test_a_version_with_a_letter_is_refused_by_strict_ones_alone() -> None:
    for faults, taken in (((), "o-1"), (("strict-version",), "")):
        yard = Yard("2.1.0", *faults)
        yard.order(carry(), version="v2.1.0")
        assert yard.state["orderId"] == taken


def test_every_quirk_can_be_switched_on_and_off_at_run_time() -> None:
    yard = Yard("3.0.0")
    for quirk in Quirk:
        yard.take(yard.vehicle.fault(quirk, yard.now, on=True))
        assert quirk in yard.vehicle.quirks
        yard.take(yard.vehicle.fault(quirk, yard.now, on=False))
    yard.order(carry())
    yard.pass_time(30.0)
    assert yard.book.drops.total() == 1
    with pytest.raises(ValueError, match=r"moon: no such fault; known are .*amnesia"):
        yard.vehicle.fault("moon", yard.now, on=True)
