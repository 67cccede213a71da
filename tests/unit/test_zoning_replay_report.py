"""A whole report of a rehearsal, to the letter: what is signed, and what people read."""

from dataclasses import replace

import pytest

from policy_kit import HIGH, LOW, MID, default_pack
from zoning.model import Facts, Members, Value
from zoning.replay.past import EARLY, NO_ANSWERS, NO_PACK, Again, Decided, Past
from zoning.replay.report import BlindSpot, Question, Report, make_report
from zoning.replay.tally import Tally
from zoning.replay.text import lines

REPAIR = Decided("repair", "REFURB", "R10", "eligible", "auto")
SCRAP = Decided("disposal", "RECYCLE", "R17", "review", "auto")
HOLD = Decided("hold", "HOLD_DISPUTE", "R02", "blocked", "auto")
GAPS = (EARLY, NO_PACK, NO_ANSWERS, "step:smell", "seal")


def past(number: int, decided: Decided = REPAIR, **values: Value) -> Past:
    known = {"category": "toys", "grade": "A", "flags": Members(), "value": LOW, **values}
    return Past(
        station="a.b",
        sequence=number,
        unit=f"u{number}",
        policy_sha256="p",
        checklist="toys",
        tenant="shop-a",
        facts=Facts(policy_sha256="p", values=known),
        decided=decided,
    )


def everything() -> Report:
    """Every kind of change, of gap and of line."""
    tally = Tally(limit=1)
    worn = Members(present=frozenset({"fix"}), unknown=frozenset({"wipe"}))
    dear = past(2, category="books", grade="C", value=HIGH, flags=worn)
    elsewhere = replace(past(3, HOLD), station="a.c")
    tally.add(past(1), Again(SCRAP))
    tally.add(replace(dear, tenant="shop-b"), Again(SCRAP))
    tally.add(elsewhere, Again(HOLD._replace(disposition="HOLD_VERIFY", row="R20")))
    tally.add(past(4, SCRAP), Again(REPAIR._replace(move="manual")))
    tally.add(past(5, value=MID), Again(HOLD))
    for number in (6, 7):
        tally.add(past(number), Again(REPAIR._replace(row="R12")))
    for number, gap in enumerate(GAPS, start=8):
        tally.add(replace(past(number), policy_sha256="q" * 64), Again(SCRAP, gap))
    listed = tally.examples["R10", "R17"]
    listed[0] = replace(listed[0], photos=("ab" * 32,))
    item = {"flags": ["recall", "wipe?"], "in_window": True, "value": 5}
    blind = BlindSpot(before="hold", after="resale", item=item, row_before="R03", row_after="R13")
    question = Question(new=default_pack(), base=default_pack(), level=1, since="2025-11-24")
    return make_report(tally, question, (blind,))


