"""What a central system is to the pump: a place to send a batch to, and the ways it can end."""

from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Final, Protocol, Self

from edge.journal.outbox import OutboxRow

YELLOW_MS: Final = 60_000
RED_MS: Final = 900_000


class TargetState(StrEnum):
    """What the pump of a target is doing."""

    IDLE = "idle"
    SENDING = "sending"
    BACKING_OFF = "backing_off"
    WAITING_JOB = "waiting_job"
    REFUSED = "refused"
    REJECTING = "rejecting"
    PAUSED = "paused"
    RETIRED = "retired"

    @property
    def circuit(self) -> "TargetState":
        """Return the state that is worth a record: at work or not is all one."""
        return TargetState.IDLE if self is TargetState.SENDING else self


class TargetLight(StrEnum):
    """What a person should think of it; grey = out of use by a person's word."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    GREY = "grey"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetStatus:
    """A target as it is now; `oldest_ms` = age of the oldest event it has not got.

    `is_grave` = it will not mend by waiting alone, though it is tried again.
    """

    name: str
    state: TargetState
    pending: int
    oldest_ms: int
    dead: int = 0
    reason: str = ""
    is_grave: bool = False

    @property
    def light(self) -> TargetLight:
        """Return the worst of age, state and open dead letters."""
        if self.state in (TargetState.PAUSED, TargetState.RETIRED):
            return TargetLight.GREY
        is_stopped = self.state in (TargetState.REFUSED, TargetState.REJECTING) or self.is_grave
        if is_stopped or self.dead or self.oldest_ms >= RED_MS:
            return TargetLight.RED
        is_late = self.state is TargetState.BACKING_OFF or self.oldest_ms >= YELLOW_MS
        return TargetLight.YELLOW if is_late else TargetLight.GREEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """All is stored but what `rejected` names (id → reason) and all from `retry_from` (id) on.

    `events_max`, `bytes_max` = the most that the receiver takes at once; `duplicates` = how many
    it had already; `have` = the highest sequence of this journal it says it has.
    """

    rejected: dict[str, str] = field(default_factory=dict)
    retry_from: str | None = None
    events_max: int | None = None
    bytes_max: int | None = None
    duplicates: int = 0
    have: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Not stored or nobody knows: the same batch again.

    `is_slow`: a smaller one may do better; `is_grave`: somebody must mend it.
    """

    reason: str
    wait_s: float | None = None
    is_slow: bool = False
    is_grave: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Rights, address or server are wrong: no event is to blame."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Some event of the batch is refused, nobody says which; `code` = the answer."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLarge:
    """The batch is too large for the receiver."""

    code: str
    reason: str


Outcome = Stored | Later | Refused | Split | TooLarge


class SyncTarget(Protocol):
    """One central system. Opening and closing it takes no longer than a moment."""

    async def __aenter__(self) -> Self:
        """Make ready; no connection is needed yet."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of connections."""

    async def send(self, rows: tuple[OutboxRow, ...], *, is_replay: bool = False) -> Outcome:
        """Send the bodies as they are, in order, within a deadline of the target's own."""

    async def prepare(self, rows: tuple[OutboxRow, ...]) -> None:
        """Do what can be done for rows that will probably be sent next; may do nothing."""
