"""The terminal as a Textual app: paints the newest view, sends keys, switches the language.

It decides nothing. It ends on SIGTERM, SIGHUP, when its tty is gone, when the service replaces it,
and by Ctrl+C where that is allowed (`can_quit`, and always in a mirror).
"""

import asyncio
import gc
import logging
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Final

from textual import events
from textual.app import App, ComposeResult
from textual.message import Message as Posted

from edge.terminal.keyboard import KEYS, NAVIGATION, Burst, Pressed, Stroke, Typed, code_key
from edge.terminal.link import Answered, Arrived, Down, Ended, Link, News, Up
from edge.terminal.notices import away, noticed, starting, wanted
from edge.terminal.rows import Rows
from edge.terminal.screen import Picture, drawn, rows_of
from edge.terminal.texts import other
from edge.views import PROTOCOL_VERSION, EntryWork, Hello, Role, Severity, StationView

LANGUAGE: Final = "f2"
QUIT_KEYS: Final = frozenset({"ctrl+c", "ctrl+q"})
FEW_COLOURS: Final = frozenset({"linux", "vt220", "xterm-16color", "screen"})
SIZES_TOLD: Final = ("COLUMNS", "LINES")
BELLS_MAX: Final = 3
SWITCH_S: Final = 0.0005  # a drawn picture waits no longer than this for the thread that writes it
TTY_LOOK_S: Final = 1.0
EXIT_REPLACED: Final = 0
EXIT_REFUSED: Final = 1
EXIT_FAULT: Final = 70

_log = logging.getLogger(__name__)


class Told(Posted):
    """News of the link, on the app's own queue."""

    def __init__(self, news: News) -> None:
        self.news = news
        super().__init__()


