"""The event model: canonical bytes, the splice, tolerant reading."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.events import (
    GENESIS,
    Draft,
    EventId,
    MoveChanged,
    MoveState,
    OperatorIn,
    Origin,
    ParcelId,
    ScanRead,
    Stamp,
    Subject,
    UnitId,
    UnitParked,
    canonical,
    decode,
    digest,
    encode,
    kind_of,
    read_payload,
    splice,
)
from edge.events.kinds import PAYLOADS
from edge.events.scan import Match

ORIGIN = Origin(
    namespace="https://returns.example.com",
    site="msk1",
    station="st07",
    journal_id="3f9a61c2",
    boot="b00t",
    config="c0",
    tz="+03:00",
)


def _stamp(**changes: object) -> Stamp:
    base: dict[str, object] = {"id": EventId("0193a5c0"), "time_ms": 1_764_000_000_124}
    return Stamp(mono_ms=5, **(base | changes))  # type: ignore[arg-type]


def test_a_body_is_canonical_after_the_writer_spliced_its_three_values() -> None:
    draft = Draft(payload=UnitParked(), subject=Subject(parcel=ParcelId("p"), unit=UnitId("u")))
    body = splice(encode(draft, _stamp(), ORIGIN), prevhash=GENESIS, recorded_ms=7, seq=90211)
    envelope = json.loads(body)
    assert canonical(envelope) == body
    assert envelope["sequence"] == "00000000000000090211"
    assert envelope["subject"] == "unit/u"
    assert envelope["correlationid"] == "p"
    assert envelope["source"] == "https://returns.example.com/station/msk1.st07/3f9a61c2"
    assert envelope["type"] == "receiving-edge.unit.parked.v1"


@given(
    texts=st.lists(st.text(alphabet=st.characters(codec="utf-8")), min_size=6, max_size=6),
    has_parcel=st.booleans(),
    has_cause=st.booleans(),
)
def test_the_envelope_is_canonical_whatever_the_texts(
    texts: list[str], has_parcel: bool, has_cause: bool
) -> None:
    """Only `data` is sorted anew for each event: the rest stands in its order by construction."""
    origin = replace(ORIGIN, namespace=texts[0], station=texts[1], journal_id=texts[2])
    subject = Subject(parcel=ParcelId(texts[3]) if has_parcel else None)
    cause = EventId(texts[5]) if has_cause else None
    stamp = replace(_stamp(), id=EventId(texts[4]), cause=cause)
    made = encode(Draft(payload=UnitParked(), subject=subject), stamp, origin)
    body = splice(made, prevhash=GENESIS, recorded_ms=7, seq=1)
    assert canonical(json.loads(body)) == body


def test_what_was_written_is_read_back_typed() -> None:
    payload = ScanRead(
        device="hand-1",
        via="serial",
        raw_b64="QQ==",
        symbology="ean13",
        text="4601",
        match=Match(what="item"),
    )
    body = splice(
        encode(Draft(payload=payload), _stamp(input="b/hand-1/4"), ORIGIN),
        prevhash=GENESIS,
        recorded_ms=1_764_000_000_131,
        seq=1,
    )
    event = decode(1, body)
    assert event.payload == payload
    assert event.data["input"] == "b/hand-1/4"
    assert event.time_ms == 1_764_000_000_124
    assert event.recorded_ms == 1_764_000_000_131


def test_a_body_that_does_not_follow_its_predecessor_is_refused() -> None:
    body = splice(encode(Draft(payload=UnitParked()), _stamp(), ORIGIN),
                  prevhash=GENESIS, recorded_ms=0, seq=1)  # fmt: skip
    assert len(digest(body, GENESIS)) == 64
    with pytest.raises(ValueError, match="does not follow"):
        digest(body, "1" * 64)


def test_floats_have_no_canonical_form() -> None:
    with pytest.raises(ValueError, match="floats"):
        canonical({"a": [1, {"b": 0.5}]})


def test_an_unknown_kind_has_no_payload_and_does_not_stop_the_reader() -> None:
    assert read_payload("unit.dreamt", {"x": 1}) is None


def test_unknown_fields_are_kept_and_unknown_enum_values_become_unknown() -> None:
    data = {"move": "m", "leg": 0, "state": "teleporting", "colour": "red"}
    payload = read_payload("move.sent", data)
    assert isinstance(payload, MoveChanged)
    assert payload.state is MoveState.UNKNOWN


def test_a_known_kind_without_a_required_field_is_named() -> None:
    with pytest.raises(ValueError, match=r"OperatorIn: operator is missing"):
        read_payload("operator.in", {"role": "operator", "method": "badge"})


def test_every_kind_has_two_tokens_and_a_schema_number() -> None:
    for kind, payload in PAYLOADS.items():
        assert kind.count(".") == 1
        assert payload.SCHEMA >= 1
    assert kind_of(OperatorIn(operator="1", role="operator", method="badge")) == "operator.in"
