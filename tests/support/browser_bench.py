"""A real station watched in a real browser: service, scanner, door for browsers, Chromium."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chromium import Page, opened
from shop import PROGRAM, Onlooker, Shop

SIZE: Final = (1000, 640)  # pixels: more than 80x24 cells of the page's letters
WAIT_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The station, the address of its door, the page that shows it (in Russian first)."""

    shop: Shop
    url: str
    page: Page


@asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[Watched]:
    """A station that waits for a badge, on the page of a browser."""
    with Shop(folder) as shop:
        shop.start()
        _settled(shop)
        async with _door(shop.socket) as url, opened(folder / "profile", size=SIZE) as page:
            await page.open(url)
            await page.until("Отсканируйте свой бейдж")
            yield Watched(shop=shop, url=url, page=page)


def _settled(shop: Shop) -> None:
    """Wait until the scanner's line is open and the announced returns are taken in."""
    with Onlooker(shop.socket) as onlooker:
        head = onlooker.next(within_s=WAIT_S)["head"]
        while not (head["scanner"] == "ok" and head["net"]["cache_at"]):
            head = onlooker.next(within_s=WAIT_S)["head"]


@asynccontextmanager
async def _door(path: Path) -> AsyncIterator[str]:
    command = [PROGRAM, "terminal", "--socket", str(path), "--lang", "ru", "--web", "0"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(WAIT_S):
            url = (await process.stdout.readline()).decode().strip()
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()
