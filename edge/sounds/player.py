"""Plays sounds by a command of the system; where there is none, the terminal's bell is asked for.

A sound that cannot be played at once is worth nothing: the queue is short, and the newest wins.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from edge.sounds.table import TONES, Sound, is_alarming, sound_of
from edge.sounds.waves import wave
from edge.views import StationView

WAITING_MAX: Final = 2  # full: the oldest is left out
PLAY_S: Final = 3.0
ALARM_S: Final = 1.5
BELLS: Final = frozenset({Sound.ERROR, Sound.ALARM})

log = logging.getLogger("sounds")


class Sounds:
    """The station's loudspeaker. `command` gets the file's path as its last word; empty = none."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._command = tuple(command)
        self._folder = folder
        self._view: StationView | None = None
        self._waiting: asyncio.Queue[Sound] = asyncio.Queue(maxsize=WAITING_MAX)
        self._is_broken = False
        self._bell: tuple[int, int] = (0, 0)

    @property
    def is_heard(self) -> bool:
        """Return whether there is a player that works."""
        return bool(self._command) and not self._is_broken

    def on_view(self, view: StationView) -> StationView:
        """Take a view that is about to be shown; return it, with a bell where nothing else sounds.

        Never blocks.
        """
        sound = sound_of(self._view, view)
        self._view = view
        if sound is not None:
            self._want(sound)
        if view.fb is None or self.is_heard:
            return view
        if sound in BELLS:
            self._bell = (view.fb.n, 1)
        bell = self._bell[1] if self._bell[0] == view.fb.n else 0
        return replace(view, fb=replace(view.fb, bell=bell))

    def _want(self, sound: Sound) -> None:
        if not self.is_heard:
            return
        if self._waiting.full():
            self._waiting.get_nowait()
        self._waiting.put_nowait(sound)

    async def run(self) -> None:
        """Play what is wanted, one sound after the other; danger again until it is over."""
        await self._write_files()
        while True:
            try:
                async with asyncio.timeout(ALARM_S if self._alarms() else None):
                    sound = await self._waiting.get()
            except TimeoutError:
                sound = Sound.ALARM
            await self._play(sound)

    def _alarms(self) -> bool:
        return self._view is not None and self.is_heard and is_alarming(self._view)

    async def _write_files(self) -> None:
        if not self._command:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for sound, tones in TONES.items():
                self._path(sound).write_bytes(wave(tones))
        except OSError as error:
            self._broken(str(error))

    def _path(self, sound: Sound) -> Path:
        return self._folder / f"{sound.value}.wav"

    async def _play(self, sound: Sound) -> None:
        """Play one sound; a player that does not come to its end is ended."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                str(self._path(sound)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            self._broken(str(error))
            return
        try:
            async with asyncio.timeout(PLAY_S):
                code = await process.wait()
        except TimeoutError:
            self._broken(f"{self._command[0]} did not end in {PLAY_S:.0f} s")
        else:
            if code != 0:
                self._broken(f"{self._command[0]} ended with {code}")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    def _broken(self, why: str) -> None:
        """Say it once; the bell takes over until the next start."""
        if not self._is_broken:
            log.warning("sounds: %s: the terminal's bell instead", why)
        self._is_broken = True
