"""zone.csv on its own: cells, rows and header are read to the letter and printed canonically."""

import pytest

from zoning.findings import Report
from zoning.grammar import GrammarError, Test
from zoning.model import Domain, Kind, Members, Range, Refund, Value, Zone
from zoning.policy import Disposition, Policy
from zoning.table import (
    CELL_MAX,
    NOTE_MAX,
    ROWS_MAX,
    BoolCell,
    Cell,
    NumberCell,
    OneOfCell,
    Row,
    SetCell,
    Table,
    cell_truth,
    read_cell,
    read_table,
    show_cell,
    show_table,
)

GRADE = Domain(kind=Kind.ENUM, values=("A", "B", "C"), ordered=True)
FLAGS = Domain(kind=Kind.SET, values=("wipe", "fix", "sharp"))
VALUE = Domain(
    kind=Kind.INT,
    range=Range(low=-9, high=99),
    classes={"low": Range(high=9), "mid": Range(low=10, high=49), "high": Range(low=50)},
)
MASS = Domain(kind=Kind.DECIMAL, range=Range(low=0, high=999), precision=2)
LATE = Domain(kind=Kind.BOOL)
DOMAINS = {"grade": GRADE, "flags": FLAGS, "value": VALUE, "mass": MASS, "late": LATE}
POLICY = Policy(
    id="small",
    version=7,
    sha256="",
    currency="EUR",
    domains=DOMAINS,
    flags={},
    ungraded_flags=(),
    dispositions={
        "SELL": Disposition(zone=Zone.RESALE, label={}),
        "FIX": Disposition(zone=Zone.REPAIR, label={}),
    },
    retired=("R99",),
)
HEAD = "#zoning-table/1 policy=small version=7 hit=first\n"
COLUMNS = "id,grade,flags,value,mass,late,>zone,>disposition,>refund,>actions,note_ru,note_en\n"
ROW = "R01,A,,,,,resale,SELL,eligible,,да,yes\n"
TEXT = HEAD + COLUMNS + ROW


def read(text: str, policy: Policy = POLICY) -> tuple[Table, list[str]]:
    """Return the table and what was found, as `line text`."""
    report = Report()
    table = read_table("zone.csv", text.encode(), policy, ("ru", "en"), report=report)
    assert {key[0] for key in report.found} <= {"zone.csv"}
    return table, [f"{key[1]} {key[2]}" for key in sorted(report.found)]


CELLS: tuple[tuple[Domain, str, Cell | None, str], ...] = (
    (GRADE, "", None, ""),
    (GRADE, " - ", None, ""),
    (GRADE, "B", OneOfCell(values=("B",)), "B"),
    (GRADE, " C | A ", OneOfCell(values=("A", "C")), "A|C"),
    (GRADE, "!B", OneOfCell(values=("A", "C")), "A|C"),
    (GRADE, "!C|A", OneOfCell(values=("B",)), "B"),
    (LATE, "y", BoolCell(value=True), "y"),
    (LATE, " n ", BoolCell(value=False), "n"),
    (VALUE, "low", NumberCell(ranges=(Range(high=9),), classes=("low",)), "low"),
    (
        VALUE,
        "high | low",
        NumberCell(ranges=(Range(high=9), Range(low=50)), classes=("low", "high")),
        "low|high",
    ),
    (VALUE, ">=5", NumberCell(ranges=(Range(low=5),)), ">=5"),
    (VALUE, "<5", NumberCell(ranges=(Range(high=4),)), "<=4"),
    (VALUE, "-5..5", NumberCell(ranges=(Range(low=-5, high=5),)), "-5..5"),
    (VALUE, "5..<6", NumberCell(ranges=(Range(low=5, high=5),)), "5..5"),
    (MASS, ">1.5", NumberCell(ranges=(Range(low=151),)), ">=1.51"),
    (MASS, "0.1..0.25", NumberCell(ranges=(Range(low=10, high=25),)), "0.10..0.25"),
    (FLAGS, "any:wipe", SetCell(tests=((Test.ANY, ("wipe",)),)), "any:wipe"),
    (FLAGS, "any: fix | wipe ", SetCell(tests=((Test.ANY, ("wipe", "fix")),)), "any:wipe|fix"),
    (FLAGS, "all:fix|wipe", SetCell(tests=((Test.ALL, ("wipe", "fix")),)), "all:wipe|fix"),
    (FLAGS, "none:fix", SetCell(tests=((Test.NONE, ("fix",)),)), "none:fix"),
    (FLAGS, "only:fix", SetCell(tests=((Test.ONLY, ("fix",)),)), "only:fix"),
    (FLAGS, "empty", SetCell(tests=((Test.ONLY, ()),)), "empty"),
    (
        FLAGS,
        "none:fix& any:wipe ",
        SetCell(tests=((Test.NONE, ("fix",)), (Test.ANY, ("wipe",)))),
        "none:fix & any:wipe",
    ),
)  # fmt: skip


