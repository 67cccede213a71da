"""Whatever people and systems call things: the events stay valid and keep one hash."""

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.events import DocumentRef, InspectionAnswered, Leg, MovePlanned, PutConfirmed, VerdictMade
from edge.sync.epcis.canonical import canonical_uri
from edge.sync.epcis.check import problems
from edge.sync.epcis.correction import declared
from edge.sync.epcis.document import document, encoded, framed
from edge.sync.epcis.event_hash import event_hash, pre_hash
from edge.sync.epcis.mapping import PREFIX, Step
from edge.sync.epcis.names import Names
from epcis_kit import (
    MOVE,
    OWN,
    SHA,
    TIME_MS,
    Case,
    Given,
    arrived,
    carrying,
    cases,
    closed,
    correction,
    identified,
    photo,
    put,
    verdict,
)

pytestmark = pytest.mark.filterwarnings("ignore:open_text is deprecated:DeprecationWarning")

PREFIXES = {PREFIX: OWN.vocabulary}
# Texts that reach a journal: no lone surrogates, never empty where a name is needed.
texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=24)
awkward = st.sampled_from(
    ("inf", "NaN", "1e5", "7.10", "000123", "a/b", "a b", "%2F", "#", "?x=1", "returned", "+", "-")
)
names = texts | awkward
zones = st.sampled_from(("resale", "repair", "disposal", "hold", "hazmat"))
flags = st.lists(
    st.sampled_from(
        ("recall", "expired", "suspect", "missing_part", "liquid", "hazard_bio", "hazard_chem")
    ),
    unique=True,
)
sites = st.builds(
    Names,
    namespace=st.just(OWN.namespace),
    site=names,
    station=names,
    gln=st.sampled_from(("", "4601234000000")),
)


@st.composite
def moments(draw: st.DrawFn) -> Case:
    """A moment of a return at some site, under some names."""
    site = draw(sites)
    rma, serial = draw(names), draw(names)
    before = (arrived(draw(names), rmas=(rma,)), identified(serial=serial))
    document_ref = DocumentRef(id=draw(names), version=draw(st.integers(0, 999)), sha256=SHA)
    made = verdict(draw(zones), f"HOLD_{draw(names)}", *draw(flags), row=f"R{draw(names)}").payload
    assert isinstance(made, VerdictMade)
    start, end = draw(names), draw(names)
    leg = Leg(kind="robot", start=start, end=end, carrier="any")
    last = draw(
        st.sampled_from(
            (
                before[:1],
                before,
                (*before, closed(1)),
                (*before, photo()),
                (*before, Given(payload=replace(made, policy=document_ref), rma=rma)),
                (*before, replace(put(made.zone, draw(names)), rma=rma)),
                (*before, Given(payload=MovePlanned(move=MOVE, legs=(leg,), zone="resale")),
                 carrying(0)),
            )
        )
    )  # fmt: skip
    return Case(name="", given=last, names=site)


@given(one=moments())
def test_an_exported_document_always_passes_our_check(one: Case) -> None:
    assert problems(document(one.steps, one.names, TIME_MS)) == ()


@given(one=moments())
def test_the_hash_is_that_of_the_published_implementation(one: Case) -> None:
    reason = "the published event hash generator is not installed"
    reader = pytest.importorskip("epcis_event_hash_generator.json_to_py", reason=reason)
    maker = pytest.importorskip("epcis_event_hash_generator.hash_generator", reason=reason)
    found = copy.deepcopy(document(one.steps, one.names, TIME_MS))
    told = maker.derive_prehashes_from_events(reader.event_list_from_epcis_document_json(found))
    assert [pre_hash(step, PREFIXES) for step in one.steps] == told


@given(one=st.sampled_from(cases()), act=st.sampled_from(("undo", "retract", "replace")))
def test_a_declared_copy_keeps_the_hash(one: Case, act: str) -> None:
    copies = declared(one.steps, correction(9, 1, act), one.steps)
    assert [event_hash(step, PREFIXES) for step in copies] == [
        event_hash(step, PREFIXES) for step in one.steps
    ]


def _shuffled(value: Any, data: st.DataObject) -> Any:
    if isinstance(value, dict):
        keys = data.draw(st.permutations(sorted(value)))
        return {key: _shuffled(value[key], data) for key in keys}
    return value


@given(data=st.data(), one=st.sampled_from(cases()))
def test_the_order_of_fields_says_nothing(data: st.DataObject, one: Case) -> None:
    for step in one.steps:
        other: Step = _shuffled(step, data)
        assert event_hash(other, PREFIXES) == event_hash(step, PREFIXES)


@given(text=texts | st.from_regex(r"https://[a-z.]{1,9}/(01|414|8003)/[0-9]{4,14}(/21/\w+)?"))
def test_a_canonical_address_is_canonical_already(text: str) -> None:
    once = canonical_uri(text)
    assert canonical_uri(once) == once


@given(one=moments())
def test_a_document_made_of_encoded_events_is_the_document(one: Case) -> None:
    bodies = [encoded(step) for step in one.steps]
    assert framed(bodies, one.names, TIME_MS) == encoded(document(one.steps, one.names, TIME_MS))


@given(answer=st.integers(-(2**53), 2**53))
def test_a_weight_is_hashed_as_the_number_it_is(answer: int) -> None:
    weighed = InspectionAnswered(step="weight_g", answer=answer, must=False, by="scan")
    (step,) = Case(name="", given=(identified(), Given(payload=weighed))).steps
    assert f"value={answer}uom" in pre_hash(step, PREFIXES)


@given(zone=names, tray=st.none() | names)
def test_any_put_is_told_or_left_out(zone: str, tray: str | None) -> None:
    payload = PutConfirmed(zone=zone, proof="tray", how="hand", after_verdict_ms=0, tray=tray)
    one = Case(name="", given=(identified(), Given(payload=payload)))
    assert all(step["type"] in ("ObjectEvent", "AggregationEvent") for step in one.steps)
