"""What every robot driver promises, over the double in memory and vehicles on a real broker."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from brokers import NatsServer
from deadlines import eventually
from drivers.clock import SystemClock
from drivers.errors import (
    DriverLostError,
    DriverNotFoundError,
    DriverProtocolError,
    DriverTimeoutError,
)
from drivers.memory.robots import MemoryRobots, MemoryRobotsSettings, MemoryRobotUnit
from drivers.protocols import (
    Deadline,
    DeviceName,
    HealthState,
    InstantKind,
    MoveOrder,
    OrderPhase,
    OrderStatus,
    RobotDriver,
    RobotId,
    RobotSnapshot,
    SendResult,
)
from drivers.robot.vda5050_mqtt import RobotProfile, RobotUnit, Vda5050Robots, Vda5050Settings
from floor_plan import NODES, move, path
from vehicle import Vehicle

CLOCK = SystemClock()
R1 = RobotId("r1")
WAY = (
    OrderPhase.ACCEPTED,
    OrderPhase.PICKING,
    OrderPhase.CARRYING,
    OrderPhase.DROPPING,
    OrderPhase.DONE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A driver with its robot r1 at P1, idle and reconciled, and the robot's faults."""

    driver: RobotDriver
    unopened: Callable[[], RobotDriver]
    picks: Callable[[str], int]
    lose_order: Callable[[], None]
    reject: Callable[[str], None]
    fail_pick: Callable[[], None]
    lose_memory: Callable[[], None]
    mute: Callable[[], None]


@asynccontextmanager
async def memory_rig() -> AsyncIterator[Rig]:
    def made() -> MemoryRobots:
        units = (MemoryRobotUnit(id="r1", home="P1"), MemoryRobotUnit(id="r2", home="P2"))
        return MemoryRobots(DeviceName("robots"), MemoryRobotsSettings(robots=units), CLOCK)

    async with made() as driver:
        faults = driver.faults(R1)
        yield Rig(
            driver=driver,
            unopened=made,
            picks=lambda load: driver.picks[load],
            lose_order=lambda: setattr(faults, "unheard", True),
            reject=lambda kind: setattr(faults, "reject", kind),
            fail_pick=lambda: setattr(faults, "fail_pick", True),
            lose_memory=lambda: driver.forget_order(R1),
            mute=lambda: setattr(faults, "is_mute", True),
        )


@asynccontextmanager
async def mqtt_rig() -> AsyncIterator[Rig]:
    with NatsServer() as broker:

        def made() -> Vda5050Robots:
            profile = RobotProfile(min_order_interval_s=0.0)
            units = tuple(
                RobotUnit(id=f"r{n}", manufacturer="ACME", serial=f"A-{n}", profile=profile)
                for n in (1, 2)
            )
            settings = Vda5050Settings(
                host="127.0.0.1", port=broker.mqtt_port, station="st01", robots=units
            )
            return Vda5050Robots(DeviceName("robots"), settings, CLOCK)

        async with (
            Vehicle(broker.mqtt_port, "A-1") as one,
            Vehicle(broker.mqtt_port, "A-2", node="P2"),
            made() as driver,
        ):
            await until_light(driver, HealthState.OK)

            def lose_memory() -> None:
                one.reset()
                one.show()

            yield Rig(
                driver=driver,
                unopened=made,
                picks=lambda load: one.picks[load],
                lose_order=lambda: setattr(one, "unheard", True),
                reject=lambda kind: setattr(one, "reject", kind),
                fail_pick=lambda: setattr(one, "fail_pick", True),
                lose_memory=lose_memory,
                mute=lambda: setattr(one, "is_mute", True),
            )


@pytest.fixture(params=[memory_rig, mqtt_rig], ids=["memory", "mqtt"])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with request.param() as made:
        yield made


async def until_light(driver: RobotDriver, state: HealthState) -> None:
    async for health in driver.healths():
        if health.state is state:
            return


def in_time(seconds: float = 5.0) -> Deadline:
    return Deadline.after(seconds, CLOCK)


async def until(rig: Rig, *ends: OrderPhase, reason: str = "") -> list[OrderStatus]:
    """Return the statuses up to the first whose phase is one of `ends` (and has the reason)."""
    seen = []
    async with aclosing(rig.driver.statuses()) as statuses:  # type: ignore[type-var]
        async for status in statuses:
            seen.append(status)
            if status.phase in ends and reason in ("", status.reason):
                break
    return seen


async def first(rig: Rig, is_it: Callable[[OrderStatus], bool]) -> OrderStatus:
    async with aclosing(rig.driver.statuses()) as statuses:  # type: ignore[type-var]
        async for status in statuses:
            if is_it(status):
                return status
    raise AssertionError("statuses never end")


def shown(rig: Rig) -> RobotSnapshot:
    snapshot = rig.driver.snapshot(R1)
    assert snapshot is not None
    return snapshot


