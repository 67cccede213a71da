"""The door for one robot's messages: what is no proper message changes nothing and is counted."""

import re
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any, Final

from drivers.robot.mqtt_link import Arrived
from drivers.robot.schemas import MessageKind, is_valid
from drivers.wire.vda5050.json_values import MESSAGE_BYTES_MAX, parse
from drivers.wire.vda5050.profile import RobotProfile
from drivers.wire.vda5050.topics import major_of

REMEMBERED_MAX: Final = 4096  # states whose bytes are remembered; full: the oldest is forgotten
CHECKED_FIRST: Final = 20  # per connection and topic; then one in CHECKED_EVERY
CHECKED_EVERY: Final = 100
CHECKED_BYTES_MAX: Final = 1 << 16  # a check of more would hold the loop up
_VERSION: Final = re.compile(r"v?(\d{1,4})\.\d+(\.\d+)*")


class Intake:
    """Reads what arrives. `counts`: see drivers.protocols.RobotCounts."""

    def __init__(self, profile: RobotProfile) -> None:
        self._major = major_of(profile.version)
        self._schema = profile.dialect.schema
        self._seen: set[int] = set()
        self._order: deque[int] = deque()
        self._read: Counter[MessageKind] = Counter()
        self.is_version_ok = True
        self.counts: Counter[str] = Counter()

    def begin(self) -> None:
        """Check the first messages of a new connection again."""
        self._read.clear()

    def read(self, kind: MessageKind, message: Arrived) -> Mapping[str, Any] | None:
        """Return the content of a message that counts, None for any other."""
        if kind is MessageKind.STATE:
            self.counts["states"] += 1
        content = parse(message.payload)
        refusal = self._refusal(kind, message, content)
        if refusal:
            self.counts[refusal] += 1
            return None
        return content

    def advise(self, kind: MessageKind, message: Arrived, content: Mapping[str, Any]) -> None:
        """Count whether the official schema would take it; real robots often break it."""
        self._read[kind] += 1
        number = self._read[kind]
        is_due = number <= CHECKED_FIRST or number % CHECKED_EVERY == 0
        if not is_due or message.size > CHECKED_BYTES_MAX:
            return
        self.counts[f"schema_checked_{kind}"] += 1
        if not is_valid(kind, content, self._schema):
            self.counts[f"schema_violations_{kind}"] += 1

    def _refusal(
        self, kind: MessageKind, message: Arrived, content: Mapping[str, Any] | None
    ) -> str:
        """Return why a message does not count, empty if it does."""
        is_state = kind is MessageKind.STATE
        if message.size > MESSAGE_BYTES_MAX:
            return "oversized"
        if content is None:
            return "malformed"
        if is_state and message.retained:
            return "retained"
        if is_state and self._is_replayed(message.payload):
            return "replayed"
        return "" if self._is_ours(content) else "other_version"

    def _is_ours(self, content: Mapping[str, Any]) -> bool:
        """A robot of another major version is left alone; one that tells none is believed."""
        version = content.get("version")
        if version is None:
            return True
        match = _VERSION.fullmatch(version) if isinstance(version, str) else None
        self.is_version_ok = match is not None and int(match[1]) == self._major
        return self.is_version_ok

    def _is_replayed(self, payload: bytes) -> bool:
        """A state tells the moment of its making, so the same bytes again are no new state.

        Header ids and timestamps are not compared: they begin anew with every start of a robot.
        """
        mark = hash(payload)
        if mark in self._seen:
            return True
        if len(self._order) == REMEMBERED_MAX:
            self._seen.discard(self._order.popleft())
        self._seen.add(mark)
        self._order.append(mark)
        return False
