"""Texts that would cost too much or hide something: limits, strings, and time in proportion."""

import time

import pytest

from zoning.texts import ENTRIES_MAX, NESTING_MAX, WORD_MAX, entries, excess, hidden, locate


def test_entries_count_what_reading_costs() -> None:
    assert entries(b"a = [1, {b = 2}]\n") == 6
    assert entries(b"") == 0


def test_a_text_within_all_limits_has_no_excess() -> None:
    deep = "[" * NESTING_MAX + "]" * NESTING_MAX
    assert excess(f"x = {deep}\n") is None
    assert excess(f"x = [{deep}]\n") == (1, "16 levels")
    assert excess("\n" * 5 + f"x = [{deep}]\n") == (6, "16 levels")
    assert excess("a." * NESTING_MAX + "b = 1") is None
    assert excess("a." * (NESTING_MAX + 1) + "b = 1") == (1, "16 levels")
    assert excess("x" * WORD_MAX) is None
    assert excess("x" * (WORD_MAX + 1)) == (1, "64 characters in a key or number")
    assert excess("\n" * ENTRIES_MAX) is None
    assert excess("\n" * (ENTRIES_MAX + 1)) == (1, "20000 entries")


def test_brackets_and_dots_in_strings_and_comments_do_not_count() -> None:
    brackets, dots = "[" * 20, "." * 20
    for text in (f'x = "{brackets}{dots}"', f"x = '{brackets}{dots}'", f"# {brackets}{dots}"):
        assert excess(text) is None
    assert excess(f'x = """{brackets}\n"{dots}""\n"""') is None
    assert excess(f"x = '''{brackets}\n''{dots}'''") is None
    assert excess(f'x = "\\"{brackets}"') is None
    assert excess(f'x = """a"""" # {brackets}') is None
    assert excess(f'x = "open\n{brackets}') == (2, "16 levels")


def test_values_beside_each_other_are_not_inside_each_other() -> None:
    assert excess("x = [" + "[1], " * 100 + "]") is None
    assert excess("x = [" + "1.5, " * 100 + "]") is None
    assert excess("a.b = 1\n" * 100) is None


def test_the_first_hidden_character_is_named_with_its_line() -> None:
    assert hidden("a\nб\n\u200bc\u200d") == (3, "U+200B")
    assert hidden("a\tb\nÄ ё № — …") is None
    assert hidden("\U000e0041") == (1, "U+E0041")


LINES = '''a = 1
"b c" = { x = 1 }
d = """
[no]
"""
[t]
"q" = 5
[[t.s]]
k = [
  1, [2], { y = 1 }, {
  y = 2 },
]
[t.s.u]
v.w = """a"""" # [
[[t.s]]
[t.s.u]
v.w = \'\'\'
[x]
\'\'\'
z = ["]", '[']
end = 1
'''


def test_lines_of_tables_keys_and_elements_are_found() -> None:
    lines = locate(LINES)
    assert {path: line for path, line in lines.items() if "x" not in path} == {
        ("a",): 1,
        ("b c",): 2,
        ("d",): 3,
        ("t",): 6,
        ("t", "q"): 7,
        ("t", "s"): 8,
        ("t", "s", 0): 8,
        ("t", "s", 0, "k"): 9,
        ("t", "s", 0, "k", 0): 10,
        ("t", "s", 0, "k", 1): 10,
        ("t", "s", 0, "u"): 13,
        ("t", "s", 0, "u", "v", "w"): 14,
        ("t", "s", 1): 15,
        ("t", "s", 1, "u"): 16,
        ("t", "s", 1, "u", "v", "w"): 17,
        ("t", "s", 1, "u", "z"): 20,
        ("t", "s", 1, "u", "end"): 21,
    }
    assert ("x",) not in lines


@pytest.mark.parametrize(
    "line", ["[[a]]\n", "k = 1\n", "[a]\n", 'x = "{"\n', "y = [{}]\n", '"""\n', "z = [\n"]
)
def test_finding_lines_takes_time_in_proportion_to_the_text(line: str) -> None:
    def seconds(count: int) -> float:
        begun = time.process_time()
        locate(line * count)
        return time.process_time() - begun

    short = min(seconds(2_000) for _ in range(3))
    long = min(seconds(16_000) for _ in range(3))
    assert long < 30 * short + 0.01
