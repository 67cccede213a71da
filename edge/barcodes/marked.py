"""Marking codes once the article's product group is known: its shape decides what was read."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from drivers.protocols import Scan
from edge.barcodes.items import has_fnc1
from edge.barcodes.marks import (
    GS,
    GsState,
    Mark,
    MarkState,
    group_of,
    masked,
    settle_mark,
)
from edge.barcodes.meanings import ItemCode, ItemFlag, Meaning, Refused
from edge.catalogue import MarkGroup

_REFUSED: Final = "lost_gs"
CategoryOf = Callable[[str], str | None]


def settled(
    scan: Scan,
    meanings: tuple[Meaning, ...],
    category_of: CategoryOf,
    groups: tuple[MarkGroup, ...],
) -> tuple[Meaning, ...]:
    """Return the meanings with each marking code judged by the shape of its article's group.

    A code that fits only with its separators put back is refused first; behind the refusal stands
    what it probably is, for those who know the very code that was sold. Without a group in the item
    master nothing changes.
    """
    found: list[Meaning] = []
    for meaning in meanings:
        group = _group(meaning, category_of, groups)
        if group is None or not isinstance(meaning, ItemCode):
            found.append(meaning)
            continue
        piece = _in_group(scan, meaning, group)
        is_torn = piece.gs in (GsState.LOST, GsState.RESTORED)
        if is_torn and not any(isinstance(one, Refused) for one in found):
            found.insert(0, Refused(reason=_REFUSED, text=piece.text))
        found.append(piece)
    return tuple(found)


def _group(
    meaning: Meaning, category_of: CategoryOf, groups: tuple[MarkGroup, ...]
) -> MarkGroup | None:
    if not isinstance(meaning, ItemCode) or meaning.serial is None:
        return None
    return group_of(category_of(meaning.gtin14), groups)


def _in_group(scan: Scan, piece: ItemCode, group: MarkGroup) -> ItemCode:
    text = scan.payload.decode("utf-8", "replace").removeprefix(GS)
    mark = settle_mark(text, fnc1=has_fnc1(scan), group=group)
    if mark is not None:
        return _with_mark(piece, mark, text)
    if piece.mark is None:
        return piece
    other = replace(piece.mark, group=group.name)
    if other.state is MarkState.OK:  # whole, and of a shape that this group never has
        other = replace(other, state=MarkState.MALFORMED)
    return replace(piece, mark=other)


def _with_mark(piece: ItemCode, mark: Mark, text: str) -> ItemCode:
    is_kept = mark.gs is GsState.KEPT
    flags = piece.flags - {ItemFlag.GS_SUSPECT} if is_kept else piece.flags | {ItemFlag.GS_SUSPECT}
    elements = {**piece.elements, "serial": mark.serial, "ki": mark.ki}
    return replace(
        piece,
        text=masked(text),
        serial=mark.serial,
        ki=mark.ki,
        mark=mark,
        gs=mark.gs,
        flags=flags,
        elements=elements,
    )
