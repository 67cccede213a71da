"""Row 1 of every screen: net, robots, belt, camera, scanner, as their owners last said."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from drivers.protocols import DeviceHealth, HealthState, RobotDriver
from edge.floor import FloorSettings
from edge.settings.model import DeviceClass
from edge.sync.target import TargetStatus
from edge.views import Head, Light, Net

OFFLINE_AFTER_MS = 5_000
TOLD_S = 0.1


class Lights:
    """Collects what changes; `head()` puts it together.

    `changed` is called soon after a change, once for many: targets that send at full speed tell
    of themselves hundreds of times a second, and each picture costs what a scan waits for.
    """

    def __init__(
        self,
        station: str,
        floor: FloorSettings,
        *,
        robots: RobotDriver | None,
        changed: Callable[[], None],
    ) -> None:
        self._station = station
        self._floor = floor
        self._changed = changed
        self._is_told = True
        self._devices: dict[DeviceClass, dict[str, HealthState]] = {}
        self._targets: dict[str, TargetStatus] = {}
        self._offline_since = ""
        self._sent_at = ""
        self._robots = robots

    @property
    def targets(self) -> tuple[TargetStatus, ...]:
        """Return every target as it last was."""
        return tuple(self._targets.values())

    def device(self, device_class: DeviceClass, health: DeviceHealth) -> None:
        """Take a device's new light."""
        self._devices.setdefault(device_class, {})[health.device] = health.state
        self._tell()

    def target(self, status: TargetStatus) -> None:
        """Take a target's new state."""
        was_offline = self._is_offline()
        self._targets[status.name] = status
        if self._is_offline() and not was_offline:
            self._offline_since = f"{datetime.now().astimezone():%H:%M}"
        if not any(each.pending for each in self._targets.values()):
            self._sent_at = f"{datetime.now().astimezone():%H:%M:%S}"
        self._tell()

    def _tell(self) -> None:
        if self._is_told:
            self._is_told = False
            asyncio.get_running_loop().call_later(TOLD_S, self._told)

    def _told(self) -> None:
        self._is_told = True
        self._changed()

    def head(
        self,
        doubtful: frozenset[str],
        cache_age_s: int | None,
        *,
        is_test_due: bool = False,
        disk_days: int = -1,
    ) -> Head:
        """Return row 1 without the person; `doubtful` = robots with a move in doubt.

        `is_test_due` = a scanner has to show again that it keeps every byte; `disk_days` = until
        the disk is full, -1 = not known.
        """
        scanner = self._worst(DeviceClass.SCANNER)
        now = datetime.now().astimezone()
        return Head(
            station=self._station,
            net=replace(self._net(cache_age_s), disk_days=disk_days),
            at=now.isoformat(timespec="seconds"),
            robots=tuple(self._robot(str(unit.id), doubtful) for unit in self._floor.robots),
            conveyor=self._worst(DeviceClass.CONVEYOR),
            camera=self._worst(DeviceClass.CAMERA),
            scanner="due" if is_test_due and scanner == "ok" else scanner,
        )

    def _net(self, cache_age_s: int | None) -> Net:
        unsent = sum(status.pending for status in self._targets.values())
        oldest = max((status.oldest_ms for status in self._targets.values()), default=0)
        offline = self._is_offline()
        age = "" if cache_age_s is None else f"{cache_age_s // 60}"
        return Net(
            s="offline" if offline else "up",
            unsent=unsent,
            lag_s=oldest // 1000,
            since=self._offline_since if offline else "",
            cache_at=age,
            sent_at=self._sent_at,
        )

    def _is_offline(self) -> bool:
        """A target that backs off or refuses, and whose oldest event waits for some seconds."""
        return any(
            status.state not in ("idle", "sending") and status.oldest_ms >= OFFLINE_AFTER_MS
            for status in self._targets.values()
        )

    def _robot(self, robot: str, doubtful: frozenset[str]) -> Light:
        if robot in doubtful:
            return Light(id=robot, s="doubt")
        unit = next(unit for unit in self._floor.robots if str(unit.id) == robot)
        seen = self._robots.snapshot(unit.id) if self._robots else None
        if seen is None or not seen.online:
            return Light(id=robot, s="lost")
        return Light(id=robot, s="ready" if seen.idle else "busy")

    def _worst(self, device_class: DeviceClass) -> str:
        states = self._devices.get(device_class, {}).values()
        if not states:
            return "off"
        return "ok" if all(state is HealthState.OK for state in states) else "lost"
