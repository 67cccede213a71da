"""An EPCIS 2.0 repository on loopback: capture jobs, single events, limits, and faults to order.

It takes repeated events of a capture on purpose, as the standard allows: who sends twice is seen.
Every exchange is kept and can be held against the official description of the interface.
"""

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from jsonschema import Draft4Validator

from http_sink import Got, HttpSink, Say

PREFIX: Final = "/v2"
PROBLEM: Final = {"Content-Type": "application/problem+json"}
VERSIONS: Final = {"GS1-EPCIS-Version": "2.0.0", "GS1-CBV-Version": "2.0.0"}


@dataclass(slots=True, kw_only=True)
class JobKept:
    """A capture job: what it holds and how many looks it takes until it has ended."""

    steps: list[dict[str, Any]]
    looks_left: int
    behaviour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and what was answered, None where the connection was cut."""

    got: Got
    say: Say | None


@dataclass(slots=True, kw_only=True)
class Repository:
    """What it keeps and how it behaves.

    `faults`: by `METHOD /path`, taken one a request: a status, `cut` (before anything is done),
    `lose` (all is done, the answer is lost), `nowhere` (no Location), `elsewhere` (another host).
    """

    events_max: int | None = None
    octets_max: int | None = None
    looks: int = 0
    behaviour: str = "rollback"
    has_events: bool = True
    poison: set[str] = field(default_factory=set)
    faults: dict[str, deque[int | str]] = field(default_factory=dict)
    stored: list[dict[str, Any]] = field(default_factory=list)
    jobs: dict[str, JobKept] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """Return the ids of what is stored, in order, each as often as it is there."""
        return [step["eventID"] for step in self.stored]

    @property
    def declared(self) -> list[str]:
        """Return the ids of what is declared to be in error, in order."""
        return [step["eventID"] for step in self.stored if "errorDeclaration" in step]

    def asked(self, what: str) -> list[Got]:
        """Return the requests to `METHOD /path`, below the prefix."""
        return [one.got for one in self.exchanges if _what(one.got).startswith(what)]

    def fail(self, what: str, *faults: int | str) -> None:
        """Order faults for the next requests to `METHOD /path`."""
        self.faults.setdefault(what, deque()).extend(faults)

    def answer(self, got: Got) -> Say:
        """Answer a request as the interface says, or as a fault was ordered."""
        fault = self._fault(got)
        if isinstance(fault, int):
            say = _problem(fault, "ordered")
        elif fault == "cut":
            say = Say(cut=True)
        else:
            say = self._served(got)
            if fault == "lose":
                say = Say(cut=True)
            elif fault in ("nowhere", "elsewhere"):
                say = _moved(say, fault)
        self.exchanges.append(Exchange(got=got, say=None if say.cut else say))
        return say

    def _fault(self, got: Got) -> int | str | None:
        for what, faults in self.faults.items():
            if faults and _what(got).startswith(what):
                return faults.popleft()
        return None

    def _served(self, got: Got) -> Say:
        path = got.path.removeprefix(PREFIX)
        match got.method, path.split("/")[1:]:
            case "OPTIONS", ["capture"]:
                return Say(status=204, headers=self._limits() | VERSIONS)
            case "POST", ["capture"]:
                return self._capture(got)
            case "GET", ["capture", key]:
                return self._look(key)
            case "POST", ["events"] if self.has_events:
                return self._event(got)
        return _problem(404, "no such resource")

    def _limits(self) -> dict[str, str]:
        limits = {
            "GS1-EPCIS-Capture-Limit": self.events_max,
            "GS1-EPCIS-Capture-File-Size-Limit": self.octets_max,
        }
        told = {name: str(limit) for name, limit in limits.items() if limit is not None}
        return told | {"GS1-Capture-Error-Behaviour": self.behaviour}

    def _capture(self, got: Got) -> Say:
        steps = json.loads(got.body)["epcisBody"]["eventList"]
        is_much = self.events_max is not None and len(steps) > self.events_max
        if is_much or (self.octets_max is not None and len(got.body) > self.octets_max):
            return _problem(413, "Capture Payload too large", self._limits())
        key = f"job{len(self.jobs) + 1}"
        self.jobs[key] = JobKept(steps=steps, looks_left=self.looks, behaviour=self.behaviour)
        if not self.looks:
            self._store(self.jobs[key])
        return Say(status=202, headers={"Location": f"capture/{key}"} | VERSIONS)

    def _look(self, key: str) -> Say:
        job = self.jobs.get(key)
        if job is None:
            return _problem(404, "no such job")
        if job.looks_left:
            job.looks_left -= 1
            if not job.looks_left:
                self._store(job)
        bad = [step["eventID"] for step in job.steps if step["eventID"] in self.poison]
        errors = [
            {"type": "epcisException:ValidationException", "title": "refused", "detail": key}
            for key in bad
        ]
        is_running = job.looks_left > 0
        told = {
            "captureID": key,
            "createdAt": "2025-11-24T16:00:00.000Z",
            "running": is_running,
            "success": is_running or not bad,
            "captureErrorBehaviour": job.behaviour,
            "errors": [] if is_running else errors,
        }
        return Say.as_json(told, headers=VERSIONS)

    def _store(self, job: JobKept) -> None:
        good = [step for step in job.steps if step["eventID"] not in self.poison]
        if len(good) == len(job.steps) or job.behaviour == "proceed":
            self.stored.extend(good)

    def _event(self, got: Got) -> Say:
        step = json.loads(got.body)
        if step["eventID"] in self.poison:
            return _problem(400, "refused")
        if step["eventID"] in self.ids:
            return _problem(409, "it exists already")
        self.stored.append(step)
        place = {"Location": f"{PREFIX}/events/{step['eventID']}"}
        return Say.as_json(step, status=201, headers=place | VERSIONS)


class CaptureStub:
    """The repository behind a port."""

    def __init__(self, repository: Repository | None = None) -> None:
        self.repository = repository or Repository()
        self._sink = HttpSink(self.repository.answer)

    async def __aenter__(self) -> Self:
        await self._sink.__aenter__()
        self.url = self._sink.url.removesuffix("/in") + PREFIX
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._sink.__aexit__()


_TYPES: Final[Mapping[int, str]] = {
    400: "ValidationException",
    401: "SecurityException",
    403: "SecurityException",
    404: "NoSuchNameException",
    409: "ResourceAlreadyExistsException",
    413: "CaptureLimitExceededException",
    415: "UnsupportedMediaTypeException",
    500: "ImplementationException",
}


def _problem(status: int, title: str, headers: Mapping[str, str] | None = None) -> Say:
    kind = f"epcisException:{_TYPES.get(status, 'ImplementationException')}"
    told = {"type": kind, "title": title, "status": status}
    return Say.as_json(told, status=status, headers=PROBLEM | dict(headers or {}))


def _moved(say: Say, fault: str) -> Say:
    headers = {name: value for name, value in say.headers.items() if name != "Location"}
    if fault == "elsewhere":
        headers["Location"] = "http://127.0.0.2:9/capture/job1"
    return Say(status=say.status, body=say.body, headers=headers)


def _what(got: Got) -> str:
    return f"{got.method} {got.path.removeprefix(PREFIX)}"


# ---------------------------------------------------------------- against the official description

Described = Mapping[str, Any]


def departures(exchange: Exchange, described: Described) -> Iterator[str]:
    """Yield where an exchange is not as the description of the interface says."""
    got, say = exchange.got, exchange.say
    path = re.sub(r"(?<=/capture/)[^/]+$", "{captureID}", got.path.removeprefix(PREFIX))
    place = described["paths"].get(path, {})
    operation = place.get(got.method.lower())
    if operation is None:
        yield f"{got.method} {path}: not described"
        return
    for parameter in (*place.get("parameters", ()), *operation.get("parameters", ())):
        yield from _header_departures(_resolved(parameter, described), got.headers, described)
    content = operation.get("requestBody", {}).get("content", {})
    kind = got.headers.get("content-type")
    if content and kind not in content:
        yield f"{got.method} {path}: content type {kind}"
    if say is not None:
        yield from _answer_departures(say, operation, described, f"{got.method} {path}")


def _header_departures(
    parameter: Described, headers: Mapping[str, str], described: Described
) -> Iterator[str]:
    if parameter["in"] != "header":
        return
    value = headers.get(parameter["name"].lower())
    if value is None and parameter.get("required"):
        yield f"{parameter['name']}: missing"
    if value is not None:
        yield from _schema_departures(value, parameter["schema"], described, parameter["name"])


def _answer_departures(
    say: Say, operation: Described, described: Described, where: str
) -> Iterator[str]:
    answer = operation["responses"].get(str(say.status))
    if answer is None:
        yield f"{where}: answer {say.status} is not described"
        return
    answer = _resolved(answer, described)
    if "Location" in answer.get("headers", {}) and not say.headers.get("Location"):
        yield f"{where}: answer {say.status} without Location"
    kinds = answer.get("content", {})
    kind = say.headers.get("Content-Type", "application/json")
    if kinds and kind not in kinds:
        yield f"{where}: answer {say.status} of type {kind}"
    elif kinds and say.status != 201:  # what is created is held against the official schema instead
        schema = kinds[kind]["schema"]
        told = json.loads(say.body)
        if say.status == 409:  # its description lists the number of another answer
            schema = {"$ref": "#/components/schemas/RFC7807ProblemResponseBody"}
        yield from _schema_departures(told, schema, described, f"{where}: answer {say.status}")


def _schema_departures(
    value: object, schema: Described, described: Described, where: str
) -> Iterator[str]:
    whole = {"components": described["components"], "allOf": [schema]}
    for error in Draft4Validator(whole).iter_errors(value):
        if error.validator != "oneOf":  # of a job's two forms of errors, none is ever required
            yield f"{where}: {error.message}"


def _resolved(found: Described, described: Described) -> Described:
    reference = found.get("$ref")
    if reference is None:
        return found
    target: Any = described
    for step in reference.removeprefix("#/").split("/"):
        target = target[step]
    resolved: Described = target
    return resolved
