"""The control of power cuts: the station's service with a journal of `synchronous=NORMAL`.

Arguments: configuration, data folder.
"""

import asyncio
import sys
from pathlib import Path

from edge.journal.writer import Synchronous
from edge.service.root import serve
from edge.settings.load import load

if __name__ == "__main__":
    config, data = map(Path, sys.argv[1:])
    settings = load(config, data=data)
    asyncio.run(serve(settings, data, synchronous=Synchronous.NORMAL))