@pytest.mark.parametrize(("domain", "text", "cell", "printed"), CELLS)
def test_a_cell_is_read_and_printed_canonically(
    domain: Domain, text: str, cell: Cell | None, printed: str
) -> None:
    assert read_cell(text, domain) == cell
    assert show_cell(cell, domain) == printed
    assert read_cell(printed, domain) == cell


@pytest.mark.parametrize(
    ("domain", "text", "ru", "en"),
    [
        (GRADE, "E", "нет значений E", "no such values: E"),
        (GRADE, "F|A|E", "нет значений E F", "no such values: E F"),
        (GRADE, "A!", "нет значений A!", "no such values: A!"),
        (GRADE, "!", "нет значений ", "no such values: "),
        (GRADE, "!A|B|C", "!A|B|C: ничего не остаётся", "!A|B|C: nothing is left"),
        (LATE, "yes", "yes: нужно y или n", "yes: y or n is expected"),
        (VALUE, "cheap", "cheap не диапазон", "cheap is no range"),
        (VALUE, "low|5", "low|5 не диапазон", "low|5 is no range"),
        (VALUE, "1.5..2", "1.5: знаков больше 0", "1.5: more than 0 places"),
        (FLAGS, "wipe", "wipe: нужно any:…", "wipe: any:… is expected"),
        (FLAGS, "empty:wipe", "empty:wipe: нужно any:…", "empty:wipe: any:… is expected"),
        (FLAGS, "any", "any: нужно any:…", "any: any:… is expected"),
        (FLAGS, "is:wipe", "is:wipe: нужно any:…", "is:wipe: any:… is expected"),
        (FLAGS, "any:", "нет значений ", "no such values: "),
        (FLAGS, "any:wipe|red", "нет значений red", "no such values: red"),
        (FLAGS, "any:wipe & any", " any: нужно any:…", " any: any:… is expected"),
    ],
)
def test_a_cell_nobody_understands_says_why(domain: Domain, text: str, ru: str, en: str) -> None:
    with pytest.raises(GrammarError) as caught:
        read_cell(text, domain)
    assert (caught.value.ru, caught.value.en) == (ru, en)


def members(present: str, unknown: str = "") -> Members:
    return Members(present=frozenset(present.split()), unknown=frozenset(unknown.split()))


