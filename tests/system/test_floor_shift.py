"""Robots and a belt that misbehave, over real wires: each doubt ends by a person's word or eyes."""

from pathlib import Path

import pytest

from brokers import NatsServer
from real_floor import Floor, belt, robots


@pytest.mark.timeout(180)
@pytest.mark.shift("robot")
def test_what_a_robot_does_refuses_and_forgets_is_journalled(tmp_path: Path) -> None:
    with NatsServer() as broker, robots(tmp_path, broker.mqtt_port, units=5) as floor:
        floor.put()
        floor.until("move.done")
        _carried_by_hand_after(floor, "reject", "move.rejected")
        _carried_by_hand_after(floor, "deaf", "move.failed")
        resent = [one["move"] for one in floor.bench.events("move.resent")]
        assert resent.count(floor.bench.events("move.planned")[-1]["move"]) == 2
        floor.fault("obstacle")
        _forgotten(floor)
        _endangered(floor)


def _carried_by_hand_after(floor: Floor, fault: str, kind: str) -> None:
    """The robot does not carry it: a person does, and says so."""
    floor.fault(fault)
    floor.put()
    floor.until(kind)
    floor.fault(fault, False)
    floor.answer("1", "3")
    assert floor.until("move.resolved")["resolved_as"] == "at_target"


def _forgotten(floor: Floor) -> None:
    """It stands before the pick-up, loses its power and with it the order."""
    floor.put()
    floor.until("move.accepted")
    floor.ask(do="power", on=False)
    floor.ask(do="power", on=True)
    assert floor.until("move.in_doubt")["reason"] == "memory_lost"
    floor.answer("1", "3")


def _endangered(floor: Floor) -> None:
    """What it is sent for turns out to be dangerous before it is there."""
    floor.put()
    floor.until("move.accepted")
    floor.bench.press("f6", "1", "f11")
    floor.until("move.cancelling")
    assert floor.until("move.cancelled")["reason"] == "danger"


@pytest.mark.timeout(120)
@pytest.mark.shift("robot-scan")
def test_what_a_robot_puts_down_unseen_counts_when_it_is_scanned_there(tmp_path: Path) -> None:
    with NatsServer() as broker, robots(tmp_path, broker.mqtt_port, units=1, scan=True) as floor:
        floor.put()
        floor.until("move.unseen")
        assert "move.done" not in floor.bench.kinds()
        floor.tray_seen()
        floor.place("Z-REP")
        assert floor.until("move.done")["reason"] == "scan"


@pytest.mark.timeout(180)
@pytest.mark.shift("belt")
def test_what_a_belt_does_refuses_and_loses_is_journalled(tmp_path: Path) -> None:
    with belt(tmp_path, units=6) as floor:
        floor.put()
        assert floor.until("diverter.done")["exit_lane"] == 1
        _lost(floor, "reject", 8, "diverter.rejected")
        _lost(floor, "stick_lane", 1, "diverter.unconfirmed")
        floor.fault("stick_lane", 0)
        _lost(floor, "wrong_lane", 3, "diverter.wrong_lane")
        _lost(floor, "reboot_at", 4, "diverter.in_doubt")  # of those that were begun
        _lost(floor, "fail", 21, "diverter.failed")


def _lost(floor: Floor, fault: str, value: int, kind: str) -> None:
    """The belt does not do as it is told: a person looks where it is, and carries it."""
    floor.fault(fault, value)
    floor.put()
    floor.until(kind)
    floor.answer("1", "3")