CONTENT = {
    "format": "rehearsal/1",
    "level": 1,
    "since": "2025-11-24",
    "currency": "RUB",
    "records": 12,
    "stations": 2,
    "by_station": [{"station": "a.b", "units": 11}, {"station": "a.c", "units": 1}],
    "policies": [
        {"policy_sha256": "p", "units": 7, "value": 3200000, "valued": 7},
        {
            "policy_sha256": "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
            "units": 5,
            "value": 500000,
            "valued": 5,
        },
    ],
    "changed": {"units": 5, "value": 3000000, "valued": 5},
    "renamed": {"units": 2, "value": 200000, "valued": 2},
    "not_comparable": [
        {"why": "answers", "units": 1, "value": 100000, "valued": 1},
        {"why": "pack", "units": 1, "value": 100000, "valued": 1},
        {"why": "seal", "units": 1, "value": 100000, "valued": 1},
        {"why": "settled_early", "units": 1, "value": 100000, "valued": 1},
        {"why": "step:smell", "units": 1, "value": 100000, "valued": 1},
    ],
    "headlines": [
        {
            "row": "R17",
            "of": "zone",
            "from": "repair",
            "to": "disposal",
            "units": 2,
            "value": 2100000,
            "sign": -1,
        },
        {
            "row": "R02",
            "of": "zone",
            "from": "repair",
            "to": "hold",
            "units": 1,
            "value": 700000,
            "sign": 0,
        },
        {
            "row": "R10",
            "of": "zone",
            "from": "disposal",
            "to": "repair",
            "units": 1,
            "value": 100000,
            "sign": 1,
        },
        {
            "row": "R17",
            "of": "refund",
            "from": "eligible",
            "to": "review",
            "units": 2,
            "value": 2100000,
            "sign": 0,
        },
        {
            "row": "R02",
            "of": "refund",
            "from": "eligible",
            "to": "blocked",
            "units": 1,
            "value": 700000,
            "sign": 0,
        },
        {
            "row": "R10",
            "of": "move",
            "from": "auto",
            "to": "manual",
            "units": 1,
            "value": 100000,
            "sign": 0,
        },
        {
            "row": "R10",
            "of": "refund",
            "from": "review",
            "to": "eligible",
            "units": 1,
            "value": 100000,
            "sign": 0,
        },
        {
            "row": "R20",
            "of": "disposition",
            "from": "HOLD_DISPUTE",
            "to": "HOLD_VERIFY",
            "units": 1,
            "value": 100000,
            "sign": 0,
        },
    ],
    "zones": [
        {"from": "disposal", "to": "repair", "units": 1, "value": 100000, "valued": 1},
        {"from": "hold", "to": "hold", "units": 1, "value": 100000, "valued": 1},
        {"from": "repair", "to": "disposal", "units": 2, "value": 2100000, "valued": 2},
        {"from": "repair", "to": "hold", "units": 1, "value": 700000, "valued": 1},
        {"from": "repair", "to": "repair", "units": 2, "value": 200000, "valued": 2},
    ],
    "refunds": [
        {"from": "blocked", "to": "blocked", "units": 1, "value": 100000, "valued": 1},
        {"from": "eligible", "to": "blocked", "units": 1, "value": 700000, "valued": 1},
        {"from": "eligible", "to": "eligible", "units": 2, "value": 200000, "valued": 2},
        {"from": "eligible", "to": "review", "units": 2, "value": 2100000, "valued": 2},
        {"from": "review", "to": "eligible", "units": 1, "value": 100000, "valued": 1},
    ],
    "moves": [
        {"from": "auto", "to": "auto", "units": 6, "value": 3100000, "valued": 6},
        {"from": "auto", "to": "manual", "units": 1, "value": 100000, "valued": 1},
    ],
    "rows": [
        {"from": "R02", "to": "R20", "units": 1, "value": 100000, "valued": 1},
        {"from": "R10", "to": "R02", "units": 1, "value": 700000, "valued": 1},
        {"from": "R10", "to": "R12", "units": 2, "value": 200000, "valued": 2},
        {"from": "R10", "to": "R17", "units": 2, "value": 2100000, "valued": 2},
        {"from": "R17", "to": "R10", "units": 1, "value": 100000, "valued": 1},
    ],
    "categories": [
        {"category": "books", "units": 1, "changed": 1, "delta": -2000000, "unordered": 0},
        {"category": "toys", "units": 11, "changed": 4, "delta": 0, "unordered": 700000},
    ],
    "tenants": [
        {"tenant": "shop-a", "units": 11, "changed": 4, "delta": 0, "unordered": 700000},
        {"tenant": "shop-b", "units": 1, "changed": 1, "delta": -2000000, "unordered": 0},
    ],
    "first_rows": [{"row": "R20", "units": 1}, {"row": "R12", "units": 2}],
    "blind_spots": [
        {
            "from": "hold",
            "to": "resale",
            "item": {"flags": ["recall", "wipe?"], "in_window": True, "value": 5},
            "row_from": "R03",
            "row_to": "R13",
        }
    ],
}
UNITS = [
    {
        "station": "a.c",
        "sequence": 3,
        "unit": "u3",
        "from": ["hold", "HOLD_DISPUTE", "R02", "blocked", "auto"],
        "to": ["hold", "HOLD_VERIFY", "R20", "blocked", "auto"],
        "value": 100000,
        "why": {
            "ru": "R20: flags={}; R02 не подходит: "
            "flags≠any:wrong_item|empty_box|unknown_item|serial_mismatch|mark_mismatch",
            "en": "R20: flags={}; R02 does not fit: "
            "flags≠any:wrong_item|empty_box|unknown_item|serial_mismatch|mark_mismatch",
        },
        "photos": [],
    },
    {
        "station": "a.b",
        "sequence": 5,
        "unit": "u5",
        "from": ["repair", "REFURB", "R10", "eligible", "auto"],
        "to": ["hold", "HOLD_DISPUTE", "R02", "blocked", "auto"],
        "value": 700000,
        "why": {
            "ru": "R02: flags={}; R10 не подходит: flags≠any:fix|test_later|rest_24h|missing_part",
            "en": "R02: flags={}; R10 does not fit: flags≠any:fix|test_later|rest_24h|missing_part",
        },
        "photos": [],
    },
    {
        "station": "a.b",
        "sequence": 1,
        "unit": "u1",
        "from": ["repair", "REFURB", "R10", "eligible", "auto"],
        "to": ["disposal", "RECYCLE", "R17", "review", "auto"],
        "value": 100000,
        "why": {
            "ru": "R17: grade=A; R10 не подходит: flags≠any:fix|test_later|rest_24h|missing_part",
            "en": "R17: grade=A; R10 does not fit: flags≠any:fix|test_later|rest_24h|missing_part",
        },
        "photos": ["abababababababababababababababababababababababababababababababab"],
    },
    {
        "station": "a.b",
        "sequence": 4,
        "unit": "u4",
        "from": ["disposal", "RECYCLE", "R17", "review", "auto"],
        "to": ["repair", "REFURB", "R10", "eligible", "manual"],
        "value": 100000,
        "why": {
            "ru": "R10: grade=A; flags={}; R17 не подходит: grade≠D",
            "en": "R10: grade=A; flags={}; R17 does not fit: grade≠D",
        },
        "photos": [],
    },
]
EN = """\
R17: 2 units repair -> disposal, -21,000
R02: 1 units repair -> hold, worth 7,000
R10: 1 units disposal -> repair, +1,000
R17: 2 units refund eligible -> review
R02: 1 units refund eligible -> blocked
R10: 1 units move auto -> manual
R10: 1 units refund review -> eligible
R20: 1 units disposition HOLD_DISPUTE -> HOLD_VERIFY
12 units of 2 stations: 5 get another outcome, 5 cannot be compared
1 units cannot be compared: their answers are not in the journal
1 units cannot be compared: the pack they were decided under is not at hand
1 units cannot be compared: the fact seal was not asked for
1 units cannot be compared: the inspection was finished before everything was asked
1 units cannot be compared: step smell was not asked
2 units are decided by another row, with the same outcome
Decided under several packs: p 7, qqqqqqqqqqqq 5
Blind spot: hold -> resale (R03 -> R13): history holds no such unit: flags={recall, wipe?} \
in_window=y value=5

Zones: from -> to, units, value
  disposal -> repair  1  1,000
  hold -> hold  1  1,000
  repair -> disposal  2  21,000
  repair -> hold  1  7,000
  repair -> repair  2  2,000

Refunds: from -> to, units
  blocked -> blocked  1
  eligible -> blocked  1
  eligible -> eligible  2
  eligible -> review  2
  review -> eligible  1

Moves: from -> to, units
  auto -> auto  6
  auto -> manual  1

Categories: units, changed, delta
  books  1  1  -20,000
  toys  11  4  0

Tenants: units, changed, delta
  shop-a  11  4  0
  shop-b  1  1  -20,000

Rows: from -> to, units
  R02 -> R20  1
  R10 -> R02  1
  R10 -> R12  2
  R10 -> R17  2
  R17 -> R10  1
Rows that never fire: R01, R18, R19, R03, R04, R05, R06, R07, R08, R09, R11, R13, R14, R15, R16
Rows that fire for the first time: R20 1, R12 2

Units with another outcome: 4 of 5 shown
  a.c u3  hold -> hold  R20: flags={}; R02 does not fit: \
flags≠any:wrong_item|empty_box|unknown_item|serial_mismatch|mark_mismatch
  a.b u5  repair -> hold  R02: flags={}; R10 does not fit: \
flags≠any:fix|test_later|rest_24h|missing_part
  a.b u1  repair -> disposal  R17: grade=A; R10 does not fit: \
flags≠any:fix|test_later|rest_24h|missing_part abababababab
  a.b u4  disposal -> repair  R10: grade=A; flags={}; R17 does not fit: grade≠D"""
