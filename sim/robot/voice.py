"""What a vehicle says, as its version spells it and its habits spoil it."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from sim.robot import messages
from sim.robot.factsheet import factsheet
from sim.robot.floor import Hall
from sim.robot.journey import Cart, Journey
from sim.robot.messages import Body, Deed, Fault, Headers, Out
from sim.robot.orders import Order
from sim.robot.quirks import Quirk, Quirks
from sim.robot.words import words_of
from sim.site import RobotPlace

OVERSIZE_BYTES: Final = 2 << 20
ZONE_REQUESTS: Final[Mapping[str, Any]] = {
    "zoneRequests": [
        {
            "requestId": "z-1",
            "requestType": "ACCESS",
            "zoneId": "z",
            "zoneSetId": "set",
            "requestStatus": "REQUESTED",
        }
    ]
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a state tells besides the habits."""

    cart: Cart
    order: Order | None
    journey: Journey | None
    instants: tuple[Deed, ...]
    faults: tuple[Fault, ...]
    paused: bool
    charging: bool


class Voice:
    """Makes messages and keeps them until they are taken."""

    def __init__(self, place: RobotPlace, quirks: Quirks, hall: Hall, dice: Random) -> None:
        self._place = place
        self._words = words_of(place.version)
        self._quirks = quirks
        self._hall = hall
        self._dice = dice
        self._out: list[Out] = []
        self._first: bytes = b""
        self.restart()

    def restart(self) -> None:
        """Count headers from 1 again."""
        self._headers = Headers(self._place)

    def say(self, out: Out) -> None:
        """Queue one message."""
        self._out.append(out)

    def taken(self) -> list[Out]:
        """Return what was said since the last time."""
        out, self._out = self._out, []
        return out

    def mode(self) -> str:
        """Return the operating mode as this version spells it."""
        mode = self._quirks.text(Quirk.MODE, "AUTOMATIC")
        return self._words.teach_in if mode in ("TEACHIN", "TEACH_IN") else mode

    def connection(self, state: str, now: float) -> Out:
        """Return a connection message."""
        payload = self._stamped("connection", {"connectionState": state}, now)
        qos = 0 if Quirk.QOS0_CONNECTION in self._quirks else 1
        retain = Quirk.NOT_RETAINED not in self._quirks
        return Out(topic="connection", payload=payload, qos=qos, retain=retain)

    def factsheet(self, now: float) -> None:
        """Queue the factsheet."""
        if Quirk.NO_FACTSHEET in self._quirks:
            return
        numeric, interval_s = Quirk.NUMERIC_IDS in self._quirks, self._place.order_interval_s
        body = factsheet(self._words, numeric=numeric, interval_s=interval_s)
        payload = self._stamped("factsheet", body, now)
        self.say(Out(topic="factsheet", payload=payload, retain=True))

    def state(self, seen: Seen, now: float) -> None:
        """Queue a state and the noise that follows it."""
        payload = self._stamped("state", self._state(seen), now)
        self._first = self._first or payload
        self._say_state(payload)
        if Quirk.GARBAGE in self._quirks:
            self._say_state(b'\xff{"orderId":')
        if Quirk.OVERSIZED in self._quirks:
            self._say_state(payload[:-1] + b',"more":"' + b"x" * OVERSIZE_BYTES + b'"}')
        if Quirk.REPLAYS in self._quirks:
            self._say_state(self._first)

    def _say_state(self, payload: bytes) -> None:
        retain = Quirk.RETAINS_STATE in self._quirks
        self.say(Out(topic="state", payload=payload, retain=retain))

    def _stamped(self, topic: str, body: Mapping[str, Any], now: float) -> bytes:
        version = self._quirks.text(Quirk.OTHER_VERSION, self._place.version)
        return self._headers.on(topic, body, self._hall.epoch + now, version)

    def _state(self, seen: Seen) -> dict[str, Any]:
        order, journey, words = seen.order, seen.journey, self._words
        ahead = journey.ahead if journey else []
        return {
            "orderId": order.id if order else "",
            "orderUpdateId": order.update if order else 0,
            "lastNodeId": seen.cart.node,
            "lastNodeSequenceId": seen.cart.sequence,
            "driving": journey is not None and journey.driving,
            **({} if Quirk.NO_PAUSED in self._quirks else {"paused": seen.paused}),
            "nodeStates": messages.node_states(ahead, self._hall.nodes),
            "edgeStates": messages.edge_states(journey.tracks() if journey else ()),
            **self._actions(seen),
            "errors": messages.error_states(
                [*seen.faults, *self._troubles(seen)], self._place.version
            ),
            "information": self._information(seen),
            **messages.body_state(self._body(seen), words),
            **(ZONE_REQUESTS if Quirk.ZONE_REQUESTS in self._quirks else {}),
        }

    def _actions(self, seen: Seen) -> dict[str, Any]:
        """3.0 has a list of its own for instant actions."""
        deeds = list(seen.journey.deeds.values()) if seen.journey else []
        instants = [] if Quirk.HIDES_INSTANTS in self._quirks else list(seen.instants)
        shown = deeds if self._words.is_third else [*deeds, *instants]
        if Quirk.SHUFFLES in self._quirks:
            self._dice.shuffle(shown)
        states = {"actionStates": messages.action_states(shown, self._words)}
        if self._words.is_third:
            states["instantActionStates"] = messages.action_states(instants, self._words)
        return states

    def _body(self, seen: Seen) -> Body:
        load = "ghost" if Quirk.WRONG_LOADS in self._quirks else seen.cart.load
        if load is not None and Quirk.OWN_LOAD_IDS in self._quirks:
            load = f"L{sum(load.encode()):05}"
        loads = () if load is None else (load,)
        return Body(
            xy=seen.cart.xy,
            theta=None if Quirk.NO_THETA in self._quirks else 0.0,
            localized=Quirk.LOST not in self._quirks,
            charge=seen.cart.charge,
            charging=seen.charging,
            loads=None if Quirk.NO_LOADS in self._quirks else loads,
            mode=self.mode(),
            estop=self._quirks.text(Quirk.ESTOP, "NONE"),
            field_violation=Quirk.FIELD in self._quirks,
        )

    def _troubles(self, seen: Seen) -> list[Fault]:
        hot = Fault(type="driveFault", text="a motor is hot", level="FATAL", hint="let it cool")
        flat = Fault(type="batteryEmpty", text="it stands", level="FATAL", hint="push it home")
        troubles = [hot] if Quirk.FATAL in self._quirks else []
        return [*troubles, flat] if seen.cart.charge <= 0.0 else troubles

    def _information(self, seen: Seen) -> list[dict[str, Any]]:
        blocked = seen.journey is not None and seen.journey.blocked
        if not (blocked or Quirk.MEETS_OBSTACLE in self._quirks):
            return []
        return [{"infoType": "obstacle", "infoLevel": "INFO", "infoReferences": []}]
