"""The shift's report on paper: its figures in both languages, on one label, without a name."""

import pytest

from edge.labels.shift_report import LINE_MM, ShiftFacts, shift_report
from edge.labels.zpl import LABEL_MM

FACTS = ShiftFacts(
    station="ST-01",
    operator="0417",
    day="28.11.2026 14:02",
    since="08:01",
    length_min=361,
    pause_min=42,
    zones={"resale": 108, "repair": 41, "disposal": 12, "hold": 3, "hazmat": 1},
    units=165,
    parcels=131,
    mean_s=21,
    acts_tenths=32,
    corrections=3,
    supervised=1,
    photos_missing=1,
    unsent=38,
    moves=2,
    doubts=1,
)


def texts(job: bytes) -> list[str]:
    rows = job.decode("utf-8").splitlines()
    return [row.partition("^FD")[2].removesuffix("^FS") for row in rows if "^FD" in row]


def test_the_report_tells_what_was_done_and_what_is_open() -> None:
    assert texts(shift_report(FACTS, language="ru", dpi=203)) == [
        "СМЕНА ST-01 0417 28.11.2026 14:02",
        "с 08:01, 6:01 ч, паузы 42 мин",
        "позиций 165, посылок 131",
        "ПРОДАЖА 108",
        "РЕМОНТ 41",
        "УТИЛЬ 12",
        "РАЗБОР 3",
        "ОПАСНО 1",
        "21 с/поз, действий 3,2",
        "исправлений 3, с мастером 1, без фото 1",
        "к отправке 38, лотков в пути 2, неясно 1",
    ]
    assert "21 s/item, acts 3.2" in texts(shift_report(FACTS, language="en", dpi=203))


@pytest.mark.parametrize("dpi", [203, 300])
def test_the_longest_report_stays_on_its_label(dpi: int) -> None:
    rows = texts(shift_report(FACTS, language="ru", dpi=dpi))
    assert 2 + len(rows) * LINE_MM <= LABEL_MM[1]


def test_zones_without_a_piece_are_left_out() -> None:
    empty = ShiftFacts(station="ST-01", operator="0417", day="", since="08:01")
    assert not any("ПРОДАЖА" in row for row in texts(shift_report(empty, language="ru", dpi=203)))
