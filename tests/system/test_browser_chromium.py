"""The browser's view in Chromium: a real station's screen, its languages, what the page asks."""

from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pytest

import chromium
from browser_bench import SIZE, WAIT_S, watched
from shop import postal
from terminal_service import until

NEUTRAL: Final = 0x60  # of each colour: the stage's ground while a code is awaited
MISSING: Final = "chromium is not installed: apt install --no-install-recommends chromium"
needs_chromium = pytest.mark.skipif(chromium.PROGRAM is None, reason=MISSING)


@needs_chromium
@pytest.mark.timeout(180)
async def test_a_browser_follows_a_real_station_and_asks_nobody_else(tmp_path: Path) -> None:
    async with watched(tmp_path) as seen:
        shop, page = seen.shop, seen.page
        shop.scan(shop.badge())
        await page.until("Сканируйте этикетку посылки")
        shop.scan(f"]C0{postal(1)}")
        await page.until(postal(1), "Чайник K2")
        await page.click(SIZE[0] // 2, SIZE[1] // 2)
        await page.until("только показывает", "Чайник K2", pressing="7")
        await page.press("F2")
        await page.until(postal(1), "Kettle K2")
        assert page.hosts == {seen.url.removeprefix("http://")}
        assert await page.value("document.fonts.size") == 0
        drawn = cv2.imdecode(np.frombuffer(await page.picture(), np.uint8), cv2.IMREAD_COLOR)
        assert drawn is not None
        ground = (drawn == NEUTRAL).all(axis=2).sum()
        assert ground > drawn.shape[0] * drawn.shape[1] // 10  # the stage, as large as it is


@needs_chromium
@pytest.mark.timeout(180)
async def test_what_a_page_asks_elsewhere_is_seen(tmp_path: Path) -> None:
    async with chromium.opened(tmp_path / "profile", size=SIZE) as page:
        await page.open("data:text/html,<img src='http://fonts.example.com/a.png'>")
        await until(lambda: page.hosts == {"fonts.example.com"}, within_s=WAIT_S)
        assert page.asked[-1] == "http://fonts.example.com/a.png"
