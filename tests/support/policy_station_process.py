"""A station that begins a unit, takes a signed pack, and is killed. Arguments: CONFIG DATA PACK."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from policy_station import PolicySite


async def main(config: Path, data: Path, pack: Path) -> None:
    """Work until the pack is in force, then end as a power cut does."""
    site = PolicySite(config=config, data=data)
    async with site.started() as station:
        await station.begin_shirt()
        site.drop(pack, "v2")
        await station.inbox.take_all()
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(main(*map(Path, sys.argv[1:])))
