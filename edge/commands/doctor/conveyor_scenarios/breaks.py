"""C08 to C11: a host that is silent, a PLC that starts anew, a fault and its reset."""

import asyncio
from typing import Final

from edge.commands.doctor.conveyor_scenarios.stage import (
    DIVERT,
    REJECTED,
    RESET,
    START,
    Stage,
    next_seq,
)
from edge.commands.doctor.verdict import ScenarioFailedError

SLACK_S: Final = 1.0
REASON_FAULT: Final = 4
REASONS_LOST: Final = (3, 6)  # not running, host lost: either names the cause


async def silent_host(stage: Stage) -> None:
    """C08: without a heartbeat the belt stops, within the time that was agreed."""
    await stage.ready()
    loop = asyncio.get_running_loop()
    stage.probe.is_beating, began = False, loop.time()
    try:
        await stage.until(
            lambda s: s.host_lost and not s.running,
            "runs_without_host",
            stage.host_timeout_s + SLACK_S,
        )
    finally:
        stage.probe.is_beating = True
    took = loop.time() - began
    stage.note("stopped_after", round(took, 2))
    if took < stage.host_timeout_s / 2:
        raise ScenarioFailedError("stops_too_soon", round(took, 2))


async def refused_until_start(stage: Stage) -> None:
    """C09: a belt that lost its host takes no divert until it is started."""
    await stage.ready()
    stage.probe.is_beating = False
    try:
        await stage.until(
            lambda s: s.host_lost, "runs_without_host", stage.host_timeout_s + SLACK_S
        )
    finally:
        stage.probe.is_beating = True
    await asyncio.sleep(SLACK_S)
    before = await stage.status()
    if before.running:
        raise ScenarioFailedError("starts_by_itself")
    await _refused(stage, REASONS_LOST)
    await stage.order(START)
    await stage.until(
        lambda s: s.running and not s.host_lost, "does_not_start", stage.limits.echo_s
    )
    await stage.divert(1)


async def restart(stage: Stage) -> None:
    """C10: a PLC that starts anew shows a new boot_id and has forgotten its numbers."""
    before = await stage.status()
    await stage.outside(stage.restart_command, "ask_restart")
    after = await stage.until(
        lambda s: s.boot_id != before.boot_id, "same_boot_id", stage.limits.divert_s
    )
    stage.note("boot_id", after.boot_id)
    if after.seq_seen:
        raise ScenarioFailedError("remembers_number", after.seq_seen)


async def fault(stage: Stage) -> None:
    """C11: a fault stops the belt with its number and refuses diverts until it is reset."""
    await stage.ready()
    await stage.outside(stage.fault_command and f"{stage.fault_command} on", "ask_fault")
    status = await stage.until(lambda s: s.fault != 0, "no_fault", stage.limits.divert_s)
    stage.note("fault", status.fault)
    await _refused(stage, (REASON_FAULT,))
    await stage.outside(stage.fault_command and f"{stage.fault_command} off", "ask_fault_gone")
    await stage.order(RESET)
    await stage.until(lambda s: s.fault == 0, "fault_stays", stage.limits.echo_s)
    await stage.divert(1)


async def _refused(stage: Stage, reasons: tuple[int, ...]) -> None:
    before = await stage.status()
    seq = next_seq(before)
    await stage.probe.command(DIVERT, seq=seq, lane=1, token=stage.next_token())
    status = await stage.until(lambda s: s.seq_seen == seq, "no_echo", stage.limits.echo_s)
    if status.seq_result != REJECTED or status.reject_reason not in reasons:
        raise ScenarioFailedError("not_refused", status.seq_result, status.reject_reason)
    if status.divert_count != before.divert_count:
        raise ScenarioFailedError("refused_and_moved")
