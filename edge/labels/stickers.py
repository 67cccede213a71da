"""What the station prints for itself, as values: signed labels, numbers of units; no names on any.

A badge carries its number alone: a label that is lost tells nobody who lost it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from edge.barcodes.signed import signed
from edge.course import item_of, parcel_of, tray_of
from edge.floor import CONTAINER_DIGITS
from edge.labels.symbol import Symbol, code128

LPN_NUMBERS: Final = 10_000
ZONE_DIGITS: Final[Mapping[str, int]] = {
    "resale": 1,
    "repair": 2,
    "disposal": 3,
    "hold": 4,
    "hazmat": 5,
}
ZONE_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "ru": {
        "resale": "ПРОДАЖА",
        "repair": "РЕМОНТ",
        "disposal": "УТИЛЬ",
        "hold": "РАЗБОР",
        "hazmat": "ОПАСНО",
    },
    "en": {
        "resale": "RESALE",
        "repair": "REPAIR",
        "disposal": "DISPOSE",
        "hold": "HOLD",
        "hazmat": "HAZMAT",
    },
}
_BODY: Final = re.compile(r"[0-9A-Z_-]{1,32}", re.ASCII)
# Every command label, in the order of the sheet: its key on the pad is on it, too.
COMMANDS: Final[Mapping[str, Mapping[str, str]]] = {
    "OK": {"ru": "Всё цело · 0", "en": "All OK · 0"},
    **{f"D{n}": {"ru": f"Дефект, выбор · {n}", "en": f"Defect, choice · {n}"} for n in range(1, 9)},
    "PHOTO": {"ru": "Фото · 9", "en": "Photo · 9"},
    "ACC": {"ru": "Принять · Enter", "en": "Accept · Enter"},
    "UNMARK": {"ru": "Снять отметку · Backspace", "en": "Unmark · Backspace"},
    "BACK": {"ru": "Назад · Esc", "en": "Back · Esc"},
    "HELP": {"ru": "Помощь · F1", "en": "Help · F1"},
    "LANG": {"ru": "Язык · F2", "en": "Language · F2"},
    "LOCK": {"ru": "Закрыть экран · F3", "en": "Lock · F3"},
    "LINK": {"ru": "Связь, очередь · F4", "en": "Link, queue · F4"},
    "PRINT": {"ru": "Печать · F5", "en": "Print · F5"},
    "MOVES": {"ru": "Перевозки · F6", "en": "Moves · F6"},
    "MISS": {"ru": "Товара нет · F7", "en": "Item missing · F7"},
    "SHIFT": {"ru": "Смена · F8", "en": "Shift · F8"},
    "UNDO": {"ru": "Отменить · F9", "en": "Undo · F9"},
    "NOLABEL": {"ru": "Нет кода, набрать · F10", "en": "No label, type in · F10"},
    "DANGER": {"ru": "ОПАСНО · F11", "en": "DANGER · F11"},
    "SUPER": {"ru": "Мастер · F12", "en": "Supervisor · F12"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sticker:
    """One label: the symbol, what is written large above it, and its text for people."""

    symbol: Symbol
    title: str
    text: str


def commands(key: bytes, language: str) -> tuple[Sticker, ...]:
    """Return all command labels; who holds the sheet drives the station without a keyboard."""
    return tuple(_signed(f"RX-{name}", title[language], key) for name, title in COMMANDS.items())


def badges(numbers: Iterable[str], key: bytes, language: str) -> tuple[Sticker, ...]:
    """Return a badge for each number of people.toml."""
    word = {"ru": "Бейдж", "en": "Badge"}[language]
    return tuple(_signed(f"RB-{no}", f"{word} {no}", key) for no in numbers)


def trays(zones: Mapping[str, str], key: bytes, language: str) -> tuple[Sticker, ...]:
    """Return a label for each tray; `zones` = zone by tray. Raises KeyError for no zone of ours."""
    return tuple(
        _signed(f"RT-{ZONE_DIGITS[zone]}-{tray}", _zone_title(zone, tray, language), key)
        for tray, zone in zones.items()
    )


def container_numbers(first: str, count: int) -> tuple[str, ...]:
    """Return consecutive numbers from `first` on, e.g. `K00001`.

    Raises ValueError when `first` is none or its series ends before: a number is never used twice.
    """
    series = first.rstrip("0123456789")
    digits = first.removeprefix(series)
    if not series.isalpha() or not series.isascii() or len(digits) != CONTAINER_DIGITS:
        raise ValueError(f"{first!r} is no number of a container: capital letters, five digits")
    start, end = int(digits), 10**CONTAINER_DIGITS
    if not 1 <= count <= end - start:
        raise ValueError(f"{count} from {first}: at most {end - start} are left in {series}")
    return tuple(f"{series}{at:0{CONTAINER_DIGITS}d}" for at in range(start, start + count))


def places(zones: Mapping[str, str], key: bytes, language: str) -> tuple[Sticker, ...]:
    """Return a label for each place; `zones` = zone by place. Raises KeyError as `trays` does."""
    return tuple(
        _signed(f"RL-{ZONE_DIGITS[zone]}-{place}", _zone_title(zone, place, language), key)
        for place, zone in zones.items()
    )


def training(
    zones: Mapping[str, str], tasks: int, key: bytes, language: str
) -> tuple[Sticker, ...]:
    """Return the labels of the training course: trays' doubles, and parcel and piece of each task.

    `zones` = zone by tray. A label of the work is none of the course, nor the other way round.
    """
    word = {"ru": "УЧЕБНОЕ", "en": "TRAINING"}[language]
    doubles = (
        _signed(f"TR-{tray_of(ZONE_DIGITS[zone], tray)}", f"{word} {ZONE_DIGITS[zone]} {tray}", key)
        for tray, zone in zones.items()
    )
    pieces = (
        _signed(f"TR-{body}", f"{word} {number} {body}", key)
        for number in range(1, tasks + 1)
        for body in (parcel_of(number), item_of(number))
    )
    return (*doubles, *pieces)


def lpn_numbers(first: str, count: int) -> tuple[str, ...]:
    """Return consecutive numbers `NNNN-NNNN` from `first` on.

    Raises ValueError when `first` is none or its series ends before: a number is never used twice.
    """
    series, _, number = first.partition("-")
    is_good = len(first) == 9 and first.isascii() and series.isdigit() and number.isdigit()
    if not is_good or len(series) != 4:
        raise ValueError(f"{first!r} is no number: NNNN-NNNN")
    start = int(number)
    if not 1 <= count <= LPN_NUMBERS - start:
        raise ValueError(
            f"{count} from {first}: at most {LPN_NUMBERS - start} are left in {series}"
        )
    return tuple(f"{series}-{at:04d}" for at in range(start, start + count))


def lpns(first: str, count: int) -> tuple[Sticker, ...]:
    """Return labels of unit numbers; see `lpn_numbers`."""
    return tuple(
        Sticker(symbol=code128(number), title=number, text=number)
        for number in lpn_numbers(first, count)
    )


def _signed(body: str, title: str, key: bytes) -> Sticker:
    if _BODY.fullmatch(body) is None:
        raise ValueError(f"{body!r} is no label: capital letters, digits, - and _")
    text = signed(body, key)
    return Sticker(symbol=code128(text), title=title, text=text)


def _zone_title(zone: str, name: str, language: str) -> str:
    return f"{ZONE_DIGITS[zone]} {ZONE_WORDS[language][zone]} · {name}"
