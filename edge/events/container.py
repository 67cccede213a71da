"""Payloads about containers: boxes, cages and trays that carry many units of one kind of work."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerOpened:
    """A container takes units of one tenant, zone and disposition from here on.

    `container` = the number on its label; `goods_class` = hazmat or sharp, where it is for such
    goods alone. A tray that came back empty is opened anew under its old number.
    """

    KIND: ClassVar[str] = "container.opened"
    SCHEMA: ClassVar[int] = 1
    container: str
    tenant: str
    zone: str
    disposition: str
    goods_class: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerUnitAdded:
    """A unit lies in a container. `weight_g` = what it weighs, as far as known.

    `move` = how it may be carried, as its verdict says: auto, manual.
    """

    KIND: ClassVar[str] = "container.unit_added"
    SCHEMA: ClassVar[int] = 1
    container: str
    unit: str
    weight_g: int | None = None
    move: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerUnitRemoved:
    """A unit was taken out. `reason`: undo, again, correction, carried."""

    KIND: ClassVar[str] = "container.unit_removed"
    SCHEMA: ClassVar[int] = 1
    container: str
    unit: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerClosed:
    """Nothing goes in or out any more: so many units; what they weigh, where a scale told."""

    KIND: ClassVar[str] = "container.closed"
    SCHEMA: ClassVar[int] = 1
    container: str
    count: int
    weight_g: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerReopened:
    """A supervisor opened a closed container again. `reason` = one of the pack's override list."""

    KIND: ClassVar[str] = "container.reopened"
    SCHEMA: ClassVar[int] = 1
    container: str
    supervisor: str
    reason: str | None = None
