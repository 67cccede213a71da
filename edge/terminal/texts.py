"""Texts of one language: messages by id with parameters, labels, zones, key names.

A message that is not in the catalogue is shown by its id: visible, never an empty place.
"""

from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations
from importlib.resources import files
from typing import Any, Final

from edge.terminal.po import translations
from edge.views import Label, Message

LANGUAGES: Final = ("ru", "en")
TOOK: Final = "took"  # milliseconds, read as seconds

_FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "z": ("zone",),
    "zone": ("zone",),
    "a": ("zone", "disp", "lane"),
    "b": ("zone", "disp", "lane"),
    "state": ("move",),
    "light": ("light",),
    "disposition": ("disp",),
    "r": ("carrier",),
}


class _Parameters(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "…"


class Texts:
    """Everything that is said in one language."""

    def __init__(self, lang: str, found: GNUTranslations, ids: frozenset[str]) -> None:
        self.lang = lang
        self.ids = ids
        self._found = found

    def say(self, msgid: str, given: Mapping[str, Any] | None = None) -> str:
        """Return the message; the parameter `n` chooses its plural form."""
        if msgid not in self.ids:
            return msgid
        given = given or {}
        count = given.get("n")
        pattern = self._found.ngettext(msgid, msgid, count if isinstance(count, int) else 1)
        if pattern == msgid:
            pattern = self._found.gettext(msgid)
        shown = {name: self.parameter(name, value) for name, value in given.items()}
        return pattern.format_map(_Parameters(shown))

    def label(self, label: Label) -> str:
        """Return the label in this language, else in any it has."""
        return str(label.get(self.lang) or next(iter(label.values()), ""))

    def message(self, message: Message) -> str:
        """Return a message of a view."""
        return self.say(message.t, message.p)

    def parameter(self, name: str, value: Any) -> str:
        """Return a parameter for reading: a label, a message, a known word, else as it is."""
        if isinstance(value, Mapping):
            if "t" in value:
                return self.say(str(value["t"]), value.get("p", {}))
            return self.label(value)
        if isinstance(value, list | tuple):
            return ", ".join(self.parameter(name, each) for each in value)
        if name == TOOK and isinstance(value, int):
            seconds = f"{value / 1000:.2f}"
            return seconds.replace(".", ",") if self.lang == "ru" else seconds
        if not isinstance(value, str):
            return str(value)
        if value in self.ids and "." in value:
            return self.say(value)
        return self._words(name, value)

    def _words(self, name: str, value: str) -> str:
        families = _FAMILIES.get(name, (name,))
        whole = self._word(families, value)
        if whole != value or "/" not in value:
            return whole
        parts = value.split("/")
        known = [self._word(families, part) for part in parts]
        return " · ".join(known) if known[0] != parts[0] else value

    def _word(self, families: tuple[str, ...], value: str) -> str:
        ids = (f"{family}.{value}" for family in families)
        return next((self.say(each) for each in ids if each in self.ids), value)

    def word(self, family: str, value: str) -> str:
        """Return the word of a code in a family such as `zone` or `move`, else the code."""
        return self._word((family,), value)


@cache
def texts(lang: str) -> Texts:
    """Return the texts of a language; an unknown one is Russian, the station's first language."""
    known = lang if lang in LANGUAGES else LANGUAGES[0]
    source = files("edge.terminal").joinpath("locale", known, "terminal.po")
    found, ids = translations(source.read_text(encoding="utf-8"))
    return Texts(known, found, ids)


def other(lang: str) -> str:
    """Return the language that F2 switches to."""
    return LANGUAGES[(LANGUAGES.index(lang) + 1) % len(LANGUAGES)] if lang in LANGUAGES else "en"
