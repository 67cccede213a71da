"""The vectors of the GS1 reference implementation; a group's count is what it must reach."""

import json
from pathlib import Path
from typing import Any

import pytest

from edge.barcodes.gs1 import Message, parse, parse_uri
from edge.barcodes.gs1_checks import CHECKS_BY_NAME, UNJUDGED
from edge.barcodes.gs1_linters import RULES, Gs1Fault
from edge.barcodes.gs1_table import DICTIONARY
from edge.barcodes.spelled import Spelled, read_brackets, read_spelled

VECTORS = json.loads(
    (Path(__file__).parents[1] / "data" / "gs1" / "vectors.json").read_text("utf-8")
)
DICTIONARY_FILE = Path(__file__).parents[1] / "data" / "gs1" / "gs1-syntax-dictionary.txt"
# What no reader of ours can tell: the reference asks a list of company prefixes that the test puts
# in its way, once as saying no and once as being out of reach.
LOOKED_UP = {"linter_units-0570", "linter_units-0571"}
# The reference parses these without asking what an identifier needs beside it; in brackets we ask.
ALONE = {"bracketed_ai-0003", "bracketed_ai-0004", "bracketed_ai-0006"}


def rows_of(group: str, total: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [row for row in VECTORS[group] if row["required"]]
    assert len(rows) == total
    return rows


@pytest.mark.parametrize(
    ("group", "form", "field", "total"),
    [
        ("raw_ai", "wire", "wire", 38),
        ("message_rules", "bracketed", "input", 38),
        ("linters", "bracketed", "input", 23),
        ("digital_link", "uri", "uri", 52),
        ("scan_data", "scan", "scan", 27),
    ],
)
def test_required_vectors_are_judged_as_the_reference_does(
    group: str, form: str, field: str, total: int
) -> None:
    for row in rows_of(group, total):
        assert read_spelled(form, row[field]).valid is row["valid"], row["id"]


def test_bracketed_vectors_give_the_elements_of_the_reference() -> None:
    for row in rows_of("bracketed_ai", 13):
        elements = read_brackets(row["input"])
        assert isinstance(elements, tuple) is row["valid"], row["id"]
        answer = read_spelled("bracketed", row["input"])
        assert answer.valid is (row["valid"] and row["id"] not in ALONE)
        assert (answer.why == Gs1Fault.REQUISITE) is (row["id"] in ALONE)


def test_component_checks_agree_with_the_reference() -> None:
    rows = rows_of("linter_units", 2380)
    wrong = {
        row["id"] for row in rows if CHECKS_BY_NAME[row["linter"]](row["input"]) is not row["valid"]
    }
    assert wrong == LOOKED_UP


def test_the_table_is_the_dictionary_without_titles_and_blanks() -> None:
    kept = []
    for line in DICTIONARY_FILE.read_text("utf-8").splitlines():
        words = line.partition("#")[0].split()
        if words:
            kept.append(" ".join(words))
    assert DICTIONARY.splitlines() == kept


def test_every_check_of_the_dictionary_is_known() -> None:
    named = {name for rule in RULES.values() for part in rule.components for name in part.checks}
    assert named <= CHECKS_BY_NAME.keys() | UNJUDGED


def test_a_digital_link_gives_the_elements_of_the_reference() -> None:
    rows = [row for row in VECTORS["digital_link"] if row["required"] and row["valid"]]
    assert rows
    for row in rows:
        elements = read_spelled("uri", row["uri"]).elements
        assert "".join(map("".join, elements)) == row["expect"].replace("^", ""), row["id"]


def test_no_vector_makes_a_reader_stumble() -> None:
    texts = [
        row.get("wire") or row.get("uri") or row.get("scan") or row.get("input")
        for group in VECTORS.values()
        if isinstance(group, list)
        for row in group
    ]
    for text in filter(None, texts):
        assert isinstance(parse(text), Message | Gs1Fault)
        assert isinstance(parse_uri(text), Message | Gs1Fault)
        for form in ("wire", "bracketed", "uri", "scan", "other"):
            assert isinstance(read_spelled(form, text), Spelled)


def test_two_separators_in_a_row_are_refused_and_one_at_the_end_is_not() -> None:
    assert isinstance(parse("0104607112010017\x1d\x1d10A"), Gs1Fault)
    assert isinstance(parse("010460711201001710A\x1d"), Message)


def test_a_variable_field_that_may_have_swallowed_the_next_is_suspect() -> None:
    message = parse("0104607112010017215Abc91EE0692aGVsbG8=")
    assert isinstance(message, Message)
    assert message.gs_suspect


def test_a_whole_mark_is_valid_and_its_tail_is_counted() -> None:
    crypto = "dGhlIHRhaWwgdGhhdCBub2JvZHkgZXZlciBtYXkgc2U="
    wire = f"0104607112010017215AbcXyz12345Z\x1d91EE06\x1d92{crypto}"
    for form, text in (("wire", wire), ("scan", f"]d2{wire}")):
        answer = read_spelled(form, text)
        assert answer.valid
        assert answer.elements[2:] == (("91", "···(4)"), ("92", "···(44)"))


@pytest.mark.parametrize("form", ["wire", "scan"])
def test_a_mark_that_lost_a_separator_is_not_valid(form: str) -> None:
    text = "0104607112010017215AbcXyz12345Z93aB7_"
    answer = read_spelled(form, f"]d2{text}" if form == "scan" else text)
    assert (answer.valid, answer.why, answer.elements) == (False, "lost_gs", ())
