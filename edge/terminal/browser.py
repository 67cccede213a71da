"""The screen in a browser: a mirror in every tab, for who watches from elsewhere. It takes no keys.

Needs the extra `web`. Listens on loopback; who may look from outside is the business of a proxy
that knows people. Pages name no other host; a page of another host cannot open the stream.
"""

import asyncio
import shlex
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

TEMPLATES: Final = Path(__file__).parent / "web"
HOST: Final = "127.0.0.1"
POLICY: Final = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self' ws: wss:; frame-ancestors 'none'"
)
TABS_MAX: Final = 8  # more would take the places of terminals at the service

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class BrowserDoor(Server):
    """Serves one mirror a tab; `port` 0 = any; `public_url` = its name behind a proxy."""

    def __init__(self, socket: Path, lang: str, *, port: int, public_url: str | None) -> None:
        mirror = [str(Path(sys.executable).with_name("receiving-edge")), "terminal", "--mirror"]
        super().__init__(
            shlex.join([*mirror, "--socket", str(socket), "--lang", lang]),
            host=HOST,
            port=port,
            title="receiving-edge",
            public_url=public_url,
            templates_path=TEMPLATES,
        )
        self._is_named = public_url is not None
        self._tabs = 0

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(_guarded)
        return app

    async def on_startup(self, app: web.Application) -> None:
        """Say nothing: the library has a banner of its own."""

    async def stay(self, on_open: Callable[[str], None]) -> None:
        """Serve until SIGTERM or SIGINT; `on_open` gets the address when it can be opened."""
        ending = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ending.set)
        runner = web.AppRunner(await self._make_app(), handle_signals=False)
        await runner.setup()
        try:
            await web.TCPSite(runner, self.host, self.port).start()
            if not self._is_named:
                self.public_url = f"http://{HOST}:{runner.addresses[0][1]}"
            on_open(self.public_url)
            await ending.wait()
        finally:
            await runner.cleanup()

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Let a page of this door watch; refuse strangers' pages and too many."""
        if request.headers.get("Origin") not in (None, _origin(self.public_url)):
            raise web.HTTPForbidden(text="not from here")
        if self._tabs >= TABS_MAX:
            raise web.HTTPServiceUnavailable(text="too many are watching")
        self._tabs += 1
        try:
            return await super().handle_websocket(request)
        finally:
            self._tabs -= 1


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@web.middleware
async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    if not response.prepared:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
    return response


def serve_browsers(
    socket: Path,
    lang: str,
    *,
    port: int,
    public_url: str | None,
    on_open: Callable[[str], None],
) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code."""
    asyncio.run(BrowserDoor(socket, lang, port=port, public_url=public_url).stay(on_open))
    return 0
