"""The report of a shift as ZPL on one label: what was done, what is left open. Pure.

Whose shift it was is said by the badge number: a name never stands on a label.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from edge.labels.stickers import ZONE_WORDS
from edge.labels.zpl import DOTS_PER_MM, LABEL_MM, escaped

LINE_MM: Final = 4
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "ru": {
        "head": "СМЕНА {station} {operator} {day}",
        "time": "с {since}, {hours}:{minutes:02} ч, паузы {pause} мин",
        "done": "позиций {units}, посылок {parcels}",
        "pace": "{mean} с/поз, действий {acts}",
        "fixes": "исправлений {corrections}, с мастером {supervised}, без фото {photos}",
        "open": "к отправке {unsent}, лотков в пути {moves}, неясно {doubts}",
    },
    "en": {
        "head": "SHIFT {station} {operator} {day}",
        "time": "since {since}, {hours}:{minutes:02} h, pauses {pause} min",
        "done": "items {units}, parcels {parcels}",
        "pace": "{mean} s/item, acts {acts}",
        "fixes": "corrections {corrections}, by supervisor {supervised}, no photo {photos}",
        "open": "unsent {unsent}, trays under way {moves}, in doubt {doubts}",
    },
}
_DECIMAL: Final[Mapping[str, str]] = {"ru": ",", "en": "."}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftFacts:
    """What stands on the report. `since` = HH:MM, `acts_tenths` = tenths of an act an item."""

    station: str
    operator: str
    day: str
    since: str
    length_min: int = 0
    pause_min: int = 0
    zones: Mapping[str, int] = field(default_factory=dict)
    units: int = 0
    parcels: int = 0
    mean_s: int = 0
    acts_tenths: int = 0
    corrections: int = 0
    supervised: int = 0
    photos_missing: int = 0
    unsent: int = 0
    moves: int = 0
    doubts: int = 0


def shift_report(facts: ShiftFacts, *, language: str, dpi: int) -> bytes:
    """Return one label of 80 by 50 mm in UTF-8."""
    mm = DOTS_PER_MM[dpi]
    texts = _lines(facts, language)
    size = LINE_MM * mm * 8 // 10
    rows = (
        f"^FO{3 * mm},{(2 + n * LINE_MM) * mm}^A0N,{size},{size * 8 // 10}^FH_^FD{escaped(text)}^FS"
        for n, text in enumerate(texts)
    )
    head = f"^XA^CI28^PW{LABEL_MM[0] * mm}^LL{LABEL_MM[1] * mm}"
    return "\n".join((head, *rows, "^XZ")).encode("utf-8") + b"\n"


def _lines(facts: ShiftFacts, language: str) -> list[str]:
    words = _WORDS[language]
    whole, tenth = divmod(facts.acts_tenths, 10)
    said = {
        "station": facts.station,
        "operator": facts.operator,
        "day": facts.day,
        "since": facts.since,
        "hours": facts.length_min // 60,
        "minutes": facts.length_min % 60,
        "pause": facts.pause_min,
        "units": facts.units,
        "parcels": facts.parcels,
        "mean": facts.mean_s,
        "acts": f"{whole}{_DECIMAL[language]}{tenth}",
        "corrections": facts.corrections,
        "supervised": facts.supervised,
        "photos": facts.photos_missing,
        "unsent": facts.unsent,
        "moves": facts.moves,
        "doubts": facts.doubts,
    }
    above = [words[name].format_map(said) for name in ("head", "time", "done")]
    zones = [
        f"{ZONE_WORDS[language][zone]} {n}"
        for zone in ZONE_WORDS[language]
        if (n := facts.zones.get(zone, 0))
    ]
    below = [words[name].format_map(said) for name in ("pace", "fixes", "open")]
    return [*above, *zones, *below]
