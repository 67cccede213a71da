"""policy.toml on its own: every key lands in its field, every mistake is told where it stands."""

import pytest

from zoning.findings import Report, read_toml
from zoning.grammar import TRUE, parse
from zoning.model import ANY_NUMBER, Domain, Kind, Range, digest
from zoning.policy import (
    OUTPUTS,
    Axiom,
    Cap,
    Disposition,
    Flag,
    HazardScope,
    Invariant,
    Monotone,
    Policy,
    expression,
    read_policy,
)

TEXT = """format = "policy/1"
id = "small-1"
version = 3
currency = "EUR"
settle = ["zone", "disposition", "move"]
retired = ["R07"]

[grade]
ungraded_flags = ["lost"]

[domain.grade]
kind = "enum"
ordered = true
values = ["A", "B", "C", "D", "ungraded"]

[domain.flags]
kind = "set"
values = ["fire", "bio", "lost", "wipe"]
retired = ["wipe"]

[domain.attrs]
kind = "set"
values = ["heavy"]

[domain.value]
kind = "int"
min = 0
max = 100
unit = "EUR/100"

[domain.value.classes]
low = "0..<50"
high = ">=50"

[domain.mass]
kind = "decimal"
precision = 2
min = -5
max = 900
classes = { light = "<=1.5" }

[domain.sealed]
kind = "bool"

[flag.fire]
hazard = true
scope = "area"
label = { ru = "Огонь", en = "Fire" }

[flag.bio]
hazard = true
label = { ru = "Био", en = "Bio" }

[flag.lost]
label = { ru = "Потерян", en = "Lost" }
action = "SEARCH_1"

[flag.wipe]
scope = "area"
label = { ru = "Стереть", en = "Wipe" }

[disposition.SELL]
zone = "resale"
label = { ru = "Продать", en = "Sell" }

[disposition.FIX]
zone = "repair"
label = { ru = "Чинить", en = "Fix" }

[[cap]]
id = "C1"
output = "refund"
at_most = "review"
when = "sealed = n"
text = { ru = "Вскрыт", en = "Opened" }

[[cap]]
id = "C2"
output = "move"
at_most = "manual"
when = "attrs has any(heavy) or mass > 2.5"
text = { ru = "Тяжёлый", en = "Heavy" }

[[invariant]]
id = "I1"
when = "grade = 'D'"
then = "zone != 'resale'"
text = { ru = "D не продаётся", en = "D is not sold" }

[[monotone]]
id = "M1"
column = "flags"
zone_order = ["resale", "repair"]
exempt = { wipe = "data first" }

[[axiom]]
id = "X1"
when = "grade = 'ungraded'"
iff = "flags has any(lost)"
"""


def read(text: str = TEXT) -> tuple[Policy, list[str]]:
    """Return the policy and what was found, as `line text`."""
    report = Report()
    section = read_toml("policy.toml", text.encode(), report)
    assert section is not None, list(report.found.values())
    policy = read_policy(section, ("ru", "en"))
    return policy, [f"{key[1]} {key[2]}" for key in sorted(report.found)]


DOMAINS = {
    "grade": Domain(kind=Kind.ENUM, values=("A", "B", "C", "D", "ungraded"), ordered=True),
    "flags": Domain(kind=Kind.SET, values=("fire", "bio", "lost", "wipe"), retired=("wipe",)),
    "attrs": Domain(kind=Kind.SET, values=("heavy",)),
    "value": Domain(
        kind=Kind.INT,
        range=Range(low=0, high=100),
        unit="EUR/100",
        classes={"low": Range(low=0, high=49), "high": Range(low=50)},
    ),
    "mass": Domain(
        kind=Kind.DECIMAL,
        range=Range(low=-5, high=900),
        precision=2,
        classes={"light": Range(high=150)},
    ),
    "sealed": Domain(kind=Kind.BOOL, range=ANY_NUMBER),
}


