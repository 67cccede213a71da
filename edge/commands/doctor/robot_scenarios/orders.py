"""R06 to R12 and R16: orders as they should be, and as they should not."""

import asyncio
import json
from typing import Final

from drivers.errors import DriverTimeoutError
from drivers.protocols import ActionStatus, NodeId, OrderPhase, SendResult
from edge.commands.doctor.robot_scenarios.stage import Body, Stage, action_ids, errors_about, moved
from edge.commands.doctor.verdict import NotRunnableError, ScenarioFailedError

AGAIN: Final = 2
NARROW_M: Final = 0.1
_DONE: Final = ActionStatus.FINISHED
ENDS: Final = (OrderPhase.DONE, OrderPhase.REJECTED, OrderPhase.FAILED)


async def pick_and_drop(stage: Stage) -> None:
    """R06: an order through the driver is accepted, picks, drops, and the driver proves its end."""
    state = await stage.state()
    order = stage.carry()
    body = stage.driver.prepare(order, stage.floor.nodes)
    stage.driver.track(order, state.order_id)
    try:
        since_ns = stage.now_ns()
        if await stage.driver.send(body) is not SendResult.SENT:
            raise ScenarioFailedError("not_sent")
        await stage.accepted(json.loads(body.body), since_ns)
        try:
            async with asyncio.timeout(stage.limits.order_s):
                async for status in stage.driver.statuses():
                    if status.order_id == order.order_id and status.phase in ENDS:
                        break
        except TimeoutError as error:
            raise ScenarioFailedError("not_done", order.order_id) from error
    finally:
        stage.driver.forget(order.order_id)
    if status.phase is not OrderPhase.DONE:
        raise ScenarioFailedError("ended_as", status.phase, "; ".join(status.errors))
    stage.load_at = order.path_to_drop[-1]


async def same_order(stage: Stage) -> None:
    """R07: five times the same message is one run: while it is driven, and after its end."""
    order = stage.carry()
    body = stage.body_of(order)
    since_ns = await stage.send(body)
    await stage.accepted(body, since_ns)
    for _ in range(AGAIN):
        await stage.send(body)
    await stage.done(body, since_ns)
    stage.load_at = order.path_to_drop[-1]
    for _ in range(AGAIN):
        await stage.send(body)
    states = await stage.watch(stage.limits.settle_s)
    if any(state.order_id != order.order_id for state in states):
        raise ScenarioFailedError("forgot_order", order.order_id)
    restarted = [
        state
        for state in states
        if not state.at_rest
        or any(not state.actions.get(one, _DONE).is_ended for one in action_ids(body))
    ]
    if restarted:
        raise ScenarioFailedError("ran_again", order.order_id)


async def malformed(stage: Stage) -> None:
    """R08: messages that cannot be read move nothing, and the robot still answers."""
    before = await stage.state()
    good = stage.drive()
    named = {**good, "orderId": stage.order_id()}
    unreadable = (
        b"\xff\xfe\x00 no JSON",
        b"[]",
        b"{}",
        json.dumps(named).encode(),  # no header
        json.dumps(named).encode()[:-20],
    )
    for payload in unreadable:
        stage.probe.send_raw("order", payload)
        stage.probe.send_raw("instantActions", payload)
    for broken in _broken(named):
        stage.probe.send("order", broken)
    states = await stage.watch(stage.limits.settle_s)
    for state in states:
        if state.order_id != before.order_id or not state.at_rest:
            raise ScenarioFailedError("took_malformed", state.order_id)
    if not any(state.errors for state in states):
        stage.note("malformed_unnoticed")


def _broken(order: Body) -> tuple[Body, ...]:
    nodes = order["nodes"]
    odd = [{**node, "sequenceId": 2 * number + 1} for number, node in enumerate(nodes)]
    without = {key: value for key, value in order.items() if key != "nodes"}
    return (without, {**order, "nodes": "all"}, {**order, "nodes": odd}, {**order, "edges": []})


async def far_start(stage: Stage) -> None:
    """R09: an order that begins where the robot is not is refused."""
    here = stage.here()
    far = next((node for node in (stage.drop, stage.pick) if node != here), None)
    if far is None:
        raise NotRunnableError("no_other_node")
    body = stage.drive(far, stage.pick if far == stage.drop else stage.drop)
    position = body["nodes"][0].get("nodePosition", {})
    for key, value in position.items():
        if key.startswith("allowedDeviationX"):
            position[key] = (
                {**value, "a": NARROW_M, "b": NARROW_M} if isinstance(value, dict) else NARROW_M
            )
    await _refused(stage, body, "took_far_start")


