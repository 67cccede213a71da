"""Groups of what lies on the bench, in both languages: badges, parcels, items, trays, commands."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sim import labels
from sim.site import Site, TrayPlace
from sim.truth.model import Parcel, Truth, Unit

Text = Mapping[str, str]

_ZONES: Final[Mapping[str, Text]] = {
    "resale": {"ru": "1 продажа", "en": "1 resale"},
    "repair": {"ru": "2 ремонт", "en": "2 repair"},
    "disposal": {"ru": "3 утиль", "en": "3 disposal"},
    "hold": {"ru": "4 разбор", "en": "4 hold"},
    "hazmat": {"ru": "5 опасно", "en": "5 hazmat"},
}
_COMMANDS: Final[Mapping[str, Text]] = {
    "OK": {"ru": "всё цело (0)", "en": "all OK (0)"},
    "ACC": {"ru": "принять (Enter)", "en": "accept (Enter)"},
    "BACK": {"ru": "назад (Esc)", "en": "back (Esc)"},
    "UNMARK": {"ru": "снять отметку (Backspace)", "en": "unmark (Backspace)"},
    "HELP": {"ru": "помощь (F1)", "en": "help (F1)"},
    "LINK": {"ru": "связь (F4)", "en": "link (F4)"},
    "MOVES": {"ru": "перевозки (F6)", "en": "moves (F6)"},
    "MISS": {"ru": "товара нет (F7)", "en": "item missing (F7)"},
    "UNDO": {"ru": "отменить (F9)", "en": "undo (F9)"},
    "DANGER": {"ru": "опасно (F11)", "en": "danger (F11)"},
}


def layout(site: Site, truth: Truth, away: frozenset[str], done: frozenset[str]) -> list[Any]:
    """Return the groups. `away` = trays that are under way, `done` = parcels that were opened."""
    parcels = [p for p in truth.parcels if p.tracking not in done]
    opened = [p for p in truth.parcels if p.tracking in done]
    return [
        _group("badges", [_badge(site, person.no) for person in site.people]),
        _group("parcels", [_parcel(p) for p in parcels] + [_parcel(p) for p in opened]),
        _group("trays", [_tray(site, tray, away) for tray in site.trays]),
        _group("commands", [_command(site, name) for name in labels.COMMANDS]),
    ]


def _group(name: str, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"name": name, "items": [{"n": n, **item} for n, item in enumerate(items, start=1)]}


def _badge(site: Site, number: str) -> dict[str, Any]:
    person = next(person for person in site.people if person.no == number)
    return _entry(dict(person.name), labels.badge(number, site.key), "]C0")


def _parcel(parcel: Parcel) -> dict[str, Any]:
    entry = _entry({"ru": parcel.tracking, "en": parcel.tracking}, parcel.code, parcel.aim)
    items = [_item(unit) for unit in parcel.units if not unit.is_missing]
    return {**entry, "items": [{"n": n, **item} for n, item in enumerate(items, start=1)]}


def _item(unit: Unit) -> dict[str, Any]:
    label = {"ru": unit.article.ru, "en": unit.article.en}
    return {**_entry(label, unit.scan, unit.aim), "truth": unit.scenario.name}


def _tray(site: Site, tray: TrayPlace, away: frozenset[str]) -> dict[str, Any]:
    kind = f" {tray.disposition}" if tray.disposition else ""
    gone = {"ru": " (в пути)", "en": " (under way)"} if tray.id in away else {"ru": "", "en": ""}
    label = {
        lang: f"{tray.id}  {text}{kind}{gone[lang]}" for lang, text in _ZONES[tray.zone].items()
    }
    code = labels.tray(tray.zone, tray.id, site.key)
    return {**_entry(label, code, "]C0"), "away": tray.id in away}


def _command(site: Site, name: str) -> dict[str, Any]:
    return _entry(dict(_COMMANDS[name]), labels.command(name, site.key), "]C0")


def _entry(label: dict[str, str], code: str, aim: str) -> dict[str, Any]:
    return {"label": label, "code": code, "aim": aim}
