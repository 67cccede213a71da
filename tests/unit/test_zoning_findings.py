"""Findings: how one reads, how many are kept, and how a TOML table is asked key by key."""

from collections.abc import Callable
from typing import Any

import pytest

from zoning.findings import (
    FILE_BYTES_MAX,
    FINDINGS_MAX,
    ITEMS_MAX,
    NAME,
    NUMBER_MAX,
    TEXT_MAX,
    Finding,
    Place,
    PolicyParseError,
    Report,
    Section,
    Severity,
    item_json,
    item_words,
    read_text,
    read_toml,
)
from zoning.model import Deciding, Members

TEXT = {"ru": "Пробел", "en": "A gap"}
SHOWN = Finding(
    check="G20",
    file="zone.csv",
    line=13,
    row="R08",
    subject="flags",
    text=TEXT,
    item={"grade": "D", "flags": ["fix", "wipe"], "in_window": True, "value": 0},
    path=(Deciding(step="lock", answer="locked"), Deciding(step="health", answer=7)),
    got="resale",
    expected="hold",
    region="grade D",
    fix={"ru": "Добавьте строку", "en": "Add a row"},
)
UNIT = "grade=D flags={fix, wipe} in_window=y value=0 [lock: locked, health: 7]"


def test_a_finding_shows_its_unit_line_by_line_in_either_language() -> None:
    assert str(SHOWN) == SHOWN.words("en")
    assert SHOWN.words("en").splitlines() == [
        "G20 zone.csv:13 R08 flags A gap",
        f"  item    {UNIT} -> resale",
        "  want    hold",
        "  region  grade D",
        "  fix     Add a row",
    ]
    assert SHOWN.words("ru").splitlines() == [
        "G20 zone.csv:13 R08 flags Пробел",
        f"  пример  {UNIT} -> resale",
        "  нужно   hold",
        "  область grade D",
        "  правка  Добавьте строку",
    ]


def test_a_language_nobody_wrote_falls_back_to_english() -> None:
    assert SHOWN.words("kk").splitlines()[:2] == SHOWN.words("en").splitlines()[:2]


def test_a_finding_without_a_unit_is_one_line() -> None:
    bare = Finding(check="G01", file="policy.toml", line=3, text=TEXT)
    assert str(bare) == "G01 policy.toml:3 A gap"
    assert bare.severity is Severity.ERROR


def test_a_finding_for_programs_has_every_part() -> None:
    assert SHOWN.to_json() == {
        "check": "G20",
        "severity": "error",
        "file": "zone.csv",
        "line": 13,
        "row": "R08",
        "subject": "flags",
        "item": {"grade": "D", "flags": ["fix", "wipe"], "in_window": True, "value": 0},
        "path": [{"step": "lock", "answer": "locked"}, {"step": "health", "answer": 7}],
        "got": "resale",
        "expected": "hold",
        "region": "grade D",
        "fix": {"ru": "Добавьте строку", "en": "Add a row"},
        "text_ru": "Пробел",
        "text_en": "A gap",
    }
    assert Finding(check="G01", file="f", line=1, text=TEXT).to_json()["item"] is None


def test_a_unit_in_words_names_members_that_may_be_there() -> None:
    flags = Members(present=frozenset({"wipe"}), unknown=frozenset({"fix"}))
    item = item_json({"flags": flags, "in_window": False, "grade": "A", "mass": 5})
    assert item == {"flags": ["fix?", "wipe"], "in_window": False, "grade": "A", "mass": 5}
    assert item_words(item) == "flags={fix?, wipe} in_window=n grade=A mass=5"
    assert item_words(None) == ""
    assert item_words(None, [Deciding(step="seal", answer="opened")]) == "[seal: opened]"


def lines(report: Report) -> list[str]:
    with pytest.raises(PolicyParseError) as caught:
        report.stop()
    return [str(item) for item in caught.value.findings]


def test_findings_stand_in_the_order_of_files_and_lines_and_once_each() -> None:
    report = Report()
    report.stop()
    for file, line, key in (("b", 2, "x"), ("b", 10, "x"), ("a", 3, "y"), ("b", 2, "x")):
        report.add(file, line, "required", {"key": key})
    report.add("b", 2, "use_must")
    assert lines(report) == [
        "G01 a:3 the key y is needed",
        "G01 b:2 the key x is needed",
        "G01 b:2 write must in place of required",
        "G01 b:10 the key x is needed",
    ]


