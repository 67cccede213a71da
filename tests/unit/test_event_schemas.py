"""Published schemas: the classes' own, true of every kind, and closed to fractions."""

import json
import re
import typing
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from edge.events import GENESIS, Draft, EventId, Stamp, encode, splice
from edge.events.kinds import PAYLOADS, Payload, kind_of
from edge.events.schemas import kinds, name_of, schema_of
from event_kit import payloads
from journal_kit import origin
from source_tree import ROOT, text

FOLDER = ROOT / "edge" / "events" / "schema"
PAGE = text(Path("docs/events.md"))
EXAMPLES = list(payloads())
LARGEST = 2**53 - 1


def data_of(payload: Payload) -> dict[str, Any]:
    stamp = Stamp(id=EventId("e1"), time_ms=1, mono_ms=5, acts=((1200, "k", "3"),))
    body = splice(
        encode(Draft(payload=payload), stamp, origin()), prevhash=GENESIS, recorded_ms=7, seq=1
    )
    data: dict[str, Any] = json.loads(body)["data"]
    return data


def problems(kind: str, data: dict[str, Any]) -> list[str]:
    schema = json.loads((FOLDER / f"{name_of(kind)}.json").read_text(encoding="utf-8"))
    return [error.message for error in Draft202012Validator(schema).iter_errors(data)]


def test_the_published_schemas_are_what_the_classes_say() -> None:
    """`scripts/event_schemas` writes them."""
    for kind in kinds():
        published = json.loads((FOLDER / f"{name_of(kind)}.json").read_text(encoding="utf-8"))
        assert published == schema_of(kind), kind
        Draft202012Validator.check_schema(published)


def test_there_is_no_schema_without_a_kind() -> None:
    newest = {name_of(kind) for kind in kinds()}
    for path in FOLDER.iterdir():
        kind, _, version = path.name.removesuffix(".json").rpartition(".v")
        assert int(version) <= PAYLOADS[kind].SCHEMA
        newest.discard(f"{kind}.v{version}")
    assert newest == set()


def test_a_body_of_every_kind_is_valid() -> None:
    for kind, payload in EXAMPLES:
        assert kind_of(payload) == kind
        assert problems(kind, data_of(payload)) == [], kind


def test_a_required_field_that_is_missing_is_found() -> None:
    full = dict(reversed(EXAMPLES))
    for kind in kinds():
        data = data_of(full[kind])
        validator = Draft202012Validator(schema_of(kind))
        for name in schema_of(kind)["required"]:
            rest = {key: value for key, value in data.items() if key != name}
            assert list(validator.iter_errors(rest)), f"{kind}: {name}"


@pytest.mark.parametrize("value", [0.5, LARGEST + 1, -LARGEST - 1, {"ключ": 1}, [{"a": 1.5}]])
@pytest.mark.parametrize("at", ["unheard_of", "facts", "mono_ms"])
def test_fractions_and_what_no_reader_can_hold_are_found_anywhere(at: str, value: object) -> None:
    verdict = next(payload for name, payload in EXAMPLES if name == "verdict.made")
    data = data_of(verdict)
    data[at] = {"deep": value} if at == "facts" else value
    assert problems("verdict.made", data)


def test_an_unknown_field_is_allowed() -> None:
    verdict = next(payload for name, payload in EXAMPLES if name == "verdict.made")
    assert problems("verdict.made", data_of(verdict) | {"later": {"n": [1, "x", None]}}) == []


def test_a_state_of_another_kind_is_found() -> None:
    sent = next(payload for name, payload in EXAMPLES if name == "move.sent")
    assert problems("move.done", data_of(sent))


def test_the_page_lists_every_kind_with_its_fields() -> None:
    rows = dict(re.findall(r"^\| `([a-z_.]+)\.v\d+` \| (.*?) \| .* \|$", PAGE, re.MULTILINE))
    assert set(rows) == set(kinds())
    for kind in kinds():
        own = rows[kind]
        while "{" in own:
            own = re.sub(r"\{[^{}]*\}", "", own)
        names = [] if own == "–" else own.split(", ")
        assert [name.rstrip("?[]") for name in names] == [
            one.name for one in fields(PAYLOADS[kind])
        ]


def test_every_class_of_the_union_has_a_kind() -> None:
    assert set(PAYLOADS.values()) == set(typing.get_args(Payload))
