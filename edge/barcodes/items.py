"""Article codes: plain GTINs of the retail symbols, GS1 messages and Digital Links."""

from types import MappingProxyType
from typing import Final

from drivers.protocols import Scan, ScanSource, Symbology
from edge.barcodes.checks import gtin14, has_luhn, has_mod10, is_digits, is_gtin, upce_expanded
from edge.barcodes.gs1 import Message
from edge.barcodes.marks import (
    GROUPS,
    GS,
    GsState,
    Mark,
    MarkState,
    masked,
    masked_serial,
    read_mark,
    visible,
)
from edge.barcodes.meanings import (
    ImeiCode,
    ItemCode,
    ItemFlag,
    Meaning,
    NumberCode,
    Refused,
    SsccCode,
    UnknownText,
)
from edge.catalogue import MarkGroup

_FIELDS: Final = {"00": "sscc", "01": "gtin", "10": "lot", "17": "exp", "21": "serial"}
_ADD_ONS: Final = (2, 5)
_RETAIL: Final = {
    Symbology.EAN13: (13, 12),
    Symbology.UPCA: (12, 13),
    Symbology.EAN8: (8,),
    Symbology.UPCE: (8, 12, 13),
    Symbology.ITF: (14,),
}
_KEYED: Final = frozenset({ScanSource.TYPED, ScanSource.WEDGE})


def of_message(
    message: Message,
    scan: Scan,
    text: str,
    flags: frozenset[ItemFlag],
    *,
    groups: tuple[MarkGroup, ...] = GROUPS,
) -> tuple[Meaning, ...]:
    """Return what a valid GS1 message means; empty if it names nothing this station knows."""
    shown = hri(message)
    elements = _elements(message)
    gtin, sscc, phone = message.get("01"), message.get("00"), message.get("8002")
    if gtin is not None:
        return _piece(message, scan, text, flags, groups=groups)
    if sscc is not None:
        return (SsccCode(sscc=sscc, text=shown, elements=elements),)
    asset = message.get("8003")
    if asset is not None:  # its leading zero and check digit are judged by the dictionary's checks
        return (NumberCode(kind="grai", name="gs1", value=asset, text=shown),)
    if phone is not None and len(phone) == 15 and has_luhn(phone):
        return (ImeiCode(serial=phone, text=shown),)
    return (UnknownText(text=shown),)


def _piece(
    message: Message,
    scan: Scan,
    text: str,
    flags: frozenset[ItemFlag],
    *,
    groups: tuple[MarkGroup, ...],
) -> tuple[Meaning, ...]:
    gtin, serial = message.get("01") or "", message.get("21")
    mark = read_mark(text, fnc1=has_fnc1(scan), groups=groups)
    if mark is not None and scan.source in _KEYED:
        return (Refused(reason="lost_gs", text=masked(text)),)
    if mark is not None and mark.state is MarkState.GS_LOST:
        return lost(mark, text)
    if message.gs_suspect:
        flags |= {ItemFlag.GS_SUSPECT}
    item = ItemCode(
        gtin14=gtin,
        text=masked(text) if mark or message.gs_suspect else hri(message),
        serial=serial,
        lot=message.get("10"),
        exp=message.get("17"),
        ki=f"01{gtin}21{serial}" if serial else None,
        mark=mark,
        gs=mark.gs if mark else _gs_state(text),
        flags=flags | _circulation(gtin),
        elements=_elements(message),
    )
    return (item,)


def lost(mark: Mark, text: str) -> tuple[Meaning, ...]:
    """Return the refusal of a mark whose separators went missing, and what it probably was."""
    shown = masked(text)
    guess = ItemCode(
        gtin14=mark.gtin14,
        text=shown,
        serial=mark.serial,
        ki=mark.ki,
        mark=mark,
        gs=GsState.LOST,
        flags=frozenset({ItemFlag.GS_SUSPECT}),
        elements=MappingProxyType({"gtin": mark.gtin14, "serial": mark.serial, "ki": mark.ki}),
    )
    return (Refused(reason="lost_gs", text=shown), guess)


