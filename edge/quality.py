"""Which units get a second look: drawn by a keyed hash of their id, so nobody foresees it. Pure."""

import hmac
from dataclasses import dataclass
from typing import Final

RANDOM: Final = "random"
FAST_OK: Final = "fast_ok"
GOLD: Final = "gold"
_SHARE_BYTES: Final = 8
_WHOLE: Final = 1 << (8 * _SHARE_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRules:
    """Shares of units that a second person grades blind, in percent; `tray` = where they wait.

    `percent` of all units: this sample alone estimates a rate. `fast_ok_percent` of those that were
    confirmed sooner than a look takes. Without a tray nobody looks twice. While `waiting_max` units
    wait none is drawn.
    """

    tray: str = ""
    percent: int = 2
    fast_ok_percent: int = 20
    waiting_max: int = 20

    def __post_init__(self) -> None:
        for name in ("percent", "fast_ok_percent"):
            if not 0 <= getattr(self, name) <= 100:
                raise ValueError(f"{name}: {getattr(self, name)} does not fit: 0 to 100")
        if self.waiting_max < 1:
            raise ValueError(f"waiting_max: {self.waiting_max} does not fit: 1 or more")


def drawn(unit: str, key: bytes, rules: QualityRules, *, is_fast: bool) -> str:
    """Return why a unit is looked at twice, empty for most: the two draws are independent.

    HMAC-SHA256 of the unit's id under the site's key: whoever has the key can prove every draw.
    """
    mac = hmac.digest(key, unit.encode("utf-8"), "sha256")
    if _is_below(mac[:_SHARE_BYTES], rules.percent):
        return RANDOM
    second = mac[_SHARE_BYTES : 2 * _SHARE_BYTES]
    return FAST_OK if is_fast and _is_below(second, rules.fast_ok_percent) else ""


def _is_below(part: bytes, percent: int) -> bool:
    return int.from_bytes(part) * 100 < percent * _WHOLE
