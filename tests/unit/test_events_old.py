"""The first release's journal: read today, chain and all; steps between versions."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from edge.events import GENESIS, canonical, decode, digest, kind_of, read_payload
from edge.events.kinds import PAYLOADS
from edge.events.schemas import kinds
from edge.events.upcast import Step, upcast
from edge.journal.reader import Reader
from edge.journal.writer import Submission
from journal_kit import event, opened, uuid7
from source_tree import ROOT

FIRST = ROOT / "tests" / "data" / "events" / "first"
BODIES = (FIRST / "bodies.jsonl").read_bytes().splitlines()
LATER = {"sync.state", "sync.dead", "sync.replayed", "sync.waived", "sync.retired"}
LATER |= {"station.disk", "station.corrupt", "station.clock", "photo.lost"}
LATER |= {"danger.kind", "danger.withdrawn", "hold.released", "device.command"}
LATER |= {"document.data", "mark.captured", "unit.lpn", "sla.warning"}
LATER |= {"parcel.damaged", "parcel.matched"}
LATER |= {"container.opened", "container.unit_added", "container.unit_removed"}
LATER |= {"container.closed", "container.reopened"}
LATER |= {"correction.made", "device.proven", "verdict.changed", "operator.feedback"}
LATER |= {"parcel.matched", "parcel.damaged", "parcel.missing", "quality.rechecked", "claim.ready"}
LATER |= {"mark.return_ready", "mark.remark_needed", "mark.dispute", "put.overdue", "photo.erased"}
LATER |= {"move.unseen", "diverter.unseen"}


def test_the_first_release_has_a_body_of_every_kind_but_the_later_ones() -> None:
    found = {str(json.loads(body)["type"]).split(".", 1)[1].rpartition(".v")[0] for body in BODIES}
    assert set(kinds()) - found == LATER


def test_every_body_of_the_first_release_is_read_typed() -> None:
    for seq, body in enumerate(BODIES, 1):
        read = decode(seq, body)
        assert read.payload is not None, read.kind
        assert kind_of(read.payload) == read.kind
        assert canonical(json.loads(body)) == body


def test_every_body_of_the_first_release_fits_the_schema_it_names() -> None:
    for envelope in map(json.loads, BODIES):
        name = envelope["dataschema"].rpartition("/")[2]
        path = ROOT / "edge" / "events" / "schema" / name
        schema = json.loads(path.read_text(encoding="utf-8"))
        assert not list(Draft202012Validator(schema).iter_errors(envelope["data"])), name


def test_the_first_release_s_chain_is_unbroken() -> None:
    before = GENESIS
    for body in BODIES:
        assert json.loads(body)["prevhash"] == before
        before = digest(body, before)


async def test_the_first_release_s_journal_is_opened_read_and_continued(tmp_path: Path) -> None:
    packed = (FIRST / "journal.db.gz").read_bytes()
    (tmp_path / "journal.db").write_bytes(gzip.decompress(packed))
    async with opened(tmp_path) as journal:
        event_of_today = event(unit=uuid7(7), key=uuid7(1_000_000))
        receipt = await journal.commit(Submission(events=(event_of_today,)))
    assert receipt.last_seq == len(BODIES) + 1
    with Reader(tmp_path / "journal.db") as reader:
        assert [body for _, body, _ in reader.bodies(1)][:-1] == BODIES
        assert reader.verify(1).is_good


def test_data_of_an_old_version_goes_through_every_step() -> None:
    def renamed(data: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"code": data["text"]}

    def counted(data: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**data, "n": 1}

    steps: Mapping[tuple[str, int], Step] = {("x.y", 1): renamed, ("x.y", 2): counted}
    old = {"text": "a"}
    assert upcast("x.y", 1, old, steps) == (3, {"code": "a", "n": 1})
    assert upcast("x.y", 2, {"code": "b"}, steps) == (3, {"code": "b", "n": 1})
    assert upcast("x.z", 1, old, steps) == (1, old)
    assert old == {"text": "a"}


def test_there_is_a_way_from_every_older_version() -> None:
    for kind, payload in PAYLOADS.items():
        for version in range(1, payload.SCHEMA):
            assert upcast(kind, version, {})[0] == payload.SCHEMA


def test_a_newer_version_of_a_known_kind_is_skipped_and_kept() -> None:
    body = BODIES[0].replace(b'.v1"', b'.v9"')
    event = decode(1, body)
    assert event.payload is None
    assert event.data == decode(1, BODIES[0]).data
    assert read_payload("unit.parked", {}, 2) is None