def test_a_refusal_shows_its_first_twenty_findings() -> None:
    report = Report()
    for line in range(1, 22):
        report.add("a", line, "use_must")
    with pytest.raises(PolicyParseError) as caught:
        report.stop()
    said = str(caught.value)
    assert said.startswith("policy refused: G01 a:1 write must in place of required; G01 a:2 ")
    assert said.count("; ") == 19
    assert "a:20 " in said
    assert len(caught.value.findings) == 21
    assert caught.value.args == (caught.value.findings,)


def test_of_a_hostile_file_so_many_findings_are_told_and_the_rest_counted() -> None:
    report = Report()
    for line in range(1, FINDINGS_MAX + 1):
        report.add("a", line, "use_must")
        report.add("a", line, "use_must")
    report.add("b", 1, "use_must")
    assert len(lines(report)) == FINDINGS_MAX + 1
    for line in (500, 501):
        report.add("a", line, "use_must")
    told = lines(report)
    assert len(told) == FINDINGS_MAX + 2
    assert told[-1] == f"G01 a:{FINDINGS_MAX} 2 more findings in this file"


def test_what_is_quoted_is_cut_and_made_printable() -> None:
    report = Report()
    report.add("a", 1, "syntax", {"got": "x\x1b" + "y" * 400})
    told = lines(report)[0]
    assert told.startswith("G01 a:1 the file cannot be read: x\\u001byyy")
    assert told.endswith("y…")
    assert len(told) < 400


def section(text: str) -> Section:
    found = read_toml("p.toml", text.encode(), Report())
    assert found is not None
    return found


def told(part: Section) -> list[str]:
    found = part.place.report.found
    return [f"{found[key].line} {found[key].text['en']}" for key in sorted(found)]


