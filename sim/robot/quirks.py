"""Habits and faults that real vehicles have, each by the name with which it is asked for.

`NAME` or `NAME=VALUE`; a value is seconds, percent or a text, as the table says.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Quirk(StrEnum):
    """What is different from a careful vehicle that keeps to the standard."""

    # orders
    AMNESIA = "amnesia"  # forgets its order, actions and id, as soon as it has ended
    LATE_ACCEPT = "late-accept"  # takes an order only after so many seconds
    REJECT = "reject"  # refuses every order
    DEAF = "deaf"  # takes no order and says nothing of it
    RERUNS = "reruns"  # drives the same order again when it comes after its end
    REMEMBERS = "remembers"  # keeps every order id: an old order after a newer one is refused
    TAKES_LOWER = "takes-lower-update"  # a lower orderUpdateId is driven as if it were new
    TAKES_SECOND = "takes-second-order"  # drops the order that is driven for another one
    TAKES_FAR = "takes-far-start"  # drives wherever the first node lies
    DRIVES_HORIZON = "drives-horizon"  # drives on into what is not released
    NO_UPDATES = "no-updates"  # refuses every order update
    FOREIGN_ORDER = "foreign-order"  # takes an order of another master when ours has come
    NUMERIC_IDS = "numeric-ids"  # order and action ids hold digits only
    STRICT_VERSION = "strict-version"  # a version with a letter before it is refused
    CHOKES = "chokes"  # a message that cannot be read silences it until it is switched off and on
    FREE_NAV = "free-nav"  # drives between any two positions, with or without an edge
    # actions
    FAILS_PICK = "fails-pick"  # the pick fails, the order goes on
    JUMPS = "jumps"  # an action goes from WAITING to FINISHED
    SHUFFLES = "shuffles"  # actionStates in any order
    # instant actions
    ONE_KEY = "instant-actions-key"  # reads the array `instantActions` alone
    DRIVES_ON = "drives-after-cancel"  # cancelOrder is FINISHED at once, the vehicle drives on
    NEVER_CANCELS = "never-cancels"  # cancelOrder stays RUNNING, the vehicle drives on
    CANCELS_NOTHING = "cancels-nothing"  # cancelOrder without an order is FINISHED, not FAILED
    NEVER_PAUSES = "never-pauses"  # startPause is FINISHED, the vehicle drives on
    NO_ANSWER = "no-answer"  # stateRequest changes nothing
    NO_FACTSHEET = "no-factsheet"  # factsheetRequest is FINISHED, no factsheet comes
    HIDES_INSTANTS = "hides-instants"  # instant actions are never shown in the state
    # what the state says
    NO_LOADS = "no-loads"  # `loads` is absent
    WRONG_LOADS = "wrong-loads"  # tells of a load that is not there
    OWN_LOAD_IDS = "own-load-ids"  # loads have ids of the vehicle's own
    NO_PAUSED = "no-paused"  # neither `paused` nor the status PAUSED
    NO_THETA = "no-theta"  # positions without their angle, against the schema
    LAZY_STATE = "lazy-state"  # a state only now and then, not on every change: seconds between
    FORGIVES = "forgives"  # errors go with the next state, not with the next order
    # connection
    NO_ONLINE = "no-online"  # no ONLINE when the broker comes back
    NO_WILL = "no-will"  # no last will
    NOT_RETAINED = "not-retained"  # connection is not retained
    QOS0_CONNECTION = "qos0-connection"  # connection with QoS 0
    STAYS_AWAY = "stays-away"  # never comes back after the broker was gone
    MUTE = "mute"  # neither says nor hears anything, but stays connected
    # noise
    GARBAGE = "garbage"  # every state is followed by bytes that are none
    OVERSIZED = "oversized"  # every state is followed by one of two megabytes
    REPLAYS = "replays"  # every state is followed by the first one that was ever sent
    RETAINS_STATE = "retains-state"  # states are retained
    OTHER_VERSION = "other-version"  # says another version than it speaks
    ZONE_REQUESTS = "zone-requests"  # asks a fleet manager for zones
    # the floor, on demand
    MODE = "mode"  # operatingMode
    ESTOP = "estop"  # emergency stop: MANUAL, REMOTE, AUTOACK
    FIELD = "field-violation"  # a protective field is broken
    FATAL = "fatal"  # a fatal error; nothing moves
    BATTERY = "battery"  # state of charge in percent
    LOST = "lost"  # not localised
    OBSTACLES = "obstacles"  # something stands in the way: chance for each edge, in percent
    MEETS_OBSTACLE = "obstacle"  # something stands in the way now


DEFAULTS: Final = {
    Quirk.LATE_ACCEPT: "8",
    Quirk.LAZY_STATE: "10",
    Quirk.OTHER_VERSION: "1.1.0",
    Quirk.MODE: "MANUAL",
    Quirk.ESTOP: "MANUAL",
    Quirk.BATTERY: "5",
    Quirk.OBSTACLES: "20",
}


@dataclass(slots=True)
class Quirks:
    """The quirks of one vehicle now; tests and the control door change them while it drives."""

    given: dict[Quirk, str] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Iterable[str]) -> "Quirks":
        """Read `NAME` or `NAME=VALUE` rows. Raises ValueError for a name that is unknown."""
        quirks = cls()
        for name in names:
            quirks.switch(name, on=True)
        return quirks

    def switch(self, text: str, *, on: bool) -> Quirk:
        """Switch one on or off and return it. Raises ValueError for a name that is unknown."""
        name, _, value = text.partition("=")
        if name not in set(Quirk):
            raise ValueError(f"{name}: no such fault; known are {', '.join(sorted(Quirk))}")
        quirk = Quirk(name)
        if on:
            self.given[quirk] = value or DEFAULTS.get(quirk, "")
        else:
            self.given.pop(quirk, None)
        return quirk

    def __contains__(self, quirk: Quirk) -> bool:
        """Return whether it is on."""
        return quirk in self.given

    def seconds(self, quirk: Quirk) -> float:
        """Return its value as a number; 0 when it is off."""
        return float(self.given.get(quirk, "0"))

    def text(self, quirk: Quirk, otherwise: str) -> str:
        """Return its value, or what holds while it is off."""
        return self.given.get(quirk, otherwise)
