"""A simulated vehicle that makes noise on its topics, against the driver over a real broker."""

import contextlib

import pytest

from brokers import Mosquitto
from drivers.clock import SystemClock
from drivers.errors import DriverTimeoutError
from drivers.protocols import Deadline, RobotId
from drivers.registry import driver_class
from robot_bench import bench, device, notes, verdicts
from sim.robot import remote
from sim_peers import eventually

R1 = RobotId("r1")


async def test_noise_between_the_states_does_not_keep_an_order_from_its_end() -> None:
    with Mosquitto() as broker:
        async with bench(broker.port, faults=("garbage", "oversized", "replays")) as played:
            report = await played.examine("R06")
        stats = played.book.stats()
    assert verdicts(report) == {"R06": "pass"}, notes(report, "R06")
    assert (stats["picks"], stats["drops"], stats["refused_orders"]) == (1, 1, 0)


@pytest.mark.parametrize(
    ("fault", "count"),
    [
        ("garbage", "malformed"),
        ("oversized", "oversized"),
        ("replays", "replayed"),
        ("other-version", "other_version"),
    ],
)
async def test_each_kind_of_noise_is_counted_and_changes_nothing(fault: str, count: str) -> None:
    clock = SystemClock()
    with Mosquitto() as broker:
        found = device(broker.port, "2.1.0")
        driver = driver_class(found.driver)(found.name, found.settings, clock)
        async with bench(broker.port) as played, driver:
            assert await eventually(lambda: driver.snapshot(R1) is not None)
            before = await driver.request_state(R1, Deadline.after(2.0, clock))
            remote.fault((played.link,), fault, on=True)
            with contextlib.suppress(DriverTimeoutError):
                await driver.request_state(R1, Deadline.after(1.0, clock))
            assert await eventually(lambda: driver.counts().robots[R1].get(count, 0) > 0)
            after = driver.snapshot(R1)
    assert after is not None
    assert (after.order_id, after.idle) == (before.order_id, before.idle)


async def test_a_state_that_the_broker_kept_is_counted_and_proves_nothing() -> None:
    clock = SystemClock()
    with Mosquitto() as broker:
        found = device(broker.port, "2.1.0")
        async with bench(broker.port, faults=("retains-state",)) as played:
            remote.fault((played.link,), "mute", on=True)
            driver = driver_class(found.driver)(found.name, found.settings, clock)
            async with driver:
                assert await eventually(lambda: driver.counts().robots[R1].get("retained", 0) > 0)
                assert driver.snapshot(R1) is None