Asked = Callable[[Section], Any]
READ: tuple[tuple[str, Asked, object, list[str]], ...] = (
    ("k = 'x'", lambda s: s.text("k"), "x", []),
    ("k = ''", lambda s: s.text("k", "y"), "", []),
    ("", lambda s: s.text("k", "y"), "y", []),
    ("", lambda s: s.text("k"), "", []),
    ("", lambda s: s.text("k", "y", needed=True), "y", ["1 the key k is needed"]),
    ("\nk = 5", lambda s: s.text("k", "y"), "y", ["2 k: text is expected"]),
    ('k = "a\\u200b"', lambda s: s.text("k", "y"), "y", ["1 hidden character U+200B"]),
    ('k = "a\\n\\tb"', lambda s: s.text("k"), "a\n\tb", []),
    ("k = 5", lambda s: s.integer("k"), 5, []),
    ("k = 0", lambda s: s.integer("k", 7), 0, []),
    ("", lambda s: s.integer("k", 7), 7, []),
    ("", lambda s: s.integer("k"), 0, []),
    ("", lambda s: s.integer("k", needed=True), 0, ["1 the key k is needed"]),
    ("k = true", lambda s: s.integer("k", 7), 7, ["1 k: integer is expected"]),
    ("k = 1.5", lambda s: s.integer("k", 7), 7, ["1 k: integer is expected"]),
    (f"k = {NUMBER_MAX}", lambda s: s.integer("k"), NUMBER_MAX, []),
    (f"k = -{NUMBER_MAX}", lambda s: s.integer("k"), -NUMBER_MAX, []),
    (
        f"\nk = {NUMBER_MAX + 1}",
        lambda s: s.integer("k", 7),
        7,
        [f"2 above the limit: {NUMBER_MAX}"],
    ),
    (f"k = -{NUMBER_MAX + 1}", lambda s: s.integer("k"), 0, [f"1 above the limit: {NUMBER_MAX}"]),
    ("k = true", lambda s: s.flag("k"), True, []),
    ("k = false", lambda s: s.flag("k", default=True), False, []),
    ("", lambda s: s.flag("k", default=True), True, []),
    ("", lambda s: s.flag("k"), False, []),
    ("k = 1", lambda s: s.flag("k", default=True), True, ["1 k: true | false is expected"]),
    ("k = 'Ab_1'", lambda s: s.code("k"), "Ab_1", []),
    ("k = '1b'", lambda s: s.code("k"), "1b", ["1 k: '1b' is no valid code"]),
    ("k = 'Ab'", lambda s: s.code("k", NAME), "Ab", ["1 k: 'Ab' is no valid code"]),
    ("k = 'mar1'", lambda s: s.code("k"), "mar1", ["1 k: 'mar1' is no valid code"]),
    ("k = 'DEC2026'", lambda s: s.code("k"), "DEC2026", ["1 k: 'DEC2026' is no valid code"]),
    ("k = 'march1'", lambda s: s.code("k"), "march1", []),
    (f"k = '{'a' * 33}'", lambda s: s.code("k"), "a" * 33, [f"1 k: '{'a' * 33}' is no valid code"]),
    ("", lambda s: s.code("k"), "", []),
    ("k = ''", lambda s: s.code("k"), "", []),
    ("", lambda s: s.code("k", needed=True), "", ["1 the key k is needed"]),
    ("k = 'a'", lambda s: s.one_of("k", ("a", "b"), "b"), "a", []),
    ("", lambda s: s.one_of("k", ("a", "b"), "b"), "b", []),
    ("\nk = 'c'", lambda s: s.one_of("k", ("a", "b"), "b"), "b", ["2 k: c is none of a b"]),
    ("", lambda s: s.one_of("k", ("a", "b"), ""), "", ["1 k:  is none of a b"]),
    ("k = ['b', 'a']", lambda s: s.codes("k"), ("b", "a"), []),
    ("", lambda s: s.codes("k"), (), []),
    ("k = 'a'", lambda s: s.codes("k"), (), ["1 k: [codes] is expected"]),
    ("k = ['a', 5]", lambda s: s.codes("k"), (), ["1 k: [codes] is expected"]),
    ("\nk = ['a', 'b', 'a']", lambda s: s.codes("k"), ("a", "b"), ["2 a occurs twice"]),
    ("k = ['a', 'B']", lambda s: s.codes("k", NAME), ("a", "B"), ["1 k: 'B' is no valid code"]),
    ("k = {ru = 'р', en = 'e'}", lambda s: s.label("k", ("ru",)), {"ru": "р", "en": "e"},
     ["1 unknown key en"]),
    ("k = {ru = 'р'}", lambda s: s.label("k", ("ru", "en")), {"ru": "р"}, ["1 k: no text in en"]),
    ("k = {ru = ' '}", lambda s: s.label("k", ("ru",)), {"ru": " "}, ["1 k: no text in ru"]),
    ("k = {ru = 5}", lambda s: s.label("k", ("ru",)), {}, ["1 k: no text in ru"]),
    ("", lambda s: s.label("k", ("ru",)), {}, ["1 the key k is needed"]),
    ("", lambda s: s.label("k", ("ru",), needed=False), {}, []),
    ("k = 'x'", lambda s: s.label("k", ("ru",)), {}, ["1 k: {ru, en} is expected"]),
    ('\nk = {ru = "a\\tb"}', lambda s: s.label("k", ("ru",)), {"ru": "a\tb"},
     ["2 hidden character U+0009"]),
    (f"k = {{ru = '{'a' * TEXT_MAX}'}}", lambda s: s.label("k", ("ru",)), {"ru": "a" * TEXT_MAX},
     []),
    (f"\nk = {{ru = '{'a' * (TEXT_MAX + 1)}'}}", lambda s: len(s.label("k", ("ru",))["ru"]),
     TEXT_MAX + 1, [f"2 k: longer than {TEXT_MAX} characters"]),
    ("k = {a = 1}", lambda s: s.table("k").raw, {"a": 1}, []),
    ("", lambda s: s.table("k").raw, {}, []),
    ("k = 5", lambda s: s.table("k").raw, {}, ["1 k: {…} is expected"]),
    ("\n[k]\n\n[k.a]\nx = 1\n[k.b]", lambda s: [(n, p.raw, p.place.line) for n, p in s.named("k")],
     [("a", {"x": 1}, 4), ("b", {}, 6)], []),
    ("[k]\na = 5\n2b = {}", lambda s: [n for n, _ in s.named("k")], ["2b"],
     ["2 a: {…} is expected", "3 2b: '2b' is no valid code"]),
    ("[[k]]\nx = 1\n[[k]]\nx = 2", lambda s: [(p.raw, p.place.line) for p in s.tables("k")],
     [({"x": 1}, 1), ({"x": 2}, 3)], []),
    ("k = [{},\n5]", lambda s: [p.raw for p in s.tables("k")], [{}], ["1 k: [{…}] is expected"]),
    ("k = {}", lambda s: list(s.tables("k")), [], ["1 k: [{…}] is expected"]),
    ("", lambda s: list(s.tables("k")), [], []),
    ("", lambda s: list(s.named("k")), [], []),
)  # fmt: skip


