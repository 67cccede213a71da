"""Policy packs as files: `DATA/inbox/policies/<name>`, a folder or .zip renamed into place.

Taken one by one in name order; laid aside in `done/` or, beside `<name>.err`, in `bad/`.
`<name>.shadow` is a candidate for the shadow; as an empty file it ends the shadow.
"""

import asyncio
import logging
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from drivers.protocols import Clock
from edge.events import ConfigActivated, ConfigRefused
from edge.feeds.judgement import GateAnswer, GateRequest
from edge.feeds.pack_folder import sync_folder
from edge.feeds.pack_gate import ask_gate
from edge.settings.model import PolicyKey

POLL_S: Final = 2.0
INBOX: Final = Path("inbox", "policies")
SHADOW_SUFFIX: Final = ".shadow"
_ASIDE: Final = ("done", "bad")
_HALF: Final = (".part", ".tmp", ".err")
NO_KEYS: Final = "no policy keys are configured: this station takes the pack of station.toml"

log = logging.getLogger("policies")


class Desk(Protocol):
    """What the inbox needs of the running station."""

    @property
    def active(self) -> str:
        """Return the digest of the pack in force."""

    @property
    def serving(self) -> Mapping[str, str]:
        """Return the digests of the packs of some owners' goods, by id."""

    @property
    def shadow(self) -> str:
        """Return the digest of the candidate in shadow, empty without one."""

    def learn(self, sha256: str) -> None:
        """Load a pack that was kept, before an event names it. Raises OSError."""

    async def commit(self, event: ConfigActivated | ConfigRefused, once: str) -> bool:
        """Journal what was judged; False = no room now. `once` is unique for this drop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where packs come in and where the judged ones are kept, by content digest."""

    inbox: Path
    copies: Path

    def keep(self, staged: Path, sha256: str) -> None:
        """Turn what the gate has written into the copy. A copy that is there stays."""
        copy = self.copies / sha256
        if copy.is_dir():
            shutil.rmtree(staged)
            return
        staged.rename(copy)
        sync_folder(self.copies)


