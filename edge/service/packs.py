"""Policy packs at a start: the one in force by the journal, those of open units, a new one."""

import logging
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from drivers.protocols import Clock
from edge.events import ConfigActivated, ConfigRefused, Event
from edge.feeds.judgement import GateAnswer, GateRequest
from edge.feeds.pack_folder import read_pack
from edge.feeds.pack_gate import Proofs, ask_gate
from edge.feeds.pack_owners import OWN_PACK, clash_of
from edge.feeds.policy_inbox import Shelf, refused
from edge.settings.model import Settings
from edge.station.state import State
from zoning.findings import PolicyParseError
from zoning.pack import Pack, load_pack

COPIES: Final = "packs"
PROOFS: Final = ".proofs"  # within the copies

log = logging.getLogger("policies")


class PackError(Exception):
    """The station cannot start: it has no policy pack that may be in force, or lacks a unit's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packs:
    """Packs by content digest: one dictionary for the whole run, it only grows.

    `in_force` = the journal's newest activation whose copy is there, empty before the first;
    `active` = what is in force once `news` are journalled. Packs of some owners' goods come beside.
    """

    by_digest: dict[str, Pack]
    in_force: str
    active: str
    news: tuple[ConfigActivated | ConfigRefused, ...]

    def still_there(self, serving: Mapping[str, str]) -> dict[str, str]:
        """Return the packs of some owners' goods whose copies are there, by id."""
        for name in serving:
            if serving[name] not in self.by_digest:
                log.error("policies: the copy of %s, of the pack %s, is gone", serving[name], name)
        return {name: one for name, one in serving.items() if one in self.by_digest}


def cameras_of(settings: Settings) -> tuple[str, ...] | None:
    """Return the roles of the station's cameras, None where there is no camera."""
    roles = settings.gate_cameras
    return None if roles is None else tuple(sorted(roles))


def load_copy(copies: Path, sha256: str) -> Pack:
    """Return a kept pack. Raises PackError when it is gone or is not what it was."""
    try:
        pack = load_pack(read_pack(copies / sha256))
    except PolicyParseError as error:
        raise PackError(f"the kept policy pack {sha256[:12]} cannot be read: {error}") from error
    if pack.sha256 != sha256:
        raise PackError(f"the kept policy pack {sha256[:12]} is damaged")
    return pack


async def open_packs(
    settings: Settings, data: Path, *, activations: Iterable[Event], state: State, clock: Clock
) -> Packs:
    """Return the packs of this start; a new configured one has passed the gate and is kept.

    Raises PackError, with every finding, when no pack may be in force or a unit's is gone.
    """
    opening = _Opening(settings, data, clock)
    in_force = opening.newest(activations)
    news = await opening.news(in_force)
    active = next((one.sha256 for one in news if isinstance(one, ConfigActivated)), in_force)
    news += await opening.tenants_news(state.serving)
    named = {one.sha256 for one in news if isinstance(one, ConfigActivated)}
    units = {unit.policy.sha256 for unit in state.units.values() if unit.policy}
    needed = ({in_force, active} | named | units) - {""}
    held = {one.unit.policy.sha256 for one in state.holds.values() if one.unit.policy}
    also = held | set(state.serving.values()) | {state.shadow}
    wanted = needed | {one for one in also if opening.has(one)}
    known = {sha256: opening.loaded(sha256) for sha256 in sorted(wanted)}
    return Packs(by_digest=known, in_force=in_force, active=active, news=news)


