"""C01, C02, C07: what a PLC shows by itself, and what it must not let itself be told."""

import asyncio
from typing import Final

from edge.commands.doctor.conveyor_scenarios.stage import Stage
from edge.commands.doctor.verdict import ScenarioFailedError

WATCH_S: Final = 1.0
BEATS_MIN: Final = 4  # of ten in a second; a gateway may show each second one
READ_S: Final = 0.05


async def registers(stage: Stage) -> None:
    """C01: the map is the one that is spoken, and the PLC numbers its starts."""
    first = await stage.status()
    await asyncio.sleep(READ_S)
    then = await stage.status()
    if first.boot_id != then.boot_id:
        raise ScenarioFailedError("boot_moves", first.boot_id, then.boot_id)
    stage.note("boot_id", then.boot_id)
    stage.note("belt", "running" if then.running else "standing", then.fault)


async def heartbeat(stage: Stage) -> None:
    """C02: the program shows that it runs, and tells how long it waits for its host."""
    seen, loop = {(await stage.status()).plc_hb}, asyncio.get_running_loop()
    end = loop.time() + WATCH_S
    while loop.time() < end:
        await asyncio.sleep(READ_S)
        seen.add((await stage.status()).plc_hb)
    stage.note("beats", len(seen) - 1)
    if len(seen) - 1 < BEATS_MIN:
        raise ScenarioFailedError("heart_slow", len(seen) - 1)
    told = (await stage.status()).host_timeout_ms
    stage.note("watchdog", "-" if told is None else told)
    if told is not None and abs(told / 1000 - stage.host_timeout_s) > 0.1:
        raise ScenarioFailedError("watchdog_differs", told, int(stage.host_timeout_s * 1000))


async def trespass(stage: Stage) -> None:
    """C07: a status register and a coil cannot be written."""
    before = await stage.status()
    register, coil = await stage.probe.trespass(coil=False), await stage.probe.trespass(coil=True)
    after = await stage.status()
    if (before.seq_seen, before.boot_id) != (after.seq_seen, after.boot_id):
        raise ScenarioFailedError("status_written")
    if register != 2:
        raise ScenarioFailedError("exception", "status", 2, register)
    if coil != 1:
        raise ScenarioFailedError("exception", "coil", 1, coil)
