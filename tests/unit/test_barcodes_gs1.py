"""The vectors of the GS1 reference implementation; a group's count is what it must reach."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.barcodes.gs1 import Message, association_fault, parse, parse_uri, split
from edge.barcodes.gs1_linters import Gs1Fault, content_fault

VECTORS = json.loads(
    (Path(__file__).parents[1] / "data" / "gs1" / "vectors.json").read_text("utf-8")
)
Elements = tuple[tuple[str, str], ...]


def bracketed(text: str) -> Elements | Gs1Fault:
    """Read the vectors' own notation `(01)…(10)…`, a literal bracket written as `\\(`."""
    hidden = text.replace("\\(", "\x00")
    if not re.fullmatch(r"(?:\([0-9]+\)[^(]+)+", hidden):
        return Gs1Fault.SYNTAX
    pairs = re.findall(r"\(([0-9]+)\)([^(]+)", hidden)
    elements = tuple((ai, value.replace("\x00", "(")) for ai, value in pairs)
    faults = (content_fault(ai, value) for ai, value in elements)
    return next((fault for fault in faults if fault), elements)


def related(text: str) -> Elements | Gs1Fault:
    elements = bracketed(text)
    if isinstance(elements, Gs1Fault):
        return elements
    return association_fault(elements) or elements


def linked(text: str) -> Elements | Gs1Fault:
    message = parse_uri(text)
    return message if isinstance(message, Gs1Fault) else message.elements


@pytest.mark.parametrize(
    ("group", "field", "reader", "floor", "total"),
    [
        ("raw_ai", "wire", split, 38, 38),
        ("bracketed_ai", "input", bracketed, 13, 13),
        ("message_rules", "input", related, 37, 38),  # AI 89 is not assigned: we know no such AI
        ("linters", "input", bracketed, 15, 23),  # code lists, prefixes and escapes are not judged
        ("digital_link", "uri", linked, 52, 52),
    ],
)
def test_required_vectors_are_judged_as_the_reference_does(
    group: str,
    field: str,
    reader: Callable[[str], Elements | Gs1Fault],
    floor: int,
    total: int,
) -> None:
    rows: list[dict[str, Any]] = [row for row in VECTORS[group] if row["required"]]
    right = [row for row in rows if (not isinstance(reader(row[field]), Gs1Fault)) is row["valid"]]
    assert len(rows) == total
    assert len(right) == floor


def test_a_digital_link_gives_the_elements_of_the_reference() -> None:
    rows = [row for row in VECTORS["digital_link"] if row["required"] and row["valid"]]
    assert rows
    for row in rows:
        elements = linked(row["uri"])
        assert not isinstance(elements, Gs1Fault)
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


def test_two_separators_in_a_row_are_refused_and_one_at_the_end_is_not() -> None:
    assert isinstance(parse("0104607112010017\x1d\x1d10A"), Gs1Fault)
    assert isinstance(parse("010460711201001710A\x1d"), Message)


def test_a_variable_field_that_may_have_swallowed_the_next_is_suspect() -> None:
    message = parse("0104607112010017215Abc91EE0692aGVsbG8=")
    assert isinstance(message, Message)
    assert message.gs_suspect
