"""Whose goods a pack is for: two packs never claim the same, the station's own is everybody's."""

from collections.abc import Mapping
from typing import Final

from zoning.pack import Pack

OWN_PACK: Final = "the station's own pack is everybody's: terms.toml names no tenants"


def clash_of(pack: Pack, others: Mapping[str, Pack]) -> str:
    """Return why a tenant's pack cannot be in force beside others, by id; empty = it can."""
    if pack.id in others:
        return f"there are two packs with the id {pack.id}"
    name = next((name for name, one in others.items() if pack.terms.overlaps(one.terms)), None)
    return "" if name is None else f"{name} is for the same goods: {_words(pack)}"


def _words(pack: Pack) -> str:
    tenants, channels = ", ".join(pack.terms.tenants), ", ".join(pack.terms.channels)
    return f"tenants {tenants}" + (f", channels {channels}" if channels else "")
