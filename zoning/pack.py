"""One hashed pack: policy, zone table, checklists, reasons. Takes bytes; refuses all or nothing."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from zoning.checklist.expectations import (
    PHOTOS_MAX,
    Allowance,
    Frequencies,
    read_allowances,
    read_frequencies,
    read_photos_max,
)
from zoning.checklist.load import read_checklists
from zoning.checklist.values import Checklist
from zoning.findings import CODE, FILE_BYTES_MAX, Report, Section, read_toml
from zoning.grammar import truth
from zoning.index import Index
from zoning.model import Domain, Label, Members, Static, digest
from zoning.policy import Policy, read_policy
from zoning.table import Table, read_table, show_table
from zoning.terms import Terms, read_terms
from zoning.texts import ENTRIES_MAX, entries

FILES_MAX = 200
PACK_BYTES_MAX = 4 << 20
PACK_ENTRIES_MAX = 200_000
FILES = ("pack.toml", "policy.toml", "reasons.toml")
TABLE = "zone.csv"
FREQUENCIES = "frequencies.toml"
TERMS = "terms.toml"
OPTIONAL = (FREQUENCIES, TERMS)  # what a pack need not have
UNKNOWN_ITEM = "unknown_item"
REASONS = ("customer", "found", "override", "correction", "no_evidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A coded reason. `flags` let the station propose a found reason, `party` is who is liable."""

    id: str
    label: Label
    party: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Everything a unit is decided by, under one digest of the content."""

    id: str
    version: int
    sha256: str
    title: Label
    languages: tuple[str, ...]
    policy: Policy = field(repr=False)
    table: Table = field(repr=False)
    checklists: Mapping[str, Checklist] = field(repr=False)
    reasons: Mapping[str, tuple[Reason, ...]] = field(repr=False)
    allowances: Mapping[str, Allowance] = field(default_factory=dict, repr=False)
    photos_max: int = PHOTOS_MAX
    frequencies: Frequencies = field(default_factory=Frequencies, repr=False)
    terms: Terms = field(default_factory=Terms, repr=False)
    index: Index = field(init=False, repr=False, compare=False)
    # What `zoning.settle` keeps of this pack: at most one entry a checklist.
    settlers: dict[str, object] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile the table once; every decision reads its masks."""
        object.__setattr__(self, "index", Index(self.policy, self.table))

    def checklist_for(self, static: Static) -> Checklist:
        """Return the checklist of a unit; without a known category that of an unknown item."""
        column = self.policy.domains.get("category")
        if static.category is None or (column and not column.holds(static.category)):
            return self.checklists[UNKNOWN_ITEM]
        fitting = [
            (checklist.match.priority, name)
            for name, checklist in self.checklists.items()
            if checklist.match and self._fits(checklist, static)
        ]
        return self.checklists[max(fitting)[1] if fitting else UNKNOWN_ITEM]

    def _fits(self, checklist: Checklist, static: Static) -> bool:
        match = checklist.match
        assert match is not None, "the caller has looked"
        return (
            (not match.categories or static.category in match.categories)
            and (not match.tenants or static.tenant in match.tenants)
            and truth(match.when, {"attrs": attributes(self.policy, static)}) is not False
        )


def attributes(policy: Policy, static: Static) -> Members:
    """Return the item's attributes; of an item nobody knows all are unknown."""
    return declared(policy.domains["attrs"], static.attrs, static.unknown_attrs)


def declared(domain: Domain, given: frozenset[str] | None, unknown: frozenset[str]) -> Members:
    """Return a set column as a feed states it.

    None or a member that the policy does not know makes every other member unknown.
    """
    values = frozenset(domain.values)
    present = (given or frozenset()) & values
    is_known = given is not None and given | unknown <= values
    return Members(present=present, unknown=((unknown if is_known else values) - present))


def load_pack(files: Mapping[str, bytes]) -> Pack:
    """Build a pack from its files (relative path to bytes).

    Raises PolicyParseError with every finding of every file; nothing is half loaded.
    """
    report = Report()
    _check_size(files, report)
    for name in (*FILES, TABLE):
        if name not in files:
            report.add(name, 1, "absent_file", {})
    for name in filter(_is_foreign, files):
        report.add(name, 1, "unknown_name", {"key": "pack", "got": name})
    sections = {
        name: section
        for name, content in sorted(files.items())
        if name.endswith(".toml") and (section := read_toml(name, content, report))
    }
    if not {*FILES} <= sections.keys() or TABLE not in files:
        report.stop()
    pack = _build(sections, files[TABLE], report)
    report.stop()
    return pack


