"""A claim in words, Russian and English: what a person at a carrier's desk reads first."""

from collections.abc import Iterator, Mapping
from typing import Final

from edge.commands.claim_facts import Claim, Line, Picture, Piece

Words = Mapping[str, str]

_TITLE: Final[Words] = {"ru": "Материалы претензии по посылке", "en": "Claim pack of parcel"}
_FIELDS: Final[Mapping[str, Words]] = {
    "carrier": {"ru": "Перевозчик", "en": "Carrier"},
    "tracking": {"ru": "Номер отправления", "en": "Tracking number"},
    "rmas": {"ru": "Возвраты", "en": "Returns"},
    "arrived": {"ru": "Принята (UTC)", "en": "Arrived (UTC)"},
    "closed": {"ru": "Разобрана (UTC)", "en": "Closed (UTC)"},
    "seal": {"ru": "Пломба, скотч", "en": "Seal, tape"},
    "damage": {"ru": "Повреждения", "en": "Damage"},
    "weights": {"ru": "Вес: заявлен, измерен", "en": "Weight: declared, measured"},
    "due": {"ru": "Претензия до", "en": "Claim until"},
}
_UNKNOWN: Final[Words] = {"ru": "нет данных", "en": "not known"}
_NONE: Final[Words] = {"ru": "не отмечены", "en": "none recorded"}
_GRAMS: Final[Words] = {"ru": "г", "en": "g"}
_LINES: Final[Words] = {"ru": "Заявлено и получено", "en": "Announced and received"}
_LINE: Final[Words] = {
    "ru": "{title}: заявлено {expected}, получено {received}, нет {missing}",
    "en": "{title}: announced {expected}, received {received}, missing {missing}",
}
_PIECES: Final[Words] = {"ru": "Товары", "en": "Items"}
_PIECE: Final[Words] = {
    "ru": "{title}, серийный {serial}: {match}, оценка {grade}, отмечено: {flags}",
    "en": "{title}, serial {serial}: {match}, grade {grade}, marked: {flags}",
}
_PICTURES: Final[Words] = {"ru": "Снимки", "en": "Photographs"}
_ABSENT: Final[Mapping[str, Words]] = {
    "personal": {
        "ru": "не приложен: могут быть видны персональные данные",
        "en": "not in the pack: may show personal data",
    },
    "absent": {"ru": "файла нет на станции", "en": "its file is not at the station"},
    "bit_rot": {"ru": "файл повреждён", "en": "its file is damaged"},
}
_SEALS: Final[Mapping[str, Words]] = {
    "intact": {"ru": "цела", "en": "intact"},
    "cut": {"ru": "разрезана", "en": "cut"},
    "retaped": {"ru": "переклеена", "en": "taped anew"},
    "none": {"ru": "нет", "en": "none"},
    "unseen": {"ru": "не осмотрена", "en": "not looked at"},
}
_MATCHES: Final[Mapping[str, Words]] = {
    "expected": {"ru": "заявлен", "en": "as announced"},
    "wrong_item": {"ru": "другой товар", "en": "wrong item"},
    "wrong_variant": {"ru": "другой размер или цвет", "en": "other size or colour"},
    "wrong_serial": {"ru": "другой серийный номер", "en": "other serial number"},
    "seen_elsewhere": {"ru": "уже был принят", "en": "received before"},
    "undeclared": {"ru": "не заявлен", "en": "not announced"},
    "surplus": {"ru": "лишний", "en": "surplus"},
    "empty": {"ru": "пустая упаковка", "en": "empty packing"},
    "unknown": {"ru": "не опознан", "en": "not identified"},
}
_PROOF: Final[Words] = {
    "ru": "Суммы SHA-256 всех файлов — в SHA256SUMS, события журнала и их суммы — в facts.json.",
    "en": "SHA-256 of every file: SHA256SUMS; events of the journal and their sums: facts.json.",
}


def text_of(claim: Claim, language: str) -> str:
    """Return the whole text."""
    number = claim.tracking or next(iter(claim.codes), claim.parcel)
    lines = [f"{_TITLE[language]} {number}", "", *_facts(claim, language)]
    for title, rows in (
        (_LINES, [_line(one, language) for one in claim.lines]),
        (_PIECES, [_piece(one, language) for one in claim.pieces]),
        (_PICTURES, [_picture(one, language) for one in claim.pictures]),
    ):
        if rows:
            lines += ["", f"{title[language]}:", *(f"- {row}" for row in rows)]
    return "\n".join([*lines, "", _PROOF[language], ""])


def _facts(claim: Claim, language: str) -> Iterator[str]:
    said = {
        "carrier": claim.carrier,
        "tracking": claim.tracking,
        "rmas": ", ".join(claim.rmas),
        "arrived": claim.arrived,
        "closed": claim.closed,
        "seal": _SEALS.get(claim.seal, {}).get(language, claim.seal),
        "damage": ", ".join(claim.damage) or _NONE[language],
        "weights": ", ".join(_grams(one, language) for one in (claim.declared_g, claim.weight_g)),
        "due": claim.claim_due,
    }
    for name, words in _FIELDS.items():
        yield f"{words[language]}: {said[name] or _UNKNOWN[language]}"


def _grams(weight: int | None, language: str) -> str:
    return _UNKNOWN[language] if weight is None else f"{weight} {_GRAMS[language]}"


def _line(line: Line, language: str) -> str:
    return _LINE[language].format(
        title=line.title.get(language) or line.gtin or line.line,
        expected=line.expected,
        received=line.received,
        missing=line.missing,
    )


def _piece(piece: Piece, language: str) -> str:
    return _PIECE[language].format(
        title=piece.title.get(language) or piece.gtin or piece.unit,
        serial=piece.serial or "–",
        match=_MATCHES.get(piece.match, {}).get(language, piece.match),
        grade=piece.grade or "–",
        flags=", ".join(piece.flags) or "–",
    )


def _picture(picture: Picture, language: str) -> str:
    where = picture.file or _ABSENT[picture.absent][language]
    return f"{picture.slot}, {picture.taken}, sha256 {picture.sha256}: {where}"
