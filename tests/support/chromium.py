"""A browser that nobody of us wrote: Chromium without a window, led by its DevTools protocol.

Chrome DevTools Protocol, version "tot": Target, Page, Network, Runtime, Input. One page at a time.
Names other than the loopback address do not resolve in it; what the page asks for is kept.
"""

import asyncio
import base64
import itertools
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from terminal_service import until

PROGRAM: Final = shutil.which("chromium")
WAIT_S: Final = 60.0
LOOK_S: Final = 0.05
LISTENING: Final = "DevToolsActivePort"
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--no-first-run",
    "--password-store=basic",
    "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
ASKING: Final = {
    "Network.requestWillBeSent": ("request", "url"),
    "Network.webSocketCreated": ("url",),
}
INLINE: Final = frozenset({"data", "blob", "about"})
# A page of xterm.js draws on a canvas; its lines are read where it keeps them.
SCREEN: Final = """function() {
  for (const each of this) {
    try {
      const page = each.buffer.active, lines = [];
      for (let row = 0; row < each.rows; row++) lines.push(page.getLine(row).translateToString());
      if (lines.length) return lines.join("\\n");
    } catch (error) { continue; }
  }
  return "";
}"""

Message = dict[str, Any]


class ChromiumError(AssertionError):
    """The browser said no, or nothing in time."""


class Page:
    """One page: opened, looked at, pressed."""

    def __init__(self, wire: ClientWebSocketResponse) -> None:
        self._wire = wire
        self._ids = itertools.count(1)
        self._replies: dict[int, asyncio.Future[Message]] = {}
        self._session = ""
        self.asked: list[str] = []

    async def attach(self) -> Self:
        """Make the page and listen to all that it asks for."""
        target = await self.call("Target.createTarget", url="about:blank")
        attached = await self.call(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime"):
            await self.call(f"{domain}.enable")
        return self

    async def listen(self) -> None:
        """Take what the browser says until it hangs up."""
        async for message in self._wire:
            if message.type is not WSMsgType.TEXT:
                continue
            said = message.json()
            if "id" in said:
                self._replies.pop(said["id"]).set_result(said)
            elif said["method"] in ASKING:
                found = said["params"]
                for name in ASKING[said["method"]]:
                    found = found[name]
                self.asked.append(found)

    async def call(self, method: str, /, **params: Any) -> Message:
        """Call a method of the protocol; return its result."""
        number = next(self._ids)
        reply = self._replies[number] = asyncio.get_running_loop().create_future()
        request: Message = {"id": number, "method": method, "params": params}
        if self._session:
            request["sessionId"] = self._session
        await self._wire.send_json(request)
        async with asyncio.timeout(WAIT_S):
            said = await reply
        if "error" in said:
            raise ChromiumError(f"{method}: {said['error']}")
        result: Message = said["result"]
        return result

    @property
    def hosts(self) -> set[str]:
        """Every host and port that the page asked for anything."""
        parts = map(urlsplit, self.asked)
        return {each.netloc for each in parts if each.scheme not in INLINE}

    async def open(self, url: str) -> None:
        """Go to an address."""
        went = await self.call("Page.navigate", url=url)
        if went.get("errorText"):
            raise ChromiumError(f"{url}: {went['errorText']}")

    async def value(self, expression: str) -> Any:
        """Return what a JavaScript expression gives."""
        done = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return done["result"].get("value")

    async def text(self) -> str:
        """Return the lines of the page's terminal; empty before there is one."""
        proto = await self.call("Runtime.evaluate", expression="Object.prototype")
        named = proto["result"]["objectId"]
        found = await self.call("Runtime.queryObjects", prototypeObjectId=named)
        lines = await self.call(
            "Runtime.callFunctionOn",
            functionDeclaration=SCREEN,
            objectId=found["objects"]["objectId"],
            returnByValue=True,
        )
        return str(lines["result"].get("value", ""))

    async def until(self, *texts: str, pressing: str = "") -> str:
        """Wait until all texts are on the page's terminal; return what it shows.

        `pressing`: press this key before each look, for an answer that the next view takes away.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + WAIT_S
        while True:
            if pressing:
                await self.press(pressing)
            shown = await self.text()
            if all(text in shown for text in texts):
                return shown
            if loop.time() > end:
                raise ChromiumError(f"{texts} not on:\n{shown}")
            await asyncio.sleep(LOOK_S)

    async def click(self, x: int, y: int) -> None:
        """Press and release the left button at a place."""
        for kind in ("mousePressed", "mouseReleased"):
            await self.call(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )

    async def press(self, key: str) -> None:
        """Press and release a key: one character, or a function key by its name."""
        typed: Message = {"text": key} if len(key) == 1 else {"windowsVirtualKeyCode": _code(key)}
        for kind, more in (("keyDown", typed), ("keyUp", {})):
            await self.call("Input.dispatchKeyEvent", type=kind, key=key, **more)

    async def picture(self) -> bytes:
        """Return the page as PNG."""
        taken = await self.call("Page.captureScreenshot", format="png")
        return base64.b64decode(taken["data"])


def _code(name: str) -> int:
    """Return the key code of F1 to F12 (UI Events, annex A.3: F1 is 112)."""
    return 111 + int(name.removeprefix("F"))


@asynccontextmanager
async def opened(folder: Path, *, size: tuple[int, int]) -> AsyncIterator[Page]:
    """A browser with a profile of its own in the folder; its one page has this size in pixels."""
    assert PROGRAM is not None
    flags = [*FLAGS, f"--user-data-dir={folder}", f"--window-size={size[0]},{size[1]}"]
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *flags,
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with ClientSession() as client:
            door = await _door(folder / LISTENING)
            async with client.ws_connect(door, max_msg_size=0) as wire:
                page = Page(wire)
                listening = asyncio.create_task(page.listen(), name="chromium[listen]")
                try:
                    yield await page.attach()
                finally:
                    listening.cancel()
                    await asyncio.gather(listening, return_exceptions=True)
                    await wire.send_json({"id": 0, "method": "Browser.close"})
        async with asyncio.timeout(WAIT_S):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _door(file: Path) -> str:
    """Return the address of the DevTools once the browser has written it down."""
    await until(lambda: _words(file) != [], within_s=WAIT_S)
    port, path = _words(file)
    return f"ws://127.0.0.1:{port}{path}"


def _words(file: Path) -> list[str]:
    """Return the file's two lines; nothing while they are not both there."""
    found = file.read_text(encoding="utf-8").split() if file.exists() else []
    return found if len(found) == 2 else []
