"""Packs that differ from the default one by a row or a part, and what the gate says of them."""

from collections.abc import Callable
from dataclasses import replace

from policy_kit import default_pack, pack_files
from zoning.findings import Finding, Severity, item_words
from zoning.gate.table_checks import check_table
from zoning.pack import Pack, load_pack

EXEMPT = 'exempt = { wipe = "customer data must be wiped before disposal" }'


def with_rows(edit: Callable[[list[str]], list[str]]) -> Pack:
    lines = edit(pack_files()["zone.csv"].decode().splitlines())
    return load_pack({**pack_files(), "zone.csv": "\n".join(lines).encode()})


def without_row(name: str) -> Pack:
    return with_rows(lambda lines: [line for line in lines if not line.startswith(name)])


def with_row(text: str, *, before: str = "") -> Pack:
    def edit(lines: list[str]) -> list[str]:
        places = (at for at, line in enumerate(lines) if line.startswith(before))
        at = next(places) if before else len(lines)
        return [*lines[:at], text, *lines[at:]]

    return with_rows(edit)


def changed(**parts: object) -> Pack:
    """Return the default pack with parts of its policy replaced."""
    pack = default_pack()
    return replace(pack, policy=replace(pack.policy, **parts))  # type: ignore[arg-type]


def without_cap(name: str) -> Pack:
    return changed(caps=tuple(cap for cap in default_pack().policy.caps if cap.id != name))


def refusals(pack: Pack) -> list[Finding]:
    return [f for f in check_table(pack).findings if f.severity is Severity.ERROR]


def said(pack: Pack) -> list[str]:
    """Return each finding's first line without its text, and its unit."""
    return [
        f"{f.check} {f.file}:{f.line} {f.row} {f.subject} | {item_words(f.item)} -> {f.got}"
        for f in refusals(pack)
    ]