class PolicyInbox:
    """Takes packs and shadows from the inbox, has them judged, journals what became of them."""

    def __init__(
        self,
        data: Path,
        *,
        keys: tuple[PolicyKey, ...],
        cameras: tuple[str, ...] | None,
        desk: Desk,
        clock: Clock,
    ) -> None:
        self._shelf = Shelf(inbox=data / INBOX, copies=data / "packs")
        self._journal = data / "journal.db"
        self._keys = keys
        self._cameras = cameras
        self._desk = desk
        self._clock = clock
        self._due_ms: dict[str, int] = {}
        self._stuck: set[str] = set()

    async def run(self) -> None:
        """Take what is dropped, for ever."""
        while True:
            try:
                await self.take_all()
            except OSError as error:
                log.warning("policies: folder: %s", error)
            await asyncio.sleep(POLL_S)

    async def take_all(self) -> None:
        """Take what lies there and is due. Raises OSError."""
        for name in _ASIDE:
            (self._shelf.inbox / name).mkdir(parents=True, exist_ok=True)
        for path in sorted(self._shelf.inbox.iterdir()):
            if not _is_half(path) and _drop_of(path) not in self._stuck:
                await self._take(path)

    async def _take(self, path: Path) -> None:
        drop = _drop_of(path)
        if self._due_ms.get(drop, 0) > self._clock.wall_ms():
            return
        try:
            if path.suffix == SHADOW_SUFFIX:
                await self._take_shadow(path, drop)
            else:
                await self._take_pack(path, drop)
        except OSError as error:  # once: a disk that refuses is not asked every two seconds
            log.warning("policies: %s: %s; restart to try again", path.name, error)
            self._stuck.add(drop)

    async def _take_pack(self, path: Path, drop: str) -> None:
        if not self._keys:
            await self._refuse(path, drop, "policy", GateAnswer(ok=False, error=NO_KEYS))
            return
        answer = await self._judged(path, signed=True)
        if answer.waits:
            self._due_ms[drop] = answer.effective_ms
            log.info("policies: %s waits until it is due", path.name)
        elif answer.in_force:
            self._lay_aside(path, "done")
        elif answer.ok:
            self._desk.learn(answer.sha256)
            if await self._desk.commit(_activated(_what(answer), answer), drop):
                log.info("policies: %s version %d is in force", answer.id, answer.version)
                self._lay_aside(path, "done")
        else:
            await self._refuse(path, drop, _what(answer), answer)

    async def _take_shadow(self, path: Path, drop: str) -> None:
        if _is_empty_file(path):
            ended = ConfigActivated(what="shadow", id="off", version=0, sha256="")
            if not self._desk.shadow or await self._desk.commit(ended, drop):
                self._lay_aside(path, "done")
            return
        answer = await self._judged(path, signed=False)
        if not answer.ok:
            await self._refuse(path, drop, "shadow", answer)
        elif answer.sha256 in (self._desk.shadow, self._desk.active):
            self._lay_aside(path, "done")
        else:
            self._desk.learn(answer.sha256)
            if await self._desk.commit(_activated("shadow", answer), drop):
                log.info("policies: %s version %d in shadow", answer.id, answer.version)
                self._lay_aside(path, "done")

    async def _judged(self, path: Path, *, signed: bool) -> GateAnswer:
        """Have it judged; a good one is kept before anybody hears of it."""
        copies, active = self._shelf.copies, self._desk.active
        staging = copies / ".judged"
        shutil.rmtree(staging, ignore_errors=True)
        request = GateRequest(
            candidate=str(path),
            staging=str(staging),
            signed=signed,
            now_ms=self._clock.wall_ms(),
            cameras=self._cameras,
            keys=self._keys,
            active=str(copies / active) if active else "",
            serving={name: str(copies / one) for name, one in self._desk.serving.items()},
            journal=str(self._journal),
        )
        answer = await ask_gate(request)
        if staging.is_dir():
            self._shelf.keep(staging, answer.sha256)
        return answer

    async def _refuse(self, path: Path, drop: str, what: str, answer: GateAnswer) -> None:
        event = refused(what, replace(answer, id=answer.id or path.name))
        if await self._desk.commit(event, drop):
            log.error("policies: %s refused: %s", path.name, answer.error)
            error = self._shelf.inbox / "bad" / f"{path.name}.err"
            error.write_text(f"{answer.error}\n", encoding="utf-8")
            self._lay_aside(path, "bad")

    def _lay_aside(self, path: Path, where: str) -> None:
        self._due_ms.pop(_drop_of(path), None)
        folder = self._shelf.inbox / where
        target, count = folder / path.name, 1
        while target.exists() or target.is_symlink():
            count += 1
            target = folder / f"{path.name}~{count}"
        path.rename(target)


def refused(what: str, answer: GateAnswer) -> ConfigRefused:
    """Return the event of a refusal."""
    return ConfigRefused(
        what=what,
        id=answer.id,
        error=answer.error,
        version=answer.version or None,
        sha256=answer.sha256 or None,
        author=answer.author,
        approver=answer.approver,
        counterexample=answer.counterexample,
    )


def _what(answer: GateAnswer) -> str:
    return "tenant" if answer.is_tenants else "policy"


def _activated(what: str, answer: GateAnswer) -> ConfigActivated:
    return ConfigActivated(
        what=what,
        id=answer.id,
        version=answer.version,
        sha256=answer.sha256,
        author=answer.author,
        approver=answer.approver,
        rehearsal=answer.rehearsal,
    )


def _is_half(path: Path) -> bool:
    return path.name in _ASIDE or path.name.startswith(".") or path.suffix in _HALF


def _is_empty_file(path: Path) -> bool:
    found = path.lstat()
    return stat.S_ISREG(found.st_mode) and found.st_size == 0


def _drop_of(path: Path) -> str:
    """Return what tells this drop from every other of the same name."""
    found = path.lstat()
    return f"inbox/{path.name}/{found.st_ino}/{found.st_mtime_ns}"
