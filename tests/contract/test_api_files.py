"""docs/openapi.yaml and docs/asyncapi.yaml: well-formed, and true of the real clients."""

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from drivers.clock import SystemClock
from edge.events.kinds import PAYLOADS
from edge.feeds.accept import FeedReport, accept, row_of_json
from edge.feeds.columns import COLUMNS
from edge.feeds.fetch import poll
from edge.journal.outbox import OutboxRow
from edge.journal.reference import Reference
from edge.metrics import Metrics
from edge.settings.model import FeedSettings, TargetKind, TargetSettings
from edge.sync.http_events import HttpEvents
from edge.sync.jetstream import JetStream
from edge.sync.mqtt_events import MqttEvents
from edge.sync.target import Later, Outcome, Refused, Split, Stored, TooLarge
from http_sink import Got, HttpSink, Say
from journal_kit import HandClock, cancelled_after
from sim.central.alone import feeds_of
from sim.central.platform import Platform
from sim.truth.parcels import draw
from sim.web import Request
from source_tree import ROOT, text

OPENAPI: dict[str, Any] = yaml.safe_load(text(Path("docs/openapi.yaml")))
ASYNCAPI: dict[str, Any] = yaml.safe_load(text(Path("docs/asyncapi.yaml")))
EVENTS = OPENAPI["paths"]["/events"]["post"]
FEED = OPENAPI["paths"]["/feeds/{feed}"]["get"]
PHOTO = OPENAPI["paths"]["/photos/{sha256}"]["put"]
BODIES = (ROOT / "tests" / "data" / "targets" / "bi.jsonl").read_bytes().splitlines()
MEANS: dict[str, type[Outcome]] = {
    "stored": Stored,
    "later": Later,
    "refused": Refused,
    "split": Split,
    "too_large": TooLarge,
}
ROW_SCHEMAS = {
    "returns": "ReturnRow",
    "items": "ItemRow",
    "codes": "CodeRow",
    "recalls": "RecallRow",
    "releases": "ReleaseRow",
    "policies": "PolicyRow",
}


def schema(name: str) -> Draft202012Validator:
    """A validator of a component, its references inside the file."""
    whole = {"$ref": f"#/components/schemas/{name}", "components": OPENAPI["components"]}
    return Draft202012Validator(whole)


def problems(name: str, value: object) -> list[str]:
    return [error.message for error in schema(name).iter_errors(value)]


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "$ref":
                yield item
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def found(document: dict[str, Any], pointer: str) -> Any:
    at: Any = document
    for part in pointer.removeprefix("#/").split("/"):
        at = at[part.replace("~1", "/")]
    return at


# ---------------------------------------------------------------- form


def test_every_reference_leads_somewhere() -> None:
    for document in (OPENAPI, ASYNCAPI):
        for reference in references(document):
            file, _, pointer = reference.partition("#")
            assert file in ("", "openapi.yaml")
            assert found(OPENAPI if file else document, f"#{pointer}")


def test_openapi_has_the_form_of_3_1() -> None:
    assert OPENAPI["openapi"].startswith("3.1.")
    assert {"title", "version"} <= set(OPENAPI["info"])
    operations = [one for path in OPENAPI["paths"].values() for one in path.values()]
    assert len({one["operationId"] for one in operations}) == len(operations)
    for path, methods in OPENAPI["paths"].items():
        for operation in methods.values():
            named = set(re.findall(r"{(\w+)}", path))
            inside = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert named == inside
            assert all(
                {"name", "in", "required", "schema"} <= set(one) for one in operation["parameters"]
            )
            for code, response in operation["responses"].items():
                assert re.fullmatch("[1-5][0-9]{2}", code)
                assert response["description"]
    for name in OPENAPI["components"]["schemas"]:
        Draft202012Validator.check_schema(OPENAPI["components"]["schemas"][name])


def test_asyncapi_has_the_form_of_3_0() -> None:
    assert ASYNCAPI["asyncapi"].startswith("3.0.")
    assert {"title", "version"} <= set(ASYNCAPI["info"])
    for channel in ASYNCAPI["channels"].values():
        assert set(re.findall(r"{(\w+)}", channel["address"])) == set(channel["parameters"])
    used = {one["channel"]["$ref"] for one in ASYNCAPI["operations"].values()}
    assert used == {f"#/channels/{name}" for name in ASYNCAPI["channels"]}
    assert all(one["action"] == "send" for one in ASYNCAPI["operations"].values())


