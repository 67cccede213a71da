"""Documents against the official schema, and our own check, which sees what that does not."""

import copy
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft7Validator, FormatChecker

from edge.sync.epcis.check import problems, step_problems
from edge.sync.epcis.correction import declared
from edge.sync.epcis.document import CONTEXT, alone, context_of, document
from epcis_kit import GS1, OWN, TIME_MS, Case, case, cases, correction, folder, official

Document = dict[str, Any]


@cache
def _schema() -> Draft7Validator:
    reason = "the formats of times and addresses are not checked without"
    pytest.importorskip("rfc3339_validator", reason=f"{reason} rfc3339-validator")
    syntax = pytest.importorskip("rfc3987_syntax", reason=f"{reason} rfc3987-syntax")
    formats = FormatChecker()

    @cache
    def is_address(text: str) -> bool:
        return text.isascii() and bool(syntax.is_valid_syntax("iri", text))

    @formats.checks("uri")  # the library leaves it unchecked with these packages, and says nothing
    def is_uri(value: object) -> bool:
        return not isinstance(value, str) or is_address(value)

    return Draft7Validator(official("EPCIS-JSON-Schema.json"), format_checker=formats)


def _official_problems(found: Document) -> list[str]:
    return [error.message for error in _schema().iter_errors(found)]


def _of(one: Case) -> Document:
    return document(one.steps, one.names, TIME_MS)


@pytest.mark.parametrize("one", cases(), ids=lambda one: one.name)
def test_every_exported_document_is_valid_by_the_official_schema(one: Case) -> None:
    assert _official_problems(_of(one)) == []


@pytest.mark.parametrize("one", cases(), ids=lambda one: one.name)
def test_every_exported_event_is_valid_alone_too(one: Case) -> None:
    for step in one.steps:
        assert _official_problems(alone(step, one.names)) == []


@pytest.mark.parametrize("act", ["undo", "retract", "replace"])
def test_every_declared_copy_is_valid_by_the_official_schema_and_by_ours(act: str) -> None:
    for one in cases():
        copies = declared(one.steps, correction(9, 1, act), case("put repair").steps)
        found = document(copies, one.names, TIME_MS)
        assert _official_problems(found) == []
        assert problems(found) == ()


def test_all_official_examples_are_valid_so_the_schema_is_read_right() -> None:
    paths = sorted((folder() / "examples").rglob("*.jsonld"))
    assert len(paths) == 47
    for path in paths:
        assert _official_problems(json.loads(path.read_text(encoding="utf-8"))) == [], path.name


@pytest.mark.parametrize("one", cases(), ids=lambda one: one.name)
def test_every_exported_document_passes_our_own_check(one: Case) -> None:
    assert problems(_of(one)) == ()
    for step in one.steps:
        assert step_problems(step, one.names) == ()


def test_a_document_survives_json() -> None:
    found = _of(case("move carrying", GS1))
    assert json.loads(json.dumps(found)) == found


# ---------------------------------------------------------------- what must be refused


def _event(found: Document) -> Document:
    step: Document = found["epcisBody"]["eventList"][0]
    return step


def _set(key: str, value: Any) -> Callable[[Document], None]:
    return lambda found: _event(found).update({key: value})


def _drop(key: str) -> Callable[[Document], None]:
    return lambda found: _event(found).pop(key) and None


def _top(key: str, value: Any) -> Callable[[Document], None]:
    return lambda found: found.update({key: value})


