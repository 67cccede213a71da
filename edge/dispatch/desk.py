"""What dispatch may ask of receiving: the committed state, and to commit an input."""

from typing import Protocol

from edge.station.inputs import Input
from edge.station.state import State


class Desk(Protocol):
    """The side of receiving that dispatch sees."""

    @property
    def state(self) -> State:
        """Return the committed state."""

    @property
    def is_writable(self) -> bool:
        """Return whether the journal takes events; without it nothing may move."""

    async def commit(self, given: Input) -> bool:
        """Hand in an input; True when it was committed, so that its command may go out."""
