"""The least that the library can do: one line of text, updated from a socket. Argument: the socket.

Each line that comes in is shown by `Static.update`, posted from a task as the product posts it.
"""

import asyncio
import sys

from textual.app import App, ComposeResult
from textual.message import Message
from textual.widgets import Static


class Said(Message):
    """A line from the socket."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__()


class Floor(App[None]):
    """One text."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self._shown = Static("starting", markup=False)
        self._reading: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        """Build the text."""
        yield self._shown

    def on_mount(self) -> None:
        """Begin to read."""
        self._reading = asyncio.create_task(self._read(), name="read")

    async def _read(self) -> None:
        reader, _ = await asyncio.open_unix_connection(self._path)
        while line := await reader.readline():
            self.post_message(Said(line.decode().strip()))

    def on_said(self, said: Said) -> None:
        """Show it."""
        self._shown.update(said.text, layout=False)


if __name__ == "__main__":
    Floor(sys.argv[1]).run(mouse=False)
