"""The bench on a terminal: one list at a time, a key scans or opens an entry, Esc leaves.

Plain ANSI on the tty in raw mode: it is laid over the operator's terminal and must start at once.
"""

import os
import select
import sys
import termios
import tty
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sim.door import SimRefusedError, ask

KEYS: Final = "123456789abcdefghijklmnoprstuvwxyz"  # q leaves
ESCAPE_WAIT_S: Final = 0.05
ROWS_USED: Final = 4

_TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "title": {"ru": "Стенд: что лежит на столе", "en": "Bench: what lies on the table"},
    "badges": {"ru": "Бейджи", "en": "Badges"},
    "parcels": {"ru": "Посылки", "en": "Parcels"},
    "trays": {"ru": "Лотки", "en": "Trays"},
    "commands": {"ru": "Команды", "en": "Commands"},
    "scan_box": {"ru": "номер на коробке", "en": "the number on the box"},
    "help": {
        "ru": "клавиша — выбрать и считать · пробел — дальше · Esc — назад · q — выход",
        "en": "key: open or scan · space: more · Esc: back · q: leave",
    },
    "scanned": {"ru": "считано: {}", "en": "scanned: {}"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line: it opens a page, or it is scanned."""

    text: str
    code: str = ""
    aim: str = ""
    inside: tuple["Entry", ...] = ()


@dataclass(slots=True)
class Pages:
    """Where the person is: the way down from the list of groups, and the page shown."""

    way: list[tuple[str, tuple[Entry, ...]]] = field(default_factory=list)
    first: int = 0
    note: str = ""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Return the entries of the open list."""
        return self.way[-1][1]

    def shown(self, rows: int) -> tuple[Entry, ...]:
        """Return the entries that fit a screen of so many rows."""
        return self.entries[self.first : self.first + _fit(rows)]

    def more(self, rows: int) -> None:
        """Go on to the next screenful, around to the first."""
        self.first += _fit(rows)
        if self.first >= len(self.entries):
            self.first = 0

    def back(self) -> bool:
        """Go one list up; False at the top."""
        self.first = 0
        if len(self.way) == 1:
            return False
        self.way.pop()
        return True


def entries_of(groups: Sequence[Mapping[str, Any]], lang: str) -> tuple[Entry, ...]:
    """Return the groups as a list of lists."""
    return tuple(
        Entry(
            text=_TEXTS[group["name"]][lang],
            inside=tuple(_entry(item, lang) for item in group["items"]),
        )
        for group in groups
    )


def listed(groups: Sequence[Mapping[str, Any]], lang: str) -> str:
    """Return everything as text, two columns: what it is, what its label says."""
    lines: list[str] = []
    for group in entries_of(groups, lang):
        lines.append(group.text)
        for entry in group.inside:
            lines.append(f"  {entry.text:34} {entry.code}")
            lines += [f"    {item.text:32} {item.code!r}" for item in entry.inside]
    return "\n".join(lines)


def show(run: Path, lang: str) -> int:
    """Work the bench on this terminal until the person leaves it."""
    with _raw_terminal() as tty_fd:
        pages = Pages(way=[(_TEXTS["title"][lang], _load(run, lang))])
        while True:
            _paint(pages, lang)
            pressed = _key(tty_fd)
            if pressed in ("q", "\x03", ""):
                return 0
            if pressed == "\x1b":
                if not pages.back():
                    return 0
            elif pressed == " ":
                pages.more(_rows())
            else:
                _choose(pages, pressed, run, lang)


def _entry(item: Mapping[str, Any], lang: str) -> Entry:
    inside = tuple(_entry(inner, lang) for inner in item.get("items", ()))
    text = item["label"][lang]
    if item.get("truth"):
        text = f"{text}  ({item['truth']})"
    if inside:
        box = Entry(text=_TEXTS["scan_box"][lang], code=item["code"], aim=item["aim"])
        return Entry(text=text, code=item["code"], inside=(box, *inside))
    return Entry(text=text, code=item["code"], aim=item["aim"])


def _load(run: Path, lang: str) -> tuple[Entry, ...]:
    return entries_of(ask(run, {"do": "bench"})["groups"], lang)


def _choose(pages: Pages, pressed: str, run: Path, lang: str) -> None:
    shown = pages.shown(_rows())
    n = KEYS.find(pressed)
    if not 0 <= n < len(shown):
        return
    entry = shown[n]
    if entry.inside:
        pages.way.append((entry.text, entry.inside))
        pages.first = 0
        return
    try:
        ask(run, {"do": "scan", "text": entry.code, "aim": entry.aim})
    except (SimRefusedError, OSError) as error:
        pages.note = str(error)
    else:
        pages.note = _TEXTS["scanned"][lang].format(entry.text)


def _paint(pages: Pages, lang: str) -> None:
    rows = _rows()
    lines = [f"\x1b[7m {' › '.join(text for text, _ in pages.way)} \x1b[0m", ""]
    lines += [
        f"  {KEYS[n]}  {entry.text}{' …' if entry.inside else ''}"
        for n, entry in enumerate(pages.shown(rows))
    ]
    if len(pages.entries) > _fit(rows):
        lines.append(
            f"     {pages.first + 1}–{pages.first + len(pages.shown(rows))} / {len(pages.entries)}"
        )
    lines += ["" for _ in range(rows - len(lines) - 2)]
    lines += [pages.note, f"\x1b[2m{_TEXTS['help'][lang]}\x1b[0m"]
    sys.stdout.write("\x1b[H" + "\r\n".join(f"{line}\x1b[K" for line in lines) + "\x1b[J")
    sys.stdout.flush()


def _fit(rows: int) -> int:
    return max(1, min(len(KEYS), rows - ROWS_USED - 1))


def _rows() -> int:
    return os.get_terminal_size().lines


def _key(tty_fd: int) -> str:
    """Return one key; Esc alone is Esc, a longer escape sequence is nothing we know."""
    first = os.read(tty_fd, 1).decode("latin-1")
    if first != "\x1b":
        return first
    follows, _, _ = select.select([tty_fd], [], [], ESCAPE_WAIT_S)
    if not follows:
        return first
    os.read(tty_fd, 16)
    return "\0"


@contextmanager
def _raw_terminal() -> Iterator[int]:
    """Take the terminal as it is and give it back as it was."""
    tty_fd = sys.stdin.fileno()
    before = termios.tcgetattr(tty_fd)
    tty.setraw(tty_fd)
    sys.stdout.write("\x1b[?1049h\x1b[?25l\x1b[H")
    try:
        yield tty_fd
    finally:
        sys.stdout.write("\x1b[?25h\x1b[?1049l")
        sys.stdout.flush()
        termios.tcsetattr(tty_fd, termios.TCSADRAIN, before)
