"""The one place that knows which kind of target is made of which class.

A start does not load the client of a broker that nobody configured.
"""

from collections.abc import Callable

from drivers.protocols import Clock
from edge.journal.outbox import CaptureJob, Outbox
from edge.journal.writer import Journal
from edge.settings.model import TargetKind, TargetSettings
from edge.sync.courtesy import Turn
from edge.sync.epcis.capture import EpcisCapture
from edge.sync.epcis.names import Names
from edge.sync.http_events import HttpEvents
from edge.sync.target import SyncTarget


def open_target(
    target: TargetSettings,
    journal: Journal,
    outbox: Outbox,
    *,
    clock: Clock,
    turn: Turn,
    on_job: Callable[[CaptureJob | None], None],
) -> SyncTarget:
    """Return the target of a kind that takes events. Raises ValueError for another one."""
    who = journal.identity
    place = f"{who.site}.{who.station}"
    match target.kind:
        case TargetKind.HTTP_BATCH:
            return HttpEvents(target, journal.source, clock, journal.metrics, turn=turn)
        case TargetKind.EPCIS:
            names = Names(
                namespace=who.namespace, site=who.site, station=who.station, gln=target.gln
            )
            return EpcisCapture(
                target,
                journal.path,
                names,
                clock=clock,
                turn=turn,
                job=outbox.standings().job,
                on_job=on_job,
            )
        case TargetKind.JETSTREAM:
            from edge.sync.jetstream import JetStream  # noqa: PLC0415

            return JetStream(target, place)
        case TargetKind.MQTT:
            from edge.sync.mqtt_events import MqttEvents  # noqa: PLC0415

            return MqttEvents(target, place)
        case TargetKind.PHOTO_HTTP:
            raise ValueError("photographs are no events")