# Refused by the official schema as well.
BOTH: dict[str, Callable[[Document], None]] = {
    "no time": _drop("eventTime"),
    "no offset": _drop("eventTimeZoneOffset"),
    "no action": _drop("action"),
    "no thing": _drop("epcList"),
    "a business step of our own": _set("bizStep", "grading"),
    "a disposition of our own": _set("disposition", "hold"),
    "a lasting disposition of our own": _set("persistentDisposition", {"set": ["broken"]}),
    "no lasting disposition": _set("persistentDisposition", {}),
    "a thing without address": _set("epcList", ["04601234567893"]),
    "a thing twice": _set("epcList", [f"{OWN.namespace}/unit/1"] * 2),
    "a time in words": _set("eventTime", "yesterday"),
    "an offset in minutes": _set("eventTimeZoneOffset", "180"),
    "an offset beyond the earth": _set("eventTimeZoneOffset", "+15:00"),
    "an action of our own": _set("action", "GRADE"),
    "a place without address": _set("readPoint", {"id": "bench 7"}),
    "a field of our own without a prefix": _set("grade", "B"),
    "a transaction without address": _set(
        "bizTransactionList", [{"type": "rma", "bizTransaction": "88123"}]
    ),
    "an error declaration without a time": _set("errorDeclaration", {"reason": "did_not_occur"}),
    "an error for a reason of our own": _set(
        "errorDeclaration", {"declarationTime": "2025-11-24T16:00:00.000Z", "reason": "oops"}
    ),
    "an event of another type": _set("type", "GradingEvent"),
    "another document": _top("type", "Document"),
    "no version": lambda found: found.pop("schemaVersion") and None,
    "no creation date": lambda found: found.pop("creationDate") and None,
    "no body": _top("epcisBody", {}),
    "a field of the document of our own": _top("station", "st07"),
}
# Accepted by the official schema, wrong all the same.
OURS: dict[str, Callable[[Document], None]] = {
    "a prefix that is not declared": _set("ret:grade", "B"),
    "a context that does not declare our prefix": _top("@context", [CONTEXT]),
    "a prefix declared as no address": _top("@context", [CONTEXT, {"retx": "epcis"}]),
    "the official context missing": _top("@context", [{"retx": OWN.vocabulary}]),
    "an extension that reads as a number": _set("retx:row", "000123"),
    "an extension that is a number": _set("retx:row", 7),
    "an extension that reads as infinite": _set("retx:row", "inf"),
    "an extension that is a word of CBV": _set("retx:zone", "returned"),
    "an extension without content": _set("retx:zone", []),
    "a second context within": _set("@context", []),
    "a measurement beside a transaction": _set(
        "sensorElementList", [{"sensorReport": [{"type": "Mass", "value": 1, "uom": "GRM"}]}]
    ),
    "an event without a name": _drop("eventID"),
    "an event named by a number": _set("eventID", "urn:example:5"),
    "no events": _top("epcisBody", {"eventList": []}),
    "nothing where the thing was": _set("epcList", []),
}


def _spoilt(spoil: Callable[[Document], None]) -> Document:
    found = copy.deepcopy(_of(case("verdict repair")))
    spoil(found)
    return found


@pytest.mark.parametrize("spoil", BOTH.values(), ids=BOTH.keys())
def test_what_the_official_schema_refuses_our_check_refuses(
    spoil: Callable[[Document], None],
) -> None:
    assert problems(_spoilt(spoil)) != ()


def test_the_official_schema_does_refuse_these() -> None:
    accepted = [name for name, spoil in BOTH.items() if not _official_problems(_spoilt(spoil))]
    assert accepted == []


@pytest.mark.parametrize("spoil", OURS.values(), ids=OURS.keys())
def test_our_check_refuses_more(spoil: Callable[[Document], None]) -> None:
    assert problems(_spoilt(spoil)) != ()


def test_a_problem_says_where_and_what() -> None:
    found = _spoilt(_set("ret:grade", "B"))
    assert problems(found) == (
        "eventList[0].ret:grade: the prefix 'ret' is not declared in @context",
    )
    step = case("verdict repair").steps[0] | {"bizStep": "grading"}
    assert step_problems(step, OWN) == ("event.bizStep: 'grading' does not fit",)


@pytest.mark.parametrize("found", [{}, {"@context": None}, {"epcisBody": []}])
def test_what_is_no_document_at_all_is_refused(found: Document) -> None:
    assert len(problems(found)) > 1


@pytest.mark.parametrize("step", [None, [], "ObjectEvent", {}, {"type": None}, {"type": []}])
def test_what_is_no_event_at_all_is_refused(step: Any) -> None:
    found = document([], OWN, TIME_MS)
    found["epcisBody"]["eventList"] = [step]
    assert problems(found) == ("eventList[0].type: not an event of ours",)


def test_the_context_declares_the_prefix_for_our_fields() -> None:
    assert context_of(OWN) == [CONTEXT, {"retx": f"{OWN.namespace}/epcis/"}]
