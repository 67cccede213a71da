"""`receiving-edge policy diff`: what is written otherwise, which units are decided otherwise."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from edge.commands.policy.packs import PackRefusedError, add_language, add_pack, usable
from zoning.compare import Edit, Kind, edits
from zoning.findings import item_words
from zoning.gate.difference import Change, Output, difference
from zoning.pack import Pack

_FORMS: Final = {
    "ru": {
        Kind.ADDED: "+ {part} {name}: {new}",
        Kind.REMOVED: "- {part} {name}",
        Kind.CHANGED: "~ {part} {name} {facet}: {old} -> {new}",
        Kind.MOVED: "> {part} {name}: теперь после {new}",
    },
    "en": {
        Kind.ADDED: "+ {part} {name}: {new}",
        Kind.REMOVED: "- {part} {name}",
        Kind.CHANGED: "~ {part} {name} {facet}: {old} -> {new}",
        Kind.MOVED: "> {part} {name}: now after {new}",
    },
}
_NOTHING: Final = {"ru": "начала", "en": "the beginning"}
_BLANK: Final = "-"
_PARTS: Final = {
    "pack": "пакет",
    "terms": "условия",
    "number": "номер",
    "partner": "сервис",
    "policy": "политика",
    "row": "строка",
    "column": "столбец",
    "flag": "признак",
    "disposition": "решение",
    "cap": "ограничение",
    "invariant": "инвариант",
    "monotone": "монотонность",
    "axiom": "аксиома",
    "checklist": "чек-лист",
    "slot": "снимок",
    "step": "шаг",
    "option": "вариант",
    "reason": "причина",
}
_SAME: Final = {
    "ru": "по таблице: доказано, что ни один товар не решается иначе",
    "en": "by the table: proved that no unit is decided otherwise",
}
_OTHER: Final = {
    "ru": "по таблице решаются иначе, например:",
    "en": "by the table these are decided otherwise, for example:",
}
_DECISION: Final = "  {output}: {old} ({old_row}) -> {new} ({new_row}): {item}"
_DOMAIN: Final = "  {output}: {old} -> {new}"
_OUTPUTS: Final = {
    Output.ZONE: "зона",
    Output.DISPOSITION: "решение",
    Output.REFUND: "возврат денег",
    Output.MOVE: "перевозка",
    Output.DOMAIN: "столбец",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_pack(parser, "old")
    add_pack(parser, "new")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_language(parser)


def run(args: argparse.Namespace) -> int:
    """Print the differences: 0 there are none, 1 there are, 2 there is no pack."""
    try:
        old, new = usable(args.old, args.lang), usable(args.new, args.lang)
    except PackRefusedError as error:
        print(error, file=sys.stderr)
        return 2
    written, decided = edits(old, new), difference(old, new)
    if args.json:
        print(json.dumps(to_json(old, new, written, decided), ensure_ascii=False))
    else:
        print("\n".join(_lines(written, decided, args.lang)))
    return 1 if written or decided else 0


def to_json(
    old: Pack, new: Pack, written: tuple[Edit, ...], decided: tuple[Change, ...]
) -> dict[str, Any]:
    """Return what programs read; `equivalent` = proved that no unit is decided otherwise."""
    return {
        "old": _named(old),
        "new": _named(new),
        "equivalent": not decided,
        "changes": [asdict(edit) for edit in written],
        "decisions": [
            {
                "output": change.output,
                "old": change.old,
                "new": change.new,
                "old_row": change.old_row,
                "new_row": change.new_row,
                "item": None if change.output is Output.DOMAIN else change.item,
            }
            for change in decided
        ],
    }


def _named(pack: Pack) -> dict[str, Any]:
    return {"id": pack.id, "version": pack.version, "sha256": pack.sha256}


def _lines(written: tuple[Edit, ...], decided: tuple[Change, ...], language: str) -> Iterator[str]:
    for edit in written:
        yield _edit(edit, language)
    yield _OTHER[language] if decided else _SAME[language]
    for change in decided:
        form = _DOMAIN if change.output is Output.DOMAIN else _DECISION
        yield form.format(
            output=_OUTPUTS[change.output] if language == "ru" else change.output,
            old=change.old,
            new=change.new,
            old_row=change.old_row,
            new_row=change.new_row,
            item=item_words(change.item),
        )


def _edit(edit: Edit, language: str) -> str:
    blank = _NOTHING[language] if edit.kind is Kind.MOVED else _BLANK
    return _FORMS[language][edit.kind].format(
        part=_PARTS[edit.part] if language == "ru" else edit.part,
        name=edit.name,
        facet=edit.facet,
        old=edit.old or _BLANK,
        new=edit.new or blank,
    )