RU = """\
R17: 2 ед. ремонт -> утиль, -21,000
R02: 1 ед. ремонт -> ожидание, на 7,000
R10: 1 ед. утиль -> ремонт, +1,000
R17: 2 ед. возврат денег: eligible -> review
R02: 1 ед. возврат денег: eligible -> blocked
R10: 1 ед. перемещение: auto -> manual
R10: 1 ед. возврат денег: review -> eligible
R20: 1 ед. судьба: HOLD_DISPUTE -> HOLD_VERIFY
12 ед., станций 2: другой итог у 5, сравнить нельзя 5
не сравнить 1 ед.: в журнале нет ответов
не сравнить 1 ед.: нет пакета, по которому решали
не сравнить 1 ед.: факт seal не спрашивался
не сравнить 1 ед.: осмотр закончен раньше, чем было спрошено всё
не сравнить 1 ед.: шаг smell не задавался
2 ед. решает другая строка, итог тот же
Решены по разным пакетам: p 7, qqqqqqqqqqqq 5
Слепое пятно: ожидание -> продажа (R03 -> R13): в истории нет такой единицы: flags={recall, \
wipe?} in_window=y value=5

Зоны: было -> стало, единиц, на сумму
  утиль -> ремонт  1  1,000
  ожидание -> ожидание  1  1,000
  ремонт -> утиль  2  21,000
  ремонт -> ожидание  1  7,000
  ремонт -> ремонт  2  2,000

Возврат денег: было -> стало, единиц
  blocked -> blocked  1
  eligible -> blocked  1
  eligible -> eligible  2
  eligible -> review  2
  review -> eligible  1

Перемещение: было -> стало, единиц
  auto -> auto  6
  auto -> manual  1

По категориям: единиц, меняется, разница
  books  1  1  -20,000
  toys  11  4  0

По клиентам: единиц, меняется, разница
  shop-a  11  4  0
  shop-b  1  1  -20,000

Строки: было -> стало, единиц
  R02 -> R20  1
  R10 -> R02  1
  R10 -> R12  2
  R10 -> R17  2
  R17 -> R10  1
Ни разу не сработали: R01, R18, R19, R03, R04, R05, R06, R07, R08, R09, R11, R13, R14, R15, R16
Сработали впервые: R20 1, R12 2

Единицы с другим итогом: показано 4 из 5
  a.c u3  ожидание -> ожидание  R20: flags={}; R02 не подходит: \
flags≠any:wrong_item|empty_box|unknown_item|serial_mismatch|mark_mismatch
  a.b u5  ремонт -> ожидание  R02: flags={}; R10 не подходит: \
flags≠any:fix|test_later|rest_24h|missing_part
  a.b u1  ремонт -> утиль  R17: grade=A; R10 не подходит: \
flags≠any:fix|test_later|rest_24h|missing_part abababababab
  a.b u4  утиль -> ремонт  R10: grade=A; flags={}; R17 не подходит: grade≠D"""


def test_the_content_is_what_the_records_come_to() -> None:
    content = dict(everything().content)
    pack = default_pack()
    named = {"id": pack.id, "version": pack.version, "sha256": pack.sha256}
    assert (content.pop("candidate"), content.pop("base")) == (named, named)
    silent = content.pop("silent_rows")
    assert set(silent) | {"R02", "R10", "R12", "R17", "R20"} == {r.id for r in pack.table.rows}
    assert content.pop("units") == UNITS
    assert content == CONTENT


@pytest.mark.parametrize(("language", "text"), [("en", EN), ("ru", RU)])
def test_the_text_says_it_in_the_order_of_weight(language: str, text: str) -> None:
    assert list(lines(everything(), language)) == text.split("\n")


def test_the_numbers_of_the_head_are_those_of_the_content() -> None:
    report = everything()
    assert (report.records, report.stations, report.base_sha256) == (12, 2, default_pack().sha256)
    nothing = make_report(Tally(), Question(new=default_pack(), base=None, level=2), ())
    assert (nothing.records, nothing.stations, nothing.base_sha256) == (0, 0, "")
    assert nothing.content["changed"] == {"units": 0, "value": 0, "valued": 0}
