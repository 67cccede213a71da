"""Once a second: what the station measures of itself, for monitors and the service manager."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from drivers.protocols import Clock, RobotDriver
from edge.events import DiverterChanged, MoveChanged, Payload, kind_of
from edge.events.lanes import lane_outcome
from edge.journal.reference import Reference
from edge.journal.writer import Journal
from edge.metrics import Metrics
from edge.service.monitoring import Health, MonitoringDoor
from edge.service.move_times import MoveTimes, show_counts
from edge.service.notify import Notifier
from edge.sync.target import TargetState, TargetStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Reads the stores and tells who wants to know. `feeds` = names of the configured feeds."""

    door: MonitoringDoor
    notifier: Notifier
    journal: Journal
    reference: Reference
    feeds: tuple[str, ...]
    clock: Clock
    times: MoveTimes
    robots: RobotDriver | None = None

    @property
    def metrics(self) -> Metrics:
        """Return the measures of the station."""
        return self.journal.metrics

    def count(self, payload: Payload) -> None:
        """Count a committed event, and what it says of a lane or a place."""
        self.metrics.events.labels(kind_of(payload)).inc()
        self.times.take(payload, self.clock.monotonic_ns())
        match payload:
            case DiverterChanged(conveyor=str(device)) | MoveChanged(robot=str(device)):
                outcome = lane_outcome(payload)
                if outcome is not None:
                    self.metrics.lanes.labels(device, outcome).inc()

    def tick(self, stopped: str, targets: Iterable[TargetStatus], *, lag_s: float) -> None:
        """Take the readings of this second and say that the loop turns."""
        self.metrics.loop_lag_s.observe(max(0.0, lag_s))
        self._read_disk()
        if self.robots is not None:
            show_counts(self.metrics, self.robots.counts())
        statuses = tuple(targets)
        for status in statuses:
            self._read_target(status)
        ages = {name: self.reference.age_s(name) for name in self.feeds}
        for name, age_s in ages.items():
            if age_s is not None:
                self.metrics.feed_age_s.labels(name).set(age_s)
        self.door.health = Health(
            at_ns=self.clock.monotonic_ns(),
            stopped=stopped,
            disk=self.journal.level.name.lower(),
            sequence=self.journal.last_seq,
            targets={status.name: status.light.value for status in statuses},
            feeds=ages,
        )
        self.notifier.alive()

    def _read_disk(self) -> None:
        metrics, path = self.metrics, self.journal.path
        disk = os.statvfs(path.parent)
        metrics.sequence.set(self.journal.last_seq)
        metrics.disk_level.set(self.journal.level)
        metrics.disk_free.set(disk.f_bavail * disk.f_frsize)
        metrics.journal_bytes.set(path.stat().st_size)
        metrics.wal_bytes.set(_size(path.with_name(f"{path.name}-wal")))

    def _read_target(self, status: TargetStatus) -> None:
        metrics = self.metrics
        metrics.pending.labels(status.name).set(status.pending)
        metrics.oldest_s.labels(status.name).set(status.oldest_ms / 1000)
        metrics.dead.labels(status.name).set(status.dead)
        for state in TargetState:
            metrics.target_state.labels(status.name, state.value).set(state is status.state)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
