"""A whole shift in Russian as a person has it: keys in tmux, a scanner of the simulated floor.

The real service, robots, belt and camera of the demo's site. The person reads the view, as the
screen does, to know what is asked; what is seen is taken from the screen.
"""

import asyncio
import json
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from edge.commands.demo.stage import Stage, staged
from shop import PROGRAM, Onlooker
from tmux_screen import TmuxScreen

SMALL: Final = (80, 24)
LARGE: Final = (120, 40)
STATION: Final = "ST-01"
UNKNOWN: Final = "NO-SUCH-PARCEL-77"
PHOTO_S: Final = 20.0
STEP_S: Final = 60.0
ITEM_S: Final = 120.0
AGAIN_S: Final = 1.2  # the same code within a second is one scan
PACE_S: Final = 0.2  # hands are slower; more than 20 codes a second are a flood

Keep = Callable[[str, str], None]
"""Takes the name of a moment and the screen's picture."""


async def shift(folder: Path, *, parcels: int, seed: int, keep: Keep) -> list[str]:
    """Play a shift of the demo's site; return the states in the order they came."""
    async with staged(folder, parcels=parcels, seed=seed, speed=20.0) as stage:
        return await asyncio.to_thread(_play, stage, keep)


def _play(stage: Stage, keep: Keep) -> list[str]:
    door = stage.run / "terminal.sock"
    command = [PROGRAM, "terminal", "--socket", str(door), "--lang", "ru"]
    with TmuxScreen(stage.run, command, SMALL) as screen, Onlooker(door) as onlooker:
        person = _Person(stage, screen, onlooker, keep)
        person.log_in()
        for parcel in person.bench["parcels"]:
            person.receive(parcel)
        person.look_round()
        person.log_out()
        screen.press("C-c")
        screen.until("Отсканируйте свой бейдж")  # no key ends the person's screen
        return person.states