async def start(rig: Rig, order: MoveOrder) -> None:
    snapshot = rig.driver.snapshot(order.robot)
    assert snapshot is not None
    body = rig.driver.prepare(order, NODES)
    rig.driver.track(order, snapshot.order_id)
    assert await rig.driver.send(body) is SendResult.SENT


async def test_a_robot_shows_where_it_is_before_anything_is_sent(rig: Rig) -> None:
    seen = rig.driver.snapshot(R1)
    assert seen is not None
    assert (seen.reconciled, seen.online, seen.idle, seen.automatic) == (True, True, True, True)
    assert (seen.last_node, seen.order_id, seen.driving, seen.errors) == ("P1", "", False, ())


async def test_a_load_is_carried_once_and_every_step_is_proved_in_order(rig: Rig) -> None:
    await start(rig, move())
    seen = await until(rig, OrderPhase.DONE)
    phases = list(dict.fromkeys(status.phase for status in seen))
    assert phases == [phase for phase in WAY if phase in phases]
    assert phases[0] is OrderPhase.ACCEPTED
    assert (seen[-1].last_node, seen[-1].at_rest) == ("Z", True)
    assert set(seen[-1].actions.values()) == {"finished"}
    assert rig.picks("m1/0") == 1


async def test_the_same_order_sent_again_moves_nothing_twice(rig: Rig) -> None:
    order = move()
    await start(rig, order)
    await until(rig, OrderPhase.DONE)
    await rig.driver.send(rig.driver.prepare(order, NODES))
    await rig.driver.request_state(R1, in_time())
    snapshot = rig.driver.snapshot(R1)
    assert snapshot is not None
    assert (snapshot.order_id, snapshot.idle) == (order.order_id, True)
    assert rig.picks("m1/0") == 1


async def test_a_second_load_follows_the_first(rig: Rig) -> None:
    await start(rig, move())
    await until(rig, OrderPhase.DONE)
    rig.driver.forget(move().order_id)
    back = replace(
        move("st01-2", load="m2/0"),
        path_to_pick=path("Z", "X", "DOCK"),
        path_to_drop=path("DOCK", "Z"),
    )
    await start(rig, back)
    seen = await until(rig, OrderPhase.DONE)
    assert {status.order_id for status in seen} == {"st01-2"}
    assert (rig.picks("m1/0"), rig.picks("m2/0")) == (1, 1)


async def test_an_order_that_was_never_heard_may_be_sent_again(rig: Rig) -> None:
    order = move()
    rig.lose_order()
    await start(rig, order)
    await rig.driver.request_state(R1, in_time())
    silent = (await until(rig, OrderPhase.UNKNOWN))[-1]
    assert (silent.resend_safe, silent.reason) == (True, "not_taken")
    await rig.driver.send(rig.driver.prepare(order, NODES))
    assert (await until(rig, OrderPhase.DONE))[-1].order_id == order.order_id
    assert rig.picks("m1/0") == 1


async def test_a_refused_order_is_told_with_the_robots_own_word(rig: Rig) -> None:
    rig.reject("orderUpdateError")
    await start(rig, move())
    end = (await until(rig, OrderPhase.REJECTED))[-1]
    assert end.reason == "orderUpdateError"
    assert "orderUpdateError" in end.errors[0]
    assert rig.picks("m1/0") == 0


async def test_a_refusal_of_an_earlier_order_is_not_one_of_the_next(rig: Rig) -> None:
    rig.reject("noRouteError")
    await start(rig, move())
    await until(rig, OrderPhase.REJECTED)
    rig.driver.forget(move().order_id)
    await start(rig, move("st01-2", load="m2/0"))
    assert (await until(rig, OrderPhase.DONE, OrderPhase.REJECTED))[-1].phase is OrderPhase.DONE


async def test_a_pick_that_fails_ends_the_order_where_it_stands(rig: Rig) -> None:
    rig.fail_pick()
    await start(rig, move())
    end = (await until(rig, OrderPhase.FAILED))[-1]
    assert (end.reason, end.last_node) == ("pick_failed", "DOCK")
    assert rig.picks("m1/0") == 0


async def test_a_robot_that_lost_its_memory_leaves_the_order_in_doubt(rig: Rig) -> None:
    await start(rig, move())
    await until(rig, OrderPhase.CARRYING)
    rig.lose_memory()
    doubt = (await until(rig, OrderPhase.UNKNOWN))[-1]
    assert (doubt.reason, doubt.resend_safe) == ("memory_lost", False)


async def test_a_cancelled_order_fails_and_the_cancel_is_in_the_evidence(rig: Rig) -> None:
    await start(rig, move())
    await until(rig, OrderPhase.PICKING)
    assert await rig.driver.instant(R1, InstantKind.CANCEL, "cancel-1") is SendResult.SENT
    end = (await until(rig, OrderPhase.FAILED))[-1]
    assert end.actions["cancel-1"] == "finished"
    assert end.at_rest


