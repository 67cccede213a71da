"""A vehicle of another maker's code over a real mosquitto, examined as a robot of a site would be.

It refuses what the official schemas refuse, so it judges our messages, too.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from vda5050.client.agv import OrderExecutor, VehicleClient
from vda5050.config import VehicleConfig
from vda5050.model.factsheet import Factsheet
from vda5050.model.order import Order

from brokers import Mosquitto
from drivers.clock import SystemClock
from edge.commands.doctor.robot import Wish, examine
from edge.commands.doctor.robot_report import Report
from robot_bench import FLOOR, PATIENT, QUICK, device, notes, verdicts
from sim.robot.factsheet import factsheet
from sim.robot.words import words_of

# What it cannot play is below: it drives on after a cancel and in a pause when its order runs
# beside it, a cancel after a finished order is FINISHED, a broker that was gone is never met
# again, and nobody can cut its power (R18).
PLAYS: Final = (
    *(f"R{number:02}" for number in range(1, 13)),
    *("R16", "R19", "R20"),
)


@contextlib.asynccontextmanager
async def stranger(port: int, *, beside: bool) -> AsyncIterator[None]:
    """Run the vehicle; `beside` = its orders run as tasks, else they keep it from hearing more."""
    client = VehicleClient(
        VehicleConfig(
            manufacturer="ACME",
            serial_number="A-1",
            broker_url=f"mqtt://127.0.0.1:{port}",
            validate_messages=True,
        ),
        factsheet_provider=lambda: Factsheet.model_validate(
            {**HEADER, **factsheet(words_of("2.1.0"), numeric=False)}
        ),
    )
    runs: list[asyncio.Task[Any]] = []

    @client.on_order
    async def run(order: Order) -> None:
        executor = OrderExecutor(client.publisher, node_delay=0.15, action_delay=0.05)
        task = asyncio.create_task(executor.run(order), name="executor")
        runs.append(task)
        if not beside:
            await task

    async with client:
        client.update_position(x=0.0, y=0.0, theta=0.0, map_id="hall")
        client.mark_node_traversed("P1", 0)
        await client.publish_state()
        try:
            yield
        finally:
            for task in runs:
                task.cancel()
            await asyncio.gather(*runs, return_exceptions=True)


HEADER: Final = {
    "headerId": 0,
    "timestamp": "2026-11-24T10:00:00.000Z",
    "version": "2.1.0",
    "manufacturer": "ACME",
    "serialNumber": "A-1",
}


async def examined(broker: Mosquitto, *scenarios: str) -> Report:
    wish = Wish(
        robot="r1",
        scenarios=scenarios,
        allow_motion=True,
        pick="A",
        drop="C",
        restart_command=broker.restart_command,
        limits=QUICK if scenarios == ("R17",) else PATIENT,
    )

    async def nobody(_question: str) -> bool:
        return False

    return await examine(device(broker.port, "2.1.0"), FLOOR, wish, clock=SystemClock(), ask=nobody)


async def test_it_passes_every_scenario_that_it_can_play() -> None:
    with Mosquitto(supervised=True) as broker:
        async with stranger(broker.port, beside=True):
            report = await examined(broker, *PLAYS)
    assert verdicts(report) == dict.fromkeys(PLAYS, "pass")
    assert "drives_old_orders" in notes(report, "R16")
    assert report.profile["loads"] == "none"


async def test_a_cancel_before_any_order_fails_by_name() -> None:
    with Mosquitto() as broker:
        async with stranger(broker.port, beside=True):
            report = await examined(broker, "R14")
    assert verdicts(report) == {"R14": "pass"}


@pytest.mark.parametrize(
    ("before", "scenario", "note"),
    [
        ((), "R13", "moves_after_cancel"),
        (("R06",), "R14", "cancelled_nothing"),
        ((), "R15", "moves_in_pause"),
        ((), "R17", "stays_away"),
    ],
)
async def test_what_it_does_against_the_standard_is_found(
    before: tuple[str, ...], scenario: str, note: str
) -> None:
    with Mosquitto(supervised=True) as broker:
        async with stranger(broker.port, beside=True):
            report = await examined(broker, *before, scenario)
    assert verdicts(report) == {**dict.fromkeys(before, "pass"), scenario: "fail"}
    assert note in notes(report, scenario)


async def test_deaf_while_it_drives_it_answers_a_cancel_at_the_end_of_its_order() -> None:
    with Mosquitto(supervised=True) as broker:
        async with stranger(broker.port, beside=False):
            report = await examined(broker, "R06", "R13", "R18")
    assert verdicts(report) == {"R06": "pass", "R13": "pass", "R18": "skip"}
    assert notes(report, "R13") == ["cancelled_at_end"]
    assert notes(report, "R18") == ["nobody_there"]