@pytest.mark.parametrize(
    ("domain", "text", "value", "expected"),
    [
        (GRADE, "A|B", "B", True),
        (GRADE, "A|B", "C", False),
        (GRADE, "A|B", None, None),
        (LATE, "y", True, True),
        (LATE, "y", False, False),
        (LATE, "n", False, True),
        (VALUE, "low|high", 9, True),
        (VALUE, "low|high", 10, False),
        (VALUE, "low|high", 50, True),
        (VALUE, "low|high", "9", False),
        (FLAGS, "none:fix & any:wipe", members("wipe"), True),
        (FLAGS, "none:fix & any:wipe", members("wipe fix"), False),
        (FLAGS, "none:fix & any:wipe", members("wipe", "fix"), None),
        (FLAGS, "none:fix & any:wipe", members("", "fix wipe"), None),
        (FLAGS, "none:fix & any:wipe", members("", "fix"), False),
        (FLAGS, "empty", members(""), True),
        (FLAGS, "empty", members("", "fix"), None),
    ],
)
def test_a_cell_accepts_rejects_or_cannot_know(
    domain: Domain, text: str, value: Value | None, expected: bool | None
) -> None:
    cell = read_cell(text, domain)
    assert cell is not None
    assert cell_truth(cell, value) is expected


def test_a_row_lands_in_its_fields() -> None:
    text = TEXT + 'R02,!A,any:fix,mid,>1.5,n,repair,FIX,review,WASH|IRON,"а, ""б""","x; y"\n'
    table, findings = read(text)
    assert findings == []
    assert table.columns == ("grade", "flags", "value", "mass", "late")
    second = Row(
        id="R02",
        cells={
            "grade": OneOfCell(values=("B", "C")),
            "flags": SetCell(tests=((Test.ANY, ("fix",)),)),
            "value": NumberCell(ranges=(Range(low=10, high=49),), classes=("mid",)),
            "mass": NumberCell(ranges=(Range(low=151),)),
            "late": BoolCell(value=False),
        },
        zone=Zone.REPAIR,
        disposition="FIX",
        refund=Refund.REVIEW,
        actions=("WASH", "IRON"),
        note={"ru": 'а, "б"', "en": "x; y"},
    )
    assert table.rows[1] == second
    assert [row.line for row in table.rows] == [3, 4]
    assert table.rows[0].cells == {"grade": OneOfCell(values=("A",))}
    assert (table.rows[0].actions, table.rows[0].note) == ((), {"ru": "да", "en": "yes"})
    assert (table.row("R02"), table.row("R03")) == (second, None)
    assert show_table(table, POLICY, ("ru", "en")) == (
        HEAD
        + COLUMNS
        + ROW
        + 'R02,B|C,any:fix,mid,>=1.51,n,repair,FIX,review,WASH|IRON,"а, ""б""","x; y"\n'
    )


def test_the_print_leaves_out_actions_that_no_row_has_and_keeps_the_order_of_languages() -> None:
    table, _ = read(TEXT)
    assert show_table(table, POLICY, ("en", "ru")) == (
        HEAD
        + "id,grade,flags,value,mass,late,>zone,>disposition,>refund,note_en,note_ru\n"
        + "R01,A,,,,,resale,SELL,eligible,yes,да\n"
    )


def test_blank_lines_and_the_semicolons_of_a_spreadsheet_change_nothing() -> None:
    table, _ = read(TEXT)
    for text in (
        TEXT.replace("R01", "\n,,,\nR01"),
        HEAD.replace("\n", ";;;\n") + (COLUMNS + ROW).replace(",", ";"),
        f'"{HEAD.strip()}"\n{COLUMNS}{ROW}',
        "\ufeff" + TEXT.replace("\n", "\r\n"),
        TEXT.replace(",A,", ", A ,"),
        TEXT.rstrip("\n"),
    ):
        assert read(text) == (table, []), text


def test_a_row_knows_its_first_line() -> None:
    text = TEXT.replace("да,yes", '"д\nа","yes\n"') + "\n" + ROW.replace("R01", "R02")
    table, findings = read(text)
    assert [row.line for row in table.rows] == [3, 7]
    assert findings == ["3 hidden character U+000A"]


