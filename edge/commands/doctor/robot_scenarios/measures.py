"""R19 and R20: what can be believed of `loads`, and how fast orders are accepted."""

from edge.commands.doctor.robot_scenarios.stage import Stage, quantiles_ms
from edge.commands.doctor.verdict import ScenarioFailedError


async def loads(stage: Stage) -> None:
    """R19: the number of loads goes up with the pick and down with the drop, or is never told."""
    before = (await stage.state()).loads
    order = stage.carry()
    body = stage.body_of(order)
    since_ns = await stage.send(body)
    await stage.accepted(body, since_ns)
    end = await stage.done(body, since_ns)
    stage.load_at = order.path_to_drop[-1]
    seen = [state.loads for state in stage.probe.states(since_ns)]
    counted = [count for count in seen if count is not None]
    stage.note("loads_seen", before, max(counted, default=None), end.loads)
    if not counted:
        stage.learned["loads"] = "none"
        stage.note("loads_unsaid")
    elif before is None or len(counted) < len(seen):
        stage.learned["loads"] = "advisory"
    elif max(counted) == before + 1 and end.loads == before:
        stage.learned["loads"] = "required"
    else:
        raise ScenarioFailedError("loads_wrong", before, max(counted), end.loads)


async def accept_time(stage: Stage) -> None:
    """R20: time from the order's publish to the state that accepts it, robot standing still."""
    times_ns = []
    for _ in range(stage.limits.orders):
        body = stage.drive()
        only = {**body, "nodes": body["nodes"][:1], "edges": []}
        since_ns = await stage.send(only)
        state = await stage.accepted(only, since_ns)
        times_ns.append(state.at_ns - since_ns)
        await stage.done(only, since_ns)
    stage.note("accept_ms", len(times_ns), *quantiles_ms(times_ns))
