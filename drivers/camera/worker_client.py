"""The camera as the service sees it: starts the worker process and kills it when it is silent.

No picture library is loaded here, so a crash of one cannot take the service along.
"""

import asyncio
import contextlib
import hashlib
import logging
import sys
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Final, Self

from drivers.camera.settings import CameraSettings, to_values
from drivers.errors import DriverLostError, DriverNotFoundError, DriverTimeoutError
from drivers.protocols import (
    CROPS_MAX,
    PENDING_SCANS_MAX,
    Capability,
    Clock,
    Deadline,
    DeviceHealth,
    DeviceName,
    Evidence,
    FaultKind,
    HealthState,
    Photo,
    Scan,
    ScanFault,
    ScanOutcome,
    ScanSource,
    Symbology,
)
from drivers.wire.camera_messages import (
    Beat,
    CodeSeen,
    Decoder,
    Message,
    PhotoMade,
    PhotoRefused,
    PhotoWanted,
    Ready,
    Setup,
    SourceFailed,
    encode,
)

_log = logging.getLogger(__name__)

OPEN_S: Final = 10.0  # loading the libraries and opening a slow stream
SILENT_S: Final = 1.4
GRACE_S: Final = 0.2  # with the pause between two beats less than 2 s in all
BACK_OFF_S: Final = (0.5, 1.0, 2.0, 5.0)
HEALTHS_MAX: Final = 16
NOISE_LINES_MAX: Final = 20
CHUNK: Final = 65536
_SYMBOLOGIES: Final = {symbology.value: symbology for symbology in Symbology}
WORKER: Final = ("-P", "-m", "drivers.camera.worker")


def _streams() -> tuple[
    "asyncio.Queue[Scan | ScanFault | None]", "asyncio.Queue[DeviceHealth | None]"
]:
    """Return queues with one place more than may wait: the end of the stream always fits."""
    return asyncio.Queue(PENDING_SCANS_MAX + 1), asyncio.Queue(HEALTHS_MAX + 1)


