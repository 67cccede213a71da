"""What a self-test card that came in otherwise than printed says about its scanner. Pure.

The card was read with everything open: no prefix cut off, no identifier, a US keyboard. So each
setting of the scanner shows as a known change of known bytes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from drivers.protocols import FaultKind, Scan, ScanFault, ScanFlag

GS: Final = "\x1d"
_LEAD_MAX: Final = 16
_GS_MAX: Final = 8
_TRAIL_MAX: Final = 8
_AIM: Final = re.compile(r"\][A-Za-z][0-9]$")
_FORMS: Final = {ScanFlag.GS_CTRL: "ctrl_bracket", ScanFlag.GS_ALT: "alt_029"}

# What a US keyboard makes of the keys that a scanner of another country presses for card 1.
_GERMAN: Final = str.maketrans("\"&'*+-/:;<=>?_yzYZ", "@^|}]/&><\\)|_?zyZY")
_FRENCH: Final = str.maketrans(
    "1234567890!\"%&'*,-./:;<>?_aqzwmAQZWM", '!@#$%^&*()/3"14\\m6<>.,\\|M8qawz;QAWZ:'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference, what cures it, and the keys of devices.toml that do."""

    said: str
    cure: str
    changes: Mapping[str, Any] = field(default_factory=dict)


def findings(printed: bytes, got: Scan, function_key: str) -> tuple[Finding, ...]:
    """Return every difference of what came to what is printed, none for the very bytes.

    `function_key` = the key that was open as a form of GS.
    """
    text, card = got.payload.decode("ascii", "backslashreplace"), printed.decode("ascii")
    if text == card and not got.flags & {ScanFlag.GS_FKEY, *_FORMS}:
        return ()
    for change, spelled in _spellings(card):
        if (match := _pattern(spelled).fullmatch(text)) is not None:
            return (*_case(change, got), *_around(match, got, function_key))
    return (
        Finding(
            said="the bytes are others, in no way that is known: " + _place(card, text),
            cure="set the scanner to its factory defaults, then to send the code as it is",
        ),
    )


def of_fault(fault: ScanFault) -> Finding:
    """Return what a code that was not read whole says."""
    match fault.kind:
        case FaultKind.NO_TERMINATOR:
            return Finding(
                said="no end of code came",
                cure="set the scanner's suffix to Enter (CR), or name the one it sends",
                changes={"end": "tab"},
            )
        case FaultKind.UNMAPPED_KEY:
            return Finding(
                said="it pressed a key that types no character",
                cure="a layout of another country, or GS as a function key not named in gs",
            )
        case FaultKind.CONTROL_CHAR | FaultKind.BAD_FRAME if _is_noise(fault.head):
            return Finding(
                said="noise came instead of characters",
                cure="baud, parity and data_bits must be those of the scanner",
            )
        case FaultKind.CONTROL_CHAR | FaultKind.BAD_FRAME if fault.head[1:2] == b"\xf3":
            return Finding(
                said="packets came", cure="the scanner speaks SSI", changes={"framing": "ssi"}
            )
        case FaultKind.CONTROL_CHAR if fault.head[:1] == b"\x02":
            return Finding(
                said="codes come between STX and ETX",
                cure="the framing says so",
                changes={"framing": "stx_etx"},
            )
        case FaultKind.CONTROL_CHAR | FaultKind.UNPLUGGED | FaultKind.DROPPED | FaultKind.FLOOD:
            return Finding(said=f"refused: {fault.kind}", cure="scan the card again, once")
        case FaultKind.OVERLONG | FaultKind.BAD_FRAME | FaultKind.OVERRUN:
            return Finding(said=f"refused: {fault.kind}", cure="look at framing and prefix")


def stanza(table: str, keys: Mapping[str, Any]) -> str:
    """Return lines for devices.toml: the table, and its keys as they should be."""
    return "\n".join([f"[{table}]", *(f"{key} = {_toml(value)}" for key, value in keys.items())])


def _spellings(card: str) -> tuple[tuple[str, str], ...]:
    return (
        ("", card),
        ("inverted", card.swapcase()),
        ("upper", card.upper()),
        ("lower", card.lower()),
        ("de", card.translate(_GERMAN)),
        ("fr", card.translate(_FRENCH)),
    )