async def test_a_prepositioned_load_is_picked_by_an_update_and_only_then(rig: Rig) -> None:
    order = replace(move(), preposition=True)
    base = rig.driver.prepare(order, NODES)
    rig.driver.track(order, "")
    await rig.driver.send(base)
    there = await first(rig, lambda one: one.waiting)
    assert (there.last_node, there.phase, there.order_update_id) == ("DOCK", OrderPhase.ACCEPTED, 0)
    assert (there.pick, there.drop, rig.picks("m1/0")) == (None, None, 0)
    update = replace(order, update_id=1)
    body = rig.driver.prepare_update(update, base, NODES)
    rig.driver.track(update, "")
    await rig.driver.send(body)
    end = await first(rig, lambda one: one.phase is OrderPhase.DONE)
    assert (end.order_update_id, end.pick, end.drop) == (1, "finished", "finished")
    assert (end.waiting, rig.picks("m1/0")) == (False, 1)


async def test_an_update_of_an_order_that_waits_for_nothing_is_refused(rig: Rig) -> None:
    base = rig.driver.prepare(move(), NODES)
    with pytest.raises(DriverProtocolError, match="st01-1"):
        rig.driver.prepare_update(replace(move(), update_id=1), base, NODES)


async def test_a_pause_is_seen_and_ends(rig: Rig) -> None:
    assert await rig.driver.instant(R1, InstantKind.PAUSE, "p-1") is SendResult.SENT
    assert await eventually(lambda: shown(rig).paused)
    assert await rig.driver.instant(R1, InstantKind.RESUME, "p-2") is SendResult.SENT
    assert await eventually(lambda: not shown(rig).paused)


async def test_a_cancel_is_reported_by_its_id_and_again_in_every_state(rig: Rig) -> None:
    await start(rig, move())
    await until(rig, OrderPhase.PICKING)
    order_id = move().order_id
    await rig.driver.instant(R1, InstantKind.CANCEL, "c-1", order_id=order_id)
    ended = await first(rig, lambda one: one.instant.get("c-1") == "finished")
    assert (ended.at_rest, ended.idle, ended.driving) == (True, True, False)
    await rig.driver.request_state(R1, in_time())
    again = await first(rig, lambda one: one.at_ns > ended.at_ns)
    assert (again.instant["c-1"], again.last_node) == ("finished", ended.last_node)


async def test_a_robot_tells_its_traits_and_its_counts_are_never_missing(rig: Rig) -> None:
    traits = rig.driver.traits(R1)
    assert (traits.version, traits.waits_for_trigger) == ("2.1.0", False)
    assert rig.driver.counts().disconnects == 0
    with pytest.raises(DriverNotFoundError):
        rig.driver.traits(RobotId("r9"))


async def test_a_mute_robot_answers_no_question(rig: Rig) -> None:
    rig.mute()
    with pytest.raises(DriverTimeoutError):
        await rig.driver.request_state(R1, in_time(0.3))
    assert rig.driver.name == "robots"


async def test_a_robot_that_is_not_configured_is_not_found(rig: Rig) -> None:
    stranger = RobotId("r9")
    with pytest.raises(DriverNotFoundError):
        rig.driver.snapshot(stranger)
    with pytest.raises(DriverNotFoundError):
        await rig.driver.request_state(stranger, in_time())
    with pytest.raises(DriverNotFoundError):
        rig.driver.prepare(move(robot="r9"), NODES)


async def test_a_path_that_is_none_is_refused_before_anything_is_sent(rig: Rig) -> None:
    broken = replace(move(), path_to_drop=path("X", "Z"))
    with pytest.raises(DriverProtocolError, match="st01-1"):
        rig.driver.prepare(broken, NODES)
    with pytest.raises(DriverProtocolError, match="NOWHERE"):
        rig.driver.prepare(replace(move(), path_to_drop=path("DOCK", "NOWHERE")), NODES)


async def test_a_closed_driver_sends_nothing_and_knows_nothing(rig: Rig) -> None:
    other = rig.unopened()
    assert other.snapshot(R1) is None
    assert await other.send(rig.driver.prepare(move(), NODES)) is SendResult.NOT_SENT
    assert await other.instant(R1, InstantKind.CANCEL, "c") is SendResult.NOT_SENT
    with pytest.raises(DriverLostError):
        await other.request_state(R1, in_time())
    assert (await anext(other.healths())).state is HealthState.LOST


async def test_nothing_is_told_about_an_order_that_is_forgotten(rig: Rig) -> None:
    await start(rig, move())
    rig.driver.forget(move().order_id)
    rig.driver.forget(move().order_id)
    await start(rig, move("st01-9", robot="r2", start="P2"))
    seen = await until(rig, OrderPhase.DONE)
    assert all(status.order_id == "st01-9" for status in seen if status.phase is OrderPhase.DONE)
    assert await eventually(lambda: rig.picks("m1/0") >= 1)


async def test_robots_have_no_extras(rig: Rig) -> None:
    assert rig.driver.capabilities == frozenset()


def test_the_double_takes_no_negative_time() -> None:
    with pytest.raises(ValueError, match="step_ms"):
        MemoryRobotsSettings(robots=(), step_ms=-1)
