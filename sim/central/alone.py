"""The central platform without the rest of the world."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from sim import web
from sim.central.feeds import Feed
from sim.central.platform import Platform
from sim.truth.model import Truth
from sim.truth.parcels import draw
from sim.truth.rows import item_rows, return_rows


def feeds_of(truth: Truth) -> dict[str, Feed]:
    """Return both feeds of a truth, with dates promised from today on."""
    return {
        "items": Feed(item_rows(truth)),
        "returns": Feed(return_rows(truth, datetime.now(UTC))),
    }


@contextlib.asynccontextmanager
async def running(port: int, *, seed: int, parcels: int) -> AsyncIterator[Platform]:
    """Serve events and feeds on a port of this machine."""
    receiver = Platform(feeds_of(draw(seed, parcels)))
    async with web.serving("127.0.0.1", port, receiver.answer, name="central"):
        yield receiver