@pytest.mark.parametrize(("text", "asked", "value", "findings"), READ)
def test_a_key_is_read_by_its_type_or_refused_where_it_stands(
    text: str, asked: Asked, value: object, findings: list[str]
) -> None:
    part = section(text)
    assert asked(part) == value
    assert told(part) == findings


def test_so_many_tables_and_codes_are_read_and_no_more() -> None:
    many = ",".join(["{}"] * ITEMS_MAX)
    part = section(f"k = [{many}]\nj = [{many},{{}}]")
    assert len(list(part.tables("k"))) == ITEMS_MAX
    assert told(part) == []
    assert len(list(part.tables("j"))) == ITEMS_MAX
    assert told(part) == [f"2 above the limit: {ITEMS_MAX}"]
    many = "\n".join(f"a{n} = {{}}" for n in range(ITEMS_MAX))
    part = section(f"[k]\n{many}\n[j]\n{many}\nlast = {{}}")
    assert len(list(part.named("k"))) == ITEMS_MAX
    assert told(part) == []
    assert len(list(part.named("j"))) == ITEMS_MAX
    assert told(part) == [f"{ITEMS_MAX + 2} above the limit: {ITEMS_MAX}"]
    many = ",".join(f"'a{n}'" for n in range(ITEMS_MAX + 1))
    part = section(f"k = [{many}]")
    assert len(part.codes("k")) == ITEMS_MAX
    assert told(part) == [f"1 above the limit: {ITEMS_MAX}"]


def test_a_key_that_nobody_asked_for_is_refused() -> None:
    part = section("a = 1\nrequired = true\nb = 2\n[c]")
    part.integer("a")
    part.finish()
    assert told(part) == [
        "2 write must in place of required",
        "3 unknown key b",
        "4 unknown key c",
    ]
    for ask in (part.table, part.integer):
        ask("c")
        ask("b")
    part.flag("required")
    before = len(told(part))
    part.finish()
    assert len(told(part)) == before, "what was asked for is known, whatever its type"


def test_a_place_is_the_line_of_the_nearest_thing_that_has_one() -> None:
    report = Report()
    place = Place(report=report, file="f", lines={("a",): 3, ("a", 0): 5})
    assert place.line == 1
    assert place.at("a").line == 3
    assert place.at("a", 0).line == place.at("a").at(0, "deep", "er").line == 5
    assert place.at("a", 1).line == 3
    assert place.at("b", "c").line == 1
    place.at("a", 0, "k").refuse("use_must")
    assert told(Section({}, place)) == ["5 write must in place of required"]


def test_a_file_is_text_with_line_feeds() -> None:
    report = Report()
    assert read_text("f", b"\xef\xbb\xbfa\r\nb\r", report) is None
    assert lines(report) == ["G01 f:2 hidden character U+000D"]
    assert read_text("f", b"\xef\xbb\xbfa\r\nb\r\n", Report()) == "a\nb\n"
    assert read_text("f", b"", Report()) == ""


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (b"a" * FILE_BYTES_MAX, ""),
        (b"a" * (FILE_BYTES_MAX + 1), "G01 f:1 above the limit: 1 MiB"),
        (b"\n\n\xff", "G01 f:3 not UTF-8: save as UTF-8 (in a spreadsheet: “CSV UTF-8”)"),
        (b"\xff", "G01 f:1 not UTF-8: save as UTF-8 (in a spreadsheet: “CSV UTF-8”)"),
        (b"\n\0", "G01 f:2 hidden character U+0000"),
    ],
    ids=["just fits", "too big", "third line", "first line", "hidden"],
)
def test_what_is_no_clean_text_is_refused_with_its_line(content: bytes, finding: str) -> None:
    report = Report()
    text = read_text("f", content, report)
    assert (text is None) == bool(finding)
    assert [str(item) for item in report.found.values()] == [finding] * bool(finding)


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (b"a = 1\nb = ", "G01 f:2 the file cannot be read: "),
        (b"\na = = 1", "G01 f:2 the file cannot be read: Invalid value (at line 2"),
        (
            b"a = [\n1,\n\n\n",
            "G01 f:2 the file cannot be read: ",
        ),
        (b"a = 1\na = 2", "G01 f:2 the file cannot be read: "),
        (b"\xff", "G01 f:1 not UTF-8"),
        (b"\n" + b"[" * 20, "G01 f:2 above the limit: 16 levels"),
    ],
)
def test_what_is_no_toml_is_refused_with_its_line(content: bytes, finding: str) -> None:
    report = Report()
    assert read_toml("f", content, report) is None
    assert [str(item)[: len(finding)] for item in report.found.values()] == [finding]
