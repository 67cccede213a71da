"""One order being driven, in given time: travel, obstacles, actions, pauses and the deck.

Nothing here reads a clock: `now` is in seconds and never goes back.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from random import Random
from typing import Final

from sim.robot.checks import length, place
from sim.robot.floor import Hall, Xy
from sim.robot.messages import Deed
from sim.robot.orders import Action, Order, Stop, Track
from sim.robot.quirks import Quirk, Quirks

DRAIN_PER_M: Final = 0.05
OBSTACLE_S: Final = (1.0, 8.0)
OPEN: Final = ("WAITING", "RUNNING", "PAUSED")


@dataclass(slots=True)
class Cart:
    """The vehicle as a thing: where it is, what lies on it, how full it is. Survives its power."""

    node: str
    xy: Xy
    sequence: int = 0
    load: str | None = None
    charge: float = 90.0


@dataclass(slots=True, kw_only=True)
class _Job:
    """What is being done. `phases` = does it drive, and for how many seconds."""

    phases: deque[tuple[bool, float]]
    since: float
    action: Action | None = None
    stop: Stop | None = None
    start: Xy = (0.0, 0.0)
    end: Xy = (0.0, 0.0)
    metres: float = 0.0
    driven_s: float = 0.0
    whole_s: float = 0.0

    def at(self, now: float) -> Xy:
        """Return the position between start and end."""
        drives, _ = self.phases[0] if self.phases else (False, 0.0)
        driven = self.driven_s + (max(0.0, now - self.since) if drives else 0.0)
        share = min(1.0, driven / self.whole_s) if self.whole_s else 1.0
        (x0, y0), (x1, y1) = self.start, self.end
        return (round(x0 + share * (x1 - x0), 3), round(y0 + share * (y1 - y0), 3))


class Journey:
    """Drives an order; `changed(at)` is told of everything that a state would show."""

    def __init__(
        self,
        order: Order,
        cart: Cart,
        world: tuple[Hall, Quirks, Random],
        changed: Callable[[float], None],
    ) -> None:
        self.order = order
        self.ahead: list[Stop] = list(order.stops[1:])
        self.deeds = {
            action.id: Deed(id=action.id, type=action.type, status="WAITING")
            for action in order.actions()
        }
        self.ended = False
        self.is_frozen = False
        self._stopping = False
        self._cart = cart
        self._hall, self._quirks, self._dice = world
        self._changed = changed
        self._here = order.stops[0]
        self._todo: deque[Action] = deque(self._here.actions)
        self._job: _Job | None = None

    @property
    def driving(self) -> bool:
        """Return whether it moves now."""
        job = self._job
        return job is not None and not self.is_frozen and job.stop is not None and job.phases[0][0]

    @property
    def blocked(self) -> bool:
        """Return whether something stands in the way now."""
        return self._job is not None and self._job.stop is not None and not self._job.phases[0][0]

    def next_at(self) -> float:
        """Return when the next thing happens by itself."""
        if self._job is None or self.is_frozen:
            return inf
        return self._job.since + self._job.phases[0][1]

    def tracks(self) -> list[Track]:
        """Return the edges that remain."""
        ahead = {stop.sequence for stop in self.ahead}
        return [track for track in self.order.tracks if track.sequence + 1 in ahead]

    def begin(self, now: float) -> None:
        """Set out."""
        self._cart.sequence = self._here.sequence
        if self._here.node in self._hall.nodes:
            self._cart.node = self._here.node
        self._go_on(now)

    def advance(self, now: float) -> None:
        """Let everything happen that is due."""
        while (at := self.next_at()) <= now:
            self._step(at)
        if self._job is not None and self._job.stop is not None and not self.is_frozen:
            self._cart.xy = self._job.at(now)

    def freeze(self, now: float) -> None:
        """Stand still where it is."""
        self.advance(now)
        if self.is_frozen or self.ended:
            return
        self.is_frozen = True
        if self._job is not None:
            self._cart.xy = self._job.at(now) if self._job.stop else self._cart.xy
            drives, seconds = self._job.phases[0]
            done = now - self._job.since
            self._job.driven_s += done if drives else 0.0
            self._job.phases[0] = (drives, seconds - done)
            self._job.since = now
        self._swap("RUNNING", "PAUSED")

    def thaw(self, now: float) -> None:
        """Go on from where it stands."""
        if not self.is_frozen:
            return
        self.is_frozen = False
        self._swap("PAUSED", "RUNNING")
        if self._job is not None:
            self._job.since = now
        elif not self.ended:
            self._go_on(now)

    def extend(self, update: Order, now: float) -> None:
        """Take an accepted update: the base stays, the horizon goes, the new nodes follow."""
        base = tuple(stop for stop in self.order.stops if stop.released)
        joint = update.stops[0].sequence
        tracks = tuple(track for track in self.order.tracks if track.sequence < joint)
        self.order = replace(
            update, stops=(*base, *update.stops[1:]), tracks=(*tracks, *update.tracks)
        )
        self.ahead = [stop for stop in self.ahead if stop.released] + list(update.stops[1:])
        known = {action.id for action in self.order.actions()}
        self.deeds = {key: deed for key, deed in self.deeds.items() if key in known}
        for action in self.order.actions():
            fresh = Deed(id=action.id, type=action.type, status="WAITING")
            self.deeds.setdefault(action.id, fresh)
        self.ended = False
        if self._job is None:
            self._go_on(now)

    def stop_soon(self, now: float) -> None:
        """Cancel: end what cannot be broken off, then stay at the next node."""
        self._stopping = True
        waits = self._job is not None and self._job.phases[0][1] == inf
        if self._job is None or waits:
            self._end(now)

    def trigger(self, now: float) -> bool:
        """End the waiting for a trigger; False when nothing waits."""
        job = self._job
        if job is None or job.action is None or job.action.type != "waitForTrigger":
            return False
        job.phases[0] = (False, 0.0)
        job.since = now
        return True

    # ------------------------------------------------------------ one thing after the other

    def _go_on(self, now: float) -> None:
        if self.is_frozen:
            return
        if self._stopping:
            self._end(now)
        elif self._todo:
            self._act(self._todo.popleft(), now)
        elif self.ahead and (self.ahead[0].released or Quirk.DRIVES_HORIZON in self._quirks):
            self._travel(self.ahead[0], now)
        elif not self.ahead:
            self._end(now)
        else:
            self._changed(now)  # the base has ended, the horizon waits for its release

    def _end(self, now: float) -> None:
        self._job = None
        if self._stopping:
            self.ahead = []
            self._todo.clear()
            for deed in self.deeds.values():
                if deed.status in OPEN:
                    self.deeds[deed.id] = replace(deed, status="FAILED", result="cancelled")
        self.ended = True
        self._changed(now)

    def _travel(self, stop: Stop, now: float) -> None:
        metres = length(self._here, stop, self._hall, self._quirks) or 0.0
        pace = self._hall.pace
        seconds = metres / pace.robot_m_per_s / pace.speed
        self._job = _Job(
            phases=self._phases(seconds),
            since=now,
            stop=stop,
            start=self._cart.xy,
            end=place(stop, self._hall.nodes) or self._cart.xy,
            metres=metres,
            whole_s=seconds,
        )
        self._changed(now)

    def _phases(self, seconds: float) -> deque[tuple[bool, float]]:
        chance = self._quirks.seconds(Quirk.OBSTACLES)
        if self._dice.random() * 100.0 >= chance:
            return deque([(True, seconds)])
        halt = self._dice.uniform(*OBSTACLE_S) / self._hall.pace.speed
        return deque([(True, seconds / 2), (False, halt), (True, seconds / 2)])

    def _act(self, action: Action, now: float) -> None:
        pace = self._hall.pace
        lasts = {"pick": pace.pick_s / pace.speed, "drop": pace.drop_s / pace.speed}
        phases = deque([(False, lasts.get(action.type, inf))])
        self._job = _Job(phases=phases, since=now, action=action)
        if Quirk.JUMPS not in self._quirks:
            self._mark(action, "RUNNING")
        self._changed(now)

    def _step(self, at: float) -> None:
        job = self._job
        assert job is not None
        drives, seconds = job.phases.popleft()
        job.driven_s += seconds if drives else 0.0
        job.since = at
        if job.phases:
            self._cart.xy = job.at(at)
            self._changed(at)
            return
        self._job = None
        if job.stop is not None:
            self._arrive(job.stop, job)
        elif job.action is not None:
            self._mark(job.action, "FINISHED" if self._handle(job.action) else "FAILED")
        self._go_on(at)

    def _arrive(self, stop: Stop, job: _Job) -> None:
        self._here = stop
        self._cart.node, self._cart.sequence, self._cart.xy = stop.node, stop.sequence, job.end
        self._cart.charge = max(0.0, self._cart.charge - DRAIN_PER_M * job.metres)
        self.ahead = [one for one in self.ahead if one.sequence > stop.sequence]
        self._todo = deque(stop.actions)

    def _handle(self, action: Action) -> bool:
        """Move the load; this is the physical truth that is counted."""
        cart, book = self._cart, self._hall.book
        if action.type == "pick":
            if cart.load is not None or Quirk.FAILS_PICK in self._quirks:
                return False
            cart.load = action.load or self.order.id
            book.picks[cart.load] += 1
        elif action.type == "drop":
            if cart.load is None:
                return False
            book.drops[cart.load] += 1
            cart.load = None
        return True

    def _mark(self, action: Action, status: str) -> None:
        self.deeds[action.id] = replace(self.deeds[action.id], status=status)

    def _swap(self, status: str, to: str) -> None:
        if Quirk.NO_PAUSED in self._quirks:
            return
        for deed in self.deeds.values():
            if deed.status == status:
                self.deeds[deed.id] = replace(deed, status=to)