MISTAKES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("zoning-table/1", "zoning-table/2",
     ("1 header: #zoning-table/2 policy=small version=7 hit=first",)),
    ("hit=first", "hit=any", ("1 header: #zoning-table/1 policy=small version=7 hit=any",)),
    ("version=7", "version=8", ("1 header: small 8",)),
    ("policy=small", "policy=big", ("1 header: big 7",)),
    (HEAD, "#" * 99 + "\n", ("1 header: " + "#" * 80,)),
    ("id,grade", "name,grade", (
        "2 id: there is no name", "2 the key id is needed", "3 id: '' is no valid code",
    )),
    (",>zone", ",zone", (
        "2 id: there is no zone", "2 the key >zone is needed", "3 SELL belongs to the zone resale",
    )),
    (",>disposition", "", ("2 the key >disposition is needed", "3 >disposition: there is no ",
                           "3 >refund: SELL is none of eligible review blocked",
                           "3 more cells than columns")),
    (">refund", ">refunds", ("2 id: there is no >refunds", "2 the key >refund is needed",
                             "3 >refund:  is none of eligible review blocked")),
    ("note_en", "note_de", ("2 id: there is no note_de", "2 the key note_en is needed",
                            "3 note: no text in en")),
    (",value,", ",colour,", ("2 id: there is no colour",)),
    (",value,", ",grade,", ("2 grade occurs twice", "3 a row without conditions is refused: missing"
                            " facts are the engine's")),
    (",value,mass,", ",,,", ("2 id: there is no ", "2 “” occurs twice")),
    ("R01", "r01", ("3 id: 'r01' is no valid code",)),
    ("R01", "R12345", ("3 id: 'R12345' is no valid code",)),
    ("R01", "ABC1234", ()),
    ("R01", "ABCD1", ("3 id: 'ABCD1' is no valid code",)),
    ("R01", "", ("3 id: '' is no valid code",)),
    ("R01", "R99", ("3 R99 is retired",)),
    (ROW, ROW + ROW, ("4 R01 occurs twice",)),
    (",A,", ",E,", ("3 grade: no such values: E",)),
    (",A,", ",,", ("3 a row without conditions is refused: missing facts are the engine's",)),
    (",A,", ",-,", ("3 a row without conditions is refused: missing facts are the engine's",)),
    ("A,,,", "A,,-5..5,", ()),
    ("A,,,", "A,,-x,", ("3 value: -x is no range",
                        "3 value: a spreadsheet would run -x as a formula")),
    ("A,,,", "A,-1,,", ("3 flags: -1: any:… is expected",
                        "3 flags: a spreadsheet would run -1 as a formula")),
    ("да", "=HYPERLINK(1)", ("3 note_ru: a spreadsheet would run =HYPERLINK(1) as a formula",)),
    ("да", "@" + "x" * 50, ("3 note_ru: a spreadsheet would run @" + "x" * 39 + " as a formula",)),
    ("да", "＋1", ("3 note_ru: a spreadsheet would run ＋1 as a formula",)),
    ("да", "-", ()),
    ("да", "а\u200bб", ("3 hidden character U+200B",)),
    ("да", "а\tб", ("3 hidden character U+0009",)),
    ("да", "", ("3 note: no text in ru",)),
    ("да", "а" * NOTE_MAX, ()),
    ("да", "а" * (NOTE_MAX + 1), (f"3 note_ru: longer than {NOTE_MAX} characters",)),
    ("да", "а" * (CELL_MAX + 1), (f"3 above the limit: {CELL_MAX} characters in note_ru",
                                  "3 note: no text in ru")),
    ("resale", "repair", ("3 SELL belongs to the zone resale",)),
    ("SELL", "BUY", ("3 >disposition: there is no BUY",)),
    ("eligible", "maybe", ("3 >refund: maybe is none of eligible review blocked",)),
    ("eligible,,", "eligible,WASH|,", ()),
    ("eligible,,", "eligible,wash,", ("3 >actions: 'wash' is no valid code",)),
    ("да,yes", "да,yes,,", ()),
    ("да,yes", "да,yes,,x", ("3 more cells than columns",)),
    ("да,yes", "да", ("3 note: no text in en",)),
    ("да,yes", 'да,"yes', ("3 the file cannot be read: unexpected end of data",)),
    ("да,yes", 'да,"yes"x', ("3 the file cannot be read: ',' expected after '\"'",)),
    (COLUMNS + ROW, "", (
        "2 the key >disposition is needed", "2 the key >refund is needed",
        "2 the key >zone is needed", "2 the key id is needed", "2 the key note_en is needed",
        "2 the key note_ru is needed",
    )),
    (COLUMNS, COLUMNS.replace("note_en", "note_en" + ",x" * 52), (
        "2 id: there is no x", "2 x occurs twice", "2 above the limit: 24 columns",
    )),
    (COLUMNS, COLUMNS.replace("note_en", "note_en" + ",x" * 53), (
        "2 above the limit: 64 columns",
        "3 a row without conditions is refused: missing facts are the engine's",
    )),
)  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "findings"),
    MISTAKES,
    ids=[f"{old[:20]!r} → {new[:30]!r}" for old, new, _ in MISTAKES],
)
def test_a_mistake_is_told_on_its_line(old: str, new: str, findings: tuple[str, ...]) -> None:
    assert old in TEXT
    assert read(TEXT.replace(old, new, 1))[1] == sorted(findings)


