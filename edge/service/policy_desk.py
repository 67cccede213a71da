"""The policy inbox's counter at the running station: what is in force, and the way to the loop."""

from collections.abc import Mapping
from pathlib import Path

from edge.events import ConfigActivated, ConfigRefused, DeviceProven
from edge.receiving.loop import Receiving
from edge.service.packs import PackError, load_copy
from edge.station.inputs import ConfigInput
from zoning.pack import Pack


class PolicyDesk:
    """Loads kept packs for the loop and hands in what was judged."""

    def __init__(self, receiving: Receiving, packs: dict[str, Pack], copies: Path) -> None:
        self._receiving = receiving
        self._packs = packs
        self._copies = copies

    @property
    def active(self) -> str:
        """Return the digest of the pack in force."""
        return self._receiving.state.active

    @property
    def serving(self) -> Mapping[str, str]:
        """Return the digests of the packs of some owners' goods, by id."""
        return self._receiving.state.serving

    @property
    def shadow(self) -> str:
        """Return the digest of the candidate in shadow, empty without one."""
        return self._receiving.state.shadow

    def learn(self, sha256: str) -> None:
        """Load a kept pack, before an event names it. Raises OSError when its copy is damaged."""
        if sha256 in self._packs:
            return
        try:
            self._packs[sha256] = load_copy(self._copies, sha256)
        except PackError as error:
            raise OSError(str(error)) from error

    async def commit(
        self, event: ConfigActivated | ConfigRefused | DeviceProven, once: str
    ) -> bool:
        """Journal what was judged; False = no room now."""
        reply = await self._receiving.submit(ConfigInput(input=once, event=event))
        return bool(reply.kinds)
