"""C15: how long a command takes to be shown as seen."""

from typing import Final

from edge.commands.doctor.conveyor_scenarios.stage import START, Stage, next_seq

TIMES: Final = 50


async def echo_time(stage: Stage) -> None:
    """C15: from the write to the block that shows its number; a start, so nothing is pushed."""
    await stage.ready()
    took: list[float] = []
    for _ in range(TIMES):
        seq = next_seq(await stage.status())
        began_ns = stage.clock.monotonic_ns()
        await stage.probe.command(START, seq=seq)
        while (await stage.status()).seq_seen != seq:
            pass
        took.append((stage.clock.monotonic_ns() - began_ns) / 1e6)
    took.sort()
    median, last = took[len(took) // 2], took[int(len(took) * 0.99)]
    stage.note("echo_ms", len(took), round(median, 1), round(last, 1))
