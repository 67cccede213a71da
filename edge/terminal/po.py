"""Reads gettext .po sources without a build step; refuses what it does not understand.

The text is turned into the binary form in memory, so that plural rules and look-ups are those
of the standard library.
"""

import ast
import struct
from gettext import GNUTranslations
from io import BytesIO
from typing import Final

_MAGIC: Final = 0x950412DE
_HEADER: Final = 28


class CatalogueError(ValueError):
    """A line of a .po file that is not understood."""

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self.text = text
        super().__init__(f"catalogue: line {number}: {text!r} is no entry")


def translations(source: str) -> tuple[GNUTranslations, frozenset[str]]:
    """Return the translations of a .po text and its message ids. Raises CatalogueError."""
    entries = _entries(source)
    ids = frozenset(key.partition("\0")[0] for key in entries if key)
    return GNUTranslations(BytesIO(_compiled(entries))), ids


def _entries(source: str) -> dict[str, str]:
    """Return the pairs as the binary form has them: plural parts are joined by a zero byte."""
    found: dict[str, str] = {}
    fields: dict[str, str] = {}
    current = ""
    for number, raw in enumerate(source.splitlines(), 1):
        text = raw.strip()
        if not text or text.startswith("#"):
            continue
        keyword, _, rest = ("", "", text) if text.startswith('"') else text.partition(" ")
        if keyword == "msgid":
            _close(found, fields)
            fields = {}
        if keyword:
            current = keyword
            fields[current] = ""
        fields[current] = fields.get(current, "") + _unquoted(number, rest)
    _close(found, fields)
    return found


def _unquoted(number: int, text: str) -> str:
    if len(text) < 2 or not (text.startswith('"') and text.endswith('"')):
        raise CatalogueError(number, text)
    return str(ast.literal_eval(text))


def _close(found: dict[str, str], fields: dict[str, str]) -> None:
    if not fields:
        return
    key = fields["msgid"]
    if "msgid_plural" in fields:
        key = f"{key}\0{fields['msgid_plural']}"
    forms = [text for keyword, text in sorted(fields.items()) if keyword.startswith("msgstr")]
    found[key] = "\0".join(forms)


def _compiled(entries: dict[str, str]) -> bytes:
    """Return the binary form (GNU gettext manual, "The Format of GNU MO Files")."""
    pairs = sorted((key.encode(), text.encode()) for key, text in entries.items())
    originals = _HEADER
    translated = originals + 8 * len(pairs)
    at = translated + 8 * len(pairs)
    tables: list[bytes] = []
    body = b""
    for column in (0, 1):
        for pair in pairs:
            tables.append(struct.pack("<2I", len(pair[column]), at + len(body)))
            body += pair[column] + b"\0"
    head = struct.pack("<7I", _MAGIC, 0, len(pairs), originals, translated, 0, 0)
    return head + b"".join(tables) + body
