"""What the versions of VDA 5050 name differently: 2.0, 2.1 and 3.0."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Wrong(StrEnum):
    """Why a vehicle refuses, whatever its version calls it."""

    UNREADABLE = "unreadable"
    OTHER_ACTIVE = "other_active"
    FAR_START = "far_start"
    NO_ROUTE = "no_route"
    UNKNOWN_NODE = "unknown_node"
    BAD_ACTION = "bad_action"
    OLD_UPDATE = "old_update"
    SAME_UPDATE = "same_update"
    AFTER_CANCEL = "after_cancel"
    NOT_AVAILABLE = "not_available"
    NO_ORDER = "no_order"
    UNKNOWN_INSTANT = "unknown_instant"
    REFUSED = "refused"


_TWO: Final = {
    Wrong.UNREADABLE: "validationError",
    Wrong.OTHER_ACTIVE: "orderError",
    Wrong.FAR_START: "noRouteError",
    Wrong.NO_ROUTE: "noRouteError",
    Wrong.UNKNOWN_NODE: "orderError",
    Wrong.BAD_ACTION: "orderError",
    Wrong.OLD_UPDATE: "orderUpdateError",
    Wrong.SAME_UPDATE: "orderUpdateError",
    Wrong.AFTER_CANCEL: "orderUpdateError",
    Wrong.NOT_AVAILABLE: "orderError",
    Wrong.NO_ORDER: "noOrderToCancel",
    Wrong.UNKNOWN_INSTANT: "instantActionError",
    Wrong.REFUSED: "orderError",
}
_THREE: Final = {
    Wrong.UNREADABLE: "VALIDATION_FAILURE",
    Wrong.OTHER_ACTIVE: "OTHER_ORDER_ACTIVE",
    Wrong.FAR_START: "START_NODE_OUT_OF_RANGE",
    Wrong.NO_ROUTE: "NO_ROUTE_TO_TARGET",
    Wrong.UNKNOWN_NODE: "NO_ROUTE_TO_TARGET",
    Wrong.BAD_ACTION: "INVALID_ORDER_ACTION",
    Wrong.OLD_UPDATE: "OUTDATED_ORDER_UPDATE",
    Wrong.SAME_UPDATE: "SAME_ORDER_UPDATE_ID",
    Wrong.AFTER_CANCEL: "ORDER_UPDATE_FOLLOWING_CANCEL",
    Wrong.NOT_AVAILABLE: "MOBILE_ROBOT_NOT_AVAILABLE",
    Wrong.NO_ORDER: "NO_ORDER_TO_CANCEL",
    Wrong.UNKNOWN_INSTANT: "INVALID_INSTANT_ACTION",
    Wrong.REFUSED: "INSUFFICIENT_MEMORY",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The spelling of one major version."""

    major: int
    broken: str
    teach_in: str
    result: str
    errors: dict[Wrong, str]

    @property
    def is_third(self) -> bool:
        """Return whether these are the words of 3.x."""
        return self.major == 3


_MAJORS: Final = {
    2: Words(
        major=2,
        broken="CONNECTIONBROKEN",
        teach_in="TEACHIN",
        result="resultDescription",
        errors=_TWO,
    ),
    3: Words(
        major=3,
        broken="CONNECTION_BROKEN",
        teach_in="TEACH_IN",
        result="actionResult",
        errors=_THREE,
    ),
}


def words_of(version: str) -> Words:
    """Return the words of a version such as 2.1.0. Raises ValueError for one not spoken here."""
    major = version.partition(".")[0]
    if major not in ("2", "3"):
        raise ValueError(f"{version}: 2.0.0, 2.1.0 and 3.0.0 are spoken here")
    return _MAJORS[int(major)]
