"""Instant actions as JSON bodies without header (VDA 5050 2.1 §6.9, 3.0 §6.2.1). Pure."""

from typing import Any

from drivers.protocols import InstantKind, OrderId
from drivers.wire.vda5050.limits import Limits
from drivers.wire.vda5050.order import dumped
from drivers.wire.vda5050.profile import RobotProfile


def instant_action(
    kind: InstantKind,
    action_id: str,
    profile: RobotProfile,
    *,
    order_id: OrderId | None = None,
) -> bytes:
    """Return the body of one instant action, under every key that this model reads.

    `order_id`: the order that a cancel of 3.0 means. Raises ValueError for an action that the
    version does not know and for an id that the standard refuses.
    """
    dialect = profile.dialect
    if kind is InstantKind.TRIGGER and not dialect.waits_for_trigger:
        raise ValueError(f"VDA 5050 {profile.version} knows no {kind} of master control")
    Limits(profile=profile).checked(action_id)
    action: dict[str, Any] = {
        "actionType": str(kind),
        "actionId": action_id,
        "blockingType": "NONE",
        "actionParameters": [],
    }
    if kind is InstantKind.CANCEL and order_id is not None and dialect.waits_for_trigger:
        action["actionParameters"].append({"key": "orderId", "value": str(order_id)})
    if profile.action_name or dialect.names_actions:
        action["actionName"] = str(kind)
    return dumped({key: [action] for key in profile.instant_keys})
