"""EPCIS event hashes a second: ours against the published implementation, on the same events.

The events are one of every kind that is exported, at a site with a Global Location Number and at
one without. `equal` = how many of our hashes are those of the published implementation. It reads a
document; it is measured with one event a document, as events come, and with all in one. What a
station does before it hashes (mapping, own check) is measured too.
"""

import copy
import time
import warnings
from collections.abc import Callable
from typing import Any

from epcis_event_hash_generator import hash_generator, json_to_py

from edge.sync.epcis.check import step_problems
from edge.sync.epcis.document import document
from edge.sync.epcis.event_hash import event_hash
from edge.sync.epcis.mapping import PREFIX, Step, mapped
from edge.sync.epcis.view import view_of
from epcis_kit import OWN, TIME_MS, Case, cases

PREFIXES = {PREFIX: OWN.vocabulary}


def run(seconds: float) -> list[dict[str, Any]]:
    """Return rows of name, per_s, events, equal; `seconds` for all."""
    warnings.filterwarnings("ignore", "open_text is deprecated")  # how it opens its own files
    all_cases = cases()
    steps = [step for one in all_cases for step in one.steps]
    ours = [event_hash(step, PREFIXES) for step in steps]
    published = [digest for step in steps for digest in _published([step])]
    equal = sum(one == other for one, other in zip(ours, published, strict=True))
    share = seconds / 4
    rows: list[dict[str, Any]] = [
        {"name": "event hash", "ours": True, "equal": f"{equal} of {len(steps)}"}
        | _rate(lambda: [event_hash(step, PREFIXES) for step in steps], len(steps), share),
        {"name": "epcis-event-hash-generator, one event a document"}
        | _rate(lambda: [_published([step]) for step in steps], len(steps), share),
        {"name": "epcis-event-hash-generator, all in one document"}
        | _rate(lambda: _published(steps), len(steps), share),
    ]
    told = [(one, one.events[-1], view_of(one.events)) for one in all_cases]

    def exported() -> None:
        for one, event, view in told:
            _checked(one, mapped(event, view, one.names))

    return [*rows, {"name": "mapping and own check"} | _rate(exported, len(steps), share)]


def _checked(one: Case, steps: tuple[Step, ...]) -> None:
    for step in steps:
        assert not step_problems(step, one.names)


def _published(steps: list[Step]) -> list[str]:
    found = copy.deepcopy(document(steps, OWN, TIME_MS))  # it changes what it is given
    events = json_to_py.event_list_from_epcis_document_json(found)
    digests: list[str] = hash_generator.epcis_hashes_from_events(events)
    return digests


def _rate(work: Callable[[], object], events: int, seconds: float) -> dict[str, Any]:
    """Repeat the work for so long, at least once, after one turn that warms caches."""
    work()
    begun, turns = time.perf_counter(), 0
    while turns == 0 or time.perf_counter() - begun < seconds:
        work()
        turns += 1
    return {"per_s": round(turns * events / (time.perf_counter() - begun)), "events": events}
