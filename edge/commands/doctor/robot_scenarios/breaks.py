"""R17 and R18: what a robot does when the broker, or its own power, was gone."""

from typing import Any

from drivers.errors import DriverTimeoutError
from edge.commands.doctor.robot_scenarios.stage import Stage
from edge.commands.doctor.verdict import NotRunnableError, ScenarioFailedError


async def broker_restart(stage: Stage) -> None:
    """R17: an order goes on over a restart of the broker, and the robot comes back to it."""
    if not stage.restart_command:
        raise NotRunnableError("needs_restart_command")
    body, met = stage.drive(), stage.probe.connections
    known = [one.content for one in stage.probe.heard() if one.topic == "connection"]
    since_ns = await stage.send(body)
    await stage.driving(body, since_ns)
    await stage.outside(stage.restart_command)
    try:
        await stage.probe.met_again(met, stage.within(stage.limits.restart_s))
    except DriverTimeoutError as error:
        raise NotRunnableError("broker_gone") from error
    back_ns = stage.now_ns()
    await _back(stage, back_ns)
    await stage.done(body, since_ns)
    # One that was retained before the break has the same header; a new one may be retained, too.
    again = any(
        _says(one.content, "ONLINE") and one.content not in known
        for one in stage.probe.heard()
        if one.topic == "connection"
    )
    stage.learned["reports_online_after_reconnect"] = again
    if not again:
        stage.note("no_online_again")


async def _back(stage: Stage, since_ns: int) -> None:
    """Ask until a state comes: the robot may meet the broker later than this connection."""
    end = stage.within(stage.limits.restart_s)
    while True:
        stage.probe.instant("stateRequest", stage.action_id())
        try:
            await stage.probe.until(lambda _: True, stage.within(1.0), since_ns=since_ns)
        except DriverTimeoutError as error:
            if not end.remaining_s(stage.clock):
                raise ScenarioFailedError("stays_away") from error
            continue
        return


async def power_cycle(stage: Stage) -> None:
    """R18: a robot that loses its power is told so by its last will, and says when it is back."""
    since_ns, before = stage.now_ns(), await stage.state()
    await _ask(stage, "ask_power_off", "off")
    await _said(stage, ("CONNECTIONBROKEN", "CONNECTION_BROKEN"), "no_last_will", since_ns)
    back_ns = stage.now_ns()
    await _ask(stage, "ask_power_on", "on")
    await _said(stage, ("ONLINE",), "no_online", back_ns)
    await _back(stage, back_ns)
    state = await stage.state()
    stage.note("remembers_order" if state.order_id == before.order_id else "forgets_order")
    if not state.at_rest:
        raise ScenarioFailedError("moved_for_nothing")


async def _ask(stage: Stage, question: str, word: str) -> None:
    if stage.power_command:
        await stage.outside(f"{stage.power_command} {word}")
    elif not await stage.ask(question):
        raise NotRunnableError("nobody_there")


async def _said(stage: Stage, words: tuple[str, ...], otherwise: str, since_ns: int) -> None:
    """Await one of these words of the connection topic; a broker needs 1.5 keepalives to see."""
    try:
        await stage.probe.message(
            "connection",
            stage.within(stage.limits.restart_s),
            since_ns=since_ns,
            is_it=lambda heard: any(_says(heard.content, word) for word in words),
        )
    except DriverTimeoutError as error:
        raise ScenarioFailedError(otherwise) from error


def _says(content: Any, word: str) -> bool:
    return content is not None and content.get("connectionState") == word
