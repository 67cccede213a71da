"""R01 to R05: what a robot says by itself and when it is asked. Nothing moves."""

from typing import Final

from drivers.errors import DriverTimeoutError
from drivers.protocols import ActionStatus
from edge.commands.doctor.robot_scenarios.stage import Stage, quantiles_ms
from edge.commands.doctor.verdict import ScenarioFailedError

QUESTIONS: Final = 5
BOTH: Final = ("actions", "instantActions")
GAP: Final = "'PAUSED' is not one of"  # the texts of 2.x know this status, their schemas do not


async def connection(stage: Stage) -> None:
    """R01: the broker keeps the robot's `connection`, and it says ONLINE.

    The last will shows only when a robot loses its power: R18.
    """
    try:
        heard = await stage.probe.message("connection", stage.within(stage.limits.answer_s))
    except DriverTimeoutError as error:
        raise ScenarioFailedError("connection_missing") from error
    said = heard.content.get("connectionState") if heard.content else None
    if not heard.retained:
        raise ScenarioFailedError("connection_not_retained")
    if said != "ONLINE":
        raise ScenarioFailedError("connection_says", said)
    if heard.qos == 0:
        stage.note("connection_qos0")


async def schemas(stage: Stage) -> None:
    """R02: everything heard in this run fits the official schemas. Played last."""
    await stage.state()
    heard = stage.probe.heard()
    bad = [(one, text) for one in heard for text in one.violations if GAP not in text]
    for topic in ("connection", "state", "factsheet"):
        mine = [one for one in heard if one.topic == topic]
        wrong = [one for one in mine if any(GAP not in text for text in one.violations)]
        stage.note("schema_count", topic, len(mine), len(wrong))
    for text in sorted({f"{one.topic}: {text}" for one, text in bad})[:8]:
        stage.note("schema_text", text)
    if bad:
        raise ScenarioFailedError("schema_violated", len({id(one) for one, _ in bad}))


async def state_request(stage: Stage) -> None:
    """R03: a stateRequest is answered, and by a state that shows its id."""
    times_ns: list[int] = []
    hides = False
    for _ in range(QUESTIONS):
        since_ns, action_id = stage.now_ns(), stage.action_id()
        stage.probe.instant("stateRequest", action_id)
        if not hides:
            try:
                times_ns.append((await stage.shows(action_id, since_ns)).at_ns - since_ns)
                continue
            except DriverTimeoutError:
                hides = True
                stage.note("hides_questions")
        state = await stage.until(lambda _: True, "no_state", since_ns=since_ns)
        times_ns.append(state.at_ns - since_ns)
    stage.note("answered_ms", *quantiles_ms(times_ns))


async def factsheet(stage: Stage) -> None:
    """R04: a factsheetRequest brings a factsheet that can be read."""
    since_ns = stage.now_ns()
    stage.probe.instant("factsheetRequest", stage.action_id())
    try:
        heard = await stage.probe.message(
            "factsheet", stage.within(stage.limits.answer_s), since_ns=since_ns
        )
    except DriverTimeoutError as error:
        raise ScenarioFailedError("no_factsheet") from error
    if heard.content is None:
        raise ScenarioFailedError("factsheet_unreadable")
    await stage.meet()  # the driver asks for a factsheet first: it has read one now
    snapshot = stage.driver.snapshot(stage.robot)
    sheet = snapshot.factsheet if snapshot is not None else None
    if sheet is not None:
        stage.note("factsheet_says", sheet.id_len, sheet.min_order_interval_s, sheet.max_weight_kg)
        stage.learned["id_numerical"] = bool(sheet.numeric_ids)
        if sheet.min_order_interval_s is not None:
            stage.learned["min_order_interval_s"] = sheet.min_order_interval_s


async def instant_key(stage: Stage) -> None:
    """R05: which array of an instantActions message the robot reads."""
    for keys in (BOTH[:1], BOTH):
        since_ns, action_id = stage.now_ns(), stage.action_id()
        stage.probe.instant("stateRequest", action_id, keys=keys)
        try:
            state = await stage.shows(action_id, since_ns)
        except DriverTimeoutError:
            continue
        if state.actions[action_id] is not ActionStatus.FAILED:
            stage.learned["instant_keys"] = list(keys)
            stage.note("instant_keys", ", ".join(keys))
            return
    raise ScenarioFailedError("no_instant_key")
