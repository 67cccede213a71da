"""Has Parquet segments sealed by a process of its own: DuckDB's memory is no part of the service.

It is the verb `export segments` that does it, at most once an hour; what a crash leaves half
written it removes. Source of what is due: the journal itself, so nothing is noted here.
"""

import asyncio
import logging
import sys
from pathlib import Path
from typing import Final

FIRST_S: Final = 60.0  # a start has other things to do
EVERY_S: Final = 3600.0
SEAL_S_MAX: Final = 1800.0
SAID_MAX: Final = 300
NICE: Final = "10"
VERB: Final = "import sys; from edge.cli import main; sys.exit(main())"

log = logging.getLogger("segments")


class Sealing:
    """Seals from time to time; `sealed` counts the runs that ended well."""

    def __init__(self, data: Path, *, first_s: float = FIRST_S, every_s: float = EVERY_S) -> None:
        self._data = data
        self._first_s = first_s
        self._every_s = every_s
        self.sealed = 0

    async def run(self) -> None:
        """Seal for ever."""
        await asyncio.sleep(self._first_s)
        while True:
            await self._seal()
            await asyncio.sleep(self._every_s)

    async def _seal(self) -> None:
        words = ("nice", "-n", NICE, sys.executable, "-P", "-c", VERB, "export", "segments")
        process = await asyncio.create_subprocess_exec(
            *words,
            "--data",
            str(self._data),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(SEAL_S_MAX):
                said, _ = await process.communicate()
        except TimeoutError:
            log.warning("segments: not sealed in %.0f s, tried again later", SEAL_S_MAX)
            return
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        last = said.decode("utf-8", errors="replace").strip().rpartition("\n")[2][:SAID_MAX]
        if process.returncode:
            log.error("segments: not sealed: %s", last)
            return
        self.sealed += 1
        log.info("segments: %s", last)