def has_fnc1(scan: Scan) -> bool | None:
    """Return whether the symbol said GS1, None where the reader does not tell."""
    if scan.symbology in (Symbology.GS1_DATAMATRIX, Symbology.GS1_QR, Symbology.GS1_128):
        return True
    if scan.aim_id is not None:
        return scan.aim_id in GS1_AIMS | UNUSUAL_AIMS
    return None


GS1_AIMS: Final = frozenset({"]C1", "]e0", "]d2", "]Q3", "]J1"})
UNUSUAL_AIMS: Final = frozenset({"]d5", "]d8", "]Q4"})


def hri(message: Message) -> str:
    """Return the message as people read it; company-internal data is counted, not shown."""
    return "".join(f"({ai}){_shown(ai, value)}" for ai, value in message.elements)


def _shown(ai: str, value: str) -> str:
    if _is_internal(ai):
        return f"···({len(value)})"
    return masked_serial(value) if ai == "21" and len(value) > 20 else visible(value)


def _is_internal(ai: str) -> bool:
    return len(ai) == 2 and ai.startswith("9")


def _elements(message: Message) -> MappingProxyType[str, str]:
    named = {_FIELDS.get(ai, ai): v for ai, v in message.elements if not _is_internal(ai)}
    if "gtin" in named and "serial" in named:
        named["ki"] = f"01{named['gtin']}21{named['serial']}"
    return MappingProxyType(named)


def _gs_state(text: str) -> GsState:
    return GsState.KEPT if GS in text else GsState.NA


def of_digits(text: str, symbology: Symbology) -> Meaning | None:
    """Return the article of a retail symbol's digits, or of bare digits with a good check digit.

    A retail symbol with a bad check digit is refused: characters were lost on the way.
    """
    if symbology in _RETAIL:
        return _retail(text, symbology)
    if len(text) in (12, 13, 14) and is_gtin(text):
        return _article(text, plain=True)
    return None


def short_gtin(text: str) -> Meaning | None:
    """Return the article of 8 bare digits; weak, so it is asked for after the number rules."""
    return _article(text, plain=True) if len(text) == 8 and is_gtin(text) else None


def _retail(text: str, symbology: Symbology) -> Meaning | None:
    full = next(
        (good for cut in _cuts(text, symbology) if (good := _checked(cut, symbology))), None
    )
    if full is not None:
        return _article(full, plain=False)
    is_house_number = symbology is Symbology.ITF
    return None if is_house_number else Refused(reason="check_digit", text=masked(text))


def _cuts(text: str, symbology: Symbology) -> tuple[str, ...]:
    """Return the digits whole, then without an add-on of two or five behind them."""
    lengths = _RETAIL[symbology]
    digits, _, add_on = text.partition(" ")  # as some decoders set an add-on apart
    if len(add_on) in _ADD_ONS and is_digits(digits):
        text = digits + add_on
    if not is_digits(text):
        return ()
    add_ons = () if symbology is Symbology.ITF else _ADD_ONS
    return tuple(text[: len(text) - more] for more in (0, *add_ons) if len(text) - more in lengths)


def _checked(digits: str, symbology: Symbology) -> str | None:
    expanded = upce_expanded(digits) if symbology is Symbology.UPCE else None
    full = expanded or digits
    return full if has_mod10(full) else None


def _article(digits: str, *, plain: bool) -> Meaning:
    gtin = gtin14(digits)
    if _is_no_goods(digits, gtin):
        return UnknownText(text=digits)
    flags = _circulation(gtin) | ({ItemFlag.PLAIN_DIGITS} if plain else set())
    elements = MappingProxyType({"gtin": gtin})
    return ItemCode(gtin14=gtin, text=digits, flags=frozenset(flags), elements=elements)


def _is_no_goods(digits: str, gtin: str) -> bool:
    """Return whether the prefix is that of refund slips or coupons (980-984, 99)."""
    prefix = gtin[1:4]
    return len(digits) > 8 and ("980" <= prefix <= "984" or prefix.startswith("99"))


def _circulation(gtin: str) -> frozenset[ItemFlag]:
    """Return the flag of numbers that only their owner understands (restricted circulation)."""
    if gtin.startswith("000000"):
        is_own = gtin[6] in "02"
    else:
        is_own = gtin[0] == "0" and (gtin[1:3] in ("02", "04") or gtin[1] == "2")
    return frozenset({ItemFlag.RESTRICTED}) if is_own else frozenset()