def test_every_key_of_a_policy_lands_in_its_field() -> None:
    policy, findings = read()
    assert findings == []
    section = read_toml("policy.toml", TEXT.encode(), Report())
    assert section is not None
    assert policy == Policy(
        id="small-1",
        version=3,
        sha256=digest(section.raw),
        currency="EUR",
        domains=DOMAINS,
        flags={
            "fire": Flag(label={"ru": "Огонь", "en": "Fire"}, hazard=HazardScope.AREA),
            "bio": Flag(label={"ru": "Био", "en": "Bio"}, hazard=HazardScope.ITEM),
            "lost": Flag(label={"ru": "Потерян", "en": "Lost"}, action="SEARCH_1"),
            "wipe": Flag(label={"ru": "Стереть", "en": "Wipe"}),
        },
        ungraded_flags=("lost",),
        dispositions={
            "SELL": Disposition(
                zone=policy.dispositions["SELL"].zone, label=policy.dispositions["SELL"].label
            ),
            "FIX": Disposition(
                zone=policy.dispositions["FIX"].zone, label=policy.dispositions["FIX"].label
            ),
        },
        caps=(
            Cap(
                id="C1",
                output="refund",
                at_most="review",
                when=parse("sealed = n", DOMAINS),
                text={"ru": "Вскрыт", "en": "Opened"},
            ),
            Cap(
                id="C2",
                output="move",
                at_most="manual",
                when=parse("attrs has any(heavy) or mass > 2.5", DOMAINS),
                text={"ru": "Тяжёлый", "en": "Heavy"},
            ),
        ),
        invariants=(
            Invariant(
                id="I1",
                when=parse("grade = 'D'", DOMAINS),
                then=parse("zone != 'resale'", OUTPUTS),
                text={"ru": "D не продаётся", "en": "D is not sold"},
            ),
        ),
        monotone=(
            Monotone(
                id="M1",
                column="flags",
                zone_order=(policy.dispositions["SELL"].zone, policy.dispositions["FIX"].zone),
                exempt={"wipe": "data first"},
            ),
        ),
        axioms=(
            Axiom(
                id="X1",
                when=parse("grade = 'ungraded'", DOMAINS),
                iff=parse("flags has any(lost)", DOMAINS),
            ),
        ),
        settle=("zone", "disposition", "move"),
        retired=("R07",),
    )
    told = {name: (item.zone, item.label["en"]) for name, item in policy.dispositions.items()}
    assert told == {"SELL": ("resale", "Sell"), "FIX": ("repair", "Fix")}


def test_every_sentence_knows_its_line() -> None:
    policy, _ = read()
    heads = [at for at, text in enumerate(TEXT.splitlines(), start=1) if text.startswith("[[")]
    lines = [one.line for one in policy.caps] + [one.line for one in policy.invariants]
    lines += [one.line for one in policy.monotone] + [one.line for one in policy.axioms]
    assert lines == heads


def test_the_widest_reach_of_a_danger_counts() -> None:
    policy, _ = read()
    assert policy.hazard(("bio", "fire")) is HazardScope.AREA
    assert policy.hazard(("lost", "bio")) is HazardScope.ITEM
    assert policy.hazard(("lost", "wipe", "never heard of")) is None
    assert (policy.is_hazard(("bio",)), policy.is_hazard(("lost",)), policy.is_hazard(())) == (
        True,
        False,
        False,
    )


