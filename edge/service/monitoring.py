"""The door for monitors on loopback: `/metrics` for Prometheus, `/healthz` for a probe.

It answers from a thread of its own, so that a loop that hangs is seen as one.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any, Final, Self
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from prometheus_client import make_wsgi_app

from drivers.protocols import Clock
from edge.journal.writer import Worker
from edge.metrics import Metrics
from edge.settings.model import MetricsSettings

STALE_S: Final = 5.0  # five ticks of the loop: a station that is silent for longer is not well
CLIENT_S: Final = 2.0
ENDING_S: Final = 0.1

log = logging.getLogger("monitoring")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the station is, as its loop said at `at_ns` (monotonic).

    `stopped` = the code of what keeps it from recording, empty while it records. `targets` and
    `feeds` are told, but a central system that is away does not make a station unwell.
    """

    at_ns: int
    stopped: str = ""
    disk: str = "normal"
    sequence: int = 0
    targets: Mapping[str, str] = field(default_factory=dict)
    feeds: Mapping[str, int | None] = field(default_factory=dict)


class MonitoringDoor:
    """Serves both pages until it is left. A port that is taken is logged, never a reason to stop.

    `health` is replaced as a whole by the loop and read by the door's thread.
    """

    def __init__(self, settings: MetricsSettings, metrics: Metrics, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._metrics_page = make_wsgi_app(metrics.registry)
        self._worker = Worker("monitoring", bound=1, errors=(OSError,))
        self._server: WSGIServer | None = None
        self.health = Health(at_ns=clock.monotonic_ns())

    @property
    def port(self) -> int | None:
        """Return the port that is served, None when none is."""
        return None if self._server is None else int(self._server.server_port)

    async def __aenter__(self) -> Self:
        address, port = self._settings.address, self._settings.port
        if port is None:
            return self
        try:
            server = make_server(address, port, self._page, _Server, _Quiet)
        except OSError as error:
            log.warning("monitoring: port %d: %s", port, error)
        else:
            self._server = server
            self._worker.start(lambda: server.serve_forever(ENDING_S))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._worker.close()
            self._server.server_close()
            self._server = None

    def _page(self, request: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        match request["PATH_INFO"]:
            case "/metrics":
                page: Iterable[bytes] = self._metrics_page(request, start)
                return page
            case "/healthz":
                return self._health_page(start)
        start("404 Not Found", [("Content-Type", "text/plain")])
        return [b"/metrics or /healthz\n"]

    def _health_page(self, start: StartResponse) -> Iterable[bytes]:
        health = self.health
        silent_s = (self._clock.monotonic_ns() - health.at_ns) / 1e9
        is_well = not health.stopped and silent_s < STALE_S
        told: dict[str, Any] = asdict(health)
        del told["at_ns"]
        told |= {"ok": is_well, "silent_ms": round(silent_s * 1000)}
        body = json.dumps(told, sort_keys=True).encode()
        headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
        start("200 OK" if is_well else "503 Service Unavailable", headers)
        return [body + b"\n"]


class _Server(WSGIServer):
    """A client that sends nothing or goes away is no news."""

    def handle_error(self, *_: object) -> None:
        """Keep it off the screen: standard error belongs to the log."""
        log.debug("monitoring: a client went away")


class _Quiet(WSGIRequestHandler):
    """Logs no request, and waits for none that does not come."""

    timeout = CLIENT_S

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""
