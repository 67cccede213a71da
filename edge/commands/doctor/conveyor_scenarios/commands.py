"""C03 to C06, C12 to C14: one command, one divert, whatever the wire and the host do."""

import asyncio
from typing import Final

from edge.commands.doctor.conveyor_scenarios.stage import DIVERT, REJECTED, Stage, next_seq
from edge.commands.doctor.verdict import NotRunnableError, ScenarioFailedError

TIMES: Final = 5
REASON_BUSY: Final = 1
REASON_LANE: Final = 2
CALM_S: Final = 0.5
LAST: Final = 65535


async def each_lane(stage: Stage) -> None:
    """C03: an item to every lane, by numbers, counters and sensor."""
    for lane in range(1, stage.lanes + 1):
        await stage.divert(lane)
    stage.note("lanes", stage.lanes)


async def same_number(stage: Stage) -> None:
    """C04: the same command five times is one divert."""
    before = await stage.ready()
    seq, token = next_seq(before), stage.next_token()
    for _ in range(TIMES):
        await stage.probe.command(DIVERT, seq=seq, lane=1, token=token)
    await stage.ended(before, seq, token, 1)
    await stage.probe.command(DIVERT, seq=seq, lane=1, token=token)
    await asyncio.sleep(CALM_S)
    after = await stage.status()
    if after.busy or (after.divert_count - before.divert_count) % 65536 != 1:
        raise ScenarioFailedError("same_number_again")


async def bad_lane(stage: Stage) -> None:
    """C05: a lane that is not there is refused, and nothing moves."""
    before = await stage.ready()
    seq = next_seq(before)
    lane = stage.lanes + 1
    await stage.probe.command(DIVERT, seq=seq, lane=lane, token=stage.next_token())
    status = await stage.until(lambda s: s.seq_seen == seq, "no_echo", stage.limits.echo_s)
    if (status.seq_result, status.reject_reason) != (REJECTED, REASON_LANE):
        raise ScenarioFailedError("not_refused", status.seq_result, status.reject_reason)
    await asyncio.sleep(CALM_S)
    after = await stage.status()
    if after.busy or after.divert_count != before.divert_count:
        raise ScenarioFailedError("refused_and_moved")


async def busy(stage: Stage) -> None:
    """C06: a second command is refused as busy and leaves the running one alone."""
    before = await stage.ready()
    first, token = next_seq(before), stage.next_token()
    await stage.probe.command(DIVERT, seq=first, lane=1, token=token)
    second = first % LAST + 1
    await stage.probe.command(DIVERT, seq=second, lane=1, token=stage.next_token())
    status = await stage.until(lambda s: s.seq_seen == second, "no_echo", stage.limits.echo_s)
    if status.seq_result != REJECTED:
        if status.done_seq == first:
            raise NotRunnableError("too_fast")
        raise ScenarioFailedError("second_taken")
    if status.reject_reason != REASON_BUSY:
        raise ScenarioFailedError("reason", REASON_BUSY, status.reject_reason)
    status = await stage.until(
        lambda s: s.done_seq == first, "running_one_lost", stage.limits.divert_s
    )
    if status.done_item != token or (status.divert_count - before.divert_count) % 65536 != 1:
        raise ScenarioFailedError("running_one_changed")


async def unheard(stage: Stage) -> None:
    """C12: a reply that nobody hears changes nothing: the divert happens once."""
    before = await stage.ready()
    seq, token = next_seq(before), stage.next_token()
    await stage.probe.command_unheard(DIVERT, seq=seq, lane=1, token=token)
    status = await stage.status()
    if status.seq_seen != seq:
        stage.note("never_came")
        await stage.probe.command(DIVERT, seq=seq, lane=1, token=token)
    await stage.ended(before, seq, token, 1)


async def late_reply(stage: Stage) -> None:
    """C13: on a serial line the reply given up is not taken for the next one's."""
    if not stage.is_serial:
        raise NotRunnableError("not_serial")
    before = await stage.ready()
    seq, token = next_seq(before), stage.next_token()
    await stage.probe.command_unheard(DIVERT, seq=seq, lane=1, token=token)
    blocks = [await stage.status() for _ in range(TIMES)]
    if any(block.boot_id != before.boot_id for block in blocks):
        raise ScenarioFailedError("boot_moves", before.boot_id, blocks[-1].boot_id)
    if blocks[0].seq_seen != seq:
        await stage.probe.command(DIVERT, seq=seq, lane=1, token=token)
    await stage.ended(before, seq, token, 1)


async def wrap(stage: Stage) -> None:
    """C14: 65535 is followed by 1, and both are diverts."""
    before = await stage.ready()
    if before.seq_seen == LAST:
        await stage.divert(1, seq=LAST - 1)
    await stage.divert(1, seq=LAST)
    await stage.divert(1, seq=1)
