"""What the policy gate's process is asked and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge.events import RehearsalRef
from edge.settings.model import PolicyKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What judging one pack may take; wall time is watched from outside."""

    cpu_s: int = 60
    wall_s: float = 120.0
    memory_mb: int = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRequest:
    """A pack to judge. Paths as text; `staging` is where a good one is written.

    `signed` = by the whole procedure, else by the gate alone. `cameras` None = this station has
    no camera. `active` = folder of the pack in force, empty before the first one; `serving` =
    folders of the packs of some owners' goods beside it, by id.
    """

    candidate: str
    staging: str
    signed: bool
    now_ms: int
    cameras: tuple[str, ...] | None = None
    keys: tuple[PolicyKey, ...] = ()
    active: str = ""
    serving: Mapping[str, str] = field(default_factory=dict)
    journal: str = ""
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAnswer:
    """`ok` = it may come in force; its files lie in the request's staging folder.

    `waits` = good so far, to be judged again at `effective_ms`; `in_force` = it is the active
    pack already. `is_tenants` = it is for some owners' goods. `error` and `counterexample` of a
    refusal; what is known of the candidate.
    """

    ok: bool
    waits: bool = False
    in_force: bool = False
    is_tenants: bool = False
    id: str = ""
    version: int = 0
    sha256: str = ""
    error: str = ""
    counterexample: Mapping[str, Any] | None = None
    author: str | None = None
    approver: str | None = None
    rehearsal: RehearsalRef | None = None
    effective_ms: int = 0
    warnings: tuple[str, ...] = ()