# What is written, what stands there instead, and all that is found, with its line.
MISTAKES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ('"policy/1"', '"policy/2"', ("1 format: policy/2 is none of policy/1",)),
    ('format = "policy/1"', "", ("1 format:  is none of policy/1",)),
    ('"small-1"', '"Small"', ("2 id: 'Small' is no valid code",)),
    ('id = "small-1"', "", ("1 the key id is needed",)),
    ("version = 3", "", ("1 the key version is needed",)),
    ('"EUR"', '"EURO"', ("4 currency: 'EURO' is no valid code",)),
    ('currency = "EUR"', "", ("1 the key currency is needed",)),
    ('"move"]', '"flags"]', ("5 settle: there is no flags",)),
    ('retired = ["R07"]', 'retired = ["R 7"]', ("6 retired: 'R 7' is no valid code",)),
    ('retired = ["R07"]', "retire = []", ("6 unknown key retire",)),
    ('["lost"]', '["lost", "gone"]', ("9 ungraded_flags: there is no gone",)),
    ('["lost"]', '["lost"]\nmore = 1', ("10 unknown key more",)),
    (
        '"C", "D", "ungraded"]',
        '"C", "D"]',
        (
            "11 domain.grade: values is none of A B C D ungraded",
            "98 when: 'ungraded' is none of A B C D",
        ),
    ),
    (
        '[domain.grade]\nkind = "enum"',
        '[domain.grade]\nkind = "set"',
        (
            "13 unknown key ordered",
            "86 when: { is expected, not 'D'",
            "98 when: { is expected, not 'ungraded'",
        ),
    ),
    (
        "[domain.grade]",
        "[domain.score]",
        (
            "11 domain.grade: values is none of A B C D ungraded",
            "86 when: unknown name 'grade'",
            "98 when: unknown name 'grade'",
        ),
    ),
    (
        '[domain.attrs]\nkind = "set"\nvalues = ["heavy"]',
        "",
        ("1 the key domain.attrs is needed", "79 when: heavy is none of "),
    ),
    ('"heavy"]', '"heavy", "mar1"]', ("23 values: 'mar1' is no valid code",)),
    (
        "[domain.sealed]",
        "[domain.Sealed]",
        ("42 Sealed: Sealed is no valid code", "74 when: unknown name 'sealed'"),
    ),
    ('kind = "bool"', 'kind = "flag"', ("43 kind: flag is none of enum bool int decimal set",)),
    ('kind = "bool"', "", ("42 the key kind is needed",)),
    ('kind = "bool"', 'kind = "bool"\nvalues = ["y"]', ("44 unknown key values",)),
    (
        'kind = "bool"',
        'kind = "bool"\nprecision = 1\nmin = 1',
        ("44 unknown key precision", "45 unknown key min"),
    ),
    ("precision = 2", "precision = 4", ()),
    ("precision = 2", "precision = 5", ("37 above the limit: 4",)),
    (
        "precision = 2",
        "precision = -1",
        (
            "37 above the limit: 4",
            "40 light: 1.5: more than -1 places",
            "81 when: 2.5: more than 0 places",
        ),
    ),
    ('unit = "EUR/100"', 'unit = "EUR/100"\nprecision = 2', ("30 unknown key precision",)),
    ("min = 0\n", "", ("25 the key min is needed",)),
    ("max = 100\n", "", ("25 the key max is needed",)),
    ("max = 100\n", "max = -1\n", ("28 max: -1 is none of >= 0",)),
    ("max = 100\n", "max = 0\n", ()),
    ('"0..<50"', '"0..<0"', ("32 low: 0..<0: an empty range",)),
    ('"0..<50"', '"0.5..1"', ("32 low: 0.5: more than 0 places",)),
    ('"<=1.5"', '"<=1.555"', ("40 light: 1.555: more than 2 places",)),
    ('low = "0..<50"', '"1low" = "0..<50"', ("32 classes: 1low is no valid code",)),
    ('low = "0..<50"', "low = 5", ("32 low:  is no range", "32 low: text is expected")),
    ('retired = ["wipe"]', 'retired = ["wiped"]', ("19 retired: there is no wiped",)),
    ("[flag.bio]", "[flag.bios]", ("45 the key flag.bio is needed", "50 flag: there is no bios")),
    (
        'scope = "area"\nlabel = { ru = "Огонь"',
        'scope = "town"\nlabel = { ru = "Огонь"',
        ("47 scope: town is none of item area",),
    ),
    ('"SEARCH_1"', '"search"', ("56 action: 'search' is no valid code",)),
    ('"SEARCH_1"', '"SEARCH_1"\nmore = 1', ("57 unknown key more",)),
    (', en = "Lost" }', " }", ("55 label: no text in en",)),
    ('label = { ru = "Потерян", en = "Lost" }', "", ("54 the key label is needed",)),
    (
        'zone = "repair"',
        'zone = "roof"',
        ("67 zone: roof is none of resale repair disposal hold hazmat",),
    ),
    ('zone = "repair"', 'zone = "repair"\nmore = 1', ("68 unknown key more",)),
    (', en = "Fix" }', " }", ("68 label: no text in en",)),
    (
        'output = "refund"',
        'output = "zone"',
        ("72 output: zone is none of refund move", "73 at_most: review is none of auto manual"),
    ),
    (
        'at_most = "review"',
        'at_most = "manual"',
        ("73 at_most: manual is none of eligible review blocked",),
    ),
    ('"sealed = n"', '"sealed = 5"', ("74 when: sealed: = y or = n is expected",)),
    ('when = "sealed = n"', "", ("70 the key when is needed",)),
    ('id = "C2"', 'id = "C1"', ("77 C1 occurs twice",)),
    ('id = "C2"', 'id = "c2"', ("78 id: 'c2' is no valid code",)),
    ('id = "C2"', "", ("77 the key id is needed",)),
    ('id = "C2"', 'id = "C2"\nmore = 1', ("79 unknown key more",)),
    (', en = "Heavy" }', " }", ("82 text: no text in en",)),
    ("grade = 'D'", "grade = 'E'", ("86 when: 'E' is none of A B C D ungraded",)),
    ("zone != 'resale'", "grade = 'A'", ("87 then: unknown name 'grade'",)),
    ('id = "I1"', 'id = "1I"', ("85 id: '1I' is no valid code",)),
    ('id = "I1"', 'id = "I1"\nmore = 1', ("86 unknown key more",)),
    (
        'text = { ru = "D не',
        'note = { ru = "D не',
        ("84 the key text is needed", "88 unknown key note"),
    ),
    (
        'column = "flags"',
        'column = "colour"',
        ("92 column: colour is none of grade flags attrs value mass sealed",),
    ),
    ('["resale", "repair"]', '["resale", "shop"]', ("93 zone_order: there is no shop",)),
    ('{ wipe = "data first" }', '{ wiped = "data first" }', ("94 exempt: there is no wiped",)),
    ('{ wipe = "data first" }', "{ wipe = 5 }", ("94 wipe: text is expected",)),
    ('id = "M1"', 'id = "M1234"', ("91 id: 'M1234' is no valid code",)),
    ('id = "M1"', 'id = "M1"\nmore = 1', ("92 unknown key more",)),
    ("grade = 'ungraded'", "grade > 5", ("98 when: 5 is none of A B C D ungraded",)),
    ("flags has any(lost)", "flags has any(gone)", ("99 iff: gone is none of fire bio lost wipe",)),
    ('iff = "flags has any(lost)"', "", ("96 the key iff is needed",)),
    ('id = "X1"', 'id = "XX1"', ("97 id: 'XX1' is no valid code",)),
    ('id = "X1"', 'id = "X1"\nmore = 1', ("98 unknown key more",)),
    (
        'output = "refund"\n',
        "",
        ("70 the key output is needed", "72 at_most: review is none of auto manual"),
    ),
    ('at_most = "review"\n', "", ("70 the key at_most is needed",)),
    ('zone = "repair"\n', "", ("66 the key zone is needed",)),
    ('column = "flags"\n', "", ("90 the key column is needed",)),
    ('[[cap]]\nid = "C2"', '[[caps]]\nid = "C2"', ("77 unknown key caps",)),
    ("[[axiom]]", "[[axioms]]", ("96 unknown key axioms",)),
    (
        "precision = 2",
        "precision = true",
        (
            "37 precision: integer is expected",
            "40 light: 1.5: more than 0 places",
            "81 when: 2.5: more than 0 places",
        ),
    ),
    ("ordered = true", "ordered = 1", ("13 ordered: true | false is expected",)),
    ("hazard = true\nscope", 'hazard = "y"\nscope', ("46 hazard: true | false is expected",)),
    ("classes = {", "class = {", ("40 unknown key class",)),
)