class TerminalApp(App[None], inherit_bindings=False):
    """One screen of rows."""

    CSS_PATH = "theme.tcss"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False

    def __init__(
        self,
        socket: Path,
        role: Role,
        lang: str,
        *,
        can_quit: bool = False,
        has_few_colours: bool = False,
    ) -> None:
        super().__init__(ansi_color=has_few_colours)
        self.lang = lang
        self.view: StationView = starting()
        self._role = role
        self._can_quit = can_quit or role is Role.MIRROR
        self._burst = Burst()
        hello = Hello(v=PROTOCOL_VERSION, role=role, app="receiving-edge", lang=lang)
        self._link = Link(socket, hello, self._hand_over)
        self._linking: asyncio.Task[None] | None = None
        self._rung = 0
        self._cells = (0, 0)
        self._picture: Picture | None = None
        self._rows = Rows(has_few_colours=has_few_colours)

    def compose(self) -> ComposeResult:
        """Build the rows once; afterwards they are only changed."""
        yield self._rows

    def on_mount(self) -> None:
        """Paint at once, then connect."""
        self._cells = (self.size.width, self.size.height)
        self._paint()
        self._linking = asyncio.create_task(self._link.run(), name="link[service]")
        self._linking.add_done_callback(self._link_ended)
        gc.freeze()  # what was loaded stays for ever: looking through it again costs pictures

    def _link_ended(self, task: asyncio.Task[None]) -> None:
        """A fault of the link must not leave a screen that looks alive."""
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            _log.error("terminal: the link failed", exc_info=fault)
            self.exit(return_code=EXIT_FAULT)

    async def on_unmount(self) -> None:
        """Leave no task behind."""
        if self._linking is not None:
            self._linking.cancel()
            await asyncio.gather(self._linking, return_exceptions=True)

    def on_resize(self, event: events.Resize) -> None:
        """Paint for the new size; the app's own size is still the old one here."""
        self._cells = (event.size.width, event.size.height)
        self._paint()

    def _hand_over(self, news: News) -> None:
        self.post_message(Told(news))

    def on_told(self, told: Told) -> None:
        """Take news of the link; of several views only the newest is painted."""
        match told.news:
            case Arrived():
                self._take_view()
            case Down():
                self._show(away(self.view))
            case Answered(ack=ack) if ack.no is not None:
                self._refused(ack.no, dict(ack.p))
            case Ended(why=why):
                code = EXIT_REPLACED if why == "replaced" else EXIT_REFUSED
                self.exit(return_code=code)
            case Answered() | Up():
                return

    def _refused(self, code: str, given: dict[str, object]) -> None:
        """Say a refusal, unless the view that came with it says so already."""
        if self.view.fb is None or self.view.fb.t != code:
            self._notice(Severity.WARN, code, given)

    def _take_view(self) -> None:
        started = time.monotonic_ns()
        view = self._link.take()
        if view is None:
            return
        self._show(view)
        self._ring(view)
        self.call_after_refresh(self._report, view.rev, started)

    def _ring(self, view: StationView) -> None:
        """Ring once for an act; the views after it tell of the same one."""
        if view.fb is None or view.fb.n == self._rung:
            return
        self._rung = view.fb.n
        for _ in range(min(view.fb.bell, BELLS_MAX)):
            self.bell()

    def _report(self, rev: int, started: int) -> None:
        self._link.painted(rev, (time.monotonic_ns() - started) // 1_000_000)

    def on_key(self, event: events.Key) -> None:
        """Take a key; the language is switched here, all else is the service's."""
        event.stop()
        event.prevent_default()
        self._act(self._burst.press(event.key, event.character, event.time))
        self._wake(event.time)

    def _wake(self, at: float) -> None:
        due = self._burst.wake_at
        if due is not None:
            self.set_timer(due - at, self._tick)

    def _tick(self) -> None:
        self._act(self._burst.tick(time.monotonic()))

    def on_paste(self, event: events.Paste) -> None:
        """A paste is a scanner's work, never a person's keys."""
        event.stop()
        text = event.text.strip("\r\n")
        self._act([Typed(text=text)] if text else [])

    def _act(self, strokes: list[Stroke]) -> None:
        for stroke in strokes:
            match stroke:
                case Pressed(name=name, character=character):
                    self._press(name, character)
                case Typed(text=text):
                    self._scan(text)

    def _press(self, name: str, character: str) -> None:
        is_typing = isinstance(self.view.work, EntryWork)
        k = code_key(name, character) if is_typing else KEYS.get(name)
        if k == LANGUAGE or self._is_language(k):
            self.lang = other(self.lang)
            self._notice(Severity.INFO, "fb.lang")
        elif name in QUIT_KEYS:
            self._quit()
        elif name in NAVIGATION:
            self._notice(Severity.WARN, "E71")
        elif k is None:
            self._notice(Severity.WARN, "E00", {"want": wanted(self.view)})
        elif self._role is Role.MIRROR:
            self._notice(Severity.INFO, "mirror")
        else:
            self._link.key(k, self.view)

    def _is_language(self, k: str | None) -> bool:
        """The help's digit of the language is the terminal's own, as its key is."""
        shown = self.view.ways if self.view.overlay == "help" else ()
        return any(digit == k and way == LANGUAGE for digit, way, _ in shown)

    def _scan(self, text: str) -> None:
        if self._role is Role.MIRROR:
            self._notice(Severity.INFO, "mirror")
        elif self._link.scan(text):
            self._notice(Severity.WARN, "E72")

    def _quit(self) -> None:
        if self._can_quit:
            self.exit()
        else:
            self._notice(Severity.INFO, "fb.no_quit", {"pid": os.getpid()})

    def _notice(self, sev: Severity, msgid: str, given: dict[str, object] | None = None) -> None:
        """Say something of the terminal's own; the next view takes the line back."""
        self._show(noticed(self.view, sev, msgid, given or {}))

    def _show(self, view: StationView) -> None:
        self.view = view
        self._paint()

    def _paint(self) -> None:
        if not self._rows.is_attached:
            return  # before the first and after the last moment of the screen
        self._picture = drawn(self.view, self.lang, self._cells, self._picture)
        self._rows.show(rows_of(self._picture.regions))


def run(
    socket: Path, role: Role, lang: str, *, can_quit: bool = False, log: Path | None = None
) -> int:
    """Run the terminal on this tty until it is ended; return the exit code.

    Logs go to the file or nowhere: the screen is drawn on stderr.
    """
    handler = logging.FileHandler(log, encoding="utf-8") if log else logging.NullHandler()
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    sys.setswitchinterval(SWITCH_S)
    if sys.stdin.isatty():
        for frozen in SIZES_TOLD:  # of the shell that began it; the tty knows when it is resized
            os.environ.pop(frozen, None)
    has_few_colours = os.environ.get("TERM") in FEW_COLOURS
    app = TerminalApp(socket, role, lang, can_quit=can_quit, has_few_colours=has_few_colours)
    return asyncio.run(_run(app))


async def _run(app: TerminalApp) -> int:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, app.exit)
    watch = asyncio.create_task(_watch(app), name="tty")
    try:
        await app.run_async(mouse=False)
    finally:
        watch.cancel()
    return app.return_code or 0


async def _watch(app: TerminalApp) -> None:
    """End with the tty: one that is gone reads as empty for ever, and may send no SIGHUP."""
    looked_at = select.poll()
    looked_at.register(sys.stdin.fileno(), 0)
    while True:
        if looked_at.poll(0):  # of a hang-up or an error alone
            app.exit()
            return
        await asyncio.sleep(TTY_LOOK_S)