def _check_size(files: Mapping[str, bytes], report: Report) -> None:
    """Refuse what is too much before any of it is read; a file too big by itself is told later."""
    contents = [content for content in files.values() if len(content) <= FILE_BYTES_MAX]
    if len(files) > FILES_MAX:
        report.add(FILES[0], 1, "too_big", {"max": f"{FILES_MAX} files"})
    if sum(map(len, contents)) > PACK_BYTES_MAX:
        report.add(FILES[0], 1, "too_big", {"max": f"{PACK_BYTES_MAX >> 20} MiB"})
    elif sum(n for n in map(entries, contents) if n <= ENTRIES_MAX) > PACK_ENTRIES_MAX:
        report.add(FILES[0], 1, "too_big", {"max": f"{PACK_ENTRIES_MAX} entries"})
    report.stop()


def _is_foreign(name: str) -> bool:
    """Whether a pack has no place for a file that a policy might be meant to hold."""
    is_policy = name.endswith((".toml", ".csv"))
    return (
        is_policy and name not in (*FILES, TABLE, *OPTIONAL) and not name.startswith("checklists/")
    )


def _build(sections: Mapping[str, Section], table: bytes, report: Report) -> Pack:
    head = sections["pack.toml"]
    head.one_of("format", ("pack/1",), "")
    languages = head.codes("languages", re.compile(r"[a-z]{2}")) or ("ru", "en")
    policy = read_policy(sections["policy.toml"], languages)
    parts = [section for name, section in sections.items() if name.startswith("checklists/")]
    checklists = read_checklists(parts, policy, languages)
    if UNKNOWN_ITEM not in checklists:
        head.place.refuse("required", {"key": f"checklists/{UNKNOWN_ITEM}.toml"})
    rows = read_table(TABLE, table, policy, languages, report=report)
    reasons = _reasons(sections["reasons.toml"], policy, languages)
    often, agreed = sections.get(FREQUENCIES), sections.get(TERMS)
    frequencies, terms = read_frequencies(often), read_terms(agreed, policy, languages)
    allowances, photos_max = read_allowances(head, policy), read_photos_max(head)
    pack_id = head.code("id", re.compile(r"[a-z][a-z0-9-]{0,31}"), needed=True)
    version = head.integer("version", needed=True)
    title = head.label("title", languages)
    head.finish()
    report.stop()
    content = {
        "pack": dict(head.raw),
        "policy": policy.sha256,
        "table": show_table(rows, policy, languages),
        "checklists": {name: item.sha256 for name, item in checklists.items()},
        "reasons": dict(sections["reasons.toml"].raw),
        **({"frequencies": dict(often.raw)} if often else {}),
        **({"terms": dict(agreed.raw)} if agreed else {}),
    }
    return Pack(
        id=pack_id,
        version=version,
        sha256=digest(content),
        title=title,
        languages=languages,
        policy=policy,
        table=rows,
        checklists=checklists,
        reasons=reasons,
        allowances=allowances,
        photos_max=photos_max,
        frequencies=frequencies,
        terms=terms,
    )


def _reasons(
    section: Section, policy: Policy, languages: tuple[str, ...]
) -> dict[str, tuple[Reason, ...]]:
    section.one_of("format", ("reasons/1",), "")
    section.integer("version", needed=True)
    found = {group: _group(section, group, policy, languages) for group in REASONS}
    section.finish()
    ids = Counter(reason.id for group in found.values() for reason in group)
    for name in sorted(name for name, count in ids.items() if count > 1):
        section.place.refuse("duplicate", {"key": name})
    return found


def _group(
    section: Section, group: str, policy: Policy, languages: tuple[str, ...]
) -> tuple[Reason, ...]:
    found = []
    for part in section.tables(group):
        flags = part.codes("flags")
        for name in sorted(set(flags) - policy.flags.keys()):
            part.place.refuse("unknown_name", {"key": "flags", "got": name})
        found.append(
            Reason(
                id=part.code("id", CODE, needed=True),
                label=part.label("label", languages),
                party=part.code("party"),
                flags=flags,
            )
        )
        part.finish()
    return tuple(found)