def _pattern(card: str) -> re.Pattern[str]:
    """Return what finds the card with something before, behind, and in the place of each GS."""
    first, *others = map(re.escape, card.split(GS))
    lead, trail = f"(?P<lead>.{{0,{_LEAD_MAX}}}?)", f"(?P<trail>.{{0,{_TRAIL_MAX}}})"
    if not others:
        return re.compile(lead + first + trail, re.DOTALL)
    named = f"(?P<gs>.{{0,{_GS_MAX}}}?)"
    body = first + named + "(?P=gs)".join(others)
    return re.compile(lead + body + trail, re.DOTALL)


def _case(change: str, got: Scan) -> tuple[Finding, ...]:
    match change:
        case "":
            return ()
        case "de" | "fr":
            country = "QWERTZ (German)" if change == "de" else "AZERTY (French)"
            said = f"the scanner types for a {country} keyboard"
            return (Finding(said=said, cure="name its layout", changes={"layout": change}),)
        case "inverted":
            taps = ScanFlag.CAPS in got.flags
            cure = (
                "its CapsLock taps mean nothing" if taps else "switch CapsLock off in the scanner"
            )
            changes = {"caps": "ignore"} if taps else {}
            return (Finding(said="upper and lower case are swapped", cure=cure, changes=changes),)
        case _:
            said = f"all letters come in {change} case"
            cure = "switch case conversion off in the scanner"
            return (Finding(said=said, cure=cure),)


def _around(match: re.Match[str], got: Scan, function_key: str) -> tuple[Finding, ...]:
    parts = match.groupdict()
    found = [*_lead(parts["lead"])]
    if "gs" in parts:
        found += _separator(parts["gs"], got, function_key)
    if trail := parts["trail"]:
        said = "blanks" if trail.isspace() else f"{trail!r}"
        cure = "take them out of the scanner's suffix; only the end of code belongs there"
        found.append(Finding(said=f"{said} behind the code", cure=cure))
    return tuple(found)


def _lead(lead: str) -> tuple[Finding, ...]:
    if not lead:
        return ()
    found = []
    identifier = _AIM.search(lead)
    if identifier is not None:
        lead = lead[: identifier.start()]
        said = f"the AIM identifier comes before the code: {identifier.group()}"
        found.append(Finding(said=said, cure="say so", changes={"aim": True}))
    if lead:
        said = f"a prefix comes before the code: {lead!r}"
        found.append(Finding(said=said, cure="name it", changes={"prefix": lead}))
    return tuple(found)


def _separator(spelled: str, got: Scan, function_key: str) -> tuple[Finding, ...]:
    if spelled == "":
        cure = "switch the sending of GS (FNC1) on in the scanner; with serial it always comes"
        return (Finding(said="GS is dropped", cure=cure),)
    if spelled != GS:
        kind = "char" if len(spelled) == 1 else "text"
        form = f"{kind}:{spelled}"
        return (Finding(said=f"GS comes as {spelled!r}", cure="say so", changes={"gs": [form]}),)
    if ScanFlag.GS_FKEY in got.flags:
        form = f"key:{function_key}"
        said = f"GS comes as the key {function_key}"
        return (Finding(said=said, cure="say so", changes={"gs": [form]}),)
    forms = [form for flag, form in _FORMS.items() if flag in got.flags]
    return tuple(
        Finding(said=f"GS comes as {form}", cure="say so", changes={"gs": [form]}) for form in forms
    )


def _is_noise(head: bytes) -> bool:
    """Return whether bytes look like a wrong speed: many that no code of text holds."""
    strange = sum(
        byte >= 0x80 or (byte < 0x20 and byte not in b"\r\n\t\x1d\x02\x03") for byte in head
    )
    return len(head) > 0 and strange * 5 > len(head)


def _place(card: str, text: str) -> str:
    at = next((n for n, pair in enumerate(zip(card, text, strict=False)) if pair[0] != pair[1]), 0)
    return f"from character {at + 1} on {text[at : at + 6]!r} instead of {card[at : at + 6]!r}"


def _toml(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case list() | tuple():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case Mapping():
            return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
        case _:
            return str(value)