class _Opening:
    """One start's look at configured pack, copies and journal."""

    def __init__(self, settings: Settings, data: Path, clock: Clock) -> None:
        self.copies = data / COPIES
        self.copies.mkdir(parents=True, exist_ok=True)
        self._settings = settings
        self._data = data
        self._clock = clock
        self._cameras = cameras_of(settings)
        self._proofs = Proofs(folder=self.copies / PROOFS, cameras=self._cameras)
        self._read: dict[str, Pack] = {}

    def newest(self, activations: Iterable[Event]) -> str:
        """Return the digest of the newest policy activated whose copy is there."""
        found = [
            event.payload.sha256
            for event in activations
            if isinstance(event.payload, ConfigActivated) and event.payload.what == "policy"
        ]
        kept = [sha256 for sha256 in found if (self.copies / sha256).is_dir()]
        if found and found[-1:] != kept[-1:]:
            log.error("policies: the copy of %s, in force by the journal, is gone", found[-1])
        return kept[-1] if kept else ""

    async def news(self, in_force: str) -> tuple[ConfigActivated | ConfigRefused, ...]:
        """Return what is to be journalled about the configured pack."""
        if self._settings.policy_keys and in_force:
            self._tell_unused(in_force)
            return ()
        configured = self._configured()
        if configured is not None and configured.terms.tenants:
            raise PackError(f"{self._settings.pack_folder}: {OWN_PACK}")
        if configured is not None and self._is_proved(configured):
            return _activated_if_new(configured, in_force)
        answer = await self._judged(self._settings.pack_folder)
        if answer.ok:
            return _activated_if_new(self.loaded(answer.sha256), in_force)
        log.error("policies: the configured pack is refused: %s", answer.error)
        if not in_force:
            raise PackError(f"{self._settings.pack_folder}: {answer.error}")
        return (refused("policy", answer),)

    def loaded(self, sha256: str) -> Pack:
        """Return a pack, read once. Raises PackError."""
        if sha256 not in self._read:
            self._read[sha256] = load_copy(self.copies, sha256)
        return self._read[sha256]

    async def tenants_news(
        self, serving: Mapping[str, str]
    ) -> tuple[ConfigActivated | ConfigRefused, ...]:
        """Return what is to be journalled about the packs of some owners' goods.

        Every folder whose terms name tenants is one; a folder that is gone ends its pack.
        """
        if self._settings.policy_keys:
            return ()
        kept: dict[str, Pack] = {}
        news: list[ConfigActivated | ConfigRefused] = []
        for folder in self._settings.tenant_folders:
            found = await self._tenant(folder, kept)
            if isinstance(found, ConfigRefused):
                news.append(found)
                kept |= self._as_before(found.id, serving)
            elif found is not None:
                kept[found.id] = found
                if serving.get(found.id) != found.sha256:
                    news.append(_activated(found, "tenant"))
        gone = sorted(serving.keys() - kept.keys())
        ended = (ConfigActivated(what="tenant", id=one, version=0, sha256="") for one in gone)
        return (*news, *ended)

    async def _tenant(
        self, folder: Path, others: Mapping[str, Pack]
    ) -> Pack | ConfigRefused | None:
        """Return the pack of a folder, why it is refused, or None where it names no tenant."""
        pack = _readable(folder)
        if pack is not None and not pack.terms.tenants:
            return None
        if pack is not None and (clash := clash_of(pack, others)):
            answer = GateAnswer(ok=False, id=pack.id, version=pack.version, error=clash)
        elif pack is not None and self._is_proved(pack):
            return pack
        else:
            answer = await self._judged(folder)
        if answer.ok:
            return self.loaded(answer.sha256)
        log.error("policies: %s is refused: %s", folder.name, answer.error)
        return refused("tenant", replace(answer, id=answer.id or folder.name))

    def _as_before(self, name: str, serving: Mapping[str, str]) -> dict[str, Pack]:
        sha256 = serving.get(name, "")
        return {name: self.loaded(sha256)} if self.has(sha256) else {}

    def has(self, sha256: str) -> bool:
        """Return whether the copy of a pack is there."""
        return bool(sha256) and (self.copies / sha256).is_dir()

    def _configured(self) -> Pack | None:
        """Return the configured pack if it can be read at all; the gate says what is wrong."""
        return _readable(self._settings.pack_folder)

    def _is_proved(self, pack: Pack) -> bool:
        is_proved = self._proofs.has(pack.sha256) and (self.copies / pack.sha256).is_dir()
        if is_proved:
            self._read[pack.sha256] = pack
        return is_proved

    async def _judged(self, folder: Path) -> GateAnswer:
        staging = self.copies / ".judged"
        shutil.rmtree(staging, ignore_errors=True)
        request = GateRequest(
            candidate=str(folder),
            staging=str(staging),
            signed=False,
            now_ms=self._clock.wall_ms(),
            cameras=self._cameras,
        )
        answer = await ask_gate(request)
        if answer.ok:
            Shelf(inbox=self._data, copies=self.copies).keep(staging, answer.sha256)
            self._proofs.add(answer.sha256)
        return answer

    def _tell_unused(self, in_force: str) -> None:
        configured = self._configured()
        if configured is None or configured.sha256 != in_force:
            log.warning(
                "policies: %s is not what is in force and is not used: packs come signed",
                self._settings.pack_folder,
            )


def _activated_if_new(pack: Pack, in_force: str) -> tuple[ConfigActivated, ...]:
    if pack.sha256 == in_force:
        return ()
    return (_activated(pack, "policy"),)


def _activated(pack: Pack, what: str) -> ConfigActivated:
    return ConfigActivated(what=what, id=pack.id, version=pack.version, sha256=pack.sha256)


def _readable(folder: Path) -> Pack | None:
    try:
        return load_pack(read_pack(folder))
    except (PolicyParseError, OSError):
        return None
