"""The browser's view: a mirror over HTTP on loopback; pages name nobody else."""

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from edge.views import Hello, Role
from terminal_scenes import UNIT
from terminal_service import ScriptedService, scripted, until

PROGRAM: Final = str(Path(sys.executable).with_name("receiving-edge"))
WAIT_S: Final = 20.0


@asynccontextmanager
async def browsable(folder: Path) -> AsyncIterator[tuple[str, ScriptedService]]:
    """A door for browsers over a scripted service."""
    async with scripted(folder / "t.sock", UNIT) as service:
        command = [PROGRAM, "terminal", "--socket", str(service.path), "--lang", "en"]
        door = await asyncio.create_subprocess_exec(
            *command, "--web", "0", stdout=asyncio.subprocess.PIPE
        )
        try:
            assert door.stdout is not None
            async with asyncio.timeout(WAIT_S):
                url = (await door.stdout.readline()).decode().strip()
            yield url, service
        finally:
            door.send_signal(signal.SIGTERM)
            await door.wait()


async def test_a_browser_sees_the_screen_as_a_mirror_and_its_keys_do_nothing(
    tmp_path: Path,
) -> None:
    async with browsable(tmp_path) as (url, service), aiohttp.ClientSession() as browser:
        async with browser.get(url) as page:
            text = await page.text()
            policy = page.headers["Content-Security-Policy"]
        assert {*re.findall(r"(?:https?|wss?)://([^/\"]+)", text)} == {url.removeprefix("http://")}
        assert "default-src 'self'" in policy
        stream = url.replace("http", "ws") + "/ws?width=80&height=24"
        async with browser.ws_connect(stream, origin=url) as socket:
            drawn = b""
            async with asyncio.timeout(WAIT_S):
                while b"Press only what is WRONG" not in drawn:
                    message = await socket.receive()
                    drawn += message.data if isinstance(message.data, bytes) else b""
            await socket.send_json(["stdin", "3"])
            async with asyncio.timeout(WAIT_S):
                while b"only looks" not in drawn:
                    message = await socket.receive()
                    drawn += message.data if isinstance(message.data, bytes) else b""
        (hello,) = [heard for heard in service.heard if isinstance(heard, Hello)]
        assert hello.role is Role.MIRROR
        assert service.keys == []
        await until(lambda: service.terminals == 0)


async def test_a_page_of_another_host_cannot_open_the_stream(tmp_path: Path) -> None:
    async with browsable(tmp_path) as (url, service), aiohttp.ClientSession() as browser:
        stream = url.replace("http", "ws") + "/ws"
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await browser.ws_connect(stream, origin="http://elsewhere.example.com")
        assert refused.value.status == 403
        assert service.terminals == 0