@pytest.mark.parametrize(
    ("old", "new", "findings"), MISTAKES, ids=[f"{old} → {new}"[:60] for old, new, _ in MISTAKES]
)
def test_a_mistake_is_told_where_it_stands(old: str, new: str, findings: tuple[str, ...]) -> None:
    assert TEXT.count(old) >= 1
    assert read(TEXT.replace(old, new, 1))[1] == list(findings)


def test_a_set_has_62_members_at_most_and_each_flag_is_described() -> None:
    members = [f"m{at}" for at in range(58)]
    flags = "".join(f'\n[flag.{name}]\nlabel = {{ ru = "Т", en = "T" }}' for name in members)
    listed = ", ".join(f'"{name}"' for name in members)
    just = TEXT.replace('"lost", "wipe"]', f'"lost", "wipe", {listed}]') + flags
    assert read(just)[1] == []
    more = just.replace('"m57"]', '"m57", "m58"]')
    assert read(more)[1] == [
        "18 above the limit: 62",
        "45 the key flag.m58 is needed",
    ]
    many = ", ".join(f'"v{at}"' for at in range(63))
    enum = f'[domain.many]\nkind = "enum"\nvalues = [{many}]\n\n[domain.sealed]'
    assert read(TEXT.replace("[domain.sealed]", enum))[1] == [], "only sets are bits"


def test_a_policy_has_24_columns_at_most() -> None:
    columns = "".join(f'\n[domain.d{at}]\nkind = "bool"\n' for at in range(18))
    assert read(TEXT + columns)[1] == []
    assert read(f'{TEXT}{columns}\n[domain.last]\nkind = "bool"')[1] == ["11 above the limit: 24"]


def test_both_languages_quote_the_same_places() -> None:
    report = Report()
    text = TEXT.replace("sealed = n", "sealed = 5").replace("0..<50", "5..4")
    section = read_toml("policy.toml", text.encode(), report)
    assert section is not None
    read_policy(section, ("ru", "en"))
    assert {item.text["ru"] for item in report.found.values()} == {
        "when: sealed: нужно = y или = n",
        "low: 5..4: пустой диапазон",
    }
    assert {item.file for item in report.found.values()} == {"policy.toml"}


def test_a_condition_that_is_absent_or_refused_is_none() -> None:
    report = Report()
    section = read_toml("f", b"a = 'x = y'\nb = 'true'\nc = ''", report)
    assert section is not None
    assert expression(section, "b", {}) == TRUE
    assert expression(section, "a", {}) is None
    assert expression(section, "d", {}, "true") == TRUE
    assert [item.text["en"] for item in report.found.values()] == ["a: unknown name 'x'"]
    assert expression(section, "d", {}) is None
    assert len(report.found) == 2
    assert expression(section, "c", {}) is None
    assert len(report.found) == 2, "an empty condition is no condition"
