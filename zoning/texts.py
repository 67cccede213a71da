"""Texts from outside: what no policy file needs is refused before parsing, lines are found.

One pass over the text each, so that time and memory grow with the length alone.
"""

import re
from collections.abc import Iterator
from typing import TypeAlias

ENTRIES_MAX = 20_000
NESTING_MAX = 16
WORD_MAX = 64

Path: TypeAlias = tuple[str | int, ...]

# Control and format characters, line separators, private use, and a byte order mark inside.
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ue000-\uf8ff\ufeff\ufff0-\uffff\U000e0000-\U0010ffff]"
)
UNPRINTABLE = re.compile(f"[\t\n]|{HIDDEN.pattern}")
# Strings are closed by the end of the text at the latest, so that every text has tokens. No match
# can fail once it has begun, so nothing is tried twice. Possessive repeats would say so, but the
# Python of Debian 12 (3.11.2) reads them wrongly.
_TOKEN = re.compile(
    r'(?P<text>"""(?:[^"\\]+|\\[\s\S]|"(?!""))*(?:"{3,5}|\Z|\\)'
    + r"|'''(?:[^']+|'(?!''))*(?:'{3,5}|\Z)"
    + r'|"(?:[^"\\\n]+|\\[^\n])*"?'
    + r"|'[^'\n]*'?)"
    + r"|(?P<note>#[^\n]*)"
    + r"|(?P<word>[A-Za-z0-9_+\-:]+)"
    + r"|(?P<mark>[\[\]{},=.\n])"
)
_OPEN, _CLOSE = ("[", "{"), ("]", "}")
_ENTRY_MARKS = (b"=", b",", b"[", b"{", b"\n")


def entries(content: bytes) -> int:
    """Return how many keys, values and lines a file has at most: what reading it will cost."""
    return sum(map(content.count, _ENTRY_MARKS))


def excess(text: str) -> tuple[int, str] | None:
    """Return the line and the limit that a text breaks; None = it may be parsed."""
    if entries(text.encode()) > ENTRIES_MAX:
        return 1, f"{ENTRIES_MAX} entries"
    depth = parts = 0
    line = 1
    for word, kind in _tokens(text):
        depth += (word in _OPEN) - (word in _CLOSE)
        parts = parts + 1 if word == "." else parts if kind != "mark" else 0
        if depth > NESTING_MAX or parts > NESTING_MAX:
            return line, f"{NESTING_MAX} levels"
        if kind == "word" and len(word) > WORD_MAX:
            return line, f"{WORD_MAX} characters in a key or number"
        line += word.count("\n")
    return None


def hidden(text: str) -> tuple[int, str] | None:
    """Return the line and the name, as U+200B, of the first character nobody can see."""
    found = HIDDEN.search(text)
    if found is None:
        return None
    return text.count("\n", 0, found.start()) + 1, f"U+{ord(found[0]):04X}"


def locate(text: str) -> dict[Path, int]:
    """Return the line of every table, key and array element of a TOML text that parses."""
    return _Lines(text).lines


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yield the words and their kinds: text, note, word or mark."""
    for found in _TOKEN.finditer(text):
        yield found[0], found.lastgroup or ""


class _Lines:
    """Walks over the statements: a header, or a key with its value."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        self._tokens = _tokens(text)
        self._line = 1
        header: Path = ()
        for word, kind in self._tokens:
            if word == "[":
                header = self._header()
            elif kind in ("word", "text"):
                self._entry((*header, _bare(word), *self._key("=")))
            elif word == "\n":
                self._line += 1

    def _key(self, end: str) -> tuple[str, ...]:
        """Read the parts of a dotted key up to a mark."""
        parts = []
        for word, kind in self._tokens:
            if word == end:
                break
            if kind in ("word", "text"):
                parts.append(_bare(word))
        return tuple(parts)

    def _header(self) -> Path:
        """Return the path of a table header; a `[[name]]` opens the next element.

        What stands around it begins where it is named first.
        """
        word, _ = next(self._tokens)
        is_element = word == "["
        parts = self._key("]")
        *outer, last = parts if is_element else (_bare(word), *parts)
        path: Path = ()
        for part in outer:
            path = self._newest((*path, part))
        path = (*path, last)
        if is_element:
            self._counts[path] = self._counts.get(path, -1) + 1
            path = self._newest(path)
            next(self._tokens)
        for length in range(1, len(path)):
            self.lines.setdefault(path[:length], self._line)
        self.lines[path] = self._line
        return path

    def _newest(self, path: Path) -> Path:
        return (*path, self._counts[path]) if path in self._counts else path

    def _entry(self, key: Path) -> None:
        """Walk over one value up to the end of its line. Notes each `{` of an array."""
        self.lines[key] = self._line
        depth = index = 0
        for word, _ in self._tokens:
            if word == "{" and depth == 1:
                self.lines[*key, index] = self._line
                index += 1
            depth += (word in _OPEN) - (word in _CLOSE)
            self._line += word.count("\n")
            if word == "\n" and depth <= 0:
                return


def _bare(word: str) -> str:
    """Return a key without its quotes."""
    return word[1:-1] if word[0] in "\"'" else word


def shown(value: object, longest: int = 300) -> str:
    """Return a foreign value as one short line that any terminal may print."""
    text = str(value)[: longest + 1]
    cut = text if len(text) <= longest else f"{text[:longest]}…"
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in cut)
