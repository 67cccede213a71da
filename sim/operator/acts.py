"""What the operator can do with his hands."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """Read a label. `tray` and `unit` say whose label it is, for the account of the shift."""

    text: str
    aim: str = "]C0"
    tray: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Press one key."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Nothing to do yet; `why` is said when it takes too long."""

    why: str


Act = Scan | Press | Wait