# ---------------------------------------------------------------- events


def rows(bodies: list[bytes] = BODIES) -> tuple[OutboxRow, ...]:
    return tuple(
        OutboxRow(
            seq=n, n=n, id=json.loads(body)["id"], body=body, digest=b"", recorded_ms=0, kind="x.y"
        )
        for n, body in enumerate(bodies, 1)
    )


def parameters_hold(operation: dict[str, Any], got: Got, place: str) -> None:
    """What the client sends beside the usual headers is what the file names."""
    for one in operation["parameters"]:
        if one["in"] != place:
            continue
        given = got.query if place == "query" else got.headers
        value = given.get(one["name"] if place == "query" else one["name"].lower())
        assert value is not None or not one["required"], one["name"]
        if value is not None:
            assert not list(Draft202012Validator(one["schema"]).iter_errors(value)), one["name"]


@pytest.mark.parametrize("code", EVENTS["responses"])
async def test_each_answer_to_events_means_what_the_file_says(code: str) -> None:
    target = TargetSettings(name="t", kind=TargetKind.HTTP_BATCH, url="", events=("*",))
    async with HttpSink(lambda _: Say(status=int(code))) as sink:
        settings = TargetSettings(
            name=target.name, kind=target.kind, url=sink.url, events=target.events
        )
        async with HttpEvents(
            settings, "https://x.example.com/s", SystemClock(), Metrics()
        ) as client:
            outcome = await client.send(rows())
        assert isinstance(outcome, MEANS[EVENTS["responses"][code]["x-station"]])
        for got in sink.got:
            parameters_hold(EVENTS, got, "header")
            assert got.headers["content-type"] in EVENTS["requestBody"]["content"]
            assert problems("Batch", json.loads(got.plain)) == []


async def test_a_replay_says_so() -> None:
    async with HttpSink() as sink:
        settings = TargetSettings(name="t", kind=TargetKind.HTTP_BATCH, url=sink.url)
        async with HttpEvents(
            settings, "https://x.example.com/s", SystemClock(), Metrics()
        ) as client:
            await client.send(rows(), is_replay=True)
        parameters_hold(EVENTS, sink.got[0], "header")
        assert sink.got[0].headers["edge-replay"] == "1"


def test_every_body_that_the_named_systems_get_fits_the_file() -> None:
    for path in (ROOT / "tests" / "data" / "targets").glob("*.jsonl"):
        for line in path.read_bytes().splitlines():
            assert problems("Event", json.loads(line)) == [], path.name


@pytest.mark.parametrize("lost", OPENAPI["components"]["schemas"]["Event"]["required"])
def test_an_event_without_a_required_attribute_does_not_fit(lost: str) -> None:
    event = json.loads(BODIES[0])
    del event[lost]
    assert problems("Event", event)


async def test_the_simulated_centre_answers_as_the_file_says() -> None:
    platform = Platform(feeds_of(draw(1, 3)))
    headers = {"content-type": "application/cloudevents-batch+json", "edge-source": "s"}
    body = b"[" + b",".join(BODIES) + b"]"
    answer = await platform.answer(request("POST", "/events", headers, body))
    assert str(answer.status) in EVENTS["responses"]
    assert problems("Results", json.loads(answer.body)) == []
    statuses = [one["status"] for one in json.loads(answer.body)["results"]]
    assert statuses == ["stored"] * len(BODIES)
    for feed in ("returns", "items"):
        page = await platform.answer(request("GET", f"/feeds/{feed}", {}, b""))
        assert str(page.status) in FEED["responses"]
        assert problems("Page", json.loads(page.body)) == []
        for row in json.loads(page.body)["rows"]:
            assert problems(ROW_SCHEMAS[feed], row) == []


def request(method: str, path: str, headers: dict[str, str], body: bytes) -> Request:
    return Request(method=method, path=path, query={}, headers=headers, body=body)


# ---------------------------------------------------------------- feeds


