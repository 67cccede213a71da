"""What every part of the screen is drawn with: the texts, the width, the rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge.terminal.cells import Line, line, paragraph
from edge.terminal.texts import Texts
from edge.terminal.theme import BOLD, FAINT, zone_style
from edge.views import Item, Mark

INDENT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pen:
    """Size of one region in cells and the language it is written in."""

    texts: Texts
    width: int
    height: int

    def say(self, msgid: str, **given: object) -> str:
        """Return a text of the catalogue."""
        return self.texts.say(msgid, given)

    def text(self, msgid: str, style: str = "", **given: object) -> list[Line]:
        """Return a text of the catalogue as indented lines that fit."""
        return paragraph(self.say(msgid, **given), self.width, indent=INDENT, style=style)

    def zone(self, zone: str) -> tuple[str, str]:
        """Return the zone's digit and word in its colours."""
        return f" {self.texts.word('zone', zone)} ", zone_style(zone)

    def item(self, item: Item) -> Line:
        """Return the name of what is in the hand and its codes."""
        codes = "  ".join(f"{scheme.upper()} {code}" for scheme, code in item.ids)
        return line((self.texts.label(item.name), BOLD), (f"   {codes}" if codes else "", FAINT))

    def marked(self, marks: Sequence[Mark]) -> list[Line]:
        """Return what was marked, in the words of the answers; nothing of nothing."""
        label = self.texts.label
        said = [f"{label(mark.t)}: {label(mark.said)}" for mark in marks if mark.said is not None]
        return paragraph(f"✗ {'; '.join(said)}", self.width, style=BOLD) if said else []


BLANK = line("")


def key_name(k: str, pen: Pen) -> str:
    """Return the name printed on the key."""
    return k.upper() if k[:1] == "f" and k[1:].isdigit() else pen.texts.word("keyname", k)
