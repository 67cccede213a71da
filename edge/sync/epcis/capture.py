"""The target kind `epcis`: capture by batches, and one by one whatever may be stored already.

Nothing obliges a repository to drop a repeated event of a batch, so a batch whose fate is not
known is never captured again: its events go singly, where "exists already" counts as stored.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Final, Self, assert_never
from urllib.parse import urljoin, urlsplit

import httpx

from drivers.protocols import Clock
from edge.journal.outbox import CaptureJob, OutboxRow
from edge.settings.model import TargetSettings
from edge.sync.courtesy import Turn
from edge.sync.epcis.answers import Job, JobState, Limits, job_of, limits_of
from edge.sync.epcis.document import alone, encoded, framed
from edge.sync.epcis.history import History, Load
from edge.sync.epcis.names import Names
from edge.sync.http_client import (
    json_object,
    open_client,
    read_body,
    retry_after_s,
)
from edge.sync.http_events import outcome_of
from edge.sync.target import Later, Outcome, Refused, Split, Stored, TooLarge

_VERSIONS: Final = {"GS1-EPCIS-Version": "2.0.0", "GS1-CBV-Version": "2.0.0"}
_JSON: Final = {"Content-Type": "application/json"}
_WHOLE: Final = {"GS1-Capture-Error-Behaviour": "rollback"}
POLL_S_FIRST: Final = 0.2
POLL_S_MAX: Final = 5.0
JOB_S: Final = 20.0  # a job that takes longer is looked at again after a back-off
SINGLES_MAX: Final = 50  # events sent one by one between two looks of the pump
TURN_ROWS: Final = 20  # mapped between two turns of the loop
FRAME_BYTES: Final = 1024  # of a document beside its events

_NOT_STORED: Final = frozenset((408, 425, 429, 503))  # later, and certainly nothing happened
_NOT_OFFERED: Final = frozenset((404, 405, 501))

OnJob = Callable[[CaptureJob | None], None]


class EpcisCapture:
    """A target of kind `epcis`; its url is the one that `/capture` and `/events` stand below.

    `job` = what ran when the service ended; `on_job` is told of every job that starts or fails.
    """

    def __init__(
        self,
        target: TargetSettings,
        path: Path,
        names: Names,
        *,
        clock: Clock,
        turn: Turn,
        job: CaptureJob | None,
        on_job: OnJob,
    ) -> None:
        self._target = target
        self._path = path
        self._names = names
        self._clock = clock
        self._turn = turn
        self._job = job
        self._on_job = on_job
        self._base = target.url.rstrip("/")
        self._limits: Limits | None = None
        self._has_events = True  # it may lack the interface for single events
        self._doubt_n: int | None = None
        self._doubt_seq = 0
        self._stored_seq = 0

    async def __aenter__(self) -> Self:
        self._history = History(self._path, self._names, self._target.events)
        self._client = open_client(self._target)
        self._client.headers.update(_VERSIONS)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._history.close()
        await self._client.aclose()

    async def prepare(self, rows: tuple[OutboxRow, ...]) -> None:
        """Nothing: a document depends on what became of the one before it."""

    async def send(self, rows: tuple[OutboxRow, ...], *, is_replay: bool = False) -> Outcome:
        """Capture what fits of the rows; what is left over is told as to be sent again.

        What is replayed may be there already: it goes one by one.
        """
        if is_replay:
            return await self._replayed(rows)
        for step in (self._discover, self._resume):
            outcome = await step()
            if outcome is not None:
                return outcome
        if rows[0].seq <= self._stored_seq:
            return _up_to(rows, self._stored_seq)
        if self._doubt_n is None:  # a batch may have been on its way when the service ended
            self._doubt_n = rows[0].n + self._target.batch_max - 1
        doubtful = tuple(takewhile(self._is_doubtful, rows))[:SINGLES_MAX]
        if doubtful:
            return await self._singly(await self._loads(doubtful), rows)
        loads = await self._loads(rows)
        batch = self._batch(loads)
        return await (self._together(batch, rows) if batch else self._singly(loads[:1], rows))

    async def _replayed(self, rows: tuple[OutboxRow, ...]) -> Outcome:
        for step in (self._discover, self._resume):
            outcome = await step()
            if outcome is not None:
                return outcome
        return await self._singly(await self._loads(rows[:SINGLES_MAX]), rows)

    # ------------------------------------------------------------ what is to be sent

    async def _loads(self, rows: tuple[OutboxRow, ...]) -> tuple[Load, ...]:
        loads: list[Load] = []
        for n, row in enumerate(rows, start=1):
            loads.append(self._history.load(row))
            if n % TURN_ROWS == 0:
                await self._turn()
        return tuple(loads)

    def _is_doubtful(self, row: OutboxRow) -> bool:
        return row.n <= (self._doubt_n or 0) or row.seq <= self._doubt_seq

    def _batch(self, loads: tuple[Load, ...]) -> tuple[Load, ...]:
        """Return the rows that fit into one document; none when the first alone is too much."""
        limits = self._limits or Limits()
        events, octets = 0, FRAME_BYTES
        for at, load in enumerate(loads):
            events += len(load.bodies)
            octets += sum(len(body) + 1 for body in load.bodies)
            is_much = limits.events is not None and events > limits.events
            if is_much or (limits.octets is not None and octets > limits.octets):
                return loads[:at]
        return loads

    # ------------------------------------------------------------ together, or one by one

    async def _together(self, batch: tuple[Load, ...], rows: tuple[OutboxRow, ...]) -> Outcome:
        outcome = await self._captured(batch)
        if not isinstance(outcome, Stored):
            return outcome
        rejected = {load.row.id: load.problem for load in batch if load.problem}
        left = next((row.id for row in rows[len(batch) :]), None)
        most = self._limits.events if self._limits is not None else None
        return Stored(rejected=rejected, retry_from=left, events_max=most)

    async def _singly(self, loads: tuple[Load, ...], rows: tuple[OutboxRow, ...]) -> Outcome:
        rejected: dict[str, str] = {}
        for at, load in enumerate(loads):
            outcome = await self._one(load)
            match outcome:
                case Later() | Refused():
                    return Stored(rejected=rejected, retry_from=load.row.id) if at else outcome
                case Split() | TooLarge():
                    rejected[load.row.id] = outcome.reason
                case Stored():
                    rejected |= outcome.rejected
                case _:
                    assert_never(outcome)
        left = next((row.id for row in rows[len(loads) :]), None)
        return Stored(rejected=rejected, retry_from=left)

    async def _one(self, load: Load) -> Outcome:
        """Send one row. A declaration repeats ids: as a single event it would count as stored."""
        if load.problem:
            return Stored(rejected={load.row.id: load.problem})
        if load.is_declaration:
            return await self._captured((load,))
        for step in load.steps if self._has_events else ():
            outcome = await self._event(encoded(alone(step, self._names)), load.row)
            if outcome is None:
                break
            if not isinstance(outcome, Stored):
                return outcome
        return Stored() if self._has_events else await self._captured((load,))

    async def _event(self, body: bytes, row: OutboxRow) -> Outcome | None:
        """Post a single event; None where the repository does not offer that."""
        answer = await self._request("POST", f"{self._base}/events", body, _JSON)
        if isinstance(answer, _Silence):
            return answer.later
        if answer.status in _NOT_OFFERED:
            self._has_events = False
            return None
        return self._outcome(answer, (row.id,))

    # ------------------------------------------------------------ a capture and its job

    async def _captured(self, loads: tuple[Load, ...]) -> Outcome:
        """Capture the events of these rows in one document, and see its job end."""
        bodies = tuple(body for load in loads for body in load.bodies)
        if not bodies:
            return Stored()
        document = framed(bodies, self._names, self._clock.wall_ms())
        last = loads[-1].row
        answer = await self._request("POST", f"{self._base}/capture", document, _JSON | _WHOLE)
        if isinstance(answer, _Silence):
            if not answer.is_unsent:
                self._doubt(last.seq)
            return answer.later
        if answer.status == 202 and not self._target.accept_202:
            return await self._accepted(answer, last)
        return self._answered(answer, loads)

    def _answered(self, answer: "_Answer", loads: tuple[Load, ...]) -> Outcome:
        if answer.status == 413 and limits_of(answer.headers) != Limits():
            self._limits = limits_of(answer.headers)
        if answer.status == 409 and any(load.is_declaration for load in loads):
            return Split(code="409", reason="answer 409")
        outcome = self._outcome(answer, tuple(load.row.id for load in loads))
        if isinstance(outcome, Later) and answer.status not in _NOT_STORED:
            self._doubt(loads[-1].row.seq)
        return outcome

    async def _accepted(self, answer: "_Answer", last: OutboxRow) -> Outcome:
        """A job is queued, nothing is stored yet; its address is kept before it is asked."""
        location = answer.headers.get("location")
        if location is None:
            self._doubt(last.seq)
            return Later(reason="no capture job was named")
        url = urljoin(f"{self._base}/capture", location)
        if urlsplit(url)[:2] != urlsplit(self._base)[:2]:  # it would be sent our token
            self._doubt(last.seq)
            return Refused(reason="the capture job is at another address")
        self._job = CaptureJob(url=url, to_seq=last.seq)
        self._on_job(self._job)
        return await self._finished(self._job)

    async def _resume(self) -> Outcome | None:
        """Look at a job that ran on; None when its end is known and the rows can be sent."""
        if self._job is None:
            return None
        outcome = await self._finished(self._job)
        return None if isinstance(outcome, Stored | Split) else outcome

    async def _finished(self, job: CaptureJob) -> Outcome:
        loop = asyncio.get_running_loop()
        end, wait_s = loop.time() + JOB_S, POLL_S_FIRST
        while True:
            found = await self._look(job)
            if not isinstance(found, Job):
                return found
            if found.state is not JobState.RUNNING:
                return self._ended(job, found)
            if loop.time() + wait_s > end:
                return Later(reason="the capture job is still running", wait_s=POLL_S_MAX)
            await asyncio.sleep(wait_s)
            wait_s = min(POLL_S_MAX, wait_s * 2)

    async def _look(self, job: CaptureJob) -> Job | Later | Refused:
        answer = await self._request("GET", job.url, None, {"Accept": "application/json"})
        if isinstance(answer, _Silence):
            return answer.later
        if answer.status in (404, 410):
            return Job(state=JobState.IN_PART, reason="the capture job is not known any more")
        if answer.status == 200:
            found = job_of(json_object(answer.body))
            return found or Later(reason="unreadable capture job")
        outcome = self._outcome(answer, ())
        if isinstance(outcome, Later | Refused):
            return outcome
        return Later(reason=f"answer {answer.status} for the capture job")

    def _ended(self, job: CaptureJob, found: Job) -> Outcome:
        self._job = None
        if found.state is JobState.DONE:
            self._stored_seq = job.to_seq
            return Stored()
        self._on_job(None)
        if found.state is JobState.FAILED:
            return Split(code="job", reason=found.reason)
        self._doubt(job.to_seq)
        return Later(reason=found.reason, wait_s=0.0)

    def _doubt(self, seq: int) -> None:
        """From now on everything up to here may be stored already."""
        self._doubt_seq = max(self._doubt_seq, seq)

    # ------------------------------------------------------------ requests

    async def _discover(self) -> Outcome | None:
        """Ask once for the limits; a repository that does not tell any has none."""
        if self._limits is not None:
            return None
        answer = await self._request("OPTIONS", f"{self._base}/capture", None, {})
        if isinstance(answer, _Silence):
            return answer.later
        if answer.status in _NOT_OFFERED or 200 <= answer.status < 300:
            self._limits = limits_of(answer.headers)
            return None
        outcome = self._outcome(answer, ())
        return outcome if isinstance(outcome, Later) else Refused(reason=f"answer {answer.status}")

    async def _request(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]
    ) -> "_Answer | _Silence":
        try:
            async with (
                asyncio.timeout(self._target.request_s),
                self._client.stream(method, url, content=content, headers=headers) as response,
            ):
                body = await read_body(response)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            reason = str(error) or type(error).__name__
            return _Silence(later=Later(reason=reason), is_unsent=True)
        except (TimeoutError, httpx.TimeoutException):
            return _Silence(later=Later(reason="no answer in time", is_slow=True))
        except httpx.HTTPError as error:
            return _Silence(later=Later(reason=str(error) or type(error).__name__))
        return _Answer(status=response.status_code, headers=response.headers, body=body)

    def _outcome(self, answer: "_Answer", ids: tuple[str, ...]) -> Outcome:
        return outcome_of(
            answer.status,
            answer.body,
            ids=ids,
            wait_s=retry_after_s(answer.headers.get("retry-after"), self._clock.wall_ms()),
            accept_202=self._target.accept_202,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Silence:
    """No answer. `is_unsent`: the repository has seen nothing of the request."""

    later: Later
    is_unsent: bool = False


def _up_to(rows: tuple[OutboxRow, ...], seq: int) -> Stored:
    return Stored(retry_from=next((row.id for row in rows if row.seq > seq), None))