def test_a_row_with_a_wrong_output_is_left_out_and_one_with_a_wrong_cell_is_not() -> None:
    for wrong, kept in (
        ("SELL|BUY", 0),
        ("eligible|maybe", 0),
        ("resale|repair", 1),
        (",A,|,E,", 1),
        ("R01|r01", 1),
    ):
        old, new = wrong.split("|")
        assert len(read(TEXT.replace(old, new))[0].rows) == kept, wrong


def test_what_is_no_text_is_an_empty_table() -> None:
    report = Report()
    table = read_table("zone.csv", b"\xff", POLICY, ("ru",), report=report)
    assert table == Table(columns=(), rows=())
    assert [item.check for item in report.found.values()] == ["G01"]


def test_both_languages_say_what_is_wrong_with_a_cell() -> None:
    report = Report()
    read_table("zone.csv", TEXT.replace(",A,", ",E,").encode(), POLICY, ("ru",), report=report)
    assert [item.text["ru"] for item in report.found.values()][-1] == "grade: нет значений E"


def test_a_table_has_24_columns_at_most() -> None:
    domains = {**DOMAINS, **{f"d{at}": LATE for at in range(20)}}
    policy = Policy(
        id="small", version=7, sha256="", currency="EUR", domains=domains, flags={},
        ungraded_flags=(), dispositions=POLICY.dispositions,
    )  # fmt: skip
    names = ",".join(f"d{at}" for at in range(20))
    just = TEXT.replace("mass,late", names[:-4]).replace("A,,,,,", "A,,," + "," * 19)
    assert read(just, policy) == (read(just, policy)[0], [])
    assert len(read(just, policy)[0].columns) == 22


def test_a_table_has_5000_rows_at_most() -> None:
    rows = [ROW.replace("R01", f"{'ABC'[at // 2000]}{at % 2000}") for at in range(ROWS_MAX)]
    just = HEAD + COLUMNS + "".join(rows)
    table, findings = read(just)
    assert (len(table.rows), findings) == (ROWS_MAX, [])
    more = just + ROW.replace("R01", "X1") * 3
    table, findings = read(more)
    assert (len(table.rows), findings) == (ROWS_MAX, [f"{ROWS_MAX + 3} above the limit: 5000 rows"])
    huge = HEAD + COLUMNS + "\n" * (2 * ROWS_MAX)
    assert read(huge) == (Table(columns=(), rows=()), read(huge)[1])
    assert "1 above the limit: 5000 rows" in read(huge)[1]
