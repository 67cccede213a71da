"""A central platform that does everything wrong that a network and a server can, from one seed."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from http_sink import Got, Say

SLOW_S = 0.05
SILENT_S = 60.0
MUCH = 8  # events: more are too large at times
GOOD = 0.35  # of the answers


@dataclass(slots=True)
class FaultyCentral:
    """Keeps each event once by its id, refuses poison, and otherwise answers as the lot falls."""

    rng: random.Random
    poison: set[str]
    kept: dict[str, int] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)

    def answer(self, got: Got) -> Say:
        if self.rng.random() < GOOD:
            return self._judged(got)
        fault = self.rng.choice(FAULTS)
        self.faults[fault.__name__] += 1
        return fault(self, got)

    def _keep(self, got: Got) -> list[str]:
        """Take what is not poison and return the ids that are not known yet."""
        fresh = [one for one in got.events if self._is_fresh(one)]
        for one in fresh:
            self.kept[one["id"]] = int(one["sequence"])
        return [one["id"] for one in fresh]

    def _is_fresh(self, one: dict[str, Any]) -> bool:
        return one["id"] not in self.kept and one["id"] not in self.poison

    def _judged(self, got: Got) -> Say:
        """A whole answer: without words for each event a batch with poison is refused."""
        is_poisoned = any(one["id"] in self.poison for one in got.events)
        if is_poisoned and self.rng.random() < 0.5:
            return Say(status=422)
        self._keep(got)
        if not is_poisoned and self.rng.random() < 0.5:
            return Say(status=self.rng.choice((200, 201, 204)))
        return Say.as_json({"results": [self._word(one) for one in got.events]})

    def _word(self, one: dict[str, Any]) -> dict[str, str]:
        if one["id"] in self.poison:
            return {"id": one["id"], "status": "rejected", "reason": "poison"}
        return {"id": one["id"], "status": self.rng.choice(("stored", "duplicate"))}


def _later(status: int) -> Callable[[FaultyCentral, Got], Say]:
    def fault(central: FaultyCentral, got: Got) -> Say:
        return Say(status=status, headers={"Retry-After": "0"})

    fault.__name__ = f"answer_{status}"
    return fault


def slow(central: FaultyCentral, got: Got) -> Say:
    say = central._judged(got)
    return Say(status=say.status, body=say.body, wait_s=SLOW_S)


def silent_before(central: FaultyCentral, got: Got) -> Say:
    return Say(wait_s=SILENT_S, cut=True)


def silent_after(central: FaultyCentral, got: Got) -> Say:
    central._keep(got)
    return Say(wait_s=SILENT_S, cut=True)


def reset_before(central: FaultyCentral, got: Got) -> Say:
    return Say(cut=True)


def reset_after(central: FaultyCentral, got: Got) -> Say:
    central._keep(got)
    return Say(cut=True)


def doubled_and_reordered(central: FaultyCentral, got: Got) -> Say:
    central._keep(got)
    words = [central._word(one) for one in got.events] * 2
    central.rng.shuffle(words)
    return Say.as_json({"results": words})


def half_judged(central: FaultyCentral, got: Got) -> Say:
    """Only the first of the batch are taken; the rest shall come again."""
    events = got.events
    upto = central.rng.randrange(len(events) + 1)
    words = []
    for number, one in enumerate(events):
        if number < upto and central._is_fresh(one):
            central.kept[one["id"]] = int(one["sequence"])
        words.append(central._word(one) if number < upto else {"id": one["id"], "status": "retry"})
    return Say.as_json({"results": words})


def too_large(central: FaultyCentral, got: Got) -> Say:
    return Say(status=413) if len(got.events) > MUCH else central._judged(got)


def conflict(central: FaultyCentral, got: Got) -> Say:
    """Some of it is stored already: one by one it is told which."""
    known = [one for one in got.events if one["id"] in central.kept]
    return Say(status=409) if known else central._judged(got)


def log_in_page(central: FaultyCentral, got: Got) -> Say:
    return Say(body=b"<html>please log in</html>")


FAULTS: tuple[Callable[[FaultyCentral, Got], Say], ...] = (
    _later(429),
    _later(500),
    _later(503),
    _later(202),
    slow,
    silent_before,
    silent_after,
    reset_before,
    reset_after,
    doubled_and_reordered,
    half_judged,
    too_large,
    conflict,
    log_in_page,
)