class _Person:
    """Hands, eyes and what is on the bench."""

    def __init__(self, stage: Stage, screen: TmuxScreen, onlooker: Onlooker, keep: Keep) -> None:
        self._stage = stage
        self._screen = screen
        self._onlooker = onlooker
        self._keep = keep
        self._kept: set[str] = set()
        self._scanned = ""
        groups = self._floor(do="bench")["groups"]
        self.bench: Mapping[str, list[dict[str, Any]]] = {
            group["name"]: group["items"] for group in groups
        }
        self.states: list[str] = []

    # ------------------------------------------------------------ eyes and hands

    def _floor(self, **request: Any) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(self._stage.run / "sim.sock"))
            link.sendall(json.dumps(request).encode() + b"\n")
            reply: dict[str, Any] = json.loads(link.makefile("rb").readline())
        assert reply.get("ok", True), reply
        return reply

    def _scan(self, entry: Mapping[str, Any]) -> None:
        time.sleep(AGAIN_S if entry["code"] == self._scanned else PACE_S)
        self._scanned = entry["code"]
        self._act(lambda: self._floor(do="scan", text=entry["code"], aim=entry["aim"]))

    def _press(self, name: str) -> None:
        self._act(lambda: self._screen.press(name))

    def _act(self, act: Callable[[], Any]) -> None:
        """Do something and wait for the view that answers it."""
        before = self._seen()
        act()
        self._wait(lambda: self._seen() != before)

    def _wait(self, is_so: Callable[[], bool], *, within_s: float = STEP_S) -> bool:
        deadline = time.monotonic() + within_s
        while not is_so():
            if time.monotonic() > deadline:
                return False
            self._onlooker.next()
        view = self._view
        if not self.states or self.states[-1] != view["state"]:
            self.states.append(view["state"])
        return True

    @property
    def _view(self) -> Mapping[str, Any]:
        return self._onlooker.view or self._onlooker.next()

    def _seen(self) -> tuple[Any, ...]:
        view = self._view
        return view["state"], view.get("overlay"), (view.get("fb") or {}).get("n", 0)

    def _picture(self, name: str, *texts: str) -> None:
        """Keep the first picture of a moment, once its words are on the screen."""
        if name not in self._kept:
            self._kept.add(name)
            self._screen.until(*texts, top=STATION)
            self._keep(name, self._screen.picture())

    # ------------------------------------------------------------ the shift

    def log_in(self) -> None:
        """Scan the badge."""
        self._wait(lambda: bool(self._view["head"]["scanner"] == "ok"))
        self._picture("s00_locked", "Отсканируйте свой бейдж")
        self._scan(self.bench["badges"][0])
        self._picture("s01_idle", "Сканируйте этикетку посылки")

    def receive(self, parcel: Mapping[str, Any]) -> None:
        """Open the parcel and put every item away."""
        if "s07_unknown" not in self._kept:
            self._scan({"code": UNKNOWN, "aim": "]C0"})
            self._picture("s07_unknown", "E10", UNKNOWN)
            self._press("Escape")
        self._scan(parcel)
        self._picture("s02_parcel", "Сканируйте товар")
        for item in parcel["items"]:
            self._scan(item)
            self._inspect()
        if self._view["state"] == "PARCEL":
            self._press("Escape")

    def _inspect(self) -> None:
        """Answer, mark once, and put, until the item is away."""
        deadline = time.monotonic() + ITEM_S
        while self._view["state"] in ("UNIT", "VERDICT", "HAZARD", "PHOTO", "EXC"):
            assert time.monotonic() < deadline, (self._view["fb"], self._view["work"], self.states)
            work = self._view["work"]
            match self._view["state"]:
                case "UNIT" if work.get("must"):
                    self._picture("s03_question", "ВОПРОС")
                    self._answer(work["must"])
                case "UNIT":
                    self._judge(work)
                case "VERDICT" | "HAZARD":
                    self._put(work)
                case "PHOTO":
                    self._press("9")
                    self._wait(lambda: bool(self._view["state"] != "PHOTO"), within_s=PHOTO_S)
                case _:
                    self._press("1" if work.get("opts") else "Escape")

    def _answer(self, must: Mapping[str, Any]) -> None:
        if must.get("number"):
            for digit in str(must["number"]["maximum"]):
                self._press(digit)
            self._press("Enter")
        else:
            self._press(str(must["opts"][0][0]))

    def _judge(self, work: Mapping[str, Any]) -> None:
        self._picture("s03_item", "Нажмите только то, что НЕ так")
        if "s03_marked" not in self._kept and len(work["marks"]) > 1:
            self._press(work["marks"][-1]["k"])
            self._picture("s03_marked", "Та же цифра")
            self._screen.resize(*LARGE)
            self._picture("l1_item", "ПЕРЕМЕЩЕНИЯ")
            self._screen.resize(*SMALL)
        self._press("Enter")

    def _put(self, work: Mapping[str, Any]) -> None:
        self._wait(lambda: not self._photos_owed(), within_s=PHOTO_S)
        work = self._view["work"]
        if "verdict" not in work:
            return
        self._picture("s05_verdict", "▶")
        zone = work["verdict"]["zone"]
        if "s07_wrong_tray" not in self._kept and zone != "disposal":
            self._scan(self._tray("D1"))
            self._picture("s07_wrong_tray", "E31")
        self._scan(self._tray(work["trays"][0]))

    def _photos_owed(self) -> bool:
        owed = self._view["work"].get("owed", ())
        return any(each["t"] == "owed.photo" for each in owed)

    def _tray(self, name: str) -> Mapping[str, Any]:
        return next(tray for tray in self.bench["trays"] if tray["label"]["ru"].split()[0] == name)

    def look_round(self) -> None:
        """Moves, help, link; the wide screen."""
        for key, name, text in (
            ("F6", "s06_moves", "Esc"),
            ("F1", "s11_help", "Вы здесь"),
            ("F4", "s09_link", "Центральные системы"),
        ):
            self._press(key)
            self._picture(name, text)
            self._press("Escape")
        self._screen.resize(*LARGE)
        self._picture("l2_idle", "ПЕРЕМЕЩЕНИЯ")
        self._screen.resize(*SMALL)

    def log_out(self) -> None:
        """The own badge shows the shift, and once more ends it."""
        self._scan(self.bench["badges"][0])
        self._picture("s08_shift", "бейдж")
        self._scan(self.bench["badges"][0])
        self._wait(lambda: bool(self._view["state"] == "LOCKED"))