@pytest.mark.parametrize("code", FEED["responses"])
async def test_each_answer_to_a_feed_does_what_the_file_says(code: str, tmp_path: Path) -> None:
    first = Say.as_json(
        {"rows": [{"list": "reason", "code": "C1", "ru": "Да", "en": "Yes"}], "next": "c1"}
    )

    def answer(_: Got) -> Say:
        return first if len(sink.got) == 1 or code == "200" else Say(status=int(code))

    async def keep(_: FeedReport) -> None:
        return

    async with HttpSink(answer) as sink:
        feed = FeedSettings(name="codes", kind="http", url=sink.url, poll_s=0.01)
        with Reference(tmp_path / "reference.db") as reference:
            work = poll(feed, reference, clock=HandClock(), rng=random.Random(1), on_report=keep)
            await cancelled_after(work, lambda: len(sink.got) >= 3)
            does = FEED["responses"][code]["x-station"]
            state = reference.state("codes")
            assert (state.cursor is None) == (does == "reload")
            assert state.is_loading == (does == "reload")
            assert len(reference.entries("codes", "reason")) == 1  # the last good copy stays
        assert ("cursor" in sink.got[2].query) == (does != "reload")
        for got in sink.got:
            parameters_hold(FEED, got, "query")


def test_the_feeds_are_those_of_the_station_and_so_are_their_columns() -> None:
    (feed,) = (one for one in FEED["parameters"] if one["name"] == "feed")
    assert feed["schema"]["enum"] == list(COLUMNS) == list(ROW_SCHEMAS)
    for name, columns in COLUMNS.items():
        row = OPENAPI["components"]["schemas"][ROW_SCHEMAS[name]]
        assert list(row["properties"]) == list(columns)
        needed = row["else"]["required"] if "else" in row else row["required"]
        assert needed == [key for key, column in columns.items() if column.required]
        assert row["required"] == [key for key, column in columns.items() if column.is_key]


@pytest.mark.parametrize(
    ("feed", "row"),
    [
        ("codes", {"list": "reason", "code": "C", "ru": "а", "en": "b"}),
        ("codes", {"list": "reason", "code": "C", "op": "delete"}),
        ("codes", {"list": "reason", "code": "C"}),
        ("codes", {"list": "mood", "code": "C", "ru": "а", "en": "b"}),
        ("returns", {"rma": "1", "line": "1", "tenant": "t", "gtin": "4601234567893", "qty": 1}),
        ("returns", {"rma": "1", "line": "1", "tenant": "t", "gtin": "4601234567893", "qty": 0}),
        ("returns", {"rma": "1", "line": "1", "tenant": "t", "name": "x", "op": "delete"}),
        ("policies", {"sha256": "ab" * 32, "url": "https://x.example.com/p.zip"}),
        ("policies", {"sha256": "ab", "url": "https://x.example.com/p.zip"}),
    ],
)
def test_the_file_and_the_station_take_the_same_rows(feed: str, row: dict[str, object]) -> None:
    _, refused = accept(feed, [row_of_json(1, row)])
    assert bool(problems(ROW_SCHEMAS[feed], row)) == bool(refused)


# ---------------------------------------------------------------- brokers


def pattern(channel: str) -> str:
    address = re.escape(ASYNCAPI["channels"][channel]["address"]).replace(r"\{", "{")
    return re.sub(r"{(\w+)\\?}", r"(?P<\1>[A-Za-z0-9_-]+)", address.replace(r"\}", "}"))


def test_subjects_and_topics_are_those_of_the_file() -> None:
    settings = TargetSettings(name="t", kind=TargetKind.JETSTREAM, url="nats://x:1")
    stream, broker = JetStream(settings, "msk1.st07"), MqttEvents(settings, "msk1.st07")
    for kind in PAYLOADS:
        family, _, name = kind.partition(".")
        subject = re.fullmatch(pattern("natsEvent"), f"{stream._prefix}.{kind}")
        topic = re.fullmatch(pattern("mqttEvent"), f"{broker._prefix}/{family}/{name}")
        for match in (subject, topic):
            assert match is not None
            assert match.groupdict() == {
                "site": "msk1", "station": "st07", "family": family, "name": name
            }  # fmt: skip
    assert re.fullmatch(pattern("natsBatch"), f"{stream._prefix}.batch")
