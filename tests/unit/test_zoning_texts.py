"""Foreign texts: lines are found, hidden characters named, what costs too much is refused."""

import pytest

from zoning.texts import (
    ENTRIES_MAX,
    NESTING_MAX,
    WORD_MAX,
    entries,
    excess,
    hidden,
    locate,
    shown,
)

LOCATED = """a = 1
"b c" = [ # a note = [
  "]", '[', "\\"]",
  { x = 1 },

  { y = [{ z = 2 }] },
]
t.u."v.w" = '''
[no]
'''
s = \"\"\"
x = 1\\\"\"\"\"\"\"
[one] # [two]
k = {}

[[many]]
k = 1
[[many.deep]]
k = 2
[[many.deep]]
[[many]]
[many.last]
k = [
[{}], {},
]
['q'.r]
k = 3
"""


def test_every_key_table_and_element_has_its_line() -> None:
    assert locate(LOCATED) == {
        ("a",): 1,
        ("b c",): 2,
        ("b c", 0): 4,
        ("b c", 1): 6,
        ("t", "u", "v.w"): 8,
        ("s",): 11,
        ("one",): 13,
        ("one", "k"): 14,
        ("many",): 16,
        ("many", 0): 16,
        ("many", 0, "k"): 17,
        ("many", 0, "deep"): 18,
        ("many", 0, "deep", 0): 18,
        ("many", 0, "deep", 0, "k"): 19,
        ("many", 0, "deep", 1): 20,
        ("many", 1): 21,
        ("many", 1, "last"): 22,
        ("many", 1, "last", "k"): 23,
        ("many", 1, "last", "k", 0): 24,
        ("q",): 26,
        ("q", "r"): 26,
        ("q", "r", "k"): 27,
    }
    assert locate("") == {}


def test_a_table_that_is_named_by_its_own_header_stands_there() -> None:
    assert locate("[a.b]\n[a]\nk = 1") == {("a", "b"): 1, ("a",): 2, ("a", "k"): 3}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", None),
        ("a\tb\nc", None),
        ("naïve ё 漢", None),
        ("a\nb\u200bc", (2, "U+200B")),
        ("\x00", (1, "U+0000")),
        ("\n\n\x1b\x00", (3, "U+001B")),
        ("a\rb", (1, "U+000D")),
        ("\u202e", (1, "U+202E")),
        ("\ufeff", (1, "U+FEFF")),
        ("\U000e0041", (1, "U+E0041")),
    ],
)
def test_a_character_that_nobody_can_see_is_named(text: str, found: tuple[int, str] | None) -> None:
    assert hidden(text) == found


DEEP = f"{NESTING_MAX} levels"
LONG = f"{WORD_MAX} characters in a key or number"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", None),
        ("a = " + "[" * NESTING_MAX + "]" * NESTING_MAX, None),
        ("a = " + "[" * (NESTING_MAX + 1), (1, DEEP)),
        ("a = " + "[{" * (NESTING_MAX // 2) + "[", (1, DEEP)),
        ("b = [\n[]]\na = " + "[" * NESTING_MAX + "]" * NESTING_MAX, None),
        ("\n\na = " + "[\n" * NESTING_MAX + "[", (3 + NESTING_MAX, DEEP)),
        ("a = '" + "[" * 99 + "' # " + "[" * 99, None),
        ("a" + ".a" * NESTING_MAX + " = 1", None),
        ("a" + ".a" * (NESTING_MAX + 1) + " = 1", (1, DEEP)),
        ("a" + '."a"' * (NESTING_MAX + 1) + " = 1", (1, DEEP)),
        ("a" + " . a" * (NESTING_MAX + 1) + " = 1", (1, DEEP)),
        (("a" + ".a" * NESTING_MAX + " = 1\n") * 2, None),
        ("a = [" + "1.5, " * 99 + "]", None),
        ("\n" + "k" * WORD_MAX + " = 1", None),
        ("\n" + "k" * (WORD_MAX + 1) + " = 1", (2, LONG)),
        ("k = " + "1" * (WORD_MAX + 1), (1, LONG)),
        ("k = '" + "1" * (WORD_MAX + 1) + "'", None),
        ('k = """\n\n"""\n' + "k" * (WORD_MAX + 1), (4, LONG)),
        ("\n" * ENTRIES_MAX, None),
        ("\n" * (ENTRIES_MAX + 1), (1, f"{ENTRIES_MAX} entries")),
    ],
)
def test_what_would_take_long_to_read_is_refused_with_its_line(
    text: str, found: tuple[int, str] | None
) -> None:
    assert excess(text) == found


def test_every_mark_that_may_begin_something_counts_as_an_entry() -> None:
    assert entries(b"a = [1, {b = 2}]\n") == 2 + 1 + 1 + 1 + 1
    assert entries(b"abc #") == 0


def test_a_foreign_value_is_one_short_printable_line() -> None:
    assert shown("plain ё") == "plain ё"
    assert shown(5) == "5"
    assert shown("a\nb\x1b\u200b") == "a\\u000ab\\u001b\\u200b"
    assert shown("x" * 300) == "x" * 300
    assert shown("x" * 301) == "x" * 300 + "…"
    assert shown("abcdef", 3) == "abc…"
