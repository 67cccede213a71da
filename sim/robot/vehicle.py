"""One vehicle as a pure machine: messages and time in, messages out. No socket, no clock.

It remembers only its newest order, as real vehicles do: an older one sent again is driven again.
`now` is in seconds, from any start, and never goes back.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from math import inf
from random import Random
from typing import Any, Final

from sim.robot.checks import Refusal, Standing, check_order, check_update
from sim.robot.floor import Hall
from sim.robot.journey import Cart, Journey
from sim.robot.messages import Deed, Fault, Out
from sim.robot.orders import Order, OrderError, Stop, Track, read_order
from sim.robot.quirks import Quirk, Quirks
from sim.robot.voice import Seen, Voice
from sim.robot.words import Wrong, words_of
from sim.site import RobotPlace

STATE_EVERY_S: Final = 5.0
DRIVE_EVERY_S: Final = 1.0
INSTANTS_KEPT: Final = 8
FAULTS_KEPT: Final = 4
CHARGE_MIN: Final = 20.0
CHARGE_PER_S: Final = 0.5
MESSAGE_BYTES_MAX: Final = 1 << 20
HEADER: Final = ("headerId", "timestamp", "version", "manufacturer", "serialNumber")
CLEARS: Final = ("MANUAL", "SERVICE", "TEACHIN", "TEACH_IN", "STARTUP")
STOPS: Final = (Quirk.ESTOP, Quirk.FIELD, Quirk.FATAL, Quirk.MEETS_OBSTACLE)
_PLAIN_VERSION: Final = re.compile(r"\d+\.\d+\.\d+")


class Vehicle:
    """State and behaviour. Every method that takes `now` returns what is to be published."""

    def __init__(
        self,
        place: RobotPlace,
        hall: Hall,
        *,
        now: float = 0.0,
        seed: int = 0,
        quirks: Quirks | None = None,
    ) -> None:
        self.place = place
        self.quirks = Quirks() if quirks is None else quirks
        self.cart = Cart(
            node=place.home, xy=hall.nodes[place.home], charge=hall.pace.battery_start_percent
        )
        self.is_on = True
        self._words = words_of(place.version)
        self._hall = hall
        self._dice = Random(f"{place.serial}/{seed}")
        self._knows: set[str] = set()
        self._voice = Voice(place, self.quirks, hall, self._dice)
        self._ordered_at = -inf
        self._charged_at = now
        self._forget(now)

    def _forget(self, now: float) -> None:
        """Be as after a start: nothing of orders is known, headers count from 1."""
        self._voice.restart()
        self._order: Order | None = None
        self._journey: Journey | None = None
        self._pending: list[tuple[float, Order]] = []
        self._instants: dict[str, Deed] = {}
        self._faults: tuple[Fault, ...] = ()
        self._cancel: str | None = None
        self._was_cancelled = False
        self._paused = False
        self._is_choked = False
        self._said_at = now - STATE_EVERY_S

    @property
    def id(self) -> str:
        """Return the id of the floor plan."""
        return self.place.id

    # ------------------------------------------------------------ what the world does to it

    def on_message(self, topic: str, payload: bytes, now: float) -> list[Out]:
        """Take a message of topic `…/order` or `…/instantActions`."""
        self._pass_time(now)
        if self.is_on and not self._is_silent() and len(payload) <= MESSAGE_BYTES_MAX:
            self._take(topic.rpartition("/")[2], payload, now)
        return self._flush()

    def tick(self, now: float) -> list[Out]:
        """Let time pass."""
        self._pass_time(now)
        if self.is_on and now >= self._said_at + self._interval():
            self._report(now, always=True)
        return self._flush()

    def wakes_at(self) -> float:
        """Return when `tick` has something to do: for worlds whose time jumps."""
        if not self.is_on:
            return inf
        drive = self._journey.next_at() if self._journey is not None else inf
        due = min((at for at, _ in self._pending), default=inf)
        return min(drive, due, self._said_at + self._interval())

    def connected(self, now: float, *, again: bool = False) -> list[Out]:
        """Say hello on a new broker connection; `again` = it had one since it was switched on."""
        self._pass_time(now)
        if self.is_on:
            if not (again and Quirk.NO_ONLINE in self.quirks):
                self._voice.say(self._voice.connection("ONLINE", now))
            self._report(now, always=True)
        return self._flush()

    def will(self, now: float) -> Out | None:
        """Return what the broker is to say when the connection breaks."""
        if Quirk.NO_WILL in self.quirks:
            return None
        return self._voice.connection(self._words.broken, now)

    def parting(self, now: float) -> Out:
        """Return the last message before an orderly end."""
        return self._voice.connection("OFFLINE", now)

    def switch_off(self, now: float) -> None:
        """Lose power where it stands: what lies on the deck stays there, the memory is gone."""
        self._pass_time(now)
        self._forget(now)
        self._voice.taken()
        self.is_on = False

    def switch_on(self, now: float) -> None:
        """Start again with an empty memory; `connected` comes when the broker is met."""
        self.is_on = True
        self._charged_at = now
        self._forget(now)

    def fault(self, text: str, now: float, *, on: bool) -> list[Out]:
        """Switch a quirk on or off: `NAME` or `NAME=VALUE`. Raises ValueError if it is unknown."""
        self._pass_time(now)
        quirk = self.quirks.switch(text, on=on)
        if quirk is Quirk.BATTERY and on:
            self.cart.charge = self.quirks.seconds(quirk)
        if quirk is Quirk.MODE and self._mode() in CLEARS:
            self._order = self._journey = self._cancel = None
        self._hold(now)
        if quirk in (*STOPS, Quirk.MODE, Quirk.BATTERY, Quirk.LOST) and self.is_on:
            self._report(now, always=True)
        return self._flush()

    # ------------------------------------------------------------ what a world may ask

    def is_busy(self) -> bool:
        """Return whether an order is being driven or waited for."""
        return bool(self._pending) or (self._journey is not None and not self._journey.ended)

    def is_idle(self, now: float) -> bool:
        """Return whether a master that keeps the order interval may send an order now."""
        spaced = now - self._ordered_at >= self.place.order_interval_s
        ready = not self._paused and self.cart.charge >= CHARGE_MIN and self.cart.load is None
        return self.is_on and spaced and ready and not self.is_busy()

    # ------------------------------------------------------------ messages in

    def _take(self, topic: str, payload: bytes, now: float) -> None:
        try:
            body = json.loads(payload)
        except ValueError:
            body = None
        if not isinstance(body, Mapping):
            self._cannot_read("no JSON object", (), now)
        elif (wrong := self._wrong_header(topic, body)) is not None:
            self._cannot_read(wrong, _about(body), now)
        elif topic == "order":
            self._take_order(body, now)
        elif topic == "instantActions":
            self._take_instants(body, now)

    def _wrong_header(self, topic: str, body: Mapping[str, Any]) -> str | None:
        """2.0 leaves the header of instantActions out of its schema; what is there must fit."""
        missing = [key for key in HEADER if key not in body]
        if missing and topic == "order":
            return f"{missing[0]}: missing"
        ours = {"manufacturer": self.place.manufacturer, "serialNumber": self.place.serial}
        for key, value in ours.items():
            if body.get(key, value) != value:
                return f"{key}: not for this vehicle"
        version = body.get("version", self.place.version)
        if not isinstance(version, str):
            return "version: no text"
        if Quirk.STRICT_VERSION in self.quirks and not _PLAIN_VERSION.fullmatch(version):
            return f"version: {version} is not three numbers"
        if version.lstrip("v").partition(".")[0] != str(self._words.major):
            return f"version: {version} is not spoken here"
        return None

    def _cannot_read(self, text: str, about: tuple[tuple[str, str], ...], now: float) -> None:
        if Quirk.CHOKES in self.quirks:
            self._is_choked = True
            return
        self._add_fault(Wrong.UNREADABLE, text, about)
        self._hall.book.refused += 1
        self._report(now)

    def _take_order(self, body: Mapping[str, Any], now: float) -> None:
        if Quirk.DEAF in self.quirks:
            return
        try:
            order = read_order(body)
        except OrderError as error:
            self._cannot_read(str(error), _about(body), now)
            return
        if Quirk.FOREIGN_ORDER in self.quirks and not self.is_busy():
            self._accept(self._foreign(), now)
        current = self._order
        if current is not None and order.id == current.id:
            self._take_again(order, current, now)
        elif Quirk.LATE_ACCEPT in self.quirks and not self._pending:
            self._pending.append((now + self.quirks.seconds(Quirk.LATE_ACCEPT), order))
        elif all(order.id != waiting.id for _, waiting in self._pending):
            self._judge(order, now)

    def _judge(self, order: Order, now: float) -> None:
        standing = Standing(
            node=self.cart.node,
            xy=self.cart.xy,
            is_busy=self.is_busy(),
            is_loaded=self.cart.load is not None,
            mode=self._mode(),
            knows=frozenset(self._knows),
            triggers=self._words.is_third,
        )
        refusal = check_order(order, standing, self._hall, self.quirks)
        if refusal is None:
            self._accept(order, now)
        else:
            self._refuse(refusal, order, now)

    def _take_again(self, order: Order, current: Order, now: float) -> None:
        """The same order again is no news, a lower update is old, a higher one lengthens it."""
        is_over = not self.is_busy()
        if order.update < current.update and Quirk.TAKES_LOWER not in self.quirks:
            text = f"update {order.update} is older than {current.update}"
            self._refuse(Refusal(why=Wrong.OLD_UPDATE, text=text), order, now)
        elif order.update <= current.update:
            if order.update < current.update or (is_over and Quirk.RERUNS in self.quirks):
                self._accept(order, now)
            elif self._words.is_third:
                text = "this update is already known"
                self._note(Refusal(why=Wrong.SAME_UPDATE, text=text), order, now)
        elif self._was_cancelled or self._cancel is not None:
            refusal = Refusal(why=Wrong.AFTER_CANCEL, text="the order was cancelled")
            self._refuse(refusal, order, now)
        else:
            self._lengthen(order, current, now)

    def _lengthen(self, order: Order, current: Order, now: float) -> None:
        refusal = check_update(order, current, self._hall, self.quirks)
        if refusal is not None or self._journey is None:
            gone = Refusal(why=Wrong.OLD_UPDATE, text="no order is driven")
            self._refuse(refusal or gone, order, now)
            return
        self._faults = ()
        self._journey.extend(order, now)
        self._order = self._journey.order
        self._report(now, always=True)
        self._journey.advance(now)

    def _accept(self, order: Order, now: float) -> None:
        self._order, self._faults = order, ()
        self._cancel, self._was_cancelled = None, False
        self._instants = {}
        self._knows.add(order.id)
        self._ordered_at = now
        world = (self._hall, self.quirks, self._dice)
        self._journey = Journey(order, self.cart, world, self._changed)
        self.cart.sequence = order.stops[0].sequence
        self._report(now, always=True)
        load = next((action.load for action in order.actions() if action.type == "pick"), "")
        self._hall.book.accept(order.id, load, now)
        self._hold(now)
        self._journey.begin(now)
        self._journey.advance(now)

    def _foreign(self) -> Order:
        """Another master sends it to a neighbour."""
        here = self.cart.node
        ends = [there for start, there in self._hall.ways if start == here]
        stops = [
            Stop(node=node, sequence=2 * number, released=True, actions=())
            for number, node in enumerate((here, *ends[:1]))
        ]
        tracks = [Track(edge="far", sequence=1, released=True)] if ends else []
        number = len(self._knows) + 1
        return Order(id=f"other-{number}", update=0, stops=tuple(stops), tracks=tuple(tracks))

    def _refuse(self, refusal: Refusal, order: Order, now: float) -> None:
        self._hall.book.refused += 1
        self._note(refusal, order, now)

    def _note(self, refusal: Refusal, order: Order, now: float) -> None:
        about = (("orderId", order.id), ("orderUpdateId", str(order.update)), *refusal.about)
        self._add_fault(refusal.why, refusal.text, about)
        self._report(now)

    def _add_fault(self, why: Wrong, text: str, about: tuple[tuple[str, str], ...]) -> None:
        fault = Fault(type=self._words.errors[why], text=text, references=about)
        self._faults = (*self._faults[1 - FAULTS_KEPT :], fault)

    # ------------------------------------------------------------ instant actions

    def _take_instants(self, body: Mapping[str, Any], now: float) -> None:
        key = "instantActions" if Quirk.ONE_KEY in self.quirks else "actions"
        rows = body.get(key)
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            self._cannot_read(f"{key}: a list of actions is expected", (), now)
            return
        name = "actionName" if self.place.version.startswith("2.0") else "actionType"
        for row in rows:
            texts = [row.get(one) for one in (name, "actionId", "blockingType")]
            if not all(isinstance(one, str) and one for one in texts):
                self._cannot_read(f"{name}, actionId, blockingType: texts are expected", (), now)
                return
        for row in rows:
            self._instant(row[name], row, now)

    def _instant(self, kind: str, row: Mapping[str, Any], now: float) -> None:
        action_id = row["actionId"]
        if action_id in self._instants or (
            kind == "stateRequest" and Quirk.NO_ANSWER in self.quirks
        ):
            return
        while len(self._instants) >= INSTANTS_KEPT:
            self._instants.pop(next(iter(self._instants)))
        self._instants[action_id] = Deed(id=action_id, type=kind, status="FINISHED")
        if self._words.is_third and row["blockingType"] != "NONE":
            self._fail_instant(action_id, Wrong.UNKNOWN_INSTANT, "blockingType must be NONE")
        elif not self._obey(kind, row, now):
            self._fail_instant(action_id, Wrong.UNKNOWN_INSTANT, f"{kind} cannot be done")
        self._report(now, always=True)

    def _obey(self, kind: str, row: Mapping[str, Any], now: float) -> bool:
        match kind:
            case "stateRequest":
                return True
            case "factsheetRequest":
                self._voice.factsheet(now)
                return True
            case "startPause" | "stopPause":
                self._paused = kind == "startPause" and Quirk.NEVER_PAUSES not in self.quirks
                self._hold(now)
                return True
            case "cancelOrder":
                self._cancel_order(row, now)
                return True
            case "trigger" if self._words.is_third and self._journey is not None:
                is_done = self._journey.trigger(now)
                self._journey.advance(now)
                return is_done
            case _:
                return False

    def _cancel_order(self, row: Mapping[str, Any], now: float) -> None:
        action_id = row["actionId"]
        if not self._is_meant(row):
            if Quirk.CANCELS_NOTHING not in self.quirks:
                self._fail_instant(action_id, Wrong.NO_ORDER, "no such order is driven")
            return
        if Quirk.DRIVES_ON in self.quirks:
            return
        self._instants[action_id] = replace(self._instants[action_id], status="RUNNING")
        if Quirk.NEVER_CANCELS in self.quirks:
            return
        self._pending.clear()
        self._cancel = action_id
        self._paused = False
        self._hold(now)
        if self._journey is not None and not self._journey.ended:
            self._journey.stop_soon(now)
        else:
            self._cancelled(now)

    def _is_meant(self, row: Mapping[str, Any]) -> bool:
        """An order is active and, where the action names one, it is that."""
        given = row.get("actionParameters")
        rows = given if isinstance(given, list) else []
        named = [one.get("value") for one in rows if one.get("key") == "orderId"]
        ours = {self._order.id} if self._order is not None else set()
        ours |= {order.id for _, order in self._pending}
        return self.is_busy() and (not named or not self._words.is_third or named[0] in ours)

    def _fail_instant(self, action_id: str, why: Wrong, text: str) -> None:
        self._instants[action_id] = replace(self._instants[action_id], status="FAILED")
        self._add_fault(why, text, (("actionId", action_id),))

    def _cancelled(self, now: float) -> None:
        if self._cancel in self._instants:
            row = self._instants[self._cancel]
            self._instants[self._cancel] = replace(row, status="FINISHED")
        self._cancel, self._was_cancelled = None, True
        self._said_at = now - STATE_EVERY_S

    # ------------------------------------------------------------ time

    def _pass_time(self, now: float) -> None:
        if not self.is_on:
            return
        while self._pending and self._pending[0][0] <= now:
            at, order = self._pending.pop(0)
            self._judge(order, at)
        if self._journey is not None:
            self._journey.advance(now)
            if self.cart.charge <= 0.0 and not self._journey.is_frozen:
                self._hold(now)
        self._recharge(now)

    def _recharge(self, now: float) -> None:
        """A vehicle that waits stands on a charging mat."""
        if not self.is_busy() and Quirk.BATTERY not in self.quirks:
            gained = (now - self._charged_at) * CHARGE_PER_S * self._hall.pace.speed
            self.cart.charge = min(100.0, self.cart.charge + gained)
        self._charged_at = now

    def _changed(self, at: float) -> None:
        """Publish what the journey shows; its end is the end of a cancel, too."""
        journey = self._journey
        if journey is not None and journey.ended and self._cancel is not None:
            self._cancelled(at)
        self._report(at)
        if journey is not None and journey.ended and Quirk.AMNESIA in self.quirks:
            self._order = self._journey = None
            self._report(at)

    def _hold(self, now: float) -> None:
        """Stand still for a pause, an emergency stop, a fault or a person in the way."""
        if self._journey is None:
            return
        stopped = any(quirk in self.quirks for quirk in STOPS) or self.cart.charge <= 0.0
        if self._paused or stopped or self._mode() == "INTERVENED":
            self._journey.freeze(now)
        else:
            self._journey.thaw(now)
            self._journey.advance(now)

    def _interval(self) -> float:
        if Quirk.LAZY_STATE in self.quirks:
            return self.quirks.seconds(Quirk.LAZY_STATE)
        drives = self._journey is not None and self._journey.driving
        return DRIVE_EVERY_S if drives else STATE_EVERY_S

    # ------------------------------------------------------------ messages out

    def _flush(self) -> list[Out]:
        out = self._voice.taken()
        return [] if self._is_silent() else out

    def _is_silent(self) -> bool:
        return self._is_choked or Quirk.MUTE in self.quirks

    def _report(self, now: float, *, always: bool = False) -> None:
        """Publish the whole state; on a change, or when it is asked for or time."""
        if not always and Quirk.LAZY_STATE in self.quirks:
            return
        self._said_at = now
        seen = Seen(
            cart=self.cart,
            order=self._order,
            journey=self._journey,
            instants=tuple(self._instants.values()),
            faults=self._faults,
            paused=self._paused,
            charging=not self.is_busy() and self.cart.charge < 100.0,
        )
        self._voice.state(seen, now)
        if Quirk.FORGIVES in self.quirks:
            self._faults = ()

    def _mode(self) -> str:
        return self._voice.mode()


def _about(body: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what an unreadable order can still be called."""
    order_id = body.get("orderId")
    return (("orderId", order_id),) if isinstance(order_id, str) and order_id else ()
