"""What only time brings to a desk: the lock, an override that ends, a late put, the disk probe."""

from drivers.protocols import Clock, HealthState
from edge.receiving.loop import Receiving
from edge.settings.model import TerminalSettings
from edge.station.inputs import DeviceInput, LockTimer, OverrideTimer, PutTimer
from edge.station.puts import is_overdue

NS_PER_S = 1_000_000_000


async def look_at_timers(
    front: Receiving, work: Receiving, *, times: TerminalSettings, clock: Clock
) -> None:
    """Hand in what is due now; `front` = the desk at which the person is, `work` = the work's."""
    for one in {work, front}:
        if one.stopped is not None:  # the probe: when it is recorded, work goes on
            await one.submit(_disk_probe())
    idle_ns = clock.monotonic_ns() - front.last_act_ns
    is_open = front.state.shift is not None and not front.state.locked
    if is_open and idle_ns > times.lock_s * NS_PER_S:
        await front.submit(LockTimer(minutes=int(times.lock_s // 60)))
    if is_overdue(front.state, clock.wall_ms(), times.put_s):
        await front.submit(PutTimer())
    override = front.screen.override
    if override is not None and clock.monotonic_ns() >= override.until_ns:
        await front.submit(OverrideTimer())


def _disk_probe() -> DeviceInput:
    return DeviceInput(device="disk", device_class="disk", state=HealthState.OK)
