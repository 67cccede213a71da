"""What was agreed with the owner of goods: whose pack it is, clocks, limits, numbers, label text.

Changes no zone: what a unit is decided by stands in policy, table and checklists.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from zoning.findings import Section
from zoning.model import Label, Zone
from zoning.policy import Policy

OTHER: Final = "other"  # what is not named by itself
STANDARD: Final = "standard"
EXCHANGE: Final = "exchange"
SERVICE: Final = "service"
KINDS: Final = (STANDARD, EXCHANGE, SERVICE)  # of returns
LPN_MODES: Final = ("none", "auto", "preprinted")
LEAVES_ALONE: Final = ("hold", "repair", "hazmat")
BILLED: Final = ("inspections", "photos", "seconds")  # what an owner may be billed for
NUMBER_KINDS: Final = ("rma", "order", "tracking", "lpn", "serial", "sscc")
HOURS_MAX: Final = 24 * 366
DAYS_MAX: Final = 366
LABEL_MAX: Final = 28  # what fits a line of the unit's label
_OWNER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
# Holds that come from the station or the engine, beside those that the policy's dispositions name.
_STATION_HOLDS: Final = ("missing_fact", "invalid_facts", "no_policy", "rework", "supervisor")
_HOLD: Final = "HOLD_"


class RefundAt(StrEnum):
    """When the one refund milestone of a unit is said."""

    GRADED = "graded"
    PLACED = "placed"
    RETURN_COMPLETED = "return_completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number that this owner's or carrier's labels carry; keys as in barcodes.toml."""

    name: str
    kind: str
    regex: str
    check: str = ""
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Where a unit's own number comes from: none, auto or preprinted; nothing said = empty.

    `mode` is for units that leave alone; `zones` and `categories` say otherwise for these.
    """

    mode: str = ""
    zones: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)

    def mode_of(self, zone: str, category: str | None) -> str:
        """Return what was agreed for goods of a category that go to a zone, empty = nothing."""
        if zone in self.zones:
            return self.zones[zone]
        if category is not None and category in self.categories:
            return self.categories[category]
        return self.mode if zone in LEAVES_ALONE else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """Who repairs: a service centre's code and its name for people.

    `dispositions` = what it does; `categories` = of which goods, none = of all that have no other.
    """

    code: str
    label: Label
    dispositions: tuple[str, ...]
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """terms.toml. What is not said here is the station's to say.

    `tenants` whose goods are decided by this pack, none = those of everybody else; `channels` =
    where they were sold, none = anywhere. `lpn` = which units get a number of their own. Hours
    until a hold is late, by reason, and until a return is due, by its kind; days until a carrier
    takes no claim, by carrier code; `window_days` = how long after delivery goods may be sent back.
    `partners` repair; `billing` = what is counted for the owner's bill. Money in minor units.
    """

    tenants: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    refund_at: RefundAt = RefundAt.PLACED
    hold_hours: Mapping[str, int] = field(default_factory=dict)
    sla_hours: Mapping[str, int] = field(default_factory=dict)
    claim_days: Mapping[str, int] = field(default_factory=dict)
    window_days: int | None = None
    free_disposal_below_minor: int | None = None
    numbers: tuple[Number, ...] = ()
    label: Label = field(default_factory=dict)
    lpn: Labels = field(default_factory=Labels)
    partners: tuple[Partner, ...] = ()
    billing: tuple[str, ...] = ()

    def partner_of(self, disposition: str, category: str | None) -> Partner | None:
        """Return who does that with such goods, None where nobody beside the station does."""
        able = [one for one in self.partners if disposition in one.dispositions]
        named = (one for one in able if category in one.categories)
        return next(named, next((one for one in able if not one.categories), None))

    def fits(self, tenant: str | None, channel: str | None) -> int:
        """Return how closely these terms are for such goods: 0 = not at all, 2 = by channel."""
        if tenant is None or tenant not in self.tenants:
            return 0
        if not self.channels:
            return 1
        return 2 if channel in self.channels else 0

    def overlaps(self, other: "Terms") -> bool:
        """Return whether both would be meant for the same goods with equal right."""
        both = set(self.tenants) & set(other.tenants)
        if bool(self.channels) != bool(other.channels):
            return False
        return bool(both) and (
            not self.channels or not set(self.channels).isdisjoint(other.channels)
        )


def of_kind(table: Mapping[str, int], name: str) -> int | None:
    """Return the figure of a name, else that of all others, None where nothing is said."""
    return table.get(name, table.get(OTHER))


def read_terms(section: Section | None, policy: Policy, languages: tuple[str, ...]) -> Terms:
    """Return the terms of a pack; without the file none are agreed."""
    if section is None:
        return Terms()
    section.one_of("format", ("terms/1",), "")
    found = Terms(
        tenants=section.codes("tenants", _OWNER),
        channels=section.codes("channels", _OWNER),
        refund_at=RefundAt(section.one_of("refund_at", tuple(RefundAt), RefundAt.PLACED)),
        hold_hours=_figures(section, "hold", HOURS_MAX, (*_holds(policy), OTHER)),
        sla_hours=_figures(section, "sla", HOURS_MAX, (*KINDS, OTHER)),
        claim_days=_figures(section, "claim", DAYS_MAX),
        window_days=_bounded(section, "window_days", DAYS_MAX),
        free_disposal_below_minor=_bounded(section, "free_disposal_below_minor", None, least=0),
        numbers=tuple(_number(part) for part in section.tables("number")),
        label=section.label("label", languages, needed=False),
        lpn=_labels(section.table("lpn"), policy),
        partners=tuple(_partner(one, policy, languages) for one in section.tables("partner")),
        billing=_known(section, "billing", BILLED),
    )
    _check(section, found)
    section.finish()
    return found


def _labels(part: Section, policy: Policy) -> Labels:
    found = Labels(
        mode=part.one_of("mode", LPN_MODES, "") if "mode" in part.raw else "",
        zones=_modes(part, "zones", tuple(zone.value for zone in Zone)),
        categories=_modes(part, "categories", _categories(policy)),
    )
    part.finish()
    return found


def _categories(policy: Policy) -> tuple[str, ...]:
    category = policy.domains.get("category")
    return tuple(category.values) if category is not None else ()


def _partner(part: Section, policy: Policy, languages: tuple[str, ...]) -> Partner:
    repairs = (name for name, one in policy.dispositions.items() if one.zone is Zone.REPAIR)
    found = Partner(
        code=part.code("code", _OWNER, needed=True),
        label=part.label("label", languages),
        dispositions=_known(part, "dispositions", tuple(repairs)),
        categories=_known(part, "categories", _categories(policy)),
    )
    if not found.dispositions:
        part.place.at("dispositions").refuse("required", {"key": "dispositions"})
    part.finish()
    return found


def _known(part: Section, key: str, names: tuple[str, ...]) -> tuple[str, ...]:
    given = part.codes(key)
    for name in given:
        if name not in names:
            part.place.at(key).refuse("unknown_name", {"key": key, "got": name})
    return given


def _modes(section: Section, key: str, names: tuple[str, ...]) -> dict[str, str]:
    part = section.table(key)
    for name in part.raw:
        if name not in names:
            part.place.at(name).refuse("unknown_name", {"key": key, "got": name})
    found = {name: part.one_of(name, LPN_MODES, "") for name in part.raw}
    part.finish()
    return found


def _holds(policy: Policy) -> tuple[str, ...]:
    named = (
        name.removeprefix(_HOLD).lower()
        for name, one in policy.dispositions.items()
        if one.zone is Zone.HOLD
    )
    return (*dict.fromkeys((*named, *_STATION_HOLDS)),)


def _figures(
    section: Section, key: str, most: int, names: tuple[str, ...] | None = None
) -> dict[str, int]:
    part = section.table(key)
    found: dict[str, int] = {}
    for name in part.raw:
        is_known = name in names if names is not None else _WORD.fullmatch(name) is not None
        if not is_known:
            part.place.at(name).refuse("unknown_name", {"key": key, "got": name})
        value = _bounded(part, name, most)
        found |= {} if value is None else {name: value}
    part.finish()
    return found


def _bounded(section: Section, key: str, most: int | None, least: int = 1) -> int | None:
    if key not in section.raw:
        return None
    value = section.integer(key, least)
    if value < least or (most is not None and value > most):
        want = f">= {least}" if most is None else f"{least}..{most}"
        section.place.at(key).refuse("bad_value", {"key": key, "got": value, "want": want})
    return value


def _number(part: Section) -> Number:
    found = Number(
        name=part.code("name", _WORD, needed=True),
        kind=part.one_of("kind", NUMBER_KINDS, "", needed=True),
        regex=part.text("regex", needed=True),
        check=part.text("check"),
        examples=part.codes("examples", _TEXT),
        counter_examples=part.codes("counter_examples", _TEXT),
    )
    part.finish()
    return found


_TEXT: Final = re.compile(r"[!-~][ -~]{0,63}")


def _check(section: Section, terms: Terms) -> None:
    if terms.channels and not terms.tenants:
        section.place.at("channels").refuse("required", {"key": "tenants"})
    names = [one.name for one in terms.numbers]
    for name in sorted({name for name in names if names.count(name) > 1}):
        section.place.at("number").refuse("duplicate", {"key": name})
    does = [
        f"{disposition} {category}"
        for one in terms.partners
        for disposition in one.dispositions
        for category in one.categories or (OTHER,)
    ]
    for twice in sorted({name for name in does if does.count(name) > 1}):
        section.place.at("partner").refuse("duplicate", {"key": twice})
    if any(len(text) > LABEL_MAX for one in terms.partners for text in one.label.values()):
        section.place.at("partner").refuse("long_text", {"key": "label", "max": LABEL_MAX})
    if any(len(text) > LABEL_MAX for text in terms.label.values()):
        section.place.at("label").refuse("long_text", {"key": "label", "max": LABEL_MAX})
