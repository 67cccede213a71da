"""Which of a robot's errors refuses an order of ours (VDA 5050 2.1 §6.6.6, 3.0 §6.1.4). Pure.

The type is no key: for one fault vendors write different ones. An entry stays until the robot takes
its next order, so what stood there before the order was sent is not about it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from drivers.protocols import RobotError

_BY_PARAMETER: Final = "UNSUPPORTED_PARAMETER"  # 3.0: its references may be parameters alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An order as it left; `header_ids` are empty when an earlier run of the service sent it."""

    order_id: str
    update_id: int
    action_ids: tuple[str, ...]
    header_ids: tuple[str, ...]
    errors_before: frozenset[RobotError]


def rejection(sent: Sent, errors: Iterable[RobotError]) -> RobotError | None:
    """Return the error that refuses the order, None if there is none."""
    return next(
        (error for error in errors if error not in sent.errors_before and _names(error, sent)), None
    )


def _names(error: RobotError, sent: Sent) -> bool:
    named: dict[str, set[str]] = {}
    for key, value in error.references:
        named.setdefault(key.lower(), set()).add(value)
    ours = {
        "orderid": {sent.order_id},
        "orderupdateid": {str(sent.update_id)},
        "actionid": set(sent.action_ids),
        "headerid": set(sent.header_ids),
    }
    contradicts = any(
        key in named and values and not named[key] & values for key, values in ours.items()
    )
    if contradicts:
        return False
    return "orderid" in named or (error.type == _BY_PARAMETER and bool(sent.header_ids))
