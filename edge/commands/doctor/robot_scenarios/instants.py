"""R13 to R15: cancel, cancel of nothing, pause."""

from drivers.protocols import ActionStatus
from edge.commands.doctor.robot_scenarios.stage import Stage, moved
from edge.commands.doctor.verdict import ScenarioFailedError


async def cancel_while_driving(stage: Stage) -> None:
    """R13: after a cancel is FINISHED nothing moves any more."""
    body = stage.drive()
    since_ns = await stage.send(body)
    await stage.driving(body, since_ns)
    action_id = stage.action_id()
    stage.probe.instant("cancelOrder", action_id)
    state = await stage.until(
        lambda seen: seen.actions.get(action_id, ActionStatus.UNKNOWN).is_ended,
        "cancel_unanswered",
        seconds=stage.limits.cancel_s,
    )
    if state.actions[action_id] is ActionStatus.FAILED:
        raise ScenarioFailedError("cancel_failed")
    if state.last_node == body["nodes"][-1]["nodeId"]:
        stage.note("cancelled_at_end")
    states = await stage.watch(stage.limits.settle_s)
    if moved((state, *states)):
        raise ScenarioFailedError("moves_after_cancel", states[-1].last_node)


async def cancel_idle(stage: Stage) -> None:
    """R14: a cancel without an order is FAILED, by name."""
    before = await stage.state()
    action_id = stage.action_id()
    stage.probe.instant("cancelOrder", action_id)
    state = await stage.until(
        lambda seen: seen.actions.get(action_id, ActionStatus.UNKNOWN).is_ended,
        "cancel_unanswered",
        since_ns=before.at_ns,
    )
    if state.actions[action_id] is not ActionStatus.FAILED:
        raise ScenarioFailedError("cancelled_nothing")
    kinds = [error.type for error in state.errors]
    if not any(kind.replace("_", "").lower() == "noordertocancel" for kind in kinds):
        stage.note("cancel_error_name", ", ".join(kinds) or "-")


async def pause(stage: Stage) -> None:
    """R15: a pause stops the robot on its way, its end lets it go on."""
    body = stage.drive()
    since_ns = await stage.send(body)
    await stage.driving(body, since_ns)
    action_id = stage.action_id()
    stage.probe.instant("startPause", action_id)
    held = await stage.until(
        lambda seen: (
            seen.actions.get(action_id, ActionStatus.UNKNOWN).is_ended and not seen.driving
        ),
        "not_paused",
        since_ns=since_ns,
    )
    if held.at_rest:
        raise ScenarioFailedError("not_paused", held.last_node)
    if held.paused is None:
        stage.note("paused_unsaid")
    states = await stage.watch(stage.limits.settle_s)
    if any(state.driving or state.last_node != held.last_node for state in states):
        raise ScenarioFailedError("moves_in_pause", states[-1].last_node)
    if states[-1].at_rest:
        raise ScenarioFailedError("order_gone_in_pause")
    stage.probe.instant("stopPause", stage.action_id())
    await stage.done(body, since_ns)