async def _refused(stage: Stage, body: Body, otherwise: str) -> None:
    """See an error about an order and never the order itself."""
    since_ns, order_id = await stage.send(body), body["orderId"]
    try:
        state = await stage.probe.until(
            lambda seen: seen.order_id == order_id or bool(seen.refers_to(order_id)),
            stage.within(stage.limits.answer_s),
            since_ns=since_ns,
        )
    except DriverTimeoutError as error:
        raise ScenarioFailedError("silent_refusal") from error
    if state.order_id == order_id:
        raise ScenarioFailedError(otherwise, order_id)
    stage.note("refused_as", errors_about(state, order_id))


async def lower_update(stage: Stage) -> None:
    """R10: a lower orderUpdateId than the known one changes nothing."""
    body = {**stage.drive(), "orderUpdateId": 1}
    since_ns = await stage.send(body)
    await stage.accepted(body, since_ns)
    order_id, lower_ns = body["orderId"], await stage.send({**body, "orderUpdateId": 0})
    try:
        state = await stage.probe.until(
            lambda seen: (
                bool(seen.refers_to(order_id)) or (seen.order_id, seen.update_id) == (order_id, 0)
            ),
            stage.within(stage.limits.answer_s),
            since_ns=lower_ns,
        )
    except DriverTimeoutError:
        stage.note("silently_ignored")
    else:
        if (state.order_id, state.update_id) == (order_id, 0):
            raise ScenarioFailedError("took_lower_update", order_id)
        stage.note("refused_as", errors_about(state, order_id))
    await stage.done(body, since_ns)


async def second_order(stage: Stage) -> None:
    """R11: another order while one is driven is refused, and the first goes on to its end."""
    first = stage.drive()
    second = {**first, "orderId": stage.order_id()}
    since_ns = await stage.send(first)
    await stage.driving(first, since_ns)
    second_ns = stage.now_ns()
    stage.probe.send("order", second)
    state = await stage.until(
        lambda seen: (
            seen.order_id == second["orderId"]
            or bool(seen.refers_to(second["orderId"]))
            or seen.at_rest
        ),
        "not_done",
        since_ns=second_ns,
        seconds=stage.limits.order_s,
    )
    if state.order_id == second["orderId"]:
        raise ScenarioFailedError("took_second_order", second["orderId"])
    if state.refers_to(second["orderId"]):
        stage.note("refused_as", errors_about(state, second["orderId"]))
    else:
        stage.note("silently_ignored")
    await stage.done(first, since_ns)


async def horizon(stage: Stage) -> None:
    """R12: the robot waits at the end of the base and goes on when an update releases the rest."""
    whole = stage.drive()
    nodes, edges = whole["nodes"], whole["edges"]
    base = max(1, len(nodes) // 2)
    held = {
        **whole,
        "nodes": [{**node, "released": at < base} for at, node in enumerate(nodes)],
        "edges": [{**edge, "released": at + 1 < base} for at, edge in enumerate(edges)],
    }
    since_ns = await stage.send(held)
    await stage.accepted(held, since_ns)
    last, beyond = nodes[base - 1]["nodeId"], {node["nodeId"] for node in nodes[base:]}
    await stage.until(
        lambda seen: (
            seen.order_id == held["orderId"]
            and ((seen.last_node == last and not seen.driving) or seen.last_node in beyond)
        ),
        "base_not_driven",
        since_ns=since_ns,
        seconds=stage.limits.order_s,
    )
    states = await stage.watch(stage.limits.settle_s)
    if any(state.driving or state.last_node != last for state in states):
        raise ScenarioFailedError("drove_horizon", states[-1].last_node)
    update = {**whole, "orderUpdateId": 1, "nodes": nodes[base - 1 :], "edges": edges[base - 1 :]}
    update_ns = await stage.send(update)
    await stage.accepted(update, update_ns)
    await stage.done(update, update_ns)


async def old_order(stage: Stage) -> None:
    """R16: an old order after a newer one. The standard lets a robot drive it again.

    The station never resends in that case; what the robot does is told, not judged.
    """
    there = stage.drive()
    await stage.run(there)
    back = stage.drive(end=NodeId(there["nodes"][0]["nodeId"]))
    await stage.run(back)
    since_ns = await stage.send(there)
    states = await stage.watch(stage.limits.settle_s)
    if any(state.order_id == there["orderId"] for state in states):
        await stage.done(there, since_ns)
        stage.note("drives_old_orders")
    elif moved(states):
        raise ScenarioFailedError("moved_for_nothing")
    else:
        stage.note("refuses_old_orders")