class WorkerCamera:
    """Camera and scanner in one. `async with` returns once the first frame has arrived."""

    def __init__(self, name: DeviceName, settings: CameraSettings, clock: Clock) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._scans, self._healths = _streams()
        self._photos: dict[int, asyncio.Future[PhotoMade | PhotoRefused]] = {}
        self._link: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._first: asyncio.Future[None] | None = None
        self._health = DeviceHealth(device=name, state=HealthState.LOST, reason="closed")
        self._reason = "silent"
        self._scan_no = 0
        self._refused = 0
        self._photo_no = 0
        self._crops: dict[str, Photo] = {}

    @property
    def name(self) -> DeviceName:
        """Return the configured name."""
        return self._name

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Return what a camera adds: photographs, AIM identifiers, separators kept."""
        return frozenset({Capability.PHOTO, Capability.AIM, Capability.GS})

    async def __aenter__(self) -> Self:
        """Start the worker and wait for its first frame. Raises DriverNotFoundError."""
        self._scans, self._healths = _streams()  # the ends of an opening that failed lie in the old
        self._first = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._supervise(), name=f"camera[{self._name}]")
        try:
            done, _ = await asyncio.wait(
                {self._first, self._task}, timeout=OPEN_S, return_when=asyncio.FIRST_COMPLETED
            )
        except asyncio.CancelledError:
            await self._close()
            raise
        if self._first not in done or self._first.exception() is not None:
            reason = self._reason
            await self._close()
            raise DriverNotFoundError(self._name, f"open {self._settings.source}", reason)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the worker and await it."""
        await self._close()

    async def _close(self) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._drop_photos()
        self._scans.put_nowait(None)
        self._healths.put_nowait(None)

    async def scans(self) -> AsyncIterator[Scan | ScanFault]:
        """Yield codes in the order they came into view; refused ones follow as one `overrun`."""
        while (item := await self._scans.get()) is not None:
            yield item
            if self._refused and self._scans.empty():
                yield self._overrun()

    async def healths(self) -> AsyncIterator[DeviceHealth]:
        """Yield the present light, then every change."""
        while not self._healths.empty():
            if self._healths.get_nowait() is None:
                return
        yield self._health
        while (item := await self._healths.get()) is not None:
            yield item

    async def confirm(self, scan_no: int, outcome: ScanOutcome, deadline: Deadline) -> None:
        """Do nothing: a camera has no tone and nobody waits at it."""

    async def photograph(self, not_before_ns: int, deadline: Deadline) -> Photo:
        """Return the sharpest still frame captured at or after `not_before_ns`.

        Raises DriverTimeoutError if none was good enough in time, DriverLostError if the worker
        ended meanwhile.
        """
        if self._link is None:
            raise DriverLostError(self._name, "photograph", self._health.reason)
        self._photo_no += 1
        number = self._photo_no
        wanted = PhotoWanted(request=number, not_before_ns=not_before_ns, until_ns=deadline.at_ns)
        answer: asyncio.Future[PhotoMade | PhotoRefused] = asyncio.Future()
        self._photos[number] = answer
        try:
            self._link.write(encode(wanted))
            async with asyncio.timeout(deadline.remaining_s(self._clock)):
                made = await answer
        except TimeoutError as error:
            why = self._health.reason or "no answer in time"  # a frozen camera's light says more
            raise DriverTimeoutError(self._name, "photograph", why) from error
        finally:
            self._photos.pop(number, None)
        return self._photo(made, not_before_ns)

    def _photo(self, answer: PhotoMade | PhotoRefused, not_before_ns: int) -> Photo:
        if isinstance(answer, PhotoRefused):
            raise DriverTimeoutError(self._name, "photograph", answer.reason)
        if answer.at_ns < not_before_ns:
            raise DriverTimeoutError(self._name, "photograph", "only an old frame came")
        return Photo(
            jpeg=answer.jpeg,
            width=answer.width,
            height=answer.height,
            at_ns=answer.at_ns,
            sharpness=answer.sharpness,
            mean=answer.mean,
            clipped=answer.clipped,
            codes=answer.codes,
            thumbnail=answer.thumbnail,
        )

    def crop(self, digest: str) -> Photo | None:
        """Return the picture of a told code, while it is kept."""
        return self._crops.get(digest)

    # ------------------------------------------------------------ the worker's life

    async def _supervise(self) -> None:
        failures = 0
        while True:
            was_ok = await self._run_once()
            failures = 0 if was_ok else failures + 1
            self._set_health(HealthState.LOST, self._reason)
            if self._first is not None and not self._first.done():
                self._first.set_exception(DriverLostError(self._name, "open", self._reason))
                return
            await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])

    async def _run_once(self) -> bool:
        """Run one worker to its end; return whether it ever delivered a frame."""
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            *WORKER,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert worker.stdin is not None
        assert worker.stdout is not None
        assert worker.stderr is not None
        noise = asyncio.create_task(self._listen(worker.stderr), name=f"camera-log[{self._name}]")
        try:
            worker.stdin.write(encode(Setup(values=to_values(self._settings))))
            return await self._converse(worker.stdout, worker.stdin)
        finally:
            self._link = None
            self._drop_photos()
            await self._ended(worker, noise)

    async def _ended(self, worker: asyncio.subprocess.Process, noise: asyncio.Task[None]) -> None:
        """See the worker to its end, whoever cancels meanwhile: no process is left behind."""
        ending = asyncio.create_task(_end(worker, noise), name=f"camera-end[{self._name}]")
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            await ending
            raise

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        inbox = Decoder()
        is_ready = False
        try:
            while True:
                received = await _heard(reader, SILENT_S if is_ready else OPEN_S)
                if not received:
                    return is_ready
                for message in inbox.feed(received):
                    if isinstance(message, Ready):
                        is_ready, self._link = True, writer
                    self._take(message)
        except TimeoutError:
            self._lose("silent")
        except (ValueError, ConnectionError) as error:
            self._lose(f"protocol: {error}")
        return is_ready

    async def _listen(self, stderr: asyncio.StreamReader) -> None:
        """Log what the libraries print, a few lines of it; read the rest so that nothing blocks."""
        lines = 0
        while received := await stderr.read(CHUNK):
            for line in received.decode("utf-8", "replace").splitlines():
                lines += 1
                if lines <= NOISE_LINES_MAX:
                    _log.info("%s worker: %s", self._name, line[:200])

    def _take(self, message: Message) -> None:
        match message:
            case Ready():
                self._reason = "ended"
                self._set_health(HealthState.OK, "")
                if self._first is not None and not self._first.done():
                    self._first.set_result(None)
            case CodeSeen():
                self._hand_over(message)
            case PhotoMade() | PhotoRefused():
                waiting = self._photos.get(message.request)
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)
            case SourceFailed(reason=reason):
                self._lose(reason)  # at once: the process takes its time to end
            case Beat(frozen=frozen):
                self._set_health(
                    *((HealthState.LOST, "frozen") if frozen else (HealthState.OK, ""))
                )
            case Setup() | PhotoWanted():
                pass  # words of this side

    def _hand_over(self, code: CodeSeen) -> None:
        if self._scans.qsize() >= PENDING_SCANS_MAX:
            self._refused += 1
            return
        self._scan_no += 1
        self._scans.put_nowait(
            Scan(
                scan_no=self._scan_no,
                payload=code.payload,
                device=self._name,
                source=ScanSource.CAMERA,
                first_ns=code.first_ns,
                at_ns=code.at_ns,
                aim_id=code.aim,
                symbology=_SYMBOLOGIES.get(code.symbology, Symbology.UNKNOWN),
                evidence=Evidence(
                    engines=frozenset(code.engines),
                    votes=code.votes,
                    runner_up=code.runner_up,
                    frames=code.frames,
                    picture=self._kept(code) if code.crop else None,
                ),
            )
        )

    def _kept(self, code: CodeSeen) -> str:
        digest = hashlib.sha256(code.crop).hexdigest()
        self._crops[digest] = Photo(
            jpeg=code.crop,
            width=code.width,
            height=code.height,
            at_ns=code.at_ns,
            sharpness=code.sharpness,
            mean=code.mean,
            clipped=code.clipped,
            codes=(code.payload,),
        )
        while len(self._crops) > CROPS_MAX:
            del self._crops[next(iter(self._crops))]
        return digest

    def _overrun(self) -> ScanFault:
        self._scan_no += 1
        count, self._refused = self._refused, 0
        return ScanFault(
            scan_no=self._scan_no,
            device=self._name,
            kind=FaultKind.OVERRUN,
            chars=count,
            at_ns=self._clock.monotonic_ns(),
            source=ScanSource.CAMERA,
        )

    def _lose(self, reason: str) -> None:
        self._reason = reason
        self._set_health(HealthState.LOST, reason)

    def _set_health(self, state: HealthState, reason: str) -> None:
        if (state, reason) == (self._health.state, self._health.reason):
            return
        self._health = DeviceHealth(device=self._name, state=state, reason=reason)
        if self._healths.qsize() >= HEALTHS_MAX:
            self._healths.get_nowait()  # the newest light counts, older ones are history
        self._healths.put_nowait(self._health)

    def _drop_photos(self) -> None:
        for waiting in self._photos.values():
            if not waiting.done():
                waiting.set_exception(DriverLostError(self._name, "photograph", self._reason))


async def _heard(reader: asyncio.StreamReader, silent_s: float) -> bytes:
    """Return what the worker says. Raises TimeoutError when it is silent.

    A second look takes what came while this loop itself was late.
    """
    for wait_s in (silent_s, GRACE_S):
        try:
            async with asyncio.timeout(wait_s):
                return await reader.read(CHUNK)
        except TimeoutError:
            continue
    raise TimeoutError


async def _end(worker: asyncio.subprocess.Process, noise: asyncio.Task[None]) -> None:
    """Kill the worker, await it, and read its last words."""
    if worker.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
    await worker.wait()
    if worker.stdin is not None:
        worker.stdin.close()
    await noise
