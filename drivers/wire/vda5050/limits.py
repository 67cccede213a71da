"""What a robot's profile and factsheet allow in an order, in one place. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from drivers.protocols import Factsheet
from drivers.wire.vda5050.profile import RobotProfile

POSITION: Final = "order.nodes.nodePosition"
_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_NO_FACTSHEET: Final = Factsheet()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Answers what may be sent; without a factsheet the profile decides alone."""

    profile: RobotProfile
    factsheet: Factsheet = _NO_FACTSHEET

    def checked(self, one: str) -> str:
        """Return an id. Raises ValueError for one that the standard or this robot refuses."""
        if _ID.fullmatch(one) is None:
            raise ValueError(f"id {one!r} does not fit: 1 to 128 of A-Z a-z 0-9 _ . : -")
        if self.are_ids_numeric and not one.isdigit():
            raise ValueError(f"id {one!r} does not fit: this robot takes digits only")
        longest = min((n for n in (self.profile.id_len, self.factsheet.id_len) if n), default=0)
        if longest and len(one) > longest:
            raise ValueError(f"id {one!r} does not fit: this robot takes {longest} characters")
        return one

    @property
    def are_ids_numeric(self) -> bool:
        """Return whether ids are digits alone."""
        return self.profile.id_numerical or bool(self.factsheet.numeric_ids)

    def edge_id(self, start: str, end: str) -> str:
        """Return the id of an edge; of digits it stays one meaning by the first name's length."""
        made = f"{len(start)}{start}{end}" if self.are_ids_numeric else f"{start}:{end}"
        return self.checked(made)

    def sends(self, parameter: str) -> bool:
        """Return whether an optional key of a node's position is sent.

        A factsheet that lists optional keys lists all of them (2.1 §7.2); one that lists a key
        means its parents too. One without a list says nothing.
        """
        listed = self.factsheet.parameters
        if not listed:
            return self.profile.node_position
        named = [name for name in listed if name == parameter or name.startswith(f"{parameter}.")]
        if any(listed[name] == "REQUIRED" for name in named):
            return True
        return bool(named) and self.profile.node_position

    def takes(self, action_type: str, key: str) -> bool:
        """Return whether an action's parameter is sent."""
        actions = self.factsheet.actions
        return actions is None or key in actions.get(action_type, frozenset())

    def need_action(self, action_type: str) -> str:
        """Return the type. Raises ValueError when the factsheet lists actions without this one."""
        actions = self.factsheet.actions
        if actions is not None and action_type not in actions:
            raise ValueError(f"action {action_type!r} is not in this robot's factsheet")
        return action_type

    def need_load_type(self, kind: str) -> None:
        """Raise ValueError for a load type that the factsheet does not list."""
        types = self.factsheet.load_types
        if types is not None and kind not in types:
            raise ValueError(f"loadType {kind!r} is not in this robot's factsheet")
